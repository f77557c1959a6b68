"""The whole rebuild, small: a corpus of noise, a random Whisper, a checkpoint that loads and predicts."""

import csv
import json

import numpy as np
import pytest
from tiny_checkpoint import babble, write_wav

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ConfigError
from cstalk_ue.model import load_checkpoint
from cstalk_ue.predict import generate_curves
from cstalk_ue.train import bundled
from cstalk_ue.train.bundled import BundledSettings, rebuild_bundled
from cstalk_ue.train.corpus import split_of
from cstalk_ue.train.fit_generator import FitSettings

SETTINGS = BundledSettings(performances=2, real_passes=1, silent_reels=2, synthetic=False)
FIT = FitSettings(steps=6, batch=2, window_frames=24, margin_frames=4, warmup_steps=2, report_every=4)
SPEAKERS = {
    side: [f"s{n}" for n in range(200) if split_of(f"s{n}") == side][:2]
    for side in ("train", "validation", "test")
}


def write_corpus(folder, sides=("train", "validation", "test")):
    folder.mkdir()
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "speaker", "licence", "phones"])
        for number, speaker in enumerate(speaker for side in sides for speaker in SPEAKERS[side]):
            write_wav(folder / f"{number}.wav", seconds=2.0, seed=number)
            phones = [
                ["SIL", 0, 0.2],
                ["P", 0.2, 0.4],
                ["AA", 0.4, 0.9],
                ["M", 0.9, 1.1],
                ["OW", 1.1, 1.8],
                ["SIL", 1.8, 2],
            ]
            rows.writerow([f"{number}.wav", speaker, "CC0", json.dumps(phones)])
    return folder


@pytest.fixture(autouse=True)
def small_network(monkeypatch):
    """The published sizes would take minutes; the log-mel encoder needs no weights."""
    generator = GeneratorConfig(width=16, emotion_width=8, dilations=(1, 2))
    monkeypatch.setattr(
        bundled, "ModelConfig", lambda encoder: ModelConfig(EncoderConfig("logmel"), generator)
    )
    monkeypatch.setattr(bundled, "build_encoder", lambda config: build_logmel())


def build_logmel():
    from cstalk_ue.model import build_speech_encoder

    return build_speech_encoder("logmel")


def test_a_rebuild_leaves_a_checkpoint_and_a_report(tmp_path):
    told = []
    corpus = write_corpus(tmp_path / "corpus")
    measured = rebuild_bundled(corpus, tmp_path / "run", settings=SETTINGS, fit=FIT, report=told.append)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "config.json",
        "model.safetensors",
        "report.json",
    ]
    assert json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(measured)
    )
    held_out = measured["held_out"]
    assert (held_out["lines"], held_out["speakers"], held_out["bilabials"]) == (2, 2, 4)
    checkpoint = load_checkpoint(tmp_path / "run")
    assert 30 < len(checkpoint.controls) < 185 and "CTRL_C_jaw.ty" in checkpoint.controls
    assert checkpoint.info.training["settings"]["fit"]["steps"] == 6 and checkpoint.info.licences
    face = generate_curves(babble(1), checkpoint, EmotionTrack.parse("happy")).face
    assert face.frames == 30 and np.isfinite(face.values).all()
    assert "2 train, 2 validation, 2 test lines" in told[0]


def test_two_rebuilds_are_the_same_bytes(tmp_path):
    corpus = write_corpus(tmp_path / "corpus")
    for name in ("a", "b"):
        rebuild_bundled(corpus, tmp_path / name, settings=SETTINGS, fit=FIT, report=lambda text: None)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("a", "b")]
    assert weights[0] == weights[1]


def test_a_trial_without_held_out_speakers_ends_well(tmp_path):
    """What cannot be measured is null in report.json; it was a crash after hours of training."""
    corpus = write_corpus(tmp_path / "corpus", sides=("train",))
    measured = rebuild_bundled(corpus, tmp_path / "run", settings=SETTINGS, fit=FIT, report=lambda text: None)
    report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert report["history"][-1][2] is None and report["held_out"]["lines"] == 0
    assert measured["held_out"]["mean_correlation"] is None


def test_nobody_to_train_on_is_told(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", sides=("test",))
    with pytest.raises(ConfigError, match="leaves no speaker to train on"):
        rebuild_bundled(corpus, tmp_path / "run", settings=SETTINGS, fit=FIT, report=lambda text: None)
    assert not (tmp_path / "run").exists()
