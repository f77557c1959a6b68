"""Speech features of a frozen encoder, computed once per take and kept on disk.

    FOLDER/whisper-4f1c.../NAME-OF-CONTENT.safetensors     features (frames, D) float16, at the curve frames

The folder is named after the encoder's weights and settings, the file after the content of the take, so
several runs share it and a changed take gets new ones. Every file carries a checksum; a damaged one is made
again.

The features are those of the whole take, cut into windows afterwards. An encoder with attention hears more
at the edge of such a window than in a window of its own; that is as at prediction, where a line is read
whole (or in chunks of 20 s), not in windows. An encoder that is trained, even in part, hears windows
(paper, III.B). Features behind the frozen convolution of wav2vec 2.0 are not cached: its first layer is
normalised over the clip, so those of a take are not those of its windows.
"""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.chunks import Chunking, join_chunks, plan_chunks
from cstalk_ue.config import EncoderConfig
from cstalk_ue.errors import DataSetError
from cstalk_ue.loudness import speech_gain
from cstalk_ue.model.speech_encoder import SpeechEncoder, resample_features
from cstalk_ue.storage import sha256_text, whole_file
from ingest.captured import DATA_SET_FPS
from ingest.data_set import DataSet, TakeRecord

FEATURES_FORMAT = "cstalk-features/1"
_GRID_FRAMES = 3  # 0.1 s: whole frames, samples and encoder frames at once, as at prediction


class FeatureCache:
    """Where the features of an encoder lie.

    Args:
        folder: of all caches.
        encoder: gives the digest; only `prepare` computes with it.
        config: its settings.
    """

    def __init__(self, folder: Path, encoder: SpeechEncoder, config: EncoderConfig) -> None:
        self.width = encoder.width
        self.digest = encoder_digest(encoder, config)
        self.folder = folder / f"{config.kind}-{self.digest[:16]}"

    def prepare(
        self,
        data_set: DataSet,
        records: Sequence[TakeRecord],
        encoder: SpeechEncoder,
        *,
        device: torch.device,
        advance: Callable[[], None] = lambda: None,
    ) -> int:
        """Make the files that are missing or damaged; gives their number.

        Args:
            advance: called after each take.

        Raises:
            DataSetError: a take has no sound.
            AudioError: its sound cannot be read.
            ExportError: the folder cannot be written.
        """
        made = 0
        encoder = encoder.to(device).eval()
        for record in records:
            if self._read(record, check=True) is None:
                self._write(record, _encode_take(data_set, record, encoder, device))
                made += 1
            advance()
        return made

    def features(self, record: TakeRecord) -> np.ndarray:
        """``(frames, D)`` float16 of a take that `prepare` has seen.

        Raises:
            DataSetError: missing or damaged.
        """
        features = self._read(record, check=False)
        if features is None:
            raise DataSetError(
                f"{self._path(record)}: the features of a take are missing or damaged. Start the run "
                f"again; they "
                "are made anew."
            )
        return features

    def _path(self, record: TakeRecord) -> Path:
        return self.folder / f"{record.content_sha256}.safetensors"

    def _read(self, record: TakeRecord, *, check: bool) -> np.ndarray | None:
        from safetensors import SafetensorError, safe_open

        path = self._path(record)
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                about, features = file.metadata() or {}, file.get_tensor("features")
        except (OSError, SafetensorError, ValueError):
            return None
        right = about.get("format") == FEATURES_FORMAT and features.shape == (record.frames, self.width)
        if not right or (check and about.get("crc32") != str(zlib.crc32(features.tobytes()))):
            return None
        return np.asarray(features)

    def _write(self, record: TakeRecord, features: np.ndarray) -> None:
        from safetensors.numpy import save_file

        stored = np.ascontiguousarray(features.astype(np.float16))
        about = {"format": FEATURES_FORMAT, "crc32": str(zlib.crc32(stored.tobytes()))}
        with whole_file(self._path(record)) as temporary:
            save_file({"features": stored}, temporary, metadata=about)


def encoder_digest(encoder: SpeechEncoder, config: EncoderConfig) -> str:
    """Digest of what decides an encoder's features: settings, sizes and weights."""
    import hashlib

    weights = hashlib.sha256()
    for name, value in sorted(encoder.state_dict().items()):
        weights.update(name.encode())
        weights.update(np.ascontiguousarray(value.detach().cpu().float().numpy()).tobytes())
    deciding: tuple[Any, ...] = (
        config.kind,
        config.layers,
        config.coefficients,
        config.deltas,
        sorted(encoder.architecture().items(), key=str),
        weights.hexdigest(),
    )
    return sha256_text(FEATURES_FORMAT + repr(deciding))


def clip_references(data_set: DataSet, records: Sequence[TakeRecord], encoder: SpeechEncoder) -> np.ndarray:
    """What scales each take as a whole, ``(takes, K)`` float32, so that its windows are scaled alike."""
    with torch.inference_mode():
        rows = [encoder.clip_reference(_sound(data_set, record))[0].cpu().numpy() for record in records]
    return np.stack(rows).astype(np.float32)


def _encode_take(
    data_set: DataSet, record: TakeRecord, encoder: SpeechEncoder, device: torch.device
) -> np.ndarray:
    """``(frames, D)`` float32, in chunks where the take is long, as prediction does it."""
    sound = _sound(data_set, record).to(device)
    cuts = Chunking().within(encoder.max_samples)
    parts = []
    with torch.inference_mode():
        reference = encoder.clip_reference(sound)
        for chunk in plan_chunks(record.frames, cuts, fps=DATA_SET_FPS, grid_frames=_GRID_FRAMES):
            start, end = (round(frame * SAMPLE_RATE / DATA_SET_FPS) for frame in (chunk.first, chunk.last))
            speech = encoder(sound[:, start:end], reference=reference)  # (1, N, D)
            at_frames = resample_features(
                speech,
                encoder.first_frame_seconds,
                encoder.frame_rate,
                chunk.last - chunk.first,
                DATA_SET_FPS,
            )
            parts.append((chunk, at_frames[0].float().cpu().numpy()))
    return join_chunks(parts, record.frames, fps=DATA_SET_FPS)[0]


def _sound(data_set: DataSet, record: TakeRecord) -> torch.Tensor:
    """(1, samples) of a take at the level of prediction."""
    samples = data_set.read(record).samples
    if samples is None:
        raise DataSetError(
            f"{data_set.take_folder(record.name)}: has no sound. Exclude it or ingest it again."
        )
    return torch.from_numpy(samples * np.float32(speech_gain(samples)))[None]
