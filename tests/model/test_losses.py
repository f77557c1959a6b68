"""L_R against values worked out by hand, L_C against torch's."""

import pytest
import torch

from cstalk_ue.model.losses import correlation_loss, correlation_target, reconstruction_loss


def test_equals_the_value_worked_out_by_hand():
    """One clip, three frames, two controls; errors (1, 0), (3, -1), (0, 2).

    Squares: 1 + 0 + 9 + 1 + 0 + 4 = 15 over 6 values = 2.5.
    Differences of the errors: (2, -1), (-3, 3); squares 4 + 1 + 9 + 9 = 23 over 4 values = 5.75.
    """
    target = torch.tensor([[[0.5, 0.5], [-1.0, 2.0], [3.0, 4.0]]])
    prediction = target + torch.tensor([[[1.0, 0.0], [3.0, -1.0], [0.0, 2.0]]])
    assert reconstruction_loss(prediction, target).item() == pytest.approx(2.5 + 5.75)


def test_invalid_frames_do_not_count_even_if_they_hold_nonsense():
    target = torch.randn(2, 10, 3)
    prediction = target + torch.randn(2, 10, 3)
    mask = torch.ones(2, 10, dtype=torch.bool)
    mask[:, 6:] = False
    spoiled = target.clone()
    spoiled[:, 6:] = float("nan")
    prediction.requires_grad_(True)
    loss = reconstruction_loss(prediction, spoiled, mask=mask)
    torch.testing.assert_close(loss, reconstruction_loss(prediction[:, :6], target[:, :6]))
    loss.backward()
    assert prediction.grad is not None
    assert torch.isfinite(prediction.grad).all()
    assert not prediction.grad[:, 6:].any()


def test_a_difference_across_a_gap_does_not_count():
    target, prediction = torch.zeros(1, 3, 1), torch.tensor([[[1.0], [9.0], [1.0]]])
    mask = torch.tensor([[True, False, True]])
    assert reconstruction_loss(prediction, target, mask=mask).item() == pytest.approx(1.0)


def test_equal_curves_cost_nothing_and_a_single_frame_works():
    curves = torch.randn(2, 1, 3)
    assert reconstruction_loss(curves, curves).item() == 0
    assert reconstruction_loss(curves + 2, curves).item() == pytest.approx(4, rel=1e-5)
    nothing = torch.zeros(2, 1, dtype=torch.bool)
    assert reconstruction_loss(curves + 2, curves, mask=nothing).item() == 0


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="expected one"):
        reconstruction_loss(torch.zeros(2, 5, 3), torch.zeros(1, 5, 3))


def test_l_c_equals_torchs_cross_entropy_on_one_hot_targets():
    logits, classes = torch.randn(8, 6), torch.randint(6, (8,))
    one_hot = torch.nn.functional.one_hot(classes, 6).float()
    expected = torch.nn.functional.cross_entropy(logits, classes)
    torch.testing.assert_close(correlation_loss(logits, one_hot), expected)
    mixed = torch.softmax(torch.randn(8, 6), dim=-1)
    expected = torch.nn.functional.cross_entropy(logits, mixed)
    torch.testing.assert_close(correlation_loss(logits, mixed), expected)


def test_l_c_is_least_where_the_probabilities_are_the_emotions_weights():
    target = torch.tensor([[0.4, 0.0, 0.0, 0.0, 0.6, 0.0]])
    logits = torch.zeros(1, 6, requires_grad=True)
    optimiser = torch.optim.SGD([logits], lr=2.0)
    for _ in range(500):
        optimiser.zero_grad()
        correlation_loss(logits, target).backward()
        optimiser.step()
    torch.testing.assert_close(logits.softmax(dim=-1), target, rtol=0, atol=0.01)
    entropy = -(0.4 * torch.tensor(0.4).log() + 0.6 * torch.tensor(0.6).log())
    assert correlation_loss(logits, target) >= entropy


def test_l_c_stays_finite_however_sure_the_module_is():
    logits = torch.tensor([[200.0, -200.0, 0, 0, 0, 0]])
    assert correlation_loss(logits, torch.eye(6)[[1]]).item() == pytest.approx(400)
    half = correlation_loss(logits.bfloat16(), torch.eye(6)[[1]])
    assert half.dtype == torch.float32
    with pytest.raises(ValueError, match="expected one"):
        correlation_loss(torch.zeros(2, 6), torch.zeros(2, 5))


def test_the_target_is_the_mean_emotion_and_never_random():
    emotion = torch.zeros(2, 4, 5)
    emotion[0, :, 1] = torch.tensor([0.0, 0.5, 1.0, 1.0])
    emotion[0, :, 0] = 1 - emotion[0, :, 1]
    emotion[1, :, 4] = 1
    expected = torch.tensor([[0.375, 0.625, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0]])
    torch.testing.assert_close(correlation_target(emotion), expected)
    torch.testing.assert_close(correlation_target(emotion[:, 2]), torch.eye(6)[[1, 4]])
    mask = torch.tensor([[False, False, True, True], [False] * 4])
    torch.testing.assert_close(correlation_target(emotion, mask=mask), torch.eye(6)[[1, 4]])
