"""What deserves a second look on a line: one short word each, with a sentence that says how it is measured.

Flags sort hundreds of lines; they do not judge them. Thresholds were set so that the samples and a public
MetaHuman Animator solve raise none but what a person sees there too. Knows nothing about files and pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.evaluate.articulators import lip_aperture
from cstalk_ue.evaluate.landmarks import count_closures_mm
from cstalk_ue.performer import TimedPhone
from cstalk_ue.rig import Control, controls
from cstalk_ue.take import RigCurves

LENGTH_FRAMES = 2
PINNED_SECONDS = 1.0
AT_LIMIT = 1e-3
SILENT_BELOW_PEAK_DB, SILENT_DBFS = 35.0, -60.0
SILENCE_MARGIN_SECONDS, SILENCE_SECONDS = 0.3, 0.3
CHATTER_APERTURE = 0.12
ZIGZAG, ZIGZAGS_PER_SECOND, FEWEST_ZIGZAGS = 0.03, 1.0, 3
JAW_SHUT, SPEECH_SECONDS = 0.05, 0.5
STILL = 1e-3

FLAGS: Mapping[str, str] = {
    "unreadable": "The curve file cannot be read.",
    "no sound": "No sound file of this line was found: not under --audio, not beside the curve file.",
    "other sound": "The sound that was found is not the one these curves were made from: its bytes differ.",
    "edited": "The curve file is not the one that was written: its hash differs from its provenance record.",
    "recording": "The recording itself has a defect.",
    "length": f"Curves and sound differ in length by more than {LENGTH_FRAMES} frames.",
    "phones": "The timed phones of this line cannot be read.",
    "open lips": "The lips do not close on a p, b or m: they stay more than 1 mm apart on the preview face.",
    "jaw shut": f"The jaw never opens over {JAW_SHUT:g} although there is speech.",
    "still": "No control moves in the whole line.",
    "pinned": f"A control stays at an end of its range for {PINNED_SECONDS:g} s or longer.",
    "chatter": f"The mouth moves in silence: over {CHATTER_APERTURE:.0%} of a fully open jaw, "
    f"{SILENCE_MARGIN_SECONDS:g} s or more away from any sound.",
    "jitter": f"A control jumps to and fro, three steps of {ZIGZAG:g} or more in as many frames, "
    "once a second or more often (lids and eyes apart).",
}
"""Every flag with its definition, the gravest first."""

_FAST_REGIONS = ("eyelid", "eye", "eyelash")
_NOT_PINNED_REGIONS = ("switch", "eyelash")


@dataclass(frozen=True)
class Flag:
    """One thing about one line.

    Attributes:
        word: a key of `FLAGS`.
        detail: how much of it and where, "" if there is nothing to add.
    """

    word: str
    detail: str = ""


def flag_curves(face: RigCurves) -> list[Flag]:
    """What the curves alone tell; `face` has all 185 controls in order."""
    moved = np.ptp(face.values, axis=0)
    if moved.max() < STILL:
        return [Flag("still")]
    found = []
    if pinned := max(_pinned(face), default=None):
        seconds, name = pinned
        found.append(Flag("pinned", f"{name} for {seconds:.1f} s"))
    if jitter := _jitter(face):
        found.append(jitter)
    return found


def flag_sound(face: RigCurves, samples: np.ndarray) -> list[Flag]:
    """What curves and sound, ``(samples,)`` mono 16 kHz, tell together."""
    found = []
    seconds = len(samples) / SAMPLE_RATE
    extra_frames = (face.start_seconds + face.duration_seconds - seconds) * face.fps
    if abs(extra_frames) > LENGTH_FRAMES:
        longer = "longer" if extra_frames > 0 else "shorter"
        found.append(
            Flag("length", f"curves are {abs(extra_frames) / face.fps:.2f} s {longer} than the sound")
        )
    loud = _loud(face, samples)
    jaw = face.curve("CTRL_C_jaw.ty")
    if loud.sum() / face.fps >= SPEECH_SECONDS and jaw.max() <= JAW_SHUT:
        found.append(Flag("jaw shut", f"at most {jaw.max():.2f}"))
    aperture = lip_aperture(face)
    for first, last in _runs(_far_from(loud, round(SILENCE_MARGIN_SECONDS * face.fps))):
        long_enough = last - first >= SILENCE_SECONDS * face.fps
        if long_enough and np.ptp(aperture[first:last]) > CHATTER_APERTURE:
            found.append(Flag("chatter", f"at {face.times[first]:.2f} to {face.times[last - 1]:.2f} s"))
            break
    return found


def flag_phones(face: RigCurves, phones: Sequence[TimedPhone]) -> list[Flag]:
    """What curves and timed phones tell together."""
    count = count_closures_mm(face, phones)
    if count.closed == count.total:
        return []
    return [Flag("open lips", f"{count.total - count.closed} of {count.total}")]


def _pinned(face: RigCurves) -> Iterator[tuple[float, str]]:
    """(seconds, control) of controls that stay at a limit which is not their rest."""
    for column, control in enumerate(controls()):
        if control.region in _NOT_PINNED_REGIONS:
            continue
        at_limit = np.zeros(face.frames, dtype=bool)
        for limit in _limits(control):
            at_limit |= np.abs(face.values[:, column] - limit) < AT_LIMIT
        longest = max((last - first for first, last in _runs(at_limit)), default=0) / face.fps
        if longest >= PINNED_SECONDS:
            yield longest, control.name


def _limits(control: Control) -> list[float]:
    return [limit for limit in (control.minimum, control.maximum) if limit != control.default]


def _jitter(face: RigCurves) -> Flag | None:
    """The control that zigzags most; smooth motion turns round once and then goes on for a while."""
    columns = [n for n, control in enumerate(controls()) if control.region not in _FAST_REGIONS]
    steps = np.diff(face.values[:, columns], axis=0)
    turns = steps[1:] * steps[:-1] < 0
    large = np.abs(steps) >= ZIGZAG
    zigzags = turns[1:] & turns[:-1] & large[2:] & large[1:-1] & large[:-2]
    counts = zigzags.sum(axis=0)
    worst = int(counts.argmax())
    if counts[worst] < max(FEWEST_ZIGZAGS, ZIGZAGS_PER_SECOND * face.duration_seconds):
        return None
    return Flag("jitter", f"{controls()[columns[worst]].name}, {counts[worst]} times")


def _loud(face: RigCurves, samples: np.ndarray) -> np.ndarray:
    """Which frames hold sound, ``(frames,)``: RMS over one frame, against the loudest frame."""
    edges = np.round(np.append(face.times, face.times[-1] + 1 / face.fps) * SAMPLE_RATE).astype(np.int64)
    energy = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    edges = np.clip(edges, 0, len(samples))
    mean = np.diff(energy[edges]) / np.maximum(np.diff(edges), 1)
    level = 10 * np.log10(np.maximum(mean, 1e-12))
    return level > max(float(level.max()) - SILENT_BELOW_PEAK_DB, SILENT_DBFS)


def _far_from(loud: np.ndarray, margin: int) -> np.ndarray:
    """Frames with no loud one within `margin` frames."""
    near = np.convolve(loud, np.ones(2 * margin + 1), mode="full")[margin : margin + len(loud)]
    return near < 0.5


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, one past the last) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
