"""The methods CSTalk is compared with: shapes, causality, what they learn, and as part of a TalkingFace."""

import math

import pytest
import torch

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.errors import ConfigError
from cstalk_ue.model.baselines.attention import past_bias, periodic_positions
from cstalk_ue.model.baselines.emoface import EmoFace
from cstalk_ue.model.baselines.emotalk import EmoTalk, same_emotion_partners
from cstalk_ue.model.baselines.faceformer import FaceFormer
from cstalk_ue.model.builder import build_talking_face
from cstalk_ue.model.checkpoint import load_checkpoint, save_checkpoint
from cstalk_ue.model.curve_generator import CurveGenerator
from cstalk_ue.model.losses import reconstruction_loss

D, C, E = 6, 5, 8
SIZES = {"width": 16, "emotion_width": E, "heads": 2}
TRANSFORMERS = (FaceFormer, EmoTalk, EmoFace)
KINDS = ("tcn", "faceformer", "emotalk", "emoface", "mean")


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(8)


def _awake(generator: CurveGenerator) -> CurveGenerator:
    """The last layer starts at 0, on purpose; here it must not."""
    for value in generator.parameters():
        if not value.any():
            torch.nn.init.normal_(value, std=0.5)
    return generator.eval()


def _face(kind: str, *, encoder: str = "logmel", **settings):
    generator = GeneratorConfig(kind=kind, width=16, emotion_width=E, heads=2, dilations=(1, 2), **settings)
    config = ModelConfig(EncoderConfig(encoder), generator)
    face = build_talking_face(config, C).eval()
    _awake(face.generator)
    return face, config


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_turns_a_window_of_sound_into_curves(kind):
    face, _ = _face(kind)
    audio = torch.randn(2, 51200) * 0.1
    with torch.no_grad():
        curves = face(audio, torch.eye(5)[:2], 96)
        assert curves.shape == (2, 96, C)
        features = face.encode(audio, 96)
        for frames in (1, 2, 50):
            assert face.generate(features[:, :frames], torch.eye(5)[:2]).shape == (2, frames, C)


@pytest.mark.parametrize("kind", KINDS)
def test_one_emotion_throughout_equals_the_same_on_every_frame(kind):
    face, _ = _face(kind)
    features, weights = torch.randn(2, 40, 80), torch.eye(5)[[1, 4]]
    with torch.no_grad():
        steady = face.generate(features, weights)
        torch.testing.assert_close(
            face.generate(features, weights[:, None].expand(2, 40, 5)), steady, rtol=0, atol=1e-5
        )
        assert torch.equal(face.generate(features, weights), steady), "predicting twice gives the same"
        assert (face.generate(features, weights[[1, 0]]) - steady).abs().max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_from_a_checkpoint_to_the_bit(kind, tmp_path):
    face, config = _face(kind)
    names = [f"control{number}" for number in range(C)]
    save_checkpoint(tmp_path, face, config=config, controls=names, training={}, dtype=torch.float32)
    loaded = load_checkpoint(tmp_path)
    audio = torch.randn(1, 16000) * 0.1
    with torch.inference_mode():
        assert torch.equal(loaded.model(audio, torch.eye(5)[:1], 30), face(audio, torch.eye(5)[:1], 30))
    assert type(loaded.model.generator) is type(face.generator)


@pytest.mark.parametrize("kind", KINDS)
def test_in_training_every_weight_gets_a_gradient(kind):
    """One without would stop distributed training; and the weights of L_C reach the curves of each."""
    face, _ = _face(kind)
    face.train()
    embedding = face.emotion(torch.eye(5)[[0, 0, 2, 2]].unsqueeze(1))
    features, target = torch.randn(4, 30, 80), torch.randn(4, 30, C)
    if hasattr(face.generator, "training_forward"):
        output = face.generator.training_forward(features, embedding, target)
        curves, loss = output.curves, sum(output.extra.values(), torch.zeros(()))
    else:
        curves, loss = face.generator(features, embedding), torch.zeros(())
    assert curves.requires_grad
    (loss + reconstruction_loss(curves, target)).backward()
    parts = [*face.generator.named_parameters(), *face.emotion.named_parameters()]
    assert [name for name, value in parts if value.grad is None] == []


@pytest.mark.parametrize("make", TRANSFORMERS)
def test_training_starts_from_the_mean_face(make):
    generator = make(D, C, **SIZES).eval()
    assert not generator(torch.randn(2, 20, D), torch.randn(2, 1, E)).any()


