"""What one frame of a video shows: faces from two sides, names, the sound with a playhead, time and phone.

A `Layout` is what stays over a line, a `Strip` what changes over some frames; both are small and can be
handed to another process. Knows nothing about files and encoders (see video.py, mp4.py).
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.review.draw_face import DARK, FRONT, LIGHT, THREE_QUARTER, ZOOMS, Colour
from cstalk_ue.review.lettering import write_text
from cstalk_ue.review.shown_head import Posed, face_painter, posed_faces

_TALL = 720
"""All sizes below are for a picture so high."""
_HEADER, _FOOTER, _MARGIN = 52, 112, 24
_WAVE_TOP, _WAVE_TALL, _BAND_TALL = 100, 44, 6
_TITLE_SIZE, _LABEL_SIZE, _TEXT_SIZE, _PHONE_SIZE, _CARD_SIZE = 22, 17, 19, 30, 40
_LABELS = 26
_MOST_WITH_BOTH_SIDES = 3


@dataclass(frozen=True)
class Theme:
    """Colours of a video."""

    background: Colour
    ink: Colour
    muted: Colour
    accent: Colour


THEMES = {
    True: Theme(DARK, (0.93, 0.94, 0.95), (0.45, 0.48, 0.53), (0.98, 0.72, 0.26)),
    False: Theme(LIGHT, (0.14, 0.15, 0.18), (0.62, 0.65, 0.69), (0.78, 0.32, 0.08)),
}
"""By whether it is dark."""


@dataclass(frozen=True)
class Layout:
    """What stays over a line.

    Attributes:
        size: width and height in pixels, both even.
        title: written above.
        labels: one per face, written over it if there are several.
        ghosted: per face, whether a second one lies over it.
        loudness: 0..1 along the sound, empty without sound.
        band: colours along the line under the sound, for the emotion.
        dark: colours of the page around the faces.
        dna: the file whose head is shown; None shows the landmark face.
    """

    size: tuple[int, int]
    title: str
    labels: tuple[str, ...]
    ghosted: tuple[bool, ...]
    loudness: tuple[float, ...] = ()
    band: tuple[Colour, ...] = ()
    dark: bool = True
    dna: Path | None = None


@dataclass(frozen=True)
class Strip:
    """Some frames of a line.

    Attributes:
        values, head: ``(frames, faces, 185)``, ``(frames, faces, 6)``; the ghosts' follow the faces'.
        played: share of the line at each frame, 0..1.
        left, middle, right: texts of each frame below the sound.
    """

    layout: Layout
    values: np.ndarray
    head: np.ndarray
    played: tuple[float, ...]
    left: tuple[str, ...]
    middle: tuple[str, ...]
    right: tuple[str, ...]


def paint_strip(strip: Strip) -> Iterator[np.ndarray]:
    """Pictures ``(H, W, 3)`` uint8 of its frames."""
    layout = strip.layout
    frames, faces = strip.values.shape[:2]
    every = posed_faces(
        strip.values.reshape(frames * faces, -1), strip.head.reshape(frames * faces, -1), dna=layout.dna
    )
    still, played = _still(layout)
    cells = _cells(layout)
    count = len(layout.labels)
    ghosts = dict(
        zip(np.flatnonzero(np.array(layout.ghosted, dtype=bool)).tolist(), range(count, faces), strict=True)
    )
    for k in range(frames):
        picture = still.copy()
        surfaces = every[k * faces : (k + 1) * faces]
        for cell in cells:
            paint = _painter((cell.width, cell.height), cell.yaw, layout.dark, layout.dna)
            ghost = ghosts.get(cell.face)
            picture[cell.top : cell.top + cell.height, cell.left : cell.left + cell.width] = paint(
                surfaces[cell.face], None if ghost is None else surfaces[ghost]
            )
        _draw_footer(picture, layout, played, strip, k)
        yield picture


def paint_card(layout: Layout) -> np.ndarray:
    """A picture with nothing but the title, to be shown between two lines."""
    picture = _blank(layout)
    at = (layout.size[0] // 2, layout.size[1] // 2)
    write_text(
        picture, layout.title, at, _scaled(_CARD_SIZE, layout), THEMES[layout.dark].ink, 0.5, bold=True
    )
    return picture


@dataclass(frozen=True)
class _Cell:
    """Where one view of one face is drawn."""

    face: int
    yaw: float
    left: int
    top: int
    width: int
    height: int


@functools.lru_cache(maxsize=32)
def _cells(layout: Layout) -> tuple[_Cell, ...]:
    count = len(layout.labels)
    width, height = layout.size
    label = _scaled(_LABELS, layout) if count > 1 else 0
    top = _scaled(_HEADER, layout)
    room = height - top - _scaled(_FOOTER, layout)
    sides = (FRONT, THREE_QUARTER) if count <= _MOST_WITH_BOTH_SIDES else (FRONT,)
    views = [(face, yaw) for face in range(count) for yaw in sides]
    face_zoom = ZOOMS["face"]

    def scale(rows: int) -> float:
        wide, tall = width // -(-len(views) // rows), room // rows - label
        return min(wide / face_zoom.width_mm, tall / face_zoom.height_mm)

    rows = max(range(1, len(views) + 1), key=scale)
    per_row = -(-len(views) // rows)
    wide, tall = width // per_row, room // rows
    drawn = min(wide, tall - label)
    found = []
    for number, (face, yaw) in enumerate(views):
        row, column = divmod(number, per_row)
        in_row = min(per_row, len(views) - row * per_row)
        left = (width - in_row * wide) // 2 + column * wide + (wide - drawn) // 2
        found.append(_Cell(face, yaw, left, top + row * tall + label, drawn, tall - label))
    return tuple(found)


@functools.lru_cache(maxsize=8)
def _still(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """What never changes, and the strip of the sound as it looks when it was played."""
    theme = THEMES[layout.dark]
    picture = _blank(layout)
    margin = _scaled(_MARGIN, layout)
    middle = _scaled(_HEADER, layout) // 2
    write_text(
        picture, layout.title, (margin, middle), _scaled(_TITLE_SIZE, layout), theme.ink, 0.0, bold=True
    )
    if len(layout.labels) > 1:
        for face, label in enumerate(layout.labels):
            own = [cell for cell in _cells(layout) if cell.face == face]
            x = sum(cell.left + cell.width // 2 for cell in own) // len(own)
            at = (x, own[0].top - _scaled(_LABELS, layout) // 2)
            write_text(picture, label, at, _scaled(_LABEL_SIZE, layout), theme.ink, 0.5)
    left, right, top, tall = _wave_box(layout)
    band = _scaled(_BAND_TALL, layout)
    if layout.band:
        columns = (np.arange(right - left) * len(layout.band)) // (right - left)
        picture[top + tall : top + tall + band, left:right] = np.rint(255 * np.array(layout.band))[columns]
    played = picture[top : top + tall, left:right].copy()
    for target, colour in ((picture[top : top + tall, left:right], theme.muted), (played, theme.accent)):
        target[_wave(layout, right - left, tall)] = np.rint(255 * np.array(colour))
    return picture, played


def _wave(layout: Layout, width: int, tall: int) -> np.ndarray:
    """Which pixels of the strip belong to the sound, ``(tall, width)``."""
    loudness = np.array(layout.loudness or (0.0,))
    columns = loudness[np.arange(width) * len(loudness) // width]
    away = np.abs(np.arange(tall) - (tall - 1) / 2)[:, None]
    return np.asarray(away <= np.maximum(columns * tall / 2, 0.6))


def _wave_box(layout: Layout) -> tuple[int, int, int, int]:
    margin = _scaled(_MARGIN, layout)
    width, height = layout.size
    return margin, width - margin, height - _scaled(_WAVE_TOP, layout), _scaled(_WAVE_TALL, layout)


def _draw_footer(picture: np.ndarray, layout: Layout, played: np.ndarray, strip: Strip, k: int) -> None:
    theme = THEMES[layout.dark]
    left, right, top, tall = _wave_box(layout)
    until = round(strip.played[k] * (right - left))
    picture[top : top + tall, left : left + until] = played[:, :until]
    head = left + min(until, right - left - 2)
    picture[top : top + tall + _scaled(_BAND_TALL, layout), head : head + 2] = np.rint(
        255 * np.array(theme.ink)
    )
    middle = (top + tall + _scaled(_BAND_TALL, layout) + layout.size[1]) // 2
    size = _scaled(_TEXT_SIZE, layout)
    write_text(picture, strip.left[k], (left, middle), size, theme.ink, 0.0)
    write_text(picture, strip.right[k], (right, middle), size, theme.ink, 1.0)
    at = (layout.size[0] // 2, middle)
    write_text(picture, strip.middle[k], at, _scaled(_PHONE_SIZE, layout), theme.accent, 0.5, bold=True)


def _blank(layout: Layout) -> np.ndarray:
    width, height = layout.size
    colour = np.rint(255 * np.array(THEMES[layout.dark].background)).astype(np.uint8)
    return np.tile(colour, (height, width, 1))


def _scaled(length: int, layout: Layout) -> int:
    return max(1, round(length * layout.size[1] / _TALL))


@functools.lru_cache(maxsize=32)
def _painter(
    size: tuple[int, int], yaw: float, dark: bool, dna: Path | None
) -> Callable[[Posed, Posed | None], np.ndarray]:
    return face_painter(size, yaw=yaw, zoom="face", background=THEMES[dark].background, dna=dna)
