"""What the sound of a take is like: level, clipping, noise, bandwidth, where there is speech. Plain numbers.

Measures only; which numbers are a fault is in rules.py. Sound is mono 16 kHz, on the clock of the curves.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.loudness import active_level_db
from cstalk_ue.take import RigCurves
from ingest.mouth import frame_levels, mouth_opening

SILENT_BELOW_PEAK_DB, SILENT_DBFS = 35.0, -60.0
"""A frame is silent this far below the loudest one, or below this level."""
OPEN_MOUTH = 0.12
"""Share of a fully open jaw that counts as an open mouth in silence, about 4 mm."""
SILENCE_MARGIN_SECONDS = 0.3
CLIPPED_SAMPLE, CLIPPED_RUN = 0.999, 3

_DIGITAL_SILENCE_DBFS = -99.0
_CLIPPING_NEEDS = 0.1
_BAND_SHARE = 1e-5
_SPECTRUM_SAMPLES = 1024


def measure_sound(samples: np.ndarray, face: RigCurves, valid: np.ndarray) -> dict[str, Any]:
    """Measure ``(samples,)``; plain JSON values.

    ``active_dbfs`` and ``snr_db`` are None if there is nothing but silence. The noise floor is the level
    of the quietest twentieth of the frames, digital silence apart. ``speech_seconds`` is from the first frame
    that is not silent to the end of the last. ``open_mouth_in_silence_seconds`` counts valid frames in which
    the mouth is open over `OPEN_MOUTH` and no sound is near.
    """
    level = frame_levels(samples, face.frames, face.fps)
    loud = level > max(float(level.max()) - SILENT_BELOW_PEAK_DB, SILENT_DBFS)
    active = active_level_db(samples)
    audible = level[level > _DIGITAL_SILENCE_DBFS]
    floor = float(np.percentile(audible, 5)) if len(audible) else _DIGITAL_SILENCE_DBFS
    margin = round(SILENCE_MARGIN_SECONDS * face.fps)
    near = np.convolve(loud, np.ones(2 * margin + 1))[margin : margin + face.frames] > 0.5
    open_mouth = (mouth_opening(face) > OPEN_MOUTH) & ~near & valid
    heard = np.flatnonzero(loud)
    speech = (heard[0], heard[-1] + 1) if len(heard) else (0, 0)
    return {
        "active_dbfs": round(active, 2) if np.isfinite(active) else None,
        "peak": round(float(np.abs(samples).max(initial=0)), 4),
        "clipped_share": round(clipped_share(samples), 6),
        "floor_dbfs": round(floor, 2),
        "snr_db": round(active - floor, 2) if np.isfinite(active) else None,
        "silent_share": round(float(1 - loud.mean()), 4),
        "bandwidth_hz": bandwidth(samples),
        "speech_seconds": [round(int(frame) / face.fps, 3) for frame in speech],
        "open_mouth_in_silence_seconds": round(float(open_mouth.sum()) / face.fps, 3),
    }


def clipped_share(samples: np.ndarray) -> float:
    """Share of samples in runs of `CLIPPED_RUN` or more at the same, highest level of the take.

    Sound that was cut at full scale and then turned down is cut all the same, so the level is the take's own
    peak; a single loud sample is not clipped, three equal ones in a row are. Sound that was cut at full scale
    and then resampled, as from a phone's 44.1 kHz, rings beyond 1; there it counts as cut at 1.
    """
    magnitude = np.minimum(np.abs(samples), 1)
    peak = float(magnitude.max(initial=0))
    if peak < _CLIPPING_NEEDS:
        return 0.0
    lengths = [last - first for first, last in runs(magnitude >= CLIPPED_SAMPLE * peak)]
    return sum(length for length in lengths if length >= CLIPPED_RUN) / len(samples)


def bandwidth(samples: np.ndarray) -> int:
    """Frequency in Hz above which there is less than a hundred-thousandth of the power, in steps of 125.

    Telephone sound ends at 3400, and at 16 kHz nothing is above 8000. 0 in silence.
    """
    count = len(samples) // _SPECTRUM_SAMPLES
    if count == 0:
        return 0
    power = np.zeros(_SPECTRUM_SAMPLES // 2 + 1)
    taper = np.hanning(_SPECTRUM_SAMPLES).astype(np.float32)
    for start in range(0, count, 256):  # flat memory
        first, last = start * _SPECTRUM_SAMPLES, min(start + 256, count) * _SPECTRUM_SAMPLES
        blocks = samples[first:last].reshape(-1, _SPECTRUM_SAMPLES) * taper
        power += (np.abs(np.fft.rfft(blocks, axis=1)) ** 2).sum(axis=0)
    above = np.cumsum(power[::-1])[::-1]
    if above[0] <= 0:
        return 0
    top = np.flatnonzero(above > _BAND_SHARE * above[0]).max()
    return int(np.ceil(top * SAMPLE_RATE / _SPECTRUM_SAMPLES / 125) * 125)


def runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, one past the last) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
