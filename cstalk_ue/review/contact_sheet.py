"""Review lines → PNG: the face at its telling moments, under the sound with the moments marked.

For mail, tickets and documents. One sheet per line, or one row per line of several that have the same sound,
all at the same moments. Knows nothing about which moments are telling (see moments.py).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EMOTIONS, NEUTRAL
from cstalk_ue.errors import UsageError
from cstalk_ue.review.draw_face import DARK, LIGHT
from cstalk_ue.review.loaded_line import LoadedLine, common_name
from cstalk_ue.review.moments import Moment, find_moments
from cstalk_ue.review.picture import EMOTION_COLOURS
from cstalk_ue.review.shown_head import face_painter, posed_faces
from cstalk_ue.storage import whole_file

_DPI = 100
_MARGIN, _GAP, _TITLE, _SOUND, _CAPTION, _ROW_NAME, _HEADS = 20, 8, 40, 92, 40, 26, 20
_CELL = (212, 260)
_INKS = {False: ("#23272e", "#7c848f", "#c8392b"), True: ("#eceef0", "#8d95a0", "#f9b742")}
_SOUND_COLUMNS = 1200


def draw_contact_sheet(
    path: Path,
    line: LoadedLine,
    *,
    count: int = 12,
    columns: int = 6,
    yaw: float = 0.0,
    zoom: str = "portrait",
    dark: bool = False,
    dna: Path | None = None,
) -> list[Moment]:
    """Write a sheet of one line.

    Args:
        path: of the PNG.
        line: whose face it is.
        count, columns: how many moments, and in a row.
        yaw, zoom: as `FacePainter` takes them.
        dark: or light.
        dna: the file whose head is shown; None shows the landmark face.

    Returns:
        The moments that it shows.

    Raises:
        DnaError: the DNA cannot be used.
        ExportError: the file cannot be written.
        UsageError: there is not at least one moment in a row.
    """
    if columns < 1 or not 1 <= count <= 200:
        raise UsageError(f"a sheet of {count} moments in rows of {columns}; expected 1 to 200 moments.")
    moments = find_moments(line, count)
    rows = [list(range(i, min(i + columns, count))) for i in range(0, count, columns)]
    faces = _faces(line, moments, yaw, zoom, dark, dna)
    heading = line.name + (f", {line.emotion}" if line.emotion else "")
    sheet = _Sheet(heading, len(rows), min(columns, count), _CAPTION, dark)
    sheet.draw_sound(line, moments)
    for row, indices in enumerate(rows):
        for column, index in enumerate(indices):
            sheet.draw_cell(row, column, faces[index])
            sheet.write_caption(row, column, index, moments[index], line.phone_at(moments[index].seconds))
    sheet.save(path)
    return moments


def draw_emotion_sheet(
    path: Path,
    lines: Sequence[LoadedLine],
    *,
    columns: int = 6,
    yaw: float = 0.0,
    zoom: str = "portrait",
    dark: bool = False,
    dna: Path | None = None,
) -> list[Moment]:
    """Write a sheet with a row per line, all at the moments of the first; arguments as `draw_contact_sheet`.

    Raises:
        DnaError: the DNA cannot be used.
        ExportError: the file cannot be written.
        UsageError: there is no line.
    """
    if not lines or columns < 1:
        raise UsageError("a sheet of no lines; expected at least one line and one moment.")
    moments = find_moments(lines[0], columns)
    sheet = _Sheet(
        common_name([line.name for line in lines]), len(lines), columns, _ROW_NAME, dark, heads=_HEADS
    )
    sheet.draw_sound(lines[0], moments)
    for column, moment in enumerate(moments):
        sheet.write_head(column, moment, lines[0].phone_at(moment.seconds))
    for row, line in enumerate(lines):
        for column, face in enumerate(_faces(line, moments, yaw, zoom, dark, dna)):
            sheet.draw_cell(row, column, face)
        name = line.name if line.emotion is None else str(line.emotion)
        colour = None
        if line.emotion is not None:
            weights = line.emotion.weights.mean(axis=0)
            weights = np.where(np.arange(len(weights)) == NEUTRAL, 1e-3, weights)
            colour = EMOTION_COLOURS[EMOTIONS[int(weights.argmax())]]
        sheet.write_row_name(row, name, colour)
    sheet.save(path)
    return moments


def _faces(
    line: LoadedLine, moments: Sequence[Moment], yaw: float, zoom: str, dark: bool, dna: Path | None
) -> list[np.ndarray]:
    paint = face_painter(_CELL, yaw=yaw, zoom=zoom, background=DARK if dark else LIGHT, dna=dna)
    rows = line.frames_at(np.array([moment.seconds for moment in moments]))
    return [paint(face, None) for face in posed_faces(line.values[rows], line.head[rows], dna=dna)]


class _Sheet:
    """A figure laid out in pixels from the top left."""

    def __init__(
        self, heading: str, rows: int, columns: int, under: int, dark: bool, *, heads: int = 0
    ) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        wide, tall = _CELL
        self._under, self._heads = under, heads
        self._size = (
            2 * _MARGIN + columns * wide + (columns - 1) * _GAP,
            2 * _MARGIN + _TITLE + _SOUND + heads + rows * (tall + under + _GAP),
        )
        self._ink, self._muted, self._accent = _INKS[dark]
        self._figure = Figure(
            figsize=(self._size[0] / _DPI, self._size[1] / _DPI),
            dpi=_DPI,
            facecolor="white" if not dark else (0.11, 0.12, 0.145),
        )
        FigureCanvasAgg(self._figure)
        self._write(_MARGIN, _MARGIN + _TITLE / 2 - 6, heading, size=13, weight="bold")

    def draw_sound(self, line: LoadedLine, moments: Sequence[Moment]) -> None:
        """The waveform, coloured by emotion below, with a numbered mark at each moment."""
        width, height = self._size
        top = _MARGIN + _TITLE
        axis = self._figure.add_axes(
            (
                _MARGIN / width,
                1 - (top + _SOUND - 14) / height,
                1 - 2 * _MARGIN / width,
                (_SOUND - 30) / height,
            )
        )
        axis.set_axis_off()
        axis.set_xlim(0, line.seconds)
        axis.set_ylim(-1.1, 1.1)
        if line.samples is not None:
            block = max(1, len(line.samples) // _SOUND_COLUMNS)
            whole = line.samples[: len(line.samples) // block * block].reshape(-1, block)
            peak = max(float(np.abs(line.samples).max()), 1e-3)
            times = (np.arange(len(whole)) + 0.5) * block / SAMPLE_RATE
            axis.fill_between(
                times, whole.min(axis=1) / peak, whole.max(axis=1) / peak, color=self._muted, lw=0.6
            )
        else:
            axis.axhline(0, color=self._muted, lw=1)
        for number, moment in enumerate(moments, 1):
            axis.axvline(moment.seconds, color=self._accent, lw=1.2)
            axis.text(
                moment.seconds, 1.15, str(number), ha="center", va="bottom", fontsize=8, color=self._accent
            )
        for phone in line.phones:
            if phone.phone in ("P", "B", "M"):
                axis.axvspan(phone.start_seconds, phone.end_seconds, color=self._accent, alpha=0.18, lw=0)

    def draw_cell(self, row: int, column: int, picture: np.ndarray) -> None:
        """A face at its place."""
        left, top = self._place(row, column)
        self._figure.figimage(picture[::-1], left, self._size[1] - top - _CELL[1], origin="lower")

    def write_caption(self, row: int, column: int, index: int, moment: Moment, phone: str) -> None:
        """Number and time, phone, and what happens, under a face."""
        left, top = self._place(row, column)
        self._write(left, top + _CELL[1] + 10, _heading(index, moment, phone), size=9, weight="bold")
        self._write(left, top + _CELL[1] + 26, moment.what, size=8.5, colour=self._muted)

    def write_head(self, column: int, moment: Moment, phone: str) -> None:
        """Number, time and phone over a column."""
        left, top = self._place(0, column)
        self._write(left, top - 11, _heading(column, moment, phone), size=9, weight="bold")

    def write_row_name(self, row: int, name: str, colour: str | None) -> None:
        """The name of a row, under its first face."""
        left, top = self._place(row, 0)
        self._write(left, top + _CELL[1] + 11, name, size=10, weight="bold", colour=colour or self._ink)

    def save(self, path: Path) -> None:
        """Write the PNG."""
        with whole_file(path) as temporary:
            self._figure.savefig(temporary, format="png", dpi=_DPI)

    def _place(self, row: int, column: int) -> tuple[int, int]:
        return (
            _MARGIN + column * (_CELL[0] + _GAP),
            _MARGIN + _TITLE + _SOUND + self._heads + row * (_CELL[1] + self._under + _GAP),
        )

    def _write(
        self, x: float, y: float, text: str, *, size: float, weight: str = "normal", colour: str = ""
    ) -> None:
        width, height = self._size
        printable = "".join(c if c.isprintable() else "·" for c in text)
        self._figure.text(
            x / width, 1 - y / height, printable, fontsize=size, fontweight=weight, color=colour or self._ink,
            ha="left", va="center", parse_math=False,
        )  # fmt: skip


def _heading(index: int, moment: Moment, phone: str) -> str:
    return f"{index + 1}   {moment.seconds:.2f} s" + (f"   {phone}" if phone else "")
