"""The correlation module: what its scores are, what they know, and that gradients reach the curves."""

import math

import pytest
import torch
from torch.nn import functional as F

from cstalk_ue.config import CorrelationConfig
from cstalk_ue.errors import ConfigError
from cstalk_ue.model.builder import build_correlation
from cstalk_ue.model.correlation import CorrelationModule
from cstalk_ue.model.losses import correlation_loss
from cstalk_ue.model.presets import PAPER_CORRELATION

RIGS, FRAMES = 7, 24
EVERY_FORM = [
    {"accumulate": accumulate, "scores": scores, "output": output, "norm_first": first}
    for accumulate in ("sum", "mean")
    for scores in ("raw", "softmax")
    for output in ("scores", "logits")
    for first in (False, True)
]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


def _module(**settings) -> CorrelationModule:
    return CorrelationModule(RIGS, FRAMES, **{"width": 16, "hidden": 12, "layers": 3, **settings}).eval()


def test_the_papers_sizes():
    module = build_correlation(PAPER_CORRELATION, 116)
    output = module(torch.randn(2, 116, 96))
    assert (output.logits.shape, output.scores.shape) == ((2, 6), (2, 116, 116))
    assert module.connect1.in_features == 116 * 116
    # As the docstring of the module says.
    assert sum(value.numel() for value in module.parameters()) == 4_086_790


@pytest.mark.parametrize("form", EVERY_FORM, ids=lambda form: "-".join(str(v) for v in form.values()))
def test_gradients_reach_the_curves_and_every_weight(form):
    """A weight without a gradient would stop distributed training."""
    module = _module(**form).requires_grad_(True)
    curves = torch.randn(4, RIGS, FRAMES, requires_grad=True)
    loss = correlation_loss(module(curves).logits, torch.eye(6)[[0, 1, 3, 5]])
    loss.backward()
    assert curves.grad is not None
    assert (curves.grad.abs().amax(dim=2) > 0).all(), "every rig of every window"
    missing = [name for name, value in module.named_parameters() if value.grad is None]
    assert missing == []


def test_a_frozen_module_passes_gradients_on_and_keeps_its_weights():
    module = _module().requires_grad_(False)
    curves = torch.randn(2, RIGS, FRAMES, requires_grad=True)
    correlation_loss(module(curves).logits, torch.eye(6)[:2]).backward()
    assert curves.grad is not None
    assert curves.grad.abs().max() > 0
    assert all(value.grad is None for value in module.parameters())


def test_l_c_can_be_lowered_by_moving_the_curves():
    """The gradient points somewhere useful: following it makes the asked emotion more likely."""
    module = _module().requires_grad_(False)
    curves = torch.randn(3, RIGS, FRAMES)
    target = torch.eye(6)[[4, 4, 4]]
    before = correlation_loss(module(curves).logits, target)
    for _ in range(20):
        curves.requires_grad_(True)
        (gradient,) = torch.autograd.grad(correlation_loss(module(curves).logits, target), curves)
        curves = (curves - 5 * gradient).detach()
    assert correlation_loss(module(curves).logits, target) < 0.8 * before


@pytest.mark.parametrize("scores", ["raw", "softmax"])
@pytest.mark.parametrize("first", [False, True])
def test_reordering_the_rigs_reorders_the_scores(scores, first):
    module = _module(scores=scores, norm_first=first)
    curves, order = torch.randn(2, RIGS, FRAMES), torch.randperm(RIGS)
    expected = module(curves).scores[:, order][:, :, order]
    torch.testing.assert_close(module(curves[:, order]).scores, expected, rtol=0, atol=1e-5)


def test_with_an_embedding_of_the_rigs_it_does_not():
    module = _module(rig_embedding=True)
    curves, order = torch.randn(2, RIGS, FRAMES), torch.arange(RIGS).roll(1)
    change = module(curves[:, order]).scores - module(curves).scores[:, order][:, :, order]
    assert change.abs().max() > 1e-3


