"""What the page holds of one line: curves, head, phones and emotion as JSON, and its sound.

Curves are int16 steps of 1/16384, planar (one control after the other), each coded as differences from frame
to frame, deflated, in base64; `page/decode.js` reads them back. Controls that rest are left out.
"""

import base64
import io
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import soundfile

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import UsageError
from cstalk_ue.performer import TimedPhone
from cstalk_ue.rig import complete, control_defaults, control_names
from cstalk_ue.take import FacePerformance, RigCurves

STEPS = 16384
"""Per unit of a control; an int16 then spans -2..2."""
HEAD = ("HeadYaw", "HeadPitch", "HeadRoll", "HeadTranslationX", "HeadTranslationY", "HeadTranslationZ")
AUDIO_FORMATS = {
    "flac": ("FLAC", "PCM_16", "audio/flac"),
    "opus": ("OGG", "OPUS", "audio/ogg"),
}
"""Name on the command line -> container, codec, media type."""
_HIGHEST = 32767
_SOUND_BLOCK = 30 * SAMPLE_RATE


def line_payload(
    face: FacePerformance, *, phones: Sequence[TimedPhone] = (), emotion: EmotionTrack | None = None
) -> dict[str, Any]:
    """One line as the page reads it, plain JSON.

    Args:
        face: any subset of the rig's controls, with the head curves.
        phones: if they are known.
        emotion: if it is known.
    """
    values = complete(face.face).values
    rest = control_defaults()
    moving = np.flatnonzero((np.abs(values - rest) >= 0.5 / STEPS).any(axis=0))
    head, scales = _head_steps(face.head)
    return {
        "fps": face.fps,
        "frames": face.frames,
        "start": face.face.start_seconds,
        "controls": [control_names()[column] for column in moving],
        "curves": pack_steps(np.rint(values[:, moving] * np.float64(STEPS))),
        "head_curves": list(HEAD),
        "head": pack_steps(head),
        "head_scale": scales,
        "phones": [[round(p.start_seconds, 4), round(p.end_seconds, 4), p.phone] for p in phones] or None,
        "emotion": "" if emotion is None else str(emotion),
        "emotion_weights": None if emotion is None else _keys(emotion),
    }


def encode_sound(samples: np.ndarray, audio_format: str) -> bytes:
    """A sound file of ``(samples,)`` mono 16 kHz, "flac" or "opus".

    Raises:
        UsageError: the installed libsndfile cannot write that format.
    """
    container, codec, _ = AUDIO_FORMATS[audio_format]
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(
            buffer, "w", samplerate=SAMPLE_RATE, channels=1, format=container, subtype=codec
        ) as file:
            # In blocks: libsndfile's Vorbis and Opus writers put a whole write on the stack.
            for start in range(0, len(samples), _SOUND_BLOCK):
                file.write(np.clip(samples[start : start + _SOUND_BLOCK], -1, 1))
    except soundfile.SoundFileError as error:
        raise UsageError(
            f"--audio-format {audio_format}: this libsndfile cannot write it ({error}). Use flac."
        ) from error
    return buffer.getvalue()


def _head_steps(head: RigCurves) -> tuple[np.ndarray, list[float]]:
    """Head curves as whole steps ``(frames, 6)`` with the size of a step of each; absent ones rest at 0."""
    values = np.zeros((head.frames, len(HEAD)))
    for column, name in enumerate(HEAD):
        if name in head.controls:
            values[:, column] = head.curve(name)
    scales = np.maximum(np.abs(values).max(axis=0), 1e-6) / _HIGHEST
    return np.rint(values / scales), [float(f"{scale:.9g}") for scale in scales]


def pack_steps(steps: np.ndarray) -> str:
    """Whole numbers ``(frames, curves)`` -> base64 of deflated int16 differences, planar."""
    held = np.clip(steps.T, -_HIGHEST - 1, _HIGHEST).astype(np.int16)
    with np.errstate(over="ignore"):  # differences wrap around, and so do the sums in the page
        differences = np.diff(held, axis=1, prepend=np.int16(0)).astype("<i2")
    return base64.b64encode(zlib.compress(differences.tobytes(), 6)).decode("ascii")


def _keys(emotion: EmotionTrack) -> dict[str, list[Any]]:
    """Keys of a track: the page draws straight lines between them."""
    return {
        "times": [round(float(time), 4) for time in emotion.times],
        "weights": [[round(float(weight), 4) for weight in key] for key in emotion.weights],
    }
