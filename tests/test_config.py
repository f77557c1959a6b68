"""Settings are read strictly, and every fault is reported at once."""

import pytest

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig, load_config
from cstalk_ue.errors import ConfigError
from cstalk_ue.model.curve_generator import INPUT_NORMS
from cstalk_ue.model.speech_encoder import ENCODER_KINDS


def test_a_file_holds_only_what_differs(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('fps = 25\n[encoder]\nkind = "mfcc"\n[generator]\ndilations = [1, 3]\n', encoding="utf-8")
    assert load_config(path) == ModelConfig(
        encoder=EncoderConfig(kind="mfcc"), generator=GeneratorConfig(dilations=(1, 3)), fps=25.0
    )


def test_settings_round_trip_through_plain_values():
    config = ModelConfig(encoder=EncoderConfig(layers=(1, 2, 3)), fps=24.0)
    assert ModelConfig.from_mapping(config.to_mapping()) == config


def test_all_faults_are_reported_together():
    wrong = {
        "fsp": 30,
        "emotions": ["neutral", "bored"],
        "encoder": {"kind": "lpc", "deltas": 1},
        "generator": {"kernel": 4, "width": 12.5, "dilations": [1, "two"], "dropout": 1},
    }
    with pytest.raises(ConfigError) as error:
        ModelConfig.from_mapping(wrong, source="my.toml")
    message = str(error.value)
    assert message.startswith("my.toml: ")
    for part in (
        "unknown key fsp (did you mean fps?)",
        "encoder.deltas is 1, expected true or false",
        "generator.width is 12.5, expected a whole number",
        "generator.dilations is [1, 'two'], expected a list of whole numbers",
        "encoder.kind is 'lpc'",
        "generator.kernel is 4, expected an odd number",
        "generator.dropout is 1.0",
        "emotions is ['neutral', 'bored']",
    ):
        assert part in message, part


def test_values_out_of_range_are_refused_in_code_too():
    with pytest.raises(ConfigError, match=r"encoder\.layers is \[\].*fps is 0"):
        ModelConfig(encoder=EncoderConfig(layers=()), fps=0)


def test_a_value_where_a_table_belongs_is_refused():
    with pytest.raises(ConfigError, match="encoder is 'whisper', expected a table"):
        ModelConfig.from_mapping({"encoder": "whisper"})


@pytest.mark.parametrize("content", [b"fps = = 3", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(content, tmp_path):
    path = tmp_path / "model.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"model\.toml: not a TOML file"):
        load_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "missing.toml")


@pytest.mark.parametrize("kind", ENCODER_KINDS)
def test_every_encoder_and_norm_of_the_networks_is_a_setting(kind):
    """The settings name the choices again, because they must not import torch."""
    EncoderConfig(kind=kind)
    assert not EncoderConfig(kind=kind).faults()
    assert all(not GeneratorConfig(input_norm=norm).faults() for norm in INPUT_NORMS)
