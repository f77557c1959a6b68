"""One line of dialogue -> a face: load, encode in overlapping chunks, generate, complete, enliven.

Speech is read in chunks of 20 s that overlap by 4 s (see chunks.py). Memory does not grow with the length
of the line beyond its samples and curves. Who asks for one line in many emotions encodes it once
(`encode_line`) and keeps the result. Knows nothing about files and batches (see batch.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.chunks import Chunk, Chunking, join_chunks, plan_chunks
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import CheckpointError, EmotionError
from cstalk_ue.loudness import speech_gain
from cstalk_ue.model.checkpoint import Checkpoint
from cstalk_ue.performer import Liveliness, Prosody, enliven, frames_of, measure_prosody
from cstalk_ue.rig import control_limits, control_names
from cstalk_ue.take import FacePerformance, RigCurves

MODEL_FPS = 30.0
_GRID_FRAMES = 3  # 0.1 s: whole frames, whole samples and whole encoder frames at once


@dataclass(frozen=True)
class EncodedLine:
    """All of a line that does not depend on the emotion.

    Attributes:
        frames: of the whole line at `MODEL_FPS`.
        chunks: each with its speech features ``(1, chunk frames, features)``, where the model is.
        prosody: at those frames.
    """

    frames: int
    chunks: tuple[tuple[Chunk, torch.Tensor], ...]
    prosody: Prosody

    @classmethod
    def of(cls, samples: np.ndarray, chunks: Iterable[tuple[Chunk, torch.Tensor]]) -> "EncodedLine":
        """The line of these samples from what `encode_chunks` gives of it."""
        frames = frames_of(len(samples), MODEL_FPS)
        return cls(frames, tuple(chunks), measure_prosody(samples, frames, MODEL_FPS))

    @property
    def nbytes(self) -> int:
        """Bytes that the features take."""
        return sum(features.nbytes for _, features in self.chunks)


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
    prosody = measure_prosody(samples, spoken.frames, MODEL_FPS)
    return _finish(spoken, prosody, emotion, fps, life)


def encode_line(
    samples: np.ndarray, checkpoint: Checkpoint, *, chunking: Chunking | None = None, device: str = "cpu"
) -> EncodedLine:
    """Everything that `generate_encoded` needs of a line; arguments and errors as `generate_curves`."""
    return EncodedLine.of(samples, encode_chunks(samples, checkpoint, chunking=chunking, device=device))


def generate_encoded(
    line: EncodedLine,
    checkpoint: Checkpoint,
    emotion: EmotionTrack,
    *,
    fps: float = MODEL_FPS,
    life: Liveliness | None = None,
) -> FacePerformance:
    """What `generate_curves` gives, to the bit, for a line that was encoded with the same model before."""
    parts = _generate_chunks(line.chunks, checkpoint, emotion)
    return _finish(_join(parts, line.frames, checkpoint), line.prosody, emotion, fps, life)


def generate_spoken(
    samples: np.ndarray,
    checkpoint: Checkpoint,
    emotion: EmotionTrack,
    *,
    chunking: Chunking | None = None,
    device: str = "cpu",
) -> RigCurves:
    """What the model itself says: its kept controls at 30 fps, inside their ranges, no blinks or darts."""
    parts = chunk_predictions(samples, checkpoint, emotion, chunking=chunking, device=device)
    return _join(parts, frames_of(len(samples), MODEL_FPS), checkpoint)


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
    features = encode_chunks(samples, checkpoint, chunking=chunking, device=device)
    return _generate_chunks(features, checkpoint, emotion)


def encode_chunks(
    samples: np.ndarray, checkpoint: Checkpoint, *, chunking: Chunking | None = None, device: str = "cpu"
) -> Iterator[tuple[Chunk, torch.Tensor]]:
    """Each chunk with its speech features ``(1, chunk frames, features)``, which know no emotion.

    One chunk is encoded at a time, when it is asked for.
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
        with torch.inference_mode():
            audio = torch.from_numpy(samples[start:end] * gain)[None].to(device)
            features = model.encode(audio, chunk.last - chunk.first, MODEL_FPS, reference=reference)
        yield chunk, features  # outside, or whoever asked would go on in inference mode


def _generate_chunks(
    encoded: Iterable[tuple[Chunk, torch.Tensor]], checkpoint: Checkpoint, emotion: EmotionTrack
) -> Iterator[tuple[Chunk, np.ndarray]]:
    """The curves of each chunk, ``(chunk frames, controls)``, in rig units."""
    model = checkpoint.model
    for chunk, features in encoded:
        weights = _style(emotion, np.arange(chunk.first, chunk.last) / MODEL_FPS, checkpoint)
        with torch.inference_mode():
            values = model.generate(features, torch.from_numpy(weights)[None].to(features.device))
            curves = model.denormalise(values)[0].float().cpu().numpy()
        yield chunk, curves


def _join(parts: Iterable[tuple[Chunk, np.ndarray]], frames: int, checkpoint: Checkpoint) -> RigCurves:
    """One line from its chunks, every control inside its range."""
    total, _ = join_chunks(parts, frames, fps=MODEL_FPS)
    low, high = control_limits()
    columns = [control_names().index(name) for name in checkpoint.controls]
    return RigCurves(np.clip(total, low[columns], high[columns]), checkpoint.controls, MODEL_FPS)


def _finish(
    spoken: RigCurves, prosody: Prosody, emotion: EmotionTrack, fps: float, life: Liveliness | None
) -> FacePerformance:
    """Blinks, gaze, head and frame rate."""
    return enliven(spoken, prosody, emotion.at(spoken.times), life or Liveliness()).resample(fps)


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
