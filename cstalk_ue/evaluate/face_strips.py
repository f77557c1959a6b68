"""Rendered frames side by side, as the paper's Figs. 3 and 4: one model in five emotions, several methods.

Rows of faces at the same moments of one take. Faces are the landmark face, or a user's DNA (see
review/shown_head.py). Knows nothing about methods: rows of curves come in.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.review.draw_face import LIGHT
from cstalk_ue.review.loaded_line import LoadedLine
from cstalk_ue.review.moments import Moment, find_moments
from cstalk_ue.review.shown_head import face_painter, posed_faces
from cstalk_ue.rig import complete
from cstalk_ue.storage import whole_file
from cstalk_ue.take import RigCurves

_CELL = (190, 232)
_GAP, _MARGIN, _NAMES, _TITLE, _HEAD = 6, 16, 132, 34, 22
_NAME_LETTERS = 14
"""In one line beside a row."""
_DPI = 100
_INK, _MUTED = "#23272e", "#6b7480"


@dataclass(frozen=True)
class StripRow:
    """One row: what it is called, the curves, and the colour of its name."""

    label: str
    curves: RigCurves
    colour: str = _INK
    under: str = ""


def moments_of(line: LoadedLine, count: int) -> list[Moment]:
    """The moments that a strip shows: the telling ones of the recording."""
    return find_moments(line, count)


def draw_strips(
    path: Path,
    rows: Sequence[StripRow],
    moments: Sequence[Moment],
    *,
    title: str,
    phones: Sequence[str] = (),
    dna: Path | None = None,
) -> None:
    """Write a PNG with a row of faces per method or emotion, all at the same moments.

    Args:
        rows: curves on one clock that begins at 0.
        phones: what is said at each moment, if known.
        dna: head to draw; default the landmark face.

    Raises:
        ExportError: the file cannot be written.
        DnaError: the DNA cannot be used.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    wide, tall = _CELL
    width = 2 * _MARGIN + _NAMES + len(moments) * (wide + _GAP) - _GAP
    height = 2 * _MARGIN + _TITLE + _HEAD + len(rows) * (tall + _GAP) - _GAP
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    paint = face_painter(_CELL, yaw=0.0, zoom="portrait", background=LIGHT, dna=dna)

    def write(x: float, y: float, text: str, size: float, colour: str, weight: str = "normal") -> None:
        printable = "".join(c if c.isprintable() else "·" for c in text)
        figure.text(
            x / width, 1 - y / height, printable, fontsize=size, color=colour, fontweight=weight, ha="left",
            va="center", parse_math=False,
        )  # fmt: skip

    write(_MARGIN, _MARGIN + _TITLE / 2 - 4, title, 12, _INK, "bold")
    for column, moment in enumerate(moments):
        phone = f"  {phones[column]}" if column < len(phones) and phones[column] else ""
        what = f"  {moment.what}" if moment.what else ""
        left = _MARGIN + _NAMES + column * (wide + _GAP)
        write(left, _MARGIN + _TITLE + _HEAD / 2, f"{moment.seconds:.2f} s{phone}{what}", 8.5, _MUTED)
    for number, row in enumerate(rows):
        top = _MARGIN + _TITLE + _HEAD + number * (tall + _GAP)
        lines = textwrap.wrap(row.label, _NAME_LETTERS) or [""]
        middle = top + tall / 2
        for index, part in enumerate(lines):
            write(_MARGIN, middle - 8 - 16 * (len(lines) - 1 - index), part, 10.5, row.colour, "bold")
        write(_MARGIN, middle + 10, row.under, 8, _MUTED)
        values = complete(row.curves).values
        frames = [min(len(values) - 1, round(moment.seconds * row.curves.fps)) for moment in moments]
        for column, surface in enumerate(posed_faces(np.asarray(values[frames]), None, dna=dna)):
            left = _MARGIN + _NAMES + column * (wide + _GAP)
            picture = paint(surface, None)
            figure.figimage(picture[::-1], left, height - top - tall, origin="lower")
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI, metadata={"Software": None})
