"""What all speech encoders share: frame counts, short clips, and the step to curve frames."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_encoders import SMALL_WAV2VEC2

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.speech_encoder import build_speech_encoder, encoder_frames, resample_features

SMALL_WHISPER = {"depth": 2, "network_width": 16, "heads": 2, "bands": 80, "positions": 1500}


def _build(kind: str):
    torch.manual_seed(0)
    if kind == "whisper":
        return build_speech_encoder(kind, weights=None, architecture=SMALL_WHISPER, layers=(1, 2)).eval()
    if kind == "wav2vec2":
        return build_speech_encoder(kind, weights=None, architecture=SMALL_WAV2VEC2).eval()
    return build_speech_encoder(kind).eval()


def test_the_papers_window_has_159_frames():
    assert encoder_frames(51200) == 159


@pytest.mark.parametrize("kind", ["whisper", "wav2vec2", "mfcc", "logmel"])
@pytest.mark.parametrize("samples", [1, 100, 399, 400, 719, 720, 16000, 51200, 51359, 51360])
def test_every_kind_gives_the_same_frames(kind, samples):
    encoder = _build(kind)
    audio = (
        torch.from_numpy(np.random.default_rng(samples).standard_normal((2, samples)).astype(np.float32))
        * 0.1
    )
    with torch.inference_mode():
        features = encoder(audio)
        shared = encoder(audio, reference=encoder.clip_reference(audio))
    assert features.shape == (2, encoder_frames(samples), encoder.width)
    assert torch.isfinite(features).all()
    torch.testing.assert_close(shared, features, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["whisper", "wav2vec2", "mfcc", "logmel"])
def test_first_frame_seconds_is_where_a_click_shows(kind):
    """A click at the centre of frame 50 changes frame 50 more than its second neighbours."""
    encoder = _build(kind)
    quiet = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 32000)).astype(np.float32)) * 1e-3
    click = quiet.clone()
    centre = round((encoder.first_frame_seconds + 50 / encoder.frame_rate) * 16000)
    click[:, centre - 20 : centre + 20] += 0.5
    if kind in {"whisper", "wav2vec2"}:
        # Attention and the recording's loudness reach everywhere; look at the convolutions' output.
        reference = encoder.clip_reference(quiet)
        with torch.inference_mode():
            difference = _front_end(encoder, click, reference) - _front_end(encoder, quiet, reference)
        change = difference.norm(dim=-1)[0]
    else:
        change = (encoder(click) - encoder(quiet))[0, :, :13].norm(dim=-1)
    assert change[50] > 2 * change[48]
    assert change[50] > 2 * change[52]


def _front_end(encoder, audio, reference):
    if hasattr(encoder, "network"):
        scaled = (audio - reference[:, :1]) / reference[:, 1:]
        return encoder.network.feature_extractor(scaled).transpose(1, 2)
    from cstalk_ue.model.mel import whisper_log_mel

    log_mel = whisper_log_mel(encoder.spectrogram, audio, reference[:, 0])
    hidden = torch.nn.functional.gelu(encoder.conv1(log_mel))
    return torch.nn.functional.gelu(encoder.conv2(hidden)).transpose(1, 2)


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(EncoderError, match=r"'lpc'.*whisper, wav2vec2, mfcc, logmel"):
        build_speech_encoder("lpc")


@given(
    frames=st.integers(1, 200),
    fps=st.sampled_from([24.0, 25.0, 29.97, 30.0, 60.0]),
    first=st.sampled_from([0.0, 0.0125]),
    start=st.sampled_from([0.0, 0.4, 3600.0]),
    length=st.integers(1, 90),
)
def test_resampling_equals_numpy_interp(frames, fps, first, start, length):
    values = np.random.default_rng(length).standard_normal((length, 3)).astype(np.float32)
    features = torch.from_numpy(values)[None]
    seconds = np.arange(frames) / fps  # NumPy sees the same chunk, moved to the start of the clock
    found = resample_features(features, first + start, 50.0, frames, fps, start_seconds=start)[0].numpy()
    expected = np.stack(
        [np.interp(seconds, first + np.arange(length) / 50, values[:, c]) for c in range(3)], axis=1
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)  # values of about 1 to 4 in float32


def test_a_window_of_159_frames_becomes_96():
    ramp = torch.arange(159.0)[None, :, None] / 50 + 0.0125  # every feature is its own time
    found = resample_features(ramp, 0.0125, 50.0, 96, 30.0)[0, :, 0]
    assert found.shape == (96,)
    torch.testing.assert_close(found[1:-1], torch.arange(1, 95) / 30)
    assert found[0] == pytest.approx(0.0125)  # before the first frame's centre: held


def test_gradients_reach_the_features():
    features = torch.ones(1, 159, 4, requires_grad=True)
    resample_features(features, 0.0, 50.0, 96, 30.0).sum().backward()
    assert features.grad is not None
    assert features.grad.sum() == pytest.approx(96 * 4)
