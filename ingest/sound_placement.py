"""The sound of a recording on the clock of its curves, moved on request, and the lag that is left.

Nothing is moved unless a job asks for it. How a lag is measured is in sync.py, what a session agrees on in
session_lags.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cstalk_ue.storage import plain_text
from ingest.captured import CapturedTake
from ingest.sync import Lag, measure_lag
from ingest.take_files import align_samples
from ingest.take_job import TakeJob

SURE_ENOUGH = 0.5
"""Confidence from which the lag of a single take may be applied to it."""


def place_sound(
    job: TakeJob, captured: CapturedTake, before: Mapping[str, Any] | None
) -> tuple[np.ndarray | None, dict[str, Any] | None, Lag | None]:
    """The sound on the clock of the curves, how it came there, and the lag that is left."""
    if captured.samples is None:
        return None, None, None
    face = captured.performance.face
    start = captured.audio_start_seconds
    samples = align_samples(captured.samples, start, face.frames)
    captured_lag = lag = measure_lag(face, samples)
    if job.shift_by_own_lag:
        shift = own_shift(Lag.from_json(captured_lag.to_json()))
    elif job.shift_seconds is not None:
        shift = job.shift_seconds
    else:
        shift = float(((before or {}).get("audio") or {}).get("shift_seconds", 0.0))
    if shift:
        samples = align_samples(captured.samples, start + shift, face.frames)
        lag = measure_lag(face, samples)
    audio = {
        "source": None if captured.audio_source is None else plain_text(captured.audio_source.name),
        "start": captured.audio_start,
        "start_seconds": round(start, 6),
        "shift_seconds": shift,
        "captured_lag": captured_lag.to_json(),
    }
    return samples, audio, lag


def own_shift(lag: Lag) -> float:
    """Curves that are later than the sound have a lag below 0: the sound is then moved to later, too."""
    sure = lag.seconds is not None and lag.confidence >= SURE_ENOUGH
    return round(-lag.seconds, 4) if sure and lag.seconds is not None else 0.0
