"""Text over pictures, drawn with matplotlib's Agg renderer; kept, since most of it repeats."""

import functools
import warnings

import numpy as np

from cstalk_ue.review.draw_face import Colour

_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "PingFang SC", "Hiragino Sans",
          "Malgun Gothic", "Arial Unicode MS")  # fmt: skip
"""For letters that DejaVu Sans lacks, where they are installed."""


def write_text(
    picture: np.ndarray,
    text: str,
    at: tuple[int, int],
    size: int,
    colour: Colour,
    align: float,
    *,
    bold: bool = False,
) -> None:
    """Lay text over a picture, `align` 0 begins at `at`, 1 ends there; shortened where it does not fit."""
    x, y = at
    height, width = picture.shape[:2]
    room = 2 * min(x, width - x) if align == 0.5 else abs(width - 2 * x)
    ink = lettering("".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in text), size, bold, room)
    left = int(np.clip(x - round(align * ink.shape[1]), 0, width - ink.shape[1]))
    top = int(np.clip(y - ink.shape[0] // 2, 0, height - ink.shape[0]))
    under = picture[top : top + ink.shape[0], left : left + ink.shape[1]]
    share = ink[..., None]
    under[...] = np.rint(under * (1 - share) + 255 * np.array(colour, dtype=np.float32) * share)


@functools.lru_cache(maxsize=512)
def lettering(text: str, size: int, bold: bool, room: int) -> np.ndarray:
    """Coverage 0..1 of a line of text, ``(height, width)`` float32, at most `room` wide."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family=_families(), size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # drawn as a box
        measure = RendererAgg(1, 1, 72)
        width, *_ = measure.get_text_width_height_descent(text or " ", font, ismath=False)
        _, tall, descent = measure.get_text_width_height_descent(
            "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}g|", font, ismath=False
        )
        if width > room and len(text) > 1:
            return lettering(
                text[: max(1, min(len(text) - 2, int(len(text) * room / width)))] + "…", size, bold, room
            )
        renderer = RendererAgg(min(int(width) + 2, max(room, 1)), int(tall) + 2, 72)
        context = renderer.new_gc()
        context.set_foreground((0.0, 0.0, 0.0))
        renderer.draw_text(context, 0, round(tall - descent), text, font, 0.0, ismath=False)
    return np.asarray(renderer.buffer_rgba())[..., 3].astype(np.float32) / 255


@functools.cache
def _families() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _FONTS if name in installed)]
