"""Captures that are made up from a few numbers in a text file, and the reader of them.

Imported by the processes of a pool as well. A file reads ``seed frames sound?``; anything else is broken.
Every reading leaves a line in `LOG`, if the environment names one, so that tests see what was read.
"""

import os
from pathlib import Path

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import clamp, control_defaults, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import CapturedTake, CaptureOrigin, CaptureTiming, Remark, TakeLabels
from ingest.found import FoundTake

LOG = "FAKE_CAPTURES_LOG"
FPS = 30.0


def write_capture(path: Path, seed: int, frames: int = 40, *, sound: bool = True) -> FoundTake:
    """A made-up capture, as if it had been found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{seed} {frames} {int(sound)}", encoding="utf-8")
    return found_at(path)


def found_at(path: Path) -> FoundTake:
    return FoundTake(path, "", path.stem)


def read_capture(
    found: FoundTake, *, gain: float = 1.0, audio_folder: Path | None = None, slate: str = ""
) -> CapturedTake:
    """The reader."""
    if os.environ.get(LOG):
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
            log.write(f"{found.path.name}\n")
    text = found.path.read_text(encoding="utf-8")
    if text == "crash":
        raise ZeroDivisionError("a bug in a reader")
    try:
        seed, frames, sound = (int(word) for word in text.split())
    except ValueError:
        raise CurveFormatError(f"{found.path}: {text!r:.20} is no made-up capture. Make it again.") from None
    rng = np.random.default_rng(seed)
    values = np.tile(control_defaults(), (frames, 1)).astype(np.float32)
    moving = rng.random((frames, 40)) * gain
    values[:, :40] = moving
    face = RigCurves(values, control_names(), FPS, valid=np.arange(frames) != 3)
    face = clamp(face)
    beside = found.path.with_suffix(".sound")
    samples = rng.standard_normal(round(frames / FPS * SAMPLE_RATE)).astype(np.float32) * 0.05
    sounds = sound or beside.exists()
    return CapturedTake(
        name=found.name,
        performance=FacePerformance(face, neutral_head(frames, FPS)),
        timing=CaptureTiming(FPS, "frames", "", frames / FPS, frames),
        labels=TakeLabels(slate=slate),
        origin=CaptureOrigin("table", found.path, files=(found.path,)),
        samples=samples if sounds else None,
        audio_start="assumed" if sounds else "none",
        remarks=(Remark("made-up", "was never recorded"),),
    )