def test_the_first_layers_scores_are_products_of_queries_and_keys():
    """By hand from the weights: token = W s + b; score = (q . k) / sqrt(width of a head)."""
    module = _module(layers=1, heads=2, scaled=True)
    curves = torch.randn(1, RIGS, FRAMES)
    token = curves[0] @ module.input.weight.T + module.input.bias  # (R, 16)
    layer = module.layers[0]
    query = token @ layer.query.weight.T + layer.query.bias
    key = token @ layer.key.weight.T + layer.key.bias
    heads = [query[:, part] @ key[:, part].T / math.sqrt(8) for part in (slice(0, 8), slice(8, 16))]
    found = module.layer_scores(curves)
    assert found.shape == (1, 1, 2, RIGS, RIGS)
    torch.testing.assert_close(found[0, 0], torch.stack(heads))
    torch.testing.assert_close(module(curves).scores[0], (heads[0] + heads[1]) / 2)
    # The mean over heads is the product over the full width, eq. (2), but for a constant.
    torch.testing.assert_close(module(curves).scores[0], query @ key.T / (2 * math.sqrt(8)))


def test_attention_equals_torchs_own_encoder_layer():
    """nn.TransformerEncoderLayer with the same weights gives the same tokens, norms before or after."""
    for first in (False, True):
        module = _module(output="logits", layers=1, heads=4, norm_first=first)
        layer = module.layers[0]
        reference = torch.nn.TransformerEncoderLayer(
            16, 4, 64, dropout=0.0, activation=F.gelu, batch_first=True, norm_first=first
        ).eval()
        own = {
            "self_attn.in_proj_weight": torch.cat([layer.query.weight, layer.key.weight, layer.value.weight]),
            "self_attn.in_proj_bias": torch.cat([layer.query.bias, layer.key.bias, layer.value.bias]),
            "self_attn.out_proj.weight": layer.attention_out.weight,
            "self_attn.out_proj.bias": layer.attention_out.bias,
            "linear1.weight": layer.feed_forward_in.weight,
            "linear1.bias": layer.feed_forward_in.bias,
            "linear2.weight": layer.feed_forward_out.weight,
            "linear2.bias": layer.feed_forward_out.bias,
            "norm1.weight": layer.attention_norm.weight,
            "norm1.bias": layer.attention_norm.bias,
            "norm2.weight": layer.feed_forward_norm.weight,
            "norm2.bias": layer.feed_forward_norm.bias,
        }
        reference.load_state_dict(own)
        tokens = torch.randn(2, RIGS, 16)
        with torch.no_grad():
            torch.testing.assert_close(layer(tokens)[0], reference(tokens), rtol=0, atol=1e-5)


def test_scores_accumulate_over_layers_as_set():
    curves = torch.randn(2, RIGS, FRAMES)
    for scores in ("raw", "softmax"):
        total, mean = _module(scores=scores), _module(scores=scores, accumulate="mean")
        mean.load_state_dict(total.state_dict())
        each = total.layer_scores(curves)  # (B, L, H, R, R)
        assert each.shape[1:3] == (3, 4)
        torch.testing.assert_close(total(curves).scores, each.mean(dim=2).sum(dim=1))
        torch.testing.assert_close(mean(curves).scores, each.mean(dim=(1, 2)))
        # The norm over the scores is blind to the factor between them.
        torch.testing.assert_close(mean(curves).logits, total(curves).logits, rtol=0, atol=1e-3)


def test_softmaxed_scores_are_shares_and_unscaled_ones_are_larger():
    curves = torch.randn(2, RIGS, FRAMES)
    shares = _module(scores="softmax", accumulate="mean")(curves).scores
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(2, RIGS))
    scaled, plain = _module(), _module(scaled=False)
    plain.load_state_dict(scaled.state_dict())
    torch.testing.assert_close(plain(curves).scores, 2 * scaled(curves).scores)  # heads of 16 / 4 values