def test_faceformer_frame_by_frame_equals_one_pass_over_its_own_frames():
    """The reference knows no cache: feeding what came out must give it again."""
    generator = _awake(FaceFormer(D, C, **SIZES, layers=2, period=7))
    features, embedding = torch.randn(2, 33, D), torch.randn(2, 33, E)
    with torch.no_grad():
        curves = generator(features, embedding)
        torch.testing.assert_close(generator.decode(features, embedding, curves), curves, rtol=0, atol=1e-5)
        # Step by step, each with a full pass over all frames so far.
        history = torch.zeros(2, 33, C)
        for t in range(33):
            history[:, t] = generator.decode(
                features[:, : t + 1], embedding[:, : t + 1], history[:, : t + 1]
            )[:, t]
    torch.testing.assert_close(history, curves, rtol=0, atol=1e-5)


def test_faceformer_never_looks_at_recorded_frames_to_come():
    generator = _awake(FaceFormer(D, C, **SIZES, layers=2))
    features, embedding = torch.randn(1, 20, D), torch.randn(1, 1, E)
    history = torch.randn(1, 20, C, requires_grad=True)
    generator.decode(features, embedding, history)[0, 11].sum().backward()
    assert history.grad is not None
    touched = history.grad[0].abs().sum(dim=1) > 0
    assert touched[:11].all()
    assert not touched[11:].any(), "frame 11 is made of those before it"


@pytest.mark.parametrize("make", [FaceFormer, EmoTalk])
def test_the_decoders_self_attention_is_causal(make):
    """What FaceFormer hears later, and what EmoTalk is asked later, does not change earlier frames."""
    generator = _awake(make(D, C, **SIZES))
    features, embedding = torch.randn(1, 30, D), torch.randn(1, 30, E)
    later = embedding.clone()
    later[:, 18:] += 1
    with torch.no_grad():
        change = (generator(features, later) - generator(features, embedding)).abs().sum(-1)[0]
        assert change[:18].max() == 0
        assert change[18:].min() > 0
        if make is FaceFormer:
            other = features.clone()
            other[:, 18:] += 1
            change = (generator(other, embedding) - generator(features, embedding)).abs().sum(-1)[0]
            assert change[:18].max() == 0
            assert change[18] > 0


def test_emofaces_receptive_field_is_exact():
    generator = _awake(EmoFace(D, C, **SIZES, layers=2, reach=4))
    assert generator.receptive_field_frames == 17
    features = torch.randn(1, 40, D, requires_grad=True)
    generator(features, torch.randn(1, 1, E))[0, 20].sum().backward()
    assert features.grad is not None
    touched = features.grad[0].abs().sum(-1).nonzero()[:, 0]
    assert (int(touched[0]), int(touched[-1])) == (12, 28)


def test_the_temporal_bias_is_faceformers():
    """Written out for 2 heads and a period of 2: slopes 2 ** -4 and 2 ** -8, whole periods back."""
    bias = past_bias(5, 2, 2, like=torch.zeros(()))
    assert bias[0, 4].tolist() == [-2 / 16, -1 / 16, -1 / 16, 0, 0]
    assert bias[1, 3, :4].tolist() == [-1 / 256, -1 / 256, 0, 0]
    assert torch.isneginf(bias[:, 2, 3:]).all()


def test_positions_repeat_with_the_period_and_tell_its_frames_apart():
    positions = periodic_positions(75, 16, 30, like=torch.zeros(()))
    torch.testing.assert_close(positions[:45], positions[30:], rtol=0, atol=0)
    assert torch.pdist(positions[:30]).min() > 0.1
    assert positions[1, :2].tolist() == pytest.approx([math.sin(1), math.cos(1)])


def test_recorded_frames_are_not_what_faceformer_is_fed_unless_told():
    """With its own history only the first rollout sees them; without, they decide."""
    features, embedding = torch.randn(8, 12, D), torch.randn(8, 1, E)
    target, other = torch.randn(8, 12, C), torch.randn(8, 12, C)
    generator = _awake(FaceFormer(D, C, **SIZES, own_history=0.0, dropout=0.0)).train()
    fed = [generator.training_forward(features, embedding, each).curves for each in (target, other)]
    torch.testing.assert_close(fed[0], generator.decode(features, embedding, target))
    assert (fed[0] - fed[1]).abs().max() > 0.1
    # After as many rollouts as there are frames nothing of the recording is left: it is `forward`.
    generator.own_history, generator.rollouts = 1.0, 12
    made = generator.training_forward(features, embedding, target).curves
    torch.testing.assert_close(made, generator(features, embedding), rtol=0, atol=1e-5)


