"""One picture of one line: sound, phones and emotion above; jaw, lips, brows and eyes below, on one clock.

Drawn with matplotlib's figure objects, so that nothing global is touched and no window system is needed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EMOTIONS, NEUTRAL, EmotionTrack
from cstalk_ue.performer import TimedPhone
from cstalk_ue.performer.phones import SILENCE
from cstalk_ue.storage import whole_file
from cstalk_ue.take import RigCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EMOTION_COLOURS = {
    "neutral": "#8a8f98",
    "angry": "#c8392b",
    "sad": "#2f6fb3",
    "surprised": "#8b4fb8",
    "happy": "#d98a00",
}
_LOWEST_TOP = 0.3  # of a panel's scale, so that nothing is magnified into looking like motion
_INK, _GRID = "#23272e", "#e3e6ea"

PANELS: tuple[tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    ("jaw", (("open", "#23272e", ("CTRL_C_jaw.ty",)),)),
    (
        "lips",
        (
            (
                "together",
                "#c8392b",
                tuple(f"CTRL_{s}_mouth_lipsTogether{lip}.ty" for s in "LR" for lip in "UD"),
            ),
            ("rounded", "#2f6fb3", tuple(f"CTRL_{s}_mouth_purse{lip}.ty" for s in "LR" for lip in "UD")),
            ("spread", "#3c8d4f", ("CTRL_L_mouth_stretch.ty", "CTRL_R_mouth_stretch.ty")),
            ("on teeth", "#d98a00", ("CTRL_L_mouth_lipBiteD.ty", "CTRL_R_mouth_lipBiteD.ty")),
        ),
    ),
    (
        "corners and cheeks",
        (
            ("corner up", "#d98a00", ("CTRL_L_mouth_cornerPull.ty", "CTRL_R_mouth_cornerPull.ty")),
            ("corner down", "#2f6fb3", ("CTRL_L_mouth_cornerDepress.ty", "CTRL_R_mouth_cornerDepress.ty")),
            ("cheek", "#8b4fb8", ("CTRL_L_eye_cheekRaise.ty", "CTRL_R_eye_cheekRaise.ty")),
        ),
    ),
    (
        "brows",
        (
            ("inner up", "#2f6fb3", ("CTRL_L_brow_raiseIn.ty", "CTRL_R_brow_raiseIn.ty")),
            ("outer up", "#8b4fb8", ("CTRL_L_brow_raiseOut.ty", "CTRL_R_brow_raiseOut.ty")),
            ("down", "#c8392b", ("CTRL_L_brow_down.ty", "CTRL_R_brow_down.ty")),
        ),
    ),
    (
        "eyes",
        (
            ("blink (+), widen (-)", "#23272e", ("CTRL_L_eye_blink.ty", "CTRL_R_eye_blink.ty")),
            ("squint", "#c8392b", ("CTRL_L_eye_squintInner.ty", "CTRL_R_eye_squintInner.ty")),
        ),
    ),
)
"""Panels from top to bottom: title, then curves as (label, colour, controls whose mean is drawn)."""


def draw_line(
    path: Path,
    samples: np.ndarray,
    face: RigCurves,
    *,
    title: str,
    emotion: EmotionTrack,
    phones: Sequence[TimedPhone] = (),
) -> None:
    """Write a PNG of one line.

    Args:
        path: of the picture.
        samples: ``(samples,)`` mono 16 kHz.
        face: curves with the controls of `PANELS`.
        title: printed above.
        emotion: drawn as a coloured band.
        phones: written under the sound, if known.

    Raises:
        ExportError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    seconds = max(len(samples) / SAMPLE_RATE, face.duration_seconds)
    figure = Figure(
        figsize=(float(np.clip(3 + 1.9 * seconds, 9, 30)), 9.5),
        dpi=110,
        layout="constrained",
        facecolor="white",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 + len(PANELS), 1, sharex=True, height_ratios=(1.5, 0.35, *([1.3] * len(PANELS))))
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, color=_INK)
    _draw_sound(axes[0], samples, phones)
    _draw_emotion(axes[1], emotion, seconds)
    for axis, (name, curves) in zip(axes[2:], PANELS, strict=True):
        for label, colour, controls in curves:
            axis.plot(
                face.times, face.select(controls).values.mean(axis=1), color=colour, lw=1.4, label=label
            )
        low, high = axis.get_ylim()
        axis.set_ylim(min(low, 0), max(high, _LOWEST_TOP))
        axis.set_ylabel(name, color=_INK, fontsize=9)
        axis.legend(
            loc="upper left", bbox_to_anchor=(1.003, 1.02), fontsize=8, frameon=False, handlelength=1.2
        )
    for axis in axes:
        axis.grid(axis="x", color=_GRID, lw=0.8)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8, colors=_INK)
    axes[-1].set_xlim(0, seconds)
    axes[-1].set_xlabel("seconds", fontsize=9, color=_INK)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png")


def _draw_sound(axis: "Axes", samples: np.ndarray, phones: Sequence[TimedPhone]) -> None:
    """Waveform as an envelope (a long line has more samples than pixels), phones below it."""
    block = max(1, len(samples) // 6000)
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    times = (np.arange(len(whole)) + 0.5) * block / SAMPLE_RATE
    axis.fill_between(times, whole.min(axis=1), whole.max(axis=1), color="#5d6671", lw=0.6)
    peak = max(float(np.abs(samples).max()), 1e-3)
    axis.set_ylim(-1.75 * peak if phones else -1.05 * peak, 1.05 * peak)
    axis.set_yticks([])
    axis.set_ylabel("sound", fontsize=9, color=_INK)
    spoken = [phone for phone in phones if phone.phone != SILENCE]
    for number, phone in enumerate(spoken):
        closed = phone.phone in ("P", "B", "M")
        height = (-1.25 if number % 2 else -1.55) * peak  # two rows, so that short phones stay legible
        axis.text(
                (phone.start_seconds + phone.end_seconds) / 2, height, phone.phone,
                ha="center", va="center", fontsize=7,
                color="#c8392b" if closed else _INK, fontweight="bold" if closed else "normal",
            )  # fmt: skip


def _draw_emotion(axis: "Axes", emotion: EmotionTrack, seconds: float) -> None:
    """Share of each emotion over time, stacked."""
    times = np.linspace(0, seconds, 400)
    weights = emotion.at(times)
    order = [index for index in range(len(EMOTIONS)) if index != NEUTRAL]
    axis.stackplot(times, weights[:, order].T, colors=[EMOTION_COLOURS[EMOTIONS[i]] for i in order], lw=0)
    axis.set_ylim(0, 1)
    axis.set_yticks([])
    axis.set_ylabel("emotion", fontsize=9, color=_INK, rotation=0, ha="right", va="center")
    shown = [index for index in order if weights[:, index].max() > 0.01]
    names = ", ".join(EMOTIONS[index] for index in shown) or "neutral"
    axis.text(1.003, 0.5, names, transform=axis.transAxes, fontsize=8, va="center", color=_INK)