def test_without_the_norm_the_layer_sees_the_scores_themselves():
    module = _module(score_norm=False)
    curves = torch.randn(2, RIGS, FRAMES)
    output = module(curves)
    expected = module.connect2(F.gelu(module.connect1(output.scores.flatten(1))))
    torch.testing.assert_close(output.logits, expected)


def test_dropout_acts_in_training_only():
    module, curves = _module(), torch.randn(2, RIGS, FRAMES)
    assert torch.equal(module(curves).logits, module(curves).logits)
    module.train()
    assert not torch.equal(module(curves).logits, module(curves).logits)


def test_curves_of_another_shape_are_refused():
    for wrong in (torch.zeros(2, FRAMES, RIGS), torch.zeros(2, RIGS, FRAMES + 1), torch.zeros(RIGS, FRAMES)):
        with pytest.raises(ValueError, match="expected \\(batch, 7 controls, 24 frames\\)"):
            _module()(wrong)
    with pytest.raises(ValueError, match="multiple of 3 heads"):
        _module(heads=3)
    with pytest.raises(ValueError, match="'maximum' is not one of sum, mean"):
        _module(accumulate="maximum")


def test_settings_are_checked_together():
    with pytest.raises(ConfigError) as error:
        CorrelationConfig(heads=3, frames=0, scores="cosine", fps=0)
    for part in ("heads is 3", "frames is 0", "scores is 'cosine'", "fps is 0"):
        assert part in str(error.value)
    config = CorrelationConfig(scores="softmax", layers=2)
    assert CorrelationConfig.from_mapping(config.to_mapping()) == config


def _coupled(windows: int, classes: torch.Tensor) -> torch.Tensor:
    """Smooth curves; class 0 and 1 couple the rigs in two different ways, class 5 couples none.

    Each rig alone is the same in all: only which rigs go together tells them apart.
    """
    kernel = torch.hann_window(9, periodic=False)[None, None]
    kernel = kernel / kernel.square().sum().sqrt()

    def smooth(count: int) -> torch.Tensor:
        noise = torch.randn(windows * count, 1, FRAMES)
        return F.conv1d(noise, kernel, padding=4).view(windows, count, FRAMES)

    own, shared = smooth(RIGS + 1)[:, :RIGS], smooth(2)
    first = shared[:, [0, 0, 0, 1, 1, 1, 1]]
    second = shared[:, [0, 1, 0, 1, 0, 1, 0]]
    chosen = torch.stack([first, second, first, first, first, smooth(RIGS)])[classes, torch.arange(windows)]
    return 0.9 * chosen + 0.3 * own


def test_a_short_training_tells_couplings_from_each_other_and_from_random():
    """And the scores of the classes come apart: what Fig. 2 shows."""
    module = CorrelationModule(RIGS, FRAMES, width=32, heads=2, layers=2, hidden=32).train()
    optimiser = torch.optim.AdamW(module.parameters(), lr=2e-3)
    known = torch.tensor([0, 1, 5])
    for _ in range(120):
        classes = known[torch.randint(3, (32,))]
        loss = correlation_loss(module(_coupled(32, classes)).logits, F.one_hot(classes, 6).float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    module.eval()
    classes = known.repeat_interleave(40)
    with torch.no_grad():
        output = module(_coupled(120, classes))
    assert (output.logits.argmax(dim=1) == classes).float().mean() > 0.9  # chance is a third
    flat = F.layer_norm(output.scores, output.scores.shape[1:]).flatten(1)
    means = torch.stack([flat[classes == c].mean(dim=0) for c in known])
    spread = torch.stack([flat[classes == c].std(dim=0).mean() for c in known]).mean()
    assert torch.pdist(means).min() / math.sqrt(RIGS * RIGS) > 0.5 * spread