def test_invalid_recorded_frames_do_not_spoil_training():
    target = torch.randn(2, 12, C)
    target[:, 8:] = torch.nan
    mask = torch.arange(12).expand(2, 12) < 8
    for make in (FaceFormer, EmoTalk):
        generator = make(D, C, **SIZES).train()
        output = generator.training_forward(torch.randn(2, 12, D), torch.ones(2, 1, E), target, mask=mask)
        assert torch.isfinite(output.curves).all()
        assert all(torch.isfinite(loss) for loss in output.extra.values())


def test_emotalk_pairs_clips_of_one_emotion():
    angry, sad, mixed = torch.randn(3, E).unbind()
    label = torch.stack([angry, sad, angry, angry, mixed, sad])
    assert same_emotion_partners(label).tolist() == [2, 5, 3, 0, 4, 1]
    assert same_emotion_partners(label[:1]).tolist() == [0]


def test_emotalks_cross_loss_counts_pairs_only():
    generator = _awake(EmoTalk(D, C, **SIZES))
    features, target = torch.randn(3, 10, D), torch.randn(3, 10, C)
    labels = torch.randn(3, 1, E)
    alone = generator.training_forward(features, labels, target).extra
    assert alone["cross"] == 0
    together = generator.training_forward(features, labels[[0, 0, 2]], target).extra
    content, emotion = generator.listen(features)
    swapped = generator.decode(content, emotion[[1, 0, 2]], labels[[0, 0, 2]])
    torch.testing.assert_close(together["cross"], reconstruction_loss(swapped[:2], target[:2]))


def _made_up(count: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Smooth features, an emotion, and curves that follow both: features, weights, curves."""
    smooth = torch.nn.functional.avg_pool1d(torch.randn(count, D, 44, generator=generator), 5, 1) * 2
    features = smooth.transpose(1, 2)  # (count, 40, D)
    classes = torch.randint(5, (count,), generator=generator)
    offset = torch.linspace(-1, 1, 5)[classes][:, None, None]
    return features, torch.eye(5)[classes], torch.tanh(features[..., :C]) + offset


@pytest.mark.parametrize("kind", KINDS)
def test_each_learns_what_it_can(kind):
    """Speech and emotion for all; the mean face of each emotion for the one that does not listen."""
    settings = GeneratorConfig(kind=kind, width=32, emotion_width=E, heads=2, dilations=(1, 2), dropout=0.0)
    face = build_talking_face(ModelConfig(EncoderConfig("mfcc", coefficients=D, deltas=False), settings), C)
    generator, random = face.generator, torch.Generator().manual_seed(1)
    parameters = [*generator.parameters(), *face.emotion.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=5e-3, weight_decay=0.0)
    generator.train()
    for _ in range(100):
        features, weights, target = _made_up(16, random)
        embedding = face.emotion(weights)
        if hasattr(generator, "training_forward"):
            output = generator.training_forward(features, embedding, target)
            loss = reconstruction_loss(output.curves, target) + sum(output.extra.values())
        else:
            loss = reconstruction_loss(generator(features, embedding), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    generator.eval()
    features, weights, target = _made_up(64, torch.Generator().manual_seed(2))
    with torch.no_grad():
        error = (generator(features, face.emotion(weights)) - target).square().mean()
    if kind == "mean":
        offset = weights @ torch.linspace(-1, 1, 5)
        with torch.no_grad():
            faces = generator(features, face.emotion(weights))
        torch.testing.assert_close(faces[:, 0], offset[:, None].expand(-1, C), rtol=0, atol=0.15)
        assert torch.equal(faces[:, 0], faces[:, 20])
    else:
        assert error < 0.2 * target.var()


def test_no_line_is_too_long_for_a_baseline():
    """30 s at 30 fps; the released FaceFormer ends at 600 frames."""
    features = torch.randn(1, 900, D)
    for make in TRANSFORMERS:
        generator = _awake(make(D, C, **SIZES))
        with torch.inference_mode():
            curves = generator(features, torch.randn(1, 1, E))
        assert curves.shape == (1, 900, C)
        assert torch.isfinite(curves).all()


def test_settings_of_baselines_are_checked():
    with pytest.raises(ConfigError, match=r"generator\.kind is 'voca'"):
        ModelConfig(generator=GeneratorConfig(kind="voca"))
    with pytest.raises(ConfigError, match=r"heads is 3 and width 256"):
        ModelConfig(generator=GeneratorConfig(kind="emotalk", heads=3))
    GeneratorConfig(kind="tcn", heads=3).faults()
    assert not GeneratorConfig(kind="mean", width=7).faults()
