"""One line of dialogue -> a face: load, encode in overlapping chunks, generate, complete, enliven.

Speech is read in chunks of 20 s that overlap by 4 s (see chunks.py). Memory does not grow with the length
of the line beyond its samples and curves. Knows nothing about files and batches (see batch.py).
"""

from collections.abc import Iterator

import numpy as np
import torch

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.chunks import Chunk, Chunking, join_chunks, plan_chunks
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import CheckpointError, EmotionError
from cstalk_ue.loudness import speech_gain
from cstalk_ue.model.checkpoint import Checkpoint
from cstalk_ue.performer import Liveliness, enliven, frames_of, measure_prosody
from cstalk_ue.rig import control_limits, control_names
from cstalk_ue.take import FacePerformance, RigCurves

MODEL_FPS = 30.0
_GRID_FRAMES = 3  # 0.1 s: whole frames, whole samples and whole encoder frames at once


def generate_curves(
    samples: np.ndarray,
    checkpoint: Checkpoint,
    emotion: EmotionTrack,
    *,
    fps: float = MODEL_FPS,
    life: Liveliness | None = None,
    chunking: Chunking | None = None,
    device: str = "cpu",
) -> FacePerformance:
    """Predict the face of one line.

    Args:
        samples: ``(samples,)`` float32 mono 16 kHz.
        checkpoint: a loaded model.
        emotion: weights over the line.
        fps: of the result; the model runs at 30 and the curves are resampled.
        life: blinks, gaze and head motion; default all on with seed 0.
        chunking: how long audio is cut.
        device: where the model is; samples are moved there chunk by chunk.

    Returns:
        All 185 controls inside their ranges, those the model does not drive at their defaults or moved by
        `life`; and head curves.

    Raises:
        EmotionError: the model was not trained on an emotion that is asked for.
        CheckpointError: the model runs at another frame rate than `MODEL_FPS`.
    """
    spoken = generate_spoken(samples, checkpoint, emotion, chunking=chunking, device=device)
    weights = emotion.at(spoken.times)
    prosody = measure_prosody(samples, spoken.frames, MODEL_FPS)
    return enliven(spoken, prosody, weights, life or Liveliness()).resample(fps)


def generate_spoken(
    samples: np.ndarray,
    checkpoint: Checkpoint,
    emotion: EmotionTrack,
    *,
    chunking: Chunking | None = None,
    device: str = "cpu",
) -> RigCurves:
    """What the model itself says: its kept controls at 30 fps, inside their ranges, no blinks or darts."""
    frames = frames_of(len(samples), MODEL_FPS)
    parts = chunk_predictions(samples, checkpoint, emotion, chunking=chunking, device=device)
    total, _ = join_chunks(parts, frames, fps=MODEL_FPS)
    low, high = control_limits()
    columns = [control_names().index(name) for name in checkpoint.controls]
    return RigCurves(np.clip(total, low[columns], high[columns]), checkpoint.controls, MODEL_FPS)


def chunk_predictions(
    samples: np.ndarray,
    checkpoint: Checkpoint,
    emotion: EmotionTrack,
    *,
    chunking: Chunking | None = None,
    device: str = "cpu",
) -> Iterator[tuple[Chunk, np.ndarray]]:
    """Each chunk with its own prediction ``(frames, controls)``, not yet faded into its neighbours.

    One chunk is computed at a time, when it is asked for.
    """
    if checkpoint.config.fps != MODEL_FPS:
        raise CheckpointError(
            f"{checkpoint.model_id}: runs at {checkpoint.config.fps:g} fps; expected {MODEL_FPS:g}. "
            "Train it on curves at that rate; results can have any."
        )
    frames = frames_of(len(samples), MODEL_FPS)
    model = checkpoint.model
    cuts = (chunking or Chunking()).within(model.speech_encoder.max_samples)
    gain = np.float32(speech_gain(samples))
    reference = _clip_reference(samples * gain, checkpoint, device)
    for chunk in plan_chunks(frames, cuts, fps=MODEL_FPS, grid_frames=_GRID_FRAMES):
        start, end = (round(frame * SAMPLE_RATE / MODEL_FPS) for frame in (chunk.first, chunk.last))
        weights = _style(emotion, np.arange(chunk.first, chunk.last) / MODEL_FPS, checkpoint)
        with torch.inference_mode():
            audio = torch.from_numpy(samples[start:end] * gain)[None].to(device)
            style = torch.from_numpy(weights)[None].to(device)
            values = model(audio, style, chunk.last - chunk.first, MODEL_FPS, reference=reference)
            yield chunk, model.denormalise(values)[0].float().cpu().numpy()


def _style(emotion: EmotionTrack, seconds: np.ndarray, checkpoint: Checkpoint) -> np.ndarray:
    """Weights ``(frames, classes)`` in the order of the classes the model knows."""
    weights = emotion.at(seconds)
    known = [EMOTIONS.index(name) for name in checkpoint.emotions]
    unknown = [name for c, name in enumerate(EMOTIONS) if c not in known and weights[:, c].any()]
    if unknown:
        raise EmotionError(
            f"{checkpoint.model_id}: was not trained on {', '.join(unknown)}; "
            f"expected {', '.join(checkpoint.emotions)}. Use another model."
        )
    return np.ascontiguousarray(weights[:, known])


def _clip_reference(samples: np.ndarray, checkpoint: Checkpoint, device: str) -> torch.Tensor:
    """The loudness reference of the whole line, so that its chunks are scaled alike."""
    with torch.inference_mode():
        return checkpoint.model.speech_encoder.clip_reference(torch.from_numpy(samples)[None].to(device))
