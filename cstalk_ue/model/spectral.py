"""Encoders without training: MFCC, the paper's ablation (III.D), and log-mel.

Frames of 25 ms every 20 ms, as wav2vec 2.0 sees them; values equal librosa's (tests/model/test_spectral.py).
Levels are absolute, not relative to the loudest frame of a clip, so a chunk gives what the whole file gives.

Shape key: B batch, M mel bands, N encoder frames, K coefficients, D features.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.mel import MelSpectrogram, log10_power
from cstalk_ue.model.speech_encoder import (
    HOP_SAMPLES,
    SAMPLE_RATE,
    WINDOW_SAMPLES,
    SpeechEncoder,
    pad_to_window,
)

_BANDS = 80
_DELTA_REACH = 4
"""Frames on either side that a difference is fitted to; librosa's default of 9 in all."""


class LogMelEncoder(SpeechEncoder):
    """log10 of the power in 80 mel bands, silence at -10; D = 80."""

    first_frame_seconds = WINDOW_SAMPLES / 2 / SAMPLE_RATE
    width = _BANDS

    def __init__(self) -> None:
        super().__init__()
        self.spectrogram = MelSpectrogram(bands=_BANDS, hop=HOP_SAMPLES)

    def forward(self, audio: Tensor, *, reference: Tensor | None = None) -> Tensor:
        """(B, samples) -> (B, N, 80); `reference` is not used."""
        return log10_power(self.spectrogram(pad_to_window(audio))).transpose(1, 2)  # (B, N, M)


class MfccEncoder(SpeechEncoder):
    """Mel cepstrum in decibels, with first and second differences over 9 frames if `deltas`.

    D is `coefficients`, or three times that with the differences.
    """

    first_frame_seconds = WINDOW_SAMPLES / 2 / SAMPLE_RATE
    cosines: Tensor
    slopes: Tensor

    def __init__(self, *, coefficients: int = 13, deltas: bool = True) -> None:
        super().__init__()
        if not 1 <= coefficients <= _BANDS:
            raise EncoderError(
                f"mfcc: {coefficients} coefficients; expected 1 to {_BANDS}, usually 13 or 40."
            )
        self.deltas = deltas
        self.width = coefficients * (3 if deltas else 1)
        self.log_mel = LogMelEncoder()
        self.register_buffer("cosines", torch.from_numpy(_cosine_transform(coefficients)), persistent=False)
        self.register_buffer("slopes", torch.from_numpy(_difference_filters()), persistent=False)

    def forward(self, audio: Tensor, *, reference: Tensor | None = None) -> Tensor:
        """(B, samples) -> (B, N, D); `reference` is not used."""
        decibels = 10 * self.log_mel(audio)  # (B, N, M)
        cepstrum = decibels @ self.cosines.to(decibels).T  # (B, N, K)
        if not self.deltas:
            return cepstrum
        batch, frames, coefficients = cepstrum.shape
        rows = cepstrum.transpose(1, 2).reshape(-1, 1, frames)  # (B * K, 1, N)
        held = F.pad(rows, (_DELTA_REACH, _DELTA_REACH), mode="replicate")
        differences = F.conv1d(held, self.slopes.to(rows)[:, None])  # (B * K, 2, N)
        first, second = differences.view(batch, coefficients, 2, frames).permute(2, 0, 3, 1)  # each (B, N, K)
        return torch.cat([cepstrum, first, second], dim=-1)  # (B, N, D)


def _cosine_transform(coefficients: int) -> np.ndarray:
    """First rows of the orthonormal DCT-II, `(coefficients, bands)` float32."""
    row, band = np.arange(coefficients)[:, None], np.arange(_BANDS)[None]
    cosines = np.cos(np.pi * row * (band + 0.5) / _BANDS) * np.sqrt(2 / _BANDS)
    cosines[0] /= np.sqrt(2)
    return cosines.astype(np.float32)


def _difference_filters() -> np.ndarray:
    """Slope of a fitted line and curvature of a fitted parabola, `(2, 9)` float32 (Savitzky-Golay)."""
    offset = np.arange(-_DELTA_REACH, _DELTA_REACH + 1, dtype=np.float64)
    line = offset / np.square(offset).sum()
    bowl = np.square(offset) - np.square(offset).mean()
    return np.stack([line, 2 * bowl / np.square(bowl).sum()]).astype(np.float32)
