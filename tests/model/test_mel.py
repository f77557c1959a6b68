"""The mel front end equals librosa's and transformers'."""

import librosa
import numpy as np
import pytest
import torch

from cstalk_ue.model.mel import MelSpectrogram, mel_filters, whisper_log_mel, whisper_log_mel_peak


@pytest.fixture
def audio() -> torch.Tensor:
    """Four seconds of noise that swells, with a tone: (1, 64000)."""
    rng = np.random.default_rng(3)
    seconds = np.arange(64000) / 16000
    wave = 0.1 * seconds * rng.standard_normal(64000) + 0.3 * np.sin(2 * np.pi * 220 * seconds)
    return torch.from_numpy(wave.astype(np.float32))[None] * 0.3


@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "bands"), [(16000, 400, 80), (16000, 512, 40), (22050, 2048, 128)]
)
def test_filters_equal_librosa(sample_rate, n_fft, bands):
    expected = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=bands)
    np.testing.assert_allclose(mel_filters(sample_rate, n_fft, bands), expected, atol=1e-8)


def test_log_mel_equals_librosa_on_a_clip_of_any_length(audio):
    power = librosa.feature.melspectrogram(
        y=audio[0].numpy(), sr=16000, n_fft=400, hop_length=160, n_mels=80, pad_mode="reflect"
    )[:, :-1]
    log_power = np.log10(np.maximum(power, 1e-10))
    expected = (np.maximum(log_power, log_power.max() - 8) + 4) / 4
    found = whisper_log_mel(MelSpectrogram(bands=80, hop=160), audio)[0].numpy()
    assert found.shape == (80, 400)
    # float32 FFTs differ in the last digits of quiet bands, which the logarithm magnifies.
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_log_mel_equals_transformers_on_thirty_seconds(audio):
    from transformers import WhisperFeatureExtractor

    full = torch.nn.functional.pad(audio, (0, 480000 - audio.shape[1]))
    expected = WhisperFeatureExtractor()(audio[0].numpy(), sampling_rate=16000)["input_features"]
    found = whisper_log_mel(MelSpectrogram(bands=80, hop=160), full).numpy()
    assert found.shape == (1, 80, 3000)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_peak_of_a_long_recording_is_found_in_blocks(audio):
    spectrogram = MelSpectrogram(bands=80, hop=160)
    long = torch.cat(
        [audio * level for level in (0.1, 1.0, 0.2, 0.3, 0.9, 0.1, 0.5, 0.4, 0.1)], dim=1
    )  # 36 s
    peak = whisper_log_mel_peak(spectrogram, long)
    torch.testing.assert_close(
        whisper_log_mel(spectrogram, long, peak), whisper_log_mel(spectrogram, long), rtol=0, atol=1e-6
    )


def test_chunks_share_the_reference_they_are_given(audio):
    """Inside a chunk, log-mel equals the whole recording's once both use one peak."""
    spectrogram = MelSpectrogram(bands=80, hop=160)
    whole = whisper_log_mel(spectrogram, audio)
    quiet_start = audio[:, :16000]
    peak = whisper_log_mel_peak(spectrogram, audio)
    shared = whisper_log_mel(spectrogram, quiet_start, peak)
    torch.testing.assert_close(shared[..., 1:-1], whole[..., 1:99], rtol=0, atol=1e-5)


def test_digital_silence_is_finite():
    assert torch.isfinite(whisper_log_mel(MelSpectrogram(bands=80, hop=160), torch.zeros(2, 16000))).all()
