"""The worst takes of a data set with their faces: as it begins, with the mouth widest, as it ends.

Knows nothing about what makes a take bad (see ingest/rules.py).
"""

import base64
import io

import numpy as np

from cstalk_ue.errors import CSTalkError
from cstalk_ue.face import HEAD_MOTION, load_face
from cstalk_ue.review.draw_face import LIGHT, FacePainter
from cstalk_ue.review.markup import Markup, join, tag
from ingest.check import CheckResult
from ingest.mouth import mouth_opening
from ingest.rules import ERROR, WARNING, Finding
from ingest.take_files import StoredTake
from ingest.take_summary import TakeSummary

_SIZE = (168, 196)
_FINDINGS_SHOWN = 5

LEVEL_CLASSES = {ERROR: "bad", WARNING: "warn"}
"""Class of dataset_sheet.css by level."""


def worst_takes(result: CheckResult, count: int) -> list[tuple[TakeSummary, list[Finding]]]:
    """The takes with the most errors, then warnings, each with what was found on it; none without a finding.

    Findings about the whole set do not count.
    """
    named: dict[str, list[Finding]] = {}
    for finding in result.findings:
        if finding.level in (ERROR, WARNING) and len(finding.takes) <= max(2, len(result.takes) // 2):
            for name in finding.takes:
                named.setdefault(name, []).append(finding)
    takes = [(take, named[take.name]) for take in result.takes if take.name in named]
    takes.sort(key=lambda each: (-sum(f.level == ERROR for f in each[1]), -len(each[1]), each[0].name))
    return takes[:count]


def face_cards(result: CheckResult, count: int) -> Markup:
    """A card for each of the worst takes."""
    painter = FacePainter(_SIZE, zoom="portrait", background=LIGHT)
    cards = []
    for take, findings in worst_takes(result, count):
        record = take.record
        facts = (record.emotion or "no emotion", record.performer, record.line, f"{record.seconds:.2f} s")
        lines = [
            tag(
                "li",
                tag("span", finding.code, class_=f"chip {LEVEL_CLASSES[finding.level]}"),
                " ",
                finding.text,
            )
            for finding in findings[:_FINDINGS_SHOWN]
        ]
        if len(findings) > _FINDINGS_SHOWN:
            lines.append(tag("li", f"and {len(findings) - _FINDINGS_SHOWN} more", class_="note"))
        cards.append(
            tag(
                "article",
                tag("h3", take.name),
                tag("div", " · ".join(part for part in facts if part), class_="facts"),
                _faces(result, take, painter),
                tag("ul", *lines),
                class_="card",
            )
        )
    return tag("div", *cards, class_="cards")


def _faces(result: CheckResult, take: TakeSummary, painter: FacePainter) -> Markup:
    try:
        stored = result.data_set.read(take.record, audio=False)
    except CSTalkError as error:
        return tag("p", str(error))
    figures = []
    for caption, frame in _moments(stored):
        face, head = stored.performance.face, stored.performance.head.select(HEAD_MOTION)
        points = load_face().evaluate(face.values[frame : frame + 1], head.values[frame : frame + 1])[0]
        source = f"data:image/png;base64,{base64.b64encode(_png(painter.paint(points))).decode('ascii')}"
        words = f"{caption}, {frame / face.fps:.2f} s"
        figures.append(tag("figure", join(_image(source, words), tag("figcaption", words))))
    return tag("div", *figures, class_="faces")


def _moments(stored: StoredTake) -> list[tuple[str, int]]:
    face = stored.performance.face
    valid = np.flatnonzero(face.valid) if face.valid is not None else np.arange(face.frames)
    if len(valid) == 0:
        return [("no valid frame", 0)]
    widest = int(valid[mouth_opening(face)[valid].argmax()])
    return [("begins", int(valid[0])), ("widest", widest), ("ends", int(valid[-1]))]


def _image(source: str, words: str) -> Markup:
    width, height = _SIZE
    # An image has no end tag.
    return Markup(tag("img", src=source, alt=words, width=width, height=height).removesuffix("</img>"))


def _png(picture: np.ndarray) -> bytes:
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, picture, format="png")
    return file.getvalue()
