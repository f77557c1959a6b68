"""The spectral encoders give librosa's values, at wav2vec 2.0's frames."""

import librosa
import numpy as np
import pytest
import torch

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.spectral import LogMelEncoder, MfccEncoder


@pytest.fixture
def wave() -> np.ndarray:
    rng = np.random.default_rng(5)
    return (0.1 * rng.standard_normal(51200) * np.linspace(0.01, 1, 51200)).astype(np.float32)


def _librosa_mel(wave: np.ndarray) -> np.ndarray:
    """Power in 80 bands, (bands, frames)."""
    return librosa.feature.melspectrogram(
        y=wave, sr=16000, n_fft=400, hop_length=320, n_mels=80, center=False
    )


def test_log_mel_equals_librosa(wave):
    expected = librosa.power_to_db(_librosa_mel(wave), top_db=None).T / 10
    found = LogMelEncoder()(torch.from_numpy(wave)[None])[0].numpy()
    assert found.shape == (159, 80)
    np.testing.assert_allclose(found, expected, atol=1e-3)  # float32 FFTs, then a logarithm


@pytest.mark.parametrize("coefficients", [13, 40])
def test_mfcc_and_differences_equal_librosa(wave, coefficients):
    decibels = librosa.power_to_db(_librosa_mel(wave), top_db=None)
    mfcc = librosa.feature.mfcc(S=decibels, n_mfcc=coefficients)
    deltas = [librosa.feature.delta(mfcc, order=order, mode="nearest") for order in (1, 2)]
    expected = np.concatenate([mfcc, *deltas]).T
    encoder = MfccEncoder(coefficients=coefficients)
    found = encoder(torch.from_numpy(wave)[None])[0].numpy()
    assert found.shape == (159, encoder.width) == (159, 3 * coefficients)
    np.testing.assert_allclose(found, expected, atol=1e-2)  # decibels, some hundred of them
    plain = MfccEncoder(coefficients=coefficients, deltas=False)
    np.testing.assert_array_equal(plain(torch.from_numpy(wave)[None])[0].numpy(), found[:, :coefficients])


def test_a_chunk_gives_what_the_whole_file_gives(wave):
    encoder = LogMelEncoder()
    audio = torch.from_numpy(wave)[None]
    torch.testing.assert_close(encoder(audio[:, 320 * 10 :])[0], encoder(audio)[0, 10:], rtol=0, atol=1e-5)


def test_nothing_of_a_spectral_encoder_is_stored():
    assert not MfccEncoder().state_dict()


def test_too_many_coefficients_are_refused():
    with pytest.raises(EncoderError, match="81 coefficients"):
        MfccEncoder(coefficients=81)
