"""Emotion weights mix class vectors linearly."""

import numpy as np
import pytest
import torch

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.model.emotion import EmotionEmbedding


@pytest.fixture
def embedding() -> EmotionEmbedding:
    torch.manual_seed(8)
    return EmotionEmbedding(5, width=12)


def test_a_mixture_is_the_weighted_mean_of_the_classes(embedding):
    classes = embedding(torch.eye(5)[None])[0]  # (5, 12)
    mixed = embedding(torch.from_numpy(EmotionTrack.parse("happy:0.4+surprised:0.3").at(np.zeros(1)))[None])[
        0, 0
    ]
    happy, surprised = EMOTIONS.index("happy"), EMOTIONS.index("surprised")
    expected = 0.4 * classes[happy] + 0.3 * classes[surprised] + 0.3 * classes[0]
    torch.testing.assert_close(mixed, expected)


def test_a_keyed_track_gives_a_vector_per_frame_that_moves_on_a_line(embedding):
    weights = torch.from_numpy(EmotionTrack.parse("0=neutral 1=angry").at(np.linspace(0, 1, 11)))[None]
    vectors = embedding(weights)[0]
    assert vectors.shape == (11, 12)
    torch.testing.assert_close(vectors[5], (vectors[0] + vectors[10]) / 2)


def test_an_emotion_without_time_broadcasts(embedding):
    weights = torch.eye(5)[[1, 4]]
    assert embedding(weights).shape == (2, 1, 12)
    torch.testing.assert_close(embedding(weights), embedding(weights[:, None].expand(2, 7, 5))[:, :1])


def test_another_number_of_classes_is_refused(embedding):
    with pytest.raises(ValueError, match=r"\(2, 7, 4\)"):
        embedding(torch.zeros(2, 7, 4))
