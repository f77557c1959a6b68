"""Cached features are what prediction hears; damage is noticed; what changed is computed anew."""

import dataclasses

import numpy as np
import pytest
import torch
from tiny_data_set import write_tiny

from cstalk_ue.config import EncoderConfig
from cstalk_ue.errors import DataSetError
from cstalk_ue.loudness import speech_gain
from cstalk_ue.model.builder import build_encoder
from cstalk_ue.train.feature_cache import FeatureCache, clip_references, encoder_digest

CPU = torch.device("cpu")
LOGMEL = EncoderConfig("logmel")


@pytest.fixture
def data_set(tmp_path):
    return write_tiny(tmp_path / "set", takes=3)


@pytest.fixture
def encoder():
    return build_encoder(LOGMEL).eval()


def prepared(data_set, encoder, folder, config=LOGMEL):
    cache = FeatureCache(folder, encoder, config)
    return cache, cache.prepare(data_set, data_set.records, encoder, device=CPU)


def test_features_are_those_of_the_whole_take_at_the_curve_frames(data_set, encoder, tmp_path):
    from cstalk_ue.model.speech_encoder import resample_features

    cache, made = prepared(data_set, encoder, tmp_path / "features")
    assert made == 3
    for record in data_set.records:
        samples = data_set.read(record).samples
        with torch.inference_mode():
            speech = encoder(torch.from_numpy(samples * np.float32(speech_gain(samples)))[None])
            expected = resample_features(
                speech, encoder.first_frame_seconds, encoder.frame_rate, record.frames, 30.0
            )[0].numpy()
        found = cache.features(record)
        assert found.shape == (record.frames, 80) and found.dtype == np.float16
        assert np.allclose(found, expected, atol=5e-3)  # half precision of values up to 10


def test_a_long_take_is_heard_as_prediction_hears_it(tmp_path):
    """Longer than a chunk: the features meet those of `encode_chunks` away from the seams."""
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tiny_checkpoint import save_tiny

    from cstalk_ue.model import load_checkpoint
    from cstalk_ue.predict import encode_chunks

    data_set = write_tiny(tmp_path / "set", takes=1, seconds=(25.0, 26.0))
    checkpoint = load_checkpoint(save_tiny(tmp_path / "model"))
    encoder = checkpoint.model.speech_encoder
    cache, _ = prepared(data_set, encoder, tmp_path / "features")
    (record,) = data_set.records
    found = cache.features(record).astype(np.float32)
    chunks = list(encode_chunks(data_set.read(record).samples, checkpoint))
    assert len(chunks) == 2
    first, second = ((chunk, features[0].numpy()) for chunk, features in chunks)
    assert np.allclose(found[: second[0].first], first[1][: second[0].first], atol=5e-3)
    assert np.allclose(found[first[0].last :], second[1][first[0].last - second[0].first :], atol=5e-3)


def test_nothing_is_computed_twice(data_set, encoder, tmp_path):
    prepared(data_set, encoder, tmp_path / "features")
    assert prepared(data_set, encoder, tmp_path / "features")[1] == 0


@pytest.mark.parametrize("damage", ["cut", "flip", "other"])
def test_a_damaged_file_is_made_again(data_set, encoder, tmp_path, damage):
    cache, _ = prepared(data_set, encoder, tmp_path / "features")
    record = data_set.records[1]
    before = cache.features(record)
    path = cache.folder / f"{record.content_sha256}.safetensors"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[:-10])
    elif damage == "flip":
        content[-5] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes((cache.folder / f"{data_set.records[0].content_sha256}.safetensors").read_bytes())
    again, made = prepared(data_set, encoder, tmp_path / "features")
    assert made == 1 and np.array_equal(again.features(record), before)


def test_a_take_that_changed_has_other_features(data_set, encoder, tmp_path):
    cache, _ = prepared(data_set, encoder, tmp_path / "features")
    changed = dataclasses.replace(data_set.records[0], content_sha256="f" * 64)
    with pytest.raises(DataSetError, match="are missing or damaged"):
        cache.features(changed)


def test_other_settings_or_weights_are_another_cache(tmp_path):
    def digest(config, seed=0):
        torch.manual_seed(seed)
        architecture = None if config.kind != "wav2vec2" else {
            "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
            "conv_dim": [8] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
        }  # fmt: skip
        return encoder_digest(build_encoder(config, architecture=architecture), config)

    configs = [LOGMEL, EncoderConfig("mfcc"), EncoderConfig("mfcc", deltas=False), EncoderConfig("wav2vec2")]
    digests = [digest(config) for config in configs]
    assert len(set(digests)) == len(configs) and digests == [digest(config) for config in configs]
    assert digest(configs[-1], seed=1) != digests[-1]
    frozen = dataclasses.replace(LOGMEL, frozen="none")
    assert digest(frozen) == digests[0], "what is trained later does not change what is heard now"


def test_a_take_without_sound_is_named(tmp_path, encoder):
    data_set = write_tiny(tmp_path / "set", takes=2, silent=1)
    with pytest.raises(DataSetError, match=r"take_00: has no sound"):
        prepared(data_set, encoder, tmp_path / "features")


def test_references_are_those_of_whole_takes(data_set):
    class Loud(torch.nn.Module):
        def clip_reference(self, audio):
            return audio.abs().amax(dim=1, keepdim=True)

    found = clip_references(data_set, data_set.records, Loud())
    for row, record in zip(found, data_set.records, strict=True):
        samples = data_set.read(record).samples
        assert row[0] == pytest.approx(float(np.abs(samples * np.float32(speech_gain(samples))).max()))
