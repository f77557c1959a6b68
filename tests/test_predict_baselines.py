"""Whole lines through `predict` with every kind of generator: longer than one chunk, keyed, at any length."""

import numpy as np
import pytest
import torch
from tiny_checkpoint import CONTROLS, babble

from cstalk_ue.config import GENERATOR_KINDS, EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.model import build_talking_face, load_checkpoint, save_checkpoint
from cstalk_ue.predict import chunk_predictions, generate_curves, generate_spoken


@pytest.fixture(autouse=True)
def one_thread():
    """Frame by frame, two threads on a busy machine wait for each other more than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=GENERATOR_KINDS)
def checkpoint(request, tmp_path):
    torch.manual_seed(3)
    generator = GeneratorConfig(
        kind=request.param, width=16, emotion_width=8, heads=2, dilations=(1, 2), dropout=0.0
    )
    config = ModelConfig(EncoderConfig("logmel"), generator)
    face = build_talking_face(config, len(CONTROLS))
    for value in face.generator.parameters():
        if not value.any():  # the last layer of the baselines starts at 0
            torch.nn.init.normal_(value, std=0.3)
    face.set_normalisation(torch.zeros(len(CONTROLS)), torch.full((len(CONTROLS),), 0.1))
    save_checkpoint(tmp_path, face, config=config, controls=CONTROLS, training={})
    return load_checkpoint(tmp_path)


def test_a_line_of_several_chunks_is_whole_and_its_seams_are_hidden(checkpoint):
    """45 s are three chunks. Where two meet, the line steps no further than either of them does elsewhere."""
    samples, track = babble(45), EmotionTrack.parse("0.0=neutral 17=angry:0.8 40=happy:0.5+sad:0.3")
    spoken = generate_spoken(samples, checkpoint, track)
    assert spoken.frames == 1350
    assert np.isfinite(spoken.values).all()
    parts = list(chunk_predictions(samples, checkpoint, track))
    assert len(parts) == 3
    own = max(np.abs(np.diff(curves, axis=0)).max() for _, curves in parts)
    assert np.abs(np.diff(spoken.values, axis=0)).max() <= 1.01 * own
    again = generate_spoken(samples, checkpoint, track)
    assert np.array_equal(again.values, spoken.values)


def test_a_short_line_gives_a_whole_face_in_the_emotion_asked_for(checkpoint):
    samples = babble(0.4)
    faces = [
        generate_curves(samples, checkpoint, EmotionTrack.constant(emotion)) for emotion in ("sad", "happy")
    ]
    assert faces[0].face.values.shape == (12, 185)
    columns = [faces[0].face.controls.index(name) for name in CONTROLS]
    assert np.abs(faces[0].face.values[:, columns] - faces[1].face.values[:, columns]).max() > 0.005
