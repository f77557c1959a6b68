"""What a user dials reaches a trained model: intensity, mixtures, keyed tracks without a jump."""

import itertools

import numpy as np
import pytest
from test_fit_supervised import settings
from tiny_data_set import MOVING, write_tiny

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.model import load_checkpoint
from cstalk_ue.predict import generate_spoken
from cstalk_ue.train.fit_supervised import train_generator


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model, and the samples of a take it has not seen."""
    folder = tmp_path_factory.mktemp("emotion")
    data_set = write_tiny(folder / "set", takes=20, seconds=(4.0, 5.0))
    run = train_generator(data_set, folder / "run", settings("fit_generator.steps=150"))
    return load_checkpoint(run.folder), data_set.read(data_set.select("test")[0]).samples


def curves(trained, emotion):
    checkpoint, samples = trained
    return generate_spoken(samples, checkpoint, EmotionTrack.parse(emotion)).select(MOVING).values


def test_emotions_differ_and_intensity_grows_steadily(trained):
    neutral, angry = curves(trained, "neutral"), curves(trained, "angry")
    reach = np.abs(angry - neutral).mean()
    assert reach > 0.02
    distances = [np.abs(curves(trained, f"angry:{w}") - neutral).mean() for w in (0, 0.25, 0.5, 0.75, 1)]
    assert distances[0] == 0 and distances[-1] == pytest.approx(reach)
    assert all(b > a for a, b in itertools.pairwise(distances))


def test_a_mixture_lies_between(trained):
    """Nearer to both than they are to each other."""
    angry, happy = curves(trained, "angry"), curves(trained, "happy")
    mixed = curves(trained, "angry:0.5+happy:0.5")
    apart = np.abs(angry - happy).mean()
    assert np.abs(mixed - angry).mean() < 0.9 * apart and np.abs(mixed - happy).mean() < 0.9 * apart


def test_a_keyed_track_is_each_emotion_in_its_time(trained):
    checkpoint, _ = trained
    half = checkpoint.model.generator.receptive_field_frames // 2 + 1
    keyed = curves(trained, "1.5=neutral 2.5=angry")
    neutral, angry = curves(trained, "neutral"), curves(trained, "angry")
    assert np.allclose(keyed[: 45 - half], neutral[: 45 - half], atol=1e-5)
    assert np.allclose(keyed[76 + half :], angry[76 + half :], atol=1e-5)
    assert not np.allclose(keyed[60], neutral[60], atol=1e-3)


@pytest.mark.parametrize("track", ["1.5=neutral 2.5=angry", "0.5=happy 1.5=sad:0.5+angry:0.5 3.0=surprised"])
def test_there_is_no_jump_at_a_key(trained, track):
    """From frame to frame a track adds no more than its own slope asks for, at keys as between.

    The weights change by at most 1/30 per frame here; the curves then by about as much of the distance
    between the emotions. Three times that is allowed, for the model is not linear in the weights.
    """
    keyed = curves(trained, track)
    constants = [curves(trained, name) for name in ("neutral", "angry", "sad", "surprised", "happy")]
    steps = [np.abs(np.diff(each, axis=0)).max(axis=1) for each in constants]
    own_motion = np.max(steps, axis=0)  # per frame
    distance = max(np.abs(a - b).max() for a in constants for b in constants)
    added = np.abs(np.diff(keyed, axis=0)).max(axis=1) - own_motion
    assert added.max() < 3 * distance / 30


def test_a_track_that_switches_within_a_frame_does_jump(trained):
    """Or the test above could not fail."""
    neutral = curves(trained, "neutral")

    def added_at_the_key(track):
        return np.abs(np.diff(curves(trained, track) - neutral, axis=0))[43:48].max()

    assert added_at_the_key("1.5=neutral 1.5333=angry") > 3 * added_at_the_key("1.5=neutral 2.5=angry")
