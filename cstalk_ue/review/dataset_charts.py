"""Charts of a data set as inline SVG: coverage, sync, levels, activity. Numbers in, markup out.

Colours and fonts are classes of dataset_sheet.css; markup.py escapes names. Knows nothing about checks.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.review.markup import Markup, join, tag

_ROW, _LABEL = 26.0, 150.0
_NAME_LETTERS = 22


def coverage_chart(
    rows: Sequence[tuple[str, Mapping[str, tuple[int, float]]]], *, most: int, target: int | None = None
) -> Markup:
    """A heat map: rows of a name and (takes, seconds) by emotion.

    Args:
        most: takes that have the full colour.
        target: written into cells that fall short of it; None if there is no target for a cell.
    """
    width = 92.0
    total = _LABEL + width * len(EMOTIONS)
    marks: list[str] = []
    for column, emotion in enumerate(EMOTIONS):
        left = _LABEL + column * width
        marks.append(tag("rect", x=left + 2, y=2.0, width=8.0, height=8.0, rx=2, class_=emotion))
        marks.append(tag("text", emotion, x=left + 14, y=10.0))
    for row, (name, cells) in enumerate(rows):
        top = 18 + row * _ROW
        marks.append(tag("text", _shortened(name), x=_LABEL - 8, y=top + 16, text_anchor="end"))
        for column, emotion in enumerate(EMOTIONS):
            takes, seconds = cells.get(emotion, (0, 0.0))
            left = _LABEL + column * width
            share = min(1.0, takes / max(most, 1))
            box = {"x": left + 1, "y": top + 1, "width": width - 2, "height": _ROW - 2, "rx": 3}
            hint = tag("title", f"{name}, {emotion}: {takes} takes, {seconds:.0f} s")
            if takes == 0:
                marks.append(tag("rect", hint, class_="none" if target is None else "void", **box))
            else:
                marks.append(tag("rect", hint, class_="cell", fill_opacity=0.12 + 0.88 * share, **box))
            words = f"{takes} of {target}" if target is not None and takes < target else str(takes or "")
            middle = {"x": left + width / 2, "y": top + 16, "text_anchor": "middle"}
            marks.append(tag("text", words, class_="onheat" if share > 0.55 else None, **middle))
    return _svg(total, 20 + _ROW * len(rows), *marks, label="Takes by emotion")


@dataclass(frozen=True)
class LagPoint:
    """A take in the chart of lags: seconds, confidence 0..1, whether its peak says anything, and its name."""

    seconds: float
    confidence: float
    telling: bool
    name: str


@dataclass(frozen=True)
class LagGroup:
    """A session in the chart: its name, what it agrees on (or None) and its takes."""

    name: str
    agreed_seconds: float | None
    points: Sequence[LagPoint]


def lag_chart(groups: Sequence[LagGroup], *, reach: float, allowed: float) -> Markup:
    """Lags of takes in order, a stripe for each session; the fuller the dot, the more confident.

    Args:
        reach: seconds up and down.
        allowed: half height of the band around what a session agrees on.
    """
    width, height, left, top = 1000.0, 230.0, 44.0, 8.0
    count = sum(max(len(group.points), 1) for group in groups)
    step = (width - left) / max(count, 1)

    def y(seconds: float) -> float:
        return top + height / 2 * (1 - float(np.clip(seconds / reach, -1, 1)))

    marks: list[str] = []
    for seconds in np.linspace(-reach, reach, 5).tolist():
        marks.append(
            tag(
                "line",
                x1=left,
                x2=width,
                y1=y(seconds),
                y2=y(seconds),
                class_="zero" if seconds == 0 else "grid",
            )
        )
        marks.append(
            tag("text", f"{seconds * 1000:+.0f}" if seconds else "0", x=left - 6, y=y(seconds) + 4,
                text_anchor="end", class_="muted")
        )  # fmt: skip
    place = left
    for group in groups:
        wide = step * max(len(group.points), 1)
        if group.agreed_seconds is None:
            marks.append(tag("rect", x=place, y=top, width=wide, height=height, class_="apart"))
        else:
            high, low = y(group.agreed_seconds + allowed), y(group.agreed_seconds - allowed)
            marks.append(tag("rect", x=place, y=high, width=wide, height=low - high, class_="band"))
            middle = y(group.agreed_seconds)
            marks.append(tag("line", x1=place, x2=place + wide, y1=middle, y2=middle, class_="middle"))
        for number, point in enumerate(group.points):
            off = group.agreed_seconds is not None and abs(point.seconds - group.agreed_seconds) > allowed
            marks.append(
                tag(
                    "circle",
                    tag("title", f"{point.name}: {point.seconds * 1000:+.0f} ms, {point.confidence:.2f}"),
                    cx=place + (number + 0.5) * step,
                    cy=y(point.seconds),
                    r=float(np.clip(step * 0.4, 1.6, 5)),
                    class_="sunk" if off and point.telling else "dot",
                    fill_opacity=0.2 + 0.8 * point.confidence,
                )
            )
        if place > left:
            marks.append(tag("line", x1=place, x2=place, y1=top, y2=top + height + 6, class_="grid"))
        if wide > 60:
            letters = max(6, int(wide / 6.2))
            marks.append(
                tag("text", _shortened(group.name, letters), x=place + 4, y=top + height + 18, class_="muted")
            )
        place += wide
    return _svg(width, top + height + 24, *marks, label="Lag of every take in ms")


def histogram(
    values: Sequence[float],
    *,
    low: float,
    high: float,
    unit: str,
    limits: Sequence[float] = (),
    bins: int = 30,
) -> Markup:
    """How often values occur; those outside low..high are in the outermost bars."""
    width, height, top = 340.0, 110.0, 6.0
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    most = max(int(counts.max(initial=0)), 1)
    scale = width / (high - low)
    marks: list[str] = [tag("line", x1=0, x2=width, y1=top + height, y2=top + height, class_="zero")]
    for count, start, end in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            tall = max(2.0, height * count / most)
            marks.append(
                tag(
                    "rect",
                    tag("title", f"{start:g} to {end:g} {unit}: {count}"),
                    x=(start - low) * scale + 0.5,
                    y=top + height - tall,
                    width=(end - start) * scale - 1,
                    height=tall,
                    class_="bar",
                )
            )
    for limit in limits:
        if low < limit < high:
            x = (limit - low) * scale
            marks.append(tag("line", x1=x, x2=x, y1=0, y2=top + height, class_="limit"))
    for value, anchor in ((low, "start"), ((low + high) / 2, "middle"), (high, "end")):
        words = f"{value:g} {unit}"
        marks.append(
            tag(
                "text",
                words,
                x=(value - low) * scale,
                y=top + height + 15,
                text_anchor=anchor,
                class_="muted",
            )
        )
    return _svg(width, top + height + 20, *marks, label=f"Histogram in {unit}")


def activity_chart(
    activity: np.ndarray, regions: Sequence[tuple[str, int]], emotions: Sequence[str]
) -> Markup:
    """Controls from top to bottom, takes from left to right, the darker the further a control moves.

    Args:
        activity: ``(takes, controls)``, 0..1, controls sorted by region.
        regions: names and how many controls each has.
        emotions: of every take, for the stripe on top; empty if unlabelled.
    """
    width, left, top, tall = 1000.0, 84.0, 16.0, 2.6
    height = tall * activity.shape[1]
    marks: list[str] = []
    step = (width - left) / max(len(emotions), 1)
    start = 0
    for end in range(1, len(emotions) + 1):
        if end == len(emotions) or emotions[end] != emotions[start]:
            word = emotions[start]
            x = left + start * step
            marks.append(
                tag(
                    "rect",
                    tag("title", word or "no emotion"),
                    x=x,
                    y=0.0,
                    width=step * (end - start),
                    height=8.0,
                    class_=word if word in EMOTIONS else "unlabelled",
                )
            )
            start = end
    source = f"data:image/png;base64,{base64.b64encode(_heat_png(activity.T)).decode('ascii')}"
    marks.append(
        tag(
            "image", href=source, x=left, y=top, width=width - left, height=height, preserveAspectRatio="none"
        )
    )
    y = top
    for name, count in regions:
        marks.append(tag("line", x1=left - 76, x2=width, y1=y, y2=y, class_="grid"))
        if count * tall >= 10:
            marks.append(tag("text", name, x=left - 8, y=y + count * tall / 2 + 4, text_anchor="end"))
        y += count * tall
    return _svg(width, y + 2, *marks, label="Motion of every control in every take")


def legend() -> Markup:
    """The colours of the emotions."""
    marks: list[str] = []
    for number, emotion in enumerate(EMOTIONS):
        marks.append(tag("rect", x=number * 90.0, y=1.0, width=10.0, height=10.0, rx=2, class_=emotion))
        marks.append(tag("text", emotion, x=number * 90.0 + 15, y=10.0))
    return _svg(1000.0, 16.0, *marks, label="Colours of the emotions")


def _heat_png(share: np.ndarray) -> bytes:
    """0..1 as a picture, blue on transparent."""
    from matplotlib.image import imsave

    colour = np.empty((*share.shape, 4), dtype=np.uint8)
    colour[..., :3] = (38, 120, 214)
    colour[..., 3] = np.rint(255 * np.sqrt(np.clip(share, 0, 1)))
    file = io.BytesIO()
    imsave(file, colour, format="png")
    return file.getvalue()


def _svg(width: float, height: float, *marks: str, label: str) -> Markup:
    return tag("svg", join(*marks), viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label)


def _shortened(name: str, letters: int = _NAME_LETTERS) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"
