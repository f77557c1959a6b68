"""Mixtures, intensities and keyed tracks in every kind of generator: the curves follow without a jump."""

import numpy as np
import pytest
import torch

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.model.builder import build_talking_face
from cstalk_ue.model.talking_face import TalkingFace

KINDS = ("tcn", "faceformer", "emotalk", "emoface", "mean")
FRAMES, FPS = 180, 30.0


@pytest.fixture(params=KINDS)
def face(request) -> TalkingFace:
    torch.manual_seed(4)
    generator = GeneratorConfig(
        kind=request.param, width=16, emotion_width=8, heads=2, dilations=(1, 2), dropout=0.0
    )
    model = build_talking_face(ModelConfig(EncoderConfig("logmel"), generator), 5).double().eval()
    for value in model.generator.parameters():
        if not value.any():
            torch.nn.init.normal_(value, std=0.3)
    return model


def _curves(face: TalkingFace, track: str, *, late_frames: int = 0) -> torch.Tensor:
    """(T, C) for the same made-up speech, in the emotion of a track that runs so many frames late."""
    random = torch.Generator().manual_seed(1)
    features = torch.randn(1, FRAMES, 80, generator=random, dtype=torch.float64)
    weights = EmotionTrack.parse(track).at((np.arange(FRAMES) - late_frames) / FPS)
    with torch.no_grad():
        return face.generate(features, torch.from_numpy(weights).double()[None])[0]


def _emotion_steps(face: TalkingFace, track: str) -> np.ndarray:
    """(T,): how much the emotion's own movement is, frame by frame.

    From frame to frame curves move with the speech as well; the same speech with the emotion one frame later
    takes that out.
    """
    return (_curves(face, track) - _curves(face, track, late_frames=1)).abs().amax(dim=1).numpy()


def test_curves_move_as_fast_as_the_weights_do(face):
    """From neutral to angry in 2 s, weights move by 1/60 per frame, in 4 s by 1/120; in one frame, by all.

    A network is no straight line: the bound leaves a factor of 6 to steeper places along the way. A generator
    that rounded the weights, or switched between classes, would move by a whole emotion within a frame.
    """
    whole = float((_curves(face, "angry") - _curves(face, "neutral")).abs().max())
    for seconds in (2, 4):
        steps = _emotion_steps(face, f"1.0=neutral {1 + seconds}=angry")
        assert 0 < steps.max() < 6 * whole / (seconds * FPS)
    assert _emotion_steps(face, "1.0=neutral 1.0333=angry").max() > 0.2 * whole


def test_a_step_at_a_key_is_no_larger_than_along_the_ramps(face):
    steps = _emotion_steps(face, "1.0=neutral 2.5=angry:0.8 4.0=happy:0.5+sad:0.3")
    keys = np.concatenate([np.arange(key - 1, key + 3) for key in (30, 75, 120)])
    elsewhere = np.delete(steps[30:120], keys[keys < 120][1:] - 30)
    assert elsewhere.max() > 0
    assert steps[keys].max() <= 1.25 * elsewhere.max()


def test_intensity_leads_from_neutral_to_the_full_emotion(face):
    """Each tenth changes the face a little, none as much as half of the way."""
    faces = torch.stack([_curves(face, f"angry:{tenth / 10}") for tenth in range(11)])  # (11, T, C)
    whole = (faces[-1] - faces[0]).square().mean().sqrt()
    steps = faces.diff(dim=0).square().mean(dim=(1, 2)).sqrt()
    assert (steps > 0).all()
    assert steps.max() < 0.5 * whole


def test_a_mixture_is_neither_of_its_parts(face):
    sad, happy, both = (_curves(face, each) for each in ("sad", "happy", "sad:0.5+happy:0.5"))
    apart = (sad - happy).abs().mean()
    assert 0.1 * apart < (both - sad).abs().mean() < 0.9 * apart
    assert 0.1 * apart < (both - happy).abs().mean() < 0.9 * apart
