"""L_R against values worked out by hand."""

import pytest
import torch

from cstalk_ue.model.losses import reconstruction_loss


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
