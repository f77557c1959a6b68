"""SpeechEncoder: what every encoder of speech has in common, and how its features reach the curve frames.

All kinds give the same number of frames for the same audio, wav2vec 2.0's: 159 for the paper's window of
51200 samples, about 50 per second. Knows nothing about any one encoder (see whisper_encoder.py,
wav2vec2_encoder.py, spectral.py).

Shape key: B batch, N encoder frames, D feature width, T curve frames.
"""

import abc
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.config import ENCODER_KINDS, FROZEN_PARTS
from cstalk_ue.errors import EncoderError

WINDOW_SAMPLES = 400
"""Samples that one wav2vec 2.0 frame sees (its convolutions together), 25 ms."""
HOP_SAMPLES = 320
"""Samples from frame to frame, 20 ms."""
FRAME_RATE = SAMPLE_RATE / HOP_SAMPLES


class SpeechEncoder(nn.Module, abc.ABC):
    """Audio to features, about 50 per second.

    Attributes:
        width: feature values per frame, D.
        frame_rate: frames per second, 50.
        first_frame_seconds: time of the centre of frame 0; frame j is j / frame_rate later.
        max_samples: longest clip for one call, or None if there is no limit. Cut longer audio into chunks.
    """

    width: int
    frame_rate: float = FRAME_RATE
    first_frame_seconds: float = 0.0
    max_samples: int | None = None

    @abc.abstractmethod
    def forward(self, audio: Tensor, *, reference: Tensor | None = None) -> Tensor:
        """Encode clips of equal length.

        Args:
            audio: (B, samples) float at 16 kHz in -1..1; under 400 samples it is padded with zeros.
            reference: (B, K) from `clip_reference` of the whole recording when `audio` is a chunk of it, so
                that all chunks are scaled alike. Without it, `audio` is taken as the whole recording.

        Returns:
            (B, encoder_frames(samples), D)

        Raises:
            EncoderError: the clip is longer than `max_samples`.
        """

    def clip_reference(self, audio: Tensor) -> Tensor:
        """What scales a recording as a whole (loudness), (B, K); any length. K is 0 if nothing does."""
        return audio.new_zeros(len(audio), 0)

    def architecture(self) -> dict[str, Any]:
        """What `build_speech_encoder(architecture=...)` needs to build this encoder without weight files."""
        return {}

    def freeze(self, parts: str) -> None:
        """Choose what is trained from here on.

        Args:
            parts: what is not: "none", "convolution" (on the waveform or spectrogram, III.B) or "all".

        Raises:
            EncoderError: another word.
        """
        if parts not in FROZEN_PARTS:
            raise EncoderError(f"freeze {parts!r} of a speech encoder; expected {', '.join(FROZEN_PARTS)}.")
        fixed = {id(parameter) for parameter in self._never_trained()}
        for parameter in self.parameters():
            parameter.requires_grad_(parts != "all" and id(parameter) not in fixed)
        if parts != "none":
            self.freeze_convolution()
        self.train(self.training)

    def freeze_convolution(self) -> None:
        """Train no convolution on the waveform or spectrogram (III.B); nothing to do where there is none."""
        return None

    def train(self, mode: bool = True) -> Self:
        """Training mode, unless nothing is trained: a frozen encoder drops nothing, so it can be cached."""
        return super().train(mode and any(parameter.requires_grad for parameter in self.parameters()))

    def _never_trained(self) -> Iterable[nn.Parameter]:
        """Values that are stored like weights but stay as they are, whatever `freeze` is told."""
        return ()


def encoder_frames(samples: int) -> int:
    """Encoder frames of a clip; at least 1. 159 for 51200 samples."""
    return max(1, (samples - WINDOW_SAMPLES) // HOP_SAMPLES + 1)


def pad_to_window(audio: Tensor) -> Tensor:
    """Pad (B, samples) with zeros at the end up to one encoder window."""
    if audio.ndim != 2:
        raise ValueError(f"audio of shape {tuple(audio.shape)}; expected (batch, samples).")
    return nn.functional.pad(audio, (0, max(0, WINDOW_SAMPLES - audio.shape[1])))


def resample_features(
    features: Tensor,
    first_frame_seconds: float,
    frame_rate: float,
    frames: int,
    fps: float,
    *,
    start_seconds: float = 0.0,
) -> Tensor:
    """Features at the times of the curve frames, by linear interpolation; held beyond both ends.

    Args:
        features: (B, N, D) with frame j at `first_frame_seconds + j / frame_rate`.
        frames: curve frames T wanted; frame k is at `start_seconds + k / fps` on the clock of the audio.

    Returns:
        (B, T, D)
    """
    # Positions in float64: float32 would drift by a tenth of a frame within an hour.
    seconds = start_seconds + torch.arange(frames, dtype=torch.float64) / fps
    last = features.shape[1] - 1
    position = ((seconds - first_frame_seconds) * frame_rate).clamp(0, last)  # (T,)
    left = position.floor().long()
    right = (left + 1).clamp(max=last)
    blend = (position - left).to(features.dtype)[:, None].to(features.device)  # (T, 1)
    left, right = left.to(features.device), right.to(features.device)
    return torch.lerp(features[:, left], features[:, right], blend)  # (B, T, D)


def build_speech_encoder(
    kind: str,
    *,
    weights: str | Path | None = "",
    architecture: Mapping[str, Any] | None = None,
    layers: Sequence[int] = (2, 4),
    coefficients: int = 13,
    deltas: bool = True,
) -> SpeechEncoder:
    """Make an encoder; settings that a kind does not have are ignored.

    Args:
        kind: "whisper", "wav2vec2" (also HuBERT and WavLM), "mfcc" or "logmel".
        weights: local folder, file or hub id; "" for the usual ones of this kind; None for random weights,
            when they come from a checkpoint.
        architecture: for `weights=None`, what `SpeechEncoder.architecture` gave; {} for the usual one.
        layers: whisper: the layers whose outputs are put side by side, counted from 1.
        coefficients: mfcc: 13 or 40.
        deltas: mfcc: whether first and second differences follow the coefficients.

    Raises:
        EncoderError: unknown kind, or the weights are not to be had.
    """
    if kind == "whisper":
        from cstalk_ue.model.whisper_encoder import WhisperEncoder

        if weights is None:
            return WhisperEncoder(**{**(architecture or {}), "layers": tuple(layers)})
        return WhisperEncoder.from_weights(weights, layers=tuple(layers))
    if kind == "wav2vec2":
        from cstalk_ue.model.wav2vec2_encoder import Wav2Vec2Encoder

        if weights is None:
            return Wav2Vec2Encoder.from_architecture(architecture or {})
        return Wav2Vec2Encoder.from_weights(weights)
    if kind == "mfcc":
        from cstalk_ue.model.spectral import MfccEncoder

        return MfccEncoder(coefficients=coefficients, deltas=deltas)
    if kind == "logmel":
        from cstalk_ue.model.spectral import LogMelEncoder

        return LogMelEncoder()
    raise EncoderError(f"unknown speech encoder {kind!r}; expected one of {', '.join(ENCODER_KINDS)}.")
