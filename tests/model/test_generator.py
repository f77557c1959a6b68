"""The generator's receptive field is exact, and the emotion reaches every layer."""

import pytest
import torch

from cstalk_ue.model.generator import Generator


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(12)


@pytest.mark.parametrize(
    ("dilations", "kernel", "expected"),
    [((1,), 3, 5), ((1, 2, 4), 3, 29), ((2, 1), 5, 25), ((1, 2, 4, 8, 1, 2), 3, 73)],
)
def test_the_receptive_field_is_exact(dilations, kernel, expected):
    """Gradient of one output frame with respect to every input frame: not 0 inside, 0 outside."""
    generator = Generator(6, 3, width=8, emotion_width=4, dilations=dilations, kernel=kernel).eval().double()
    assert generator.receptive_field_frames == expected
    frames, middle = 2 * expected + 1, expected
    features = torch.randn(1, frames, 6, dtype=torch.float64, requires_grad=True)
    generator(features, torch.randn(1, 1, 4, dtype=torch.float64))[0, middle].sum().backward()
    assert features.grad is not None
    touched = features.grad[0].abs().sum(-1).nonzero()[:, 0]
    half = (expected - 1) // 2
    assert (int(touched[0]), int(touched[-1])) == (middle - half, middle + half)


def test_the_length_is_kept_down_to_one_frame():
    generator = Generator(6, 3, width=8, emotion_width=4)
    for frames in (1, 2, 96):
        assert generator(torch.randn(2, frames, 6), torch.randn(2, 1, 4)).shape == (2, frames, 3)


def test_the_emotion_reaches_the_output_through_every_layer():
    """With the fusion of all other layers set to 0, each layer alone still carries the emotion."""
    generator = Generator(6, 3, width=8, emotion_width=4).eval()
    features = torch.randn(1, 20, 6)
    saved = [layer.fuse.weight.detach().clone() for layer in generator.layers]
    for alone in range(len(saved)):
        with torch.no_grad():
            for index, layer in enumerate(generator.layers):
                layer.fuse.weight.copy_(saved[index] if index == alone else torch.zeros_like(saved[index]))
        embedding = torch.randn(1, 20, 4, requires_grad=True)
        generator(features, embedding).sum().backward()
        assert embedding.grad is not None
        assert embedding.grad.abs().max() > 0
    with torch.no_grad():
        generator.layers[-1].fuse.weight.zero_()
    torch.testing.assert_close(
        generator(features, torch.zeros(1, 1, 4)), generator(features, torch.ones(1, 1, 4)), rtol=0, atol=0
    )


def test_an_emotion_per_frame_acts_in_its_neighbourhood_only():
    generator = Generator(6, 3, width=8, emotion_width=4, dilations=(1, 2)).eval()
    half = (generator.receptive_field_frames - 1) // 2
    features, calm = torch.randn(1, 60, 6), torch.zeros(1, 60, 4)
    late = calm.clone()
    late[:, 40:] = 1
    change = (generator(features, late) - generator(features, calm)).abs().sum(-1)[0]
    assert change[: 40 - half].max() == 0
    assert change[45:].min() > 0


def test_one_emotion_throughout_equals_the_same_on_every_frame():
    generator = Generator(6, 3, width=8, emotion_width=4).eval()
    features, embedding = torch.randn(2, 30, 6), torch.randn(2, 1, 4)
    torch.testing.assert_close(
        generator(features, embedding), generator(features, embedding.expand(2, 30, 4)), rtol=0, atol=1e-6
    )


def test_batch_norm_keeps_the_level_that_layer_norm_takes_out():
    """Loudness is one number added to all log-mel bands; a layer norm would make the generator deaf to it."""
    features = torch.randn(4, 50, 6)
    embedding = torch.zeros(4, 1, 4)
    for norm, same in (("layer", True), ("batch", False)):
        generator = Generator(6, 3, width=8, emotion_width=4, input_norm=norm)
        generator(features, embedding)  # gives the batch norm its statistics
        generator.eval()
        assert (
            torch.allclose(generator(features + 2, embedding), generator(features, embedding), atol=1e-5)
            == same
        )


def test_settings_that_make_no_network_are_refused():
    for wrong in ({"kernel": 4}, {"dilations": ()}, {"input_norm": "none"}):
        with pytest.raises(ValueError, match=r"kernel|'none' is not one of the norms"):
            Generator(6, 3, **wrong)
