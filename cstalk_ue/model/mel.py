"""Mel spectrograms in torch: the front end of Whisper and of the spectral encoders.

The filters are Slaney's, as librosa and Whisper use them; computed here so that importing librosa (seconds)
is not part of every prediction. tests/model/test_mel.py holds them equal to librosa's.

Shape key: B batch, M mel bands, F spectrogram frames.
"""

import numpy as np
import torch
from torch import Tensor, nn

N_FFT = 400
WHISPER_HOP = 160
WHISPER_DYNAMIC_RANGE = 8.0
"""Decades below the loudest value at which Whisper's log-mel is cut off."""
_SMALLEST_POWER = 1e-10
_REFERENCE_BLOCK = 3000
"""Spectrogram frames per step when the peak of a long recording is sought (30 s)."""

_LINEAR_HZ_PER_MEL = 200.0 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def mel_filters(sample_rate: int, n_fft: int, bands: int) -> np.ndarray:
    """Slaney's mel filter bank from 0 Hz to half the sample rate, `(bands, n_fft // 2 + 1)` float32.

    Triangles on the mel scale of Slaney's Auditory Toolbox (1998), each of unit area in Hz.
    """
    bins = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)  # (bins,) Hz
    edges = _mel_to_hz(np.linspace(0, _hz_to_mel(sample_rate / 2), bands + 2))  # (bands + 2,) Hz
    widths = np.diff(edges)
    distance = edges[:, None] - bins[None]  # (bands + 2, bins)
    rising = -distance[:-2] / widths[:-1, None]
    falling = distance[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def _hz_to_mel(hz: float) -> float:
    if hz < _LOG_START_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return float(_LOG_START_MEL + np.log(hz / _LOG_START_HZ) / _LOG_STEP)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * (mel - _LOG_START_MEL))
    return np.where(mel < _LOG_START_MEL, mel * _LINEAR_HZ_PER_MEL, logarithmic)


class MelSpectrogram(nn.Module):
    """Mel power of Hann-windowed frames of 400 samples; no trained values, nothing in a checkpoint."""

    filters: Tensor
    window: Tensor

    def __init__(self, *, bands: int, hop: int, sample_rate: int = 16000) -> None:
        super().__init__()
        self.hop = hop
        self.register_buffer(
            "filters", torch.from_numpy(mel_filters(sample_rate, N_FFT, bands)), persistent=False
        )
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """(B, samples), at least 400 -> (B, M, (samples - 400) // hop + 1); frame j starts at sample j * hop.

        Always in float32, whatever the precision around it: in half precision quiet bands underflow.
        """
        with torch.autocast(audio.device.type, enabled=False):
            window = self.window.float()
            spectrum = torch.stft(
                audio.float(), N_FFT, self.hop, window=window, center=False, return_complex=True
            )  # (B, 201, F)
            power = spectrum.real.square() + spectrum.imag.square()
            return self.filters.float() @ power  # (B, M, F)


def log10_power(power: Tensor) -> Tensor:
    """log10, with silence held at -10."""
    return power.clamp(min=_SMALLEST_POWER).log10()


def whisper_log_mel(spectrogram: MelSpectrogram, audio: Tensor, log_mel_peak: Tensor | None = None) -> Tensor:
    """Whisper's input: log-mel cut off 8 decades below the peak, then (x + 4) / 4.

    Args:
        audio: (B, samples), at least 400.
        log_mel_peak: (B,) log10 power of the loudest band and frame of the whole recording; without it, of
            this clip. It is what makes Whisper's features depend on the length of a clip.

    Returns:
        (B, M, samples // 160) at 100 frames per second; frame i is centred at sample i * 160.
    """
    log_power = log10_power(spectrogram(_reflect(audio))[..., :-1])  # (B, M, F)
    if log_mel_peak is None:
        log_mel_peak = log_power.amax(dim=(1, 2))
    floor = log_mel_peak.to(log_power)[:, None, None] - WHISPER_DYNAMIC_RANGE
    return (torch.maximum(log_power, floor) + 4) / 4


@torch.no_grad()
def whisper_log_mel_peak(spectrogram: MelSpectrogram, audio: Tensor) -> Tensor:
    """The `log_mel_peak` of recordings of any length, (B,); equal to the peak `whisper_log_mel` finds itself.

    Works in blocks, so that memory stays flat.
    """
    padded = _reflect(audio)
    frames = audio.shape[1] // WHISPER_HOP
    peaks = []
    for first in range(0, frames, _REFERENCE_BLOCK):
        last = min(first + _REFERENCE_BLOCK, frames) - 1
        block = padded[:, first * WHISPER_HOP : last * WHISPER_HOP + N_FFT]
        peaks.append(spectrogram(block).amax(dim=(1, 2)))
    return log10_power(torch.stack(peaks).amax(dim=0))


def _reflect(audio: Tensor) -> Tensor:
    """Mirror half a window at both ends, so that frame 0 is centred on sample 0."""
    return nn.functional.pad(audio.float(), (N_FFT // 2, N_FFT // 2), mode="reflect")
