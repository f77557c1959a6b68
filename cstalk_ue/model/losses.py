"""Losses of the paper as pure functions: tensors in, one number out.

Shape key: B batch, T frames, C controls.
"""

from torch import Tensor


def reconstruction_loss(prediction: Tensor, target: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """L_R, eq. (1): squared error of the curves plus squared error of their frame differences.

    The paper says "N denotes the number of samples" but takes differences over the same index, so i runs over
    frames. Here both sums become means over batch, frames and controls: the squared norm over controls is
    divided by C as well, which changes L_R by a constant factor and makes it comparable between rigs.

    Args:
        prediction, target: (B, T, C) in the same units.
        mask: (B, T) bool, True where the target is valid. A difference counts if both its frames do.

    Returns:
        Scalar, at least 0; 0 if no frame is valid. Without a second frame the difference term is 0.
    """
    if prediction.shape != target.shape or prediction.ndim != 3:
        raise ValueError(
            f"prediction {tuple(prediction.shape)} and target {tuple(target.shape)}; expected one (B, T, C)."
        )
    error = prediction - target  # (B, T, C)
    if mask is None:
        return _mean_square(error, None) + _mean_square(error[:, 1:] - error[:, :-1], None)
    # Chosen before squaring, not multiplied after: an invalid frame may hold anything, and 0 * NaN is NaN, in
    # the gradient too.
    error = error.masked_fill(~mask[..., None], 0)
    pair_mask = mask[:, 1:] & mask[:, :-1]  # (B, T - 1)
    # The difference of the errors is the error of the differences.
    return _mean_square(error, mask) + _mean_square(error[:, 1:] - error[:, :-1], pair_mask)


def _mean_square(error: Tensor, mask: Tensor | None) -> Tensor:
    squared = error.square()  # (B, T, C)
    if mask is None:
        return squared.sum() / max(1, squared.numel())
    return squared.masked_fill(~mask[..., None], 0).sum() / (mask.sum() * error.shape[-1]).clamp(min=1)
