"""Checkpoints: what is saved comes back; what is damaged, foreign or unsafe is refused with a reason."""

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_encoders import SMALL_WAV2VEC2

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.errors import CheckpointError
from cstalk_ue.model.builder import build_talking_face
from cstalk_ue.model.checkpoint import load_checkpoint, save_checkpoint
from cstalk_ue.model.checkpoint_info import list_checkpoints, read_checkpoint_info
from cstalk_ue.storage import sha256_file

CONTROLS = ("jawOpen", "mouthClose", "browRaise")
WHISPER = {"depth": 2, "network_width": 16, "heads": 2, "bands": 80, "positions": 200}


def _config(kind: str = "logmel", **encoder) -> ModelConfig:
    generator = GeneratorConfig(width=8, emotion_width=4, dilations=(1, 2))
    return ModelConfig(encoder=EncoderConfig(kind=kind, **encoder), generator=generator)


def _save(folder, config=None, *, architecture=None, **changes):
    torch.manual_seed(5)
    config = config or _config()
    model = build_talking_face(config, len(CONTROLS), encoder_architecture=architecture)
    model.set_normalisation(torch.tensor([0.1, -0.2, 0.3]), torch.tensor([0.01, 2.0, 1e-4]))
    settings = {"training": {"steps": 10}, "data_set": "abc", "licences": ["MIT, someone"], **changes}
    return model.eval(), save_checkpoint(folder, model, config=config, controls=CONTROLS, **settings)


def _edit(folder, **changes):
    path = folder / "config.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data.update(changes)
    path.write_text(json.dumps(data), encoding="utf-8")


def _replace_weights(folder, change):
    """Change the tensors and the digest with them, as a faulty converter would."""
    tensors = load_file(folder / "model.safetensors")
    save_file(change(tensors), folder / "model.safetensors")
    data = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    _edit(folder, weights={**data["weights"], "sha256": sha256_file(folder / "model.safetensors")})


@pytest.mark.parametrize(
    ("kind", "architecture"),
    [("logmel", None), ("mfcc", None), ("whisper", WHISPER), ("wav2vec2", SMALL_WAV2VEC2)],
)
def test_a_model_comes_back_whole(kind, architecture, tmp_path):
    config = _config(kind, layers=(1, 2))
    model, saved = _save(tmp_path / "run", config, architecture=architecture, dtype=torch.float32)
    loaded = load_checkpoint(tmp_path / "run")
    audio, emotion = torch.randn(1, 16000) * 0.1, torch.eye(5)[:1]
    with torch.inference_mode():
        torch.testing.assert_close(
            loaded.model(audio, emotion, 30), model(audio, emotion, 30), rtol=0, atol=1e-6
        )
    torch.testing.assert_close(loaded.model.std, model.std, rtol=0, atol=0)
    assert loaded.info == saved
    assert (loaded.config, loaded.controls, loaded.emotions) == (config, CONTROLS, config.emotions)
    assert loaded.model_id == f"run-{loaded.sha256[:12]}"
    assert (saved.data_set, saved.training, saved.licences) == ("abc", {"steps": 10}, ("MIT, someone",))
    assert not loaded.model.training


def test_half_precision_keeps_the_normalisation_exact(tmp_path):
    model, info = _save(tmp_path / "run")
    assert info.dtype == "float16"
    stored = load_file(tmp_path / "run" / "model.safetensors")
    assert stored["generator.output.weight"].dtype == torch.float16
    assert torch.equal(stored["std"], model.std)
    loaded = load_checkpoint(tmp_path / "run").model
    assert {value.dtype for value in loaded.parameters()} == {torch.float32}
    # float16 keeps 11 bits: half a unit in the last place of a weight is at most 2 ** -11 of it.
    torch.testing.assert_close(
        loaded.generator.output.weight, model.generator.output.weight, rtol=5e-4, atol=1e-7
    )


def test_saving_twice_gives_the_same_files(tmp_path):
    first, second = _save(tmp_path / "a", name="m")[1], _save(tmp_path / "b", name="m")[1]
    assert first.sha256 == second.sha256
    assert (tmp_path / "a" / "config.json").read_bytes() == (tmp_path / "b" / "config.json").read_bytes()


def test_a_local_path_does_not_travel(tmp_path):
    weights = tmp_path / "secret_place" / "weights.safetensors"
    weights.parent.mkdir()
    weights.touch()
    _save(tmp_path / "run", _config(weights=str(weights)))
    assert "secret_place" not in (tmp_path / "run" / "config.json").read_text(encoding="utf-8")
    assert load_checkpoint(tmp_path / "run").config.encoder.weights == "weights.safetensors"


