"""Presets hold the published numbers; files and single settings change them; faults are named at once."""

import dataclasses

import pytest

from cstalk_ue.errors import ConfigError
from cstalk_ue.train.settings import TrainingSettings, training_settings


def test_the_paper_preset_is_the_papers():
    """III.B"""
    settings = training_settings("paper")
    assert (settings.windows.frames, settings.windows.stride) == (96, 5)
    assert (settings.fit_correlation.batch, settings.fit_correlation.learning_rate) == (64, 1e-5)
    assert (settings.fit_generator.batch, settings.fit_generator.learning_rate) == (64, 1e-6)
    encoder = settings.model.encoder
    assert (encoder.kind, encoder.frozen, settings.model.generator.kind) == ("wav2vec2", "convolution", "tcn")
    assert (settings.losses.reconstruction, settings.losses.correlation) == (1.0, 1.0)
    assert (settings.correlation.output, settings.correlation.accumulate) == ("scores", "sum")


def test_later_changes_win(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(
        "[fit_generator]\nsteps = 7\nbatch = 8\n[model.encoder]\nkind = 'mfcc'\n", encoding="utf-8"
    )
    settings = training_settings(
        "paper",
        config=file,
        changes=["fit_generator.batch=4", "random.kinds=['white']"],
        losses={"correlation": 0.5},
    )
    assert (settings.fit_generator.steps, settings.fit_generator.batch) == (7, 4)
    assert settings.fit_generator.learning_rate == 1e-6  # of the preset
    assert (settings.model.encoder.kind, settings.random.kinds) == ("mfcc", ("white",))
    assert settings.losses.correlation == 0.5


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("model.encoder.weights=/a b/c=d", "/a b/c=d"),
        ("model.encoder.weights=C:\\models\\w2v", "C:\\models\\w2v"),
        ("model.encoder.weights='quoted'", "quoted"),
        ("model.encoder.weights = facebook/wav2vec2-base ", "facebook/wav2vec2-base"),
    ],
)
def test_a_value_that_is_no_toml_is_a_text(change, value):
    assert training_settings(changes=[change]).model.encoder.weights == value


def test_every_fault_is_named_in_one_message():
    with pytest.raises(ConfigError) as caught:
        training_settings(
            changes=[
                "windows.stride=0",
                "fit_generator.stepz=3",
                "machine.precision=fp8",
                "losses.correlation='much'",
            ]
        )
    message = str(caught.value)
    for part in ("stride is 0", "did you mean steps", "precision is 'fp8'", "losses.correlation is 'much'"):
        assert part in message


@pytest.mark.parametrize("change", ["fit_generator.steps", "=3", "a..b=1", ""])
def test_a_change_that_names_nothing_is_refused(change):
    with pytest.raises(ConfigError, match="expected KEY=VALUE"):
        training_settings(changes=[change])


def test_an_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match="'large' is unknown; expected paper or small"):
        training_settings("large")


def test_the_correlation_module_looks_at_the_windows():
    with pytest.raises(ConfigError, match=r"correlation.frames is 96 and windows.frames 48"):
        training_settings(changes=["windows.frames=48"])


@pytest.mark.parametrize("preset", ["small", "paper"])
def test_settings_survive_their_file(preset, tmp_path):
    from cstalk_ue.config import toml_text

    settings = training_settings(preset, changes=["fit_generator.steps=9"])
    file = tmp_path / "settings.toml"
    file.write_text(toml_text(settings.to_mapping()), encoding="utf-8")
    assert training_settings("small", config=file) == settings


def test_only_a_stages_own_settings_decide_it():
    usual = training_settings()
    machine = dataclasses.replace(usual, machine=dataclasses.replace(usual.machine, micro_batch=2))
    assert machine.deciding() == usual.deciding()
    other = training_settings(changes=["fit_generator.steps=3"])
    assert other.deciding("correlation") == usual.deciding("correlation")
    assert other.deciding("generator") != usual.deciding("generator")
    stages = {"correlation", "generator"}
    named = set().union(*(usual.deciding(stage) for stage in stages))
    assert (
        named == set(usual.deciding()) == {f.name for f in dataclasses.fields(TrainingSettings)} - {"machine"}
    )
