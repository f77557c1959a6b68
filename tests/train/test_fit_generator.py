"""Training lowers the loss, gives the same weights for the same seed, and stops loudly when it diverges."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.errors import CSTalkError
from cstalk_ue.model import build_talking_face
from cstalk_ue.train.bundled import normalisation
from cstalk_ue.train.fit_generator import FitSettings, fit_generator
from cstalk_ue.train.teacher import Lesson

SETTINGS = FitSettings(steps=60, batch=4, window_frames=24, margin_frames=4, warmup_steps=5, report_every=25)
MOVING = [3, 17, 40]


def lessons(count: int, *, seed: int = 0) -> list[Lesson]:
    """Three controls follow three features, one of them by emotion; the rest stand still."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        frames = int(random.integers(15, 60))
        features = random.standard_normal((frames, 80)).astype(np.float16)
        emotions = np.zeros((2, frames, 5), np.float16)
        emotions[0, :, 0] = emotions[1, :, 4] = 1
        targets = np.full((2, frames, 185), 0.25, np.float16)
        targets[:, :, MOVING] = 0.5 + 0.1 * features[:, :3]
        targets[1, :, MOVING[0]] += 0.3
        made.append(Lesson(features, targets, emotions))
    return made


def model() -> torch.nn.Module:
    torch.manual_seed(1)
    config = ModelConfig(
        EncoderConfig("logmel"), GeneratorConfig(width=16, emotion_width=8, dilations=(1,), dropout=0.0)
    )
    return build_talking_face(config, len(MOVING))


def fit(settings=SETTINGS, train=None, validation=None, face=None, **rest):
    train = lessons(8) if train is None else train
    columns, mean, std = normalisation(train)
    face = face or model()
    report = fit_generator(
        face, train, lessons(3, seed=9) if validation is None else validation,
        columns=columns, mean=mean, std=std, settings=settings, **rest,
    )  # fmt: skip
    return face, report


def test_only_what_moves_is_learned_and_its_statistics_are_right():
    made = lessons(5)
    columns, mean, std = normalisation(made)
    assert list(columns) == MOVING
    values = np.concatenate([lesson.targets.reshape(-1, 185) for lesson in made]).astype(np.float64)[
        :, MOVING
    ]
    # targets are float16: one part in two thousand
    assert np.allclose(mean, values.mean(axis=0), atol=1e-4) and np.allclose(
        std, values.std(axis=0), atol=1e-4
    )
    assert mean.dtype == std.dtype == np.float32


def test_a_control_that_hardly_moves_is_not_blown_up():
    made = lessons(2)
    for lesson in made:
        lesson.targets[:, ::2, 100] = 0.252
    columns, _, std = normalisation(made)
    assert 100 in columns and std[list(columns).index(100)] == np.float32(0.01)


def test_the_loss_falls_on_both_sides():
    told = []
    face, report = fit(replace(SETTINGS, steps=150), report=told.append)
    steps, train, held_out = zip(*report.history, strict=True)
    assert steps == (25, 50, 75, 100, 125, 150)
    assert train[-1] < 0.5 * train[0] and held_out[-1] < 0.5 * held_out[0]
    assert len(told) == 6 and told[0].startswith("step 25/150") and not face.generator.training


def test_a_last_report_of_few_steps_is_their_mean():
    """The mean was taken over report_every steps even when fewer had run."""
    _, whole = fit(replace(SETTINGS, steps=10, report_every=10))
    _, cut = fit(replace(SETTINGS, steps=10, report_every=100))
    assert cut.history[0][1] == pytest.approx(whole.history[0][1])


def test_one_seed_is_one_result():
    (a, _), (b, _), (c, _) = fit(), fit(), fit(replace(SETTINGS, seed=1))
    weights = [torch.cat([p.flatten() for p in face.parameters()]) for face in (a, b, c)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_the_speech_encoder_is_not_touched():
    face = model()
    before = {name: value.clone() for name, value in face.speech_encoder.state_dict().items()}
    fit(replace(SETTINGS, steps=3), face=face)
    assert all(torch.equal(value, before[name]) for name, value in face.speech_encoder.state_dict().items())


def test_a_loss_that_is_no_number_stops_the_run():
    broken = lessons(4)
    for lesson in broken:
        lesson.features[:] = np.nan
    with pytest.raises(CSTalkError, match=r"loss is nan at step 1\. Lower the learning rate"):
        fit(train=broken)


def test_without_validation_the_loss_is_unknown_and_training_goes_on():
    _, report = fit(replace(SETTINGS, steps=2), validation=[])
    assert math.isnan(report.history[-1][2])