def test_control_names_must_fit_the_model(tmp_path):
    model, _ = _save(tmp_path / "run")
    for controls in (CONTROLS[:2], ("a", "a", "b")):
        with pytest.raises(CheckpointError, match="2 different control names for a model with 3 outputs"):
            save_checkpoint(tmp_path / "other", model, config=_config(), controls=controls, training={})


def test_a_weight_that_overflows_is_refused_when_saving(tmp_path):
    model, _ = _save(tmp_path / "run")
    with torch.no_grad():
        model.generator.output.bias[0] = 1e6
    with pytest.raises(
        CheckpointError, match=r"generator\.output\.bias is not finite in torch\.float16.*float32"
    ):
        save_checkpoint(tmp_path / "run", model, config=_config(), controls=CONTROLS, training={})
    load_checkpoint(tmp_path / "run")  # the older checkpoint is still whole


def test_a_missing_folder_or_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere: no such checkpoint folder"):
        load_checkpoint(tmp_path / "nowhere")
    for name in ("config.json", "model.safetensors"):
        _save(tmp_path / name)
        (tmp_path / name / name).unlink()
        with pytest.raises(CheckpointError, match=f"{name} is missing"):
            load_checkpoint(tmp_path / name)


def test_an_unknown_format_is_refused_by_name(tmp_path):
    _save(tmp_path)
    _edit(tmp_path, format="cstalk-checkpoint/2")
    with pytest.raises(
        CheckpointError, match="format 'cstalk-checkpoint/2'; this version reads 'cstalk-checkpoint/1'"
    ):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controls": ["a", "a", "b"]}, "different names"),
        ({"controls": "abc"}, "controls is 'abc', expected a list"),
        ({"controls": [1, 2, 3]}, "controls must be a list of texts"),
        ({"config": {"speed": 3, "fps": "fast"}}, "unknown key speed.*fps is 'fast'"),
        ({"weights": None}, "weights is None, expected a dict"),
        ({"training": []}, "training is"),
        (
            {"config": {"encoder": {"kind": "whisper"}}, "encoder_architecture": {"legs": 4}},
            "cannot be built.*legs",
        ),
    ],
)
def test_a_malformed_config_is_refused(changes, message, tmp_path):
    _save(tmp_path)
    _edit(tmp_path, **changes)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"'])
def test_a_config_that_is_no_json_object_is_refused(text, tmp_path):
    _save(tmp_path)
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_damaged_weights_are_refused(damage, tmp_path):
    _save(tmp_path)
    path = tmp_path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes({"truncated": bytes(data[:-9]), "flipped": bytes(data), "empty": b""}[damage])
    with pytest.raises(CheckpointError, match="damaged, or not the weights"):
        load_checkpoint(tmp_path)


def test_weights_that_are_no_safetensors_are_refused_whatever_the_digest_says(tmp_path):
    _save(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    data = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    _edit(tmp_path, weights={**data["weights"], "sha256": sha256_file(path)})
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        load_checkpoint(tmp_path)


def test_tensors_that_differ_are_listed(tmp_path):
    _save(tmp_path)
    _replace_weights(
        tmp_path,
        lambda tensors: {
            **{name: value for name, value in tensors.items() if name != "emotion.vectors"},
            "extra": torch.zeros(1),
            "std": torch.ones(4),
        },
    )
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(tmp_path)
    for part in ("1 missing: emotion.vectors", "1 not in the model: extra", "std (4,), expected (3,)"):
        assert part in str(error.value)


class _Explosive:
    """Leaves a trace if it is ever unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (open, (str(self.trace), "w"))


def test_no_pickle_is_ever_loaded(tmp_path):
    trace = tmp_path / "trace"
    bomb = pickle.dumps(_Explosive(trace))
    folder = tmp_path / "run"
    _save(folder)
    for name in ("pytorch_model.bin", "model.pt", "optimizer.pt"):
        (folder / name).write_bytes(bomb)
    load_checkpoint(folder)  # extra files are ignored
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing.*pickles can run code"):
        load_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(bomb)
    data = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    _edit(folder, weights={**data["weights"], "sha256": sha256_file(folder / "model.safetensors")})
    with pytest.raises(CheckpointError):
        load_checkpoint(folder)
    assert not trace.exists()


def test_checkpoints_below_a_folder_are_listed(tmp_path):
    _save(tmp_path / "runs" / "b")
    _save(tmp_path / "runs" / "a" / "last")
    (tmp_path / "runs" / "c").mkdir()
    (tmp_path / "runs" / "c" / "config.json").write_text("{}", encoding="utf-8")
    found = [info.path for info in list_checkpoints([tmp_path / "runs"]) if tmp_path in info.path.parents]
    assert found == [tmp_path / "runs" / "a" / "last", tmp_path / "runs" / "b"]
    assert read_checkpoint_info(found[0]).name == "last"
