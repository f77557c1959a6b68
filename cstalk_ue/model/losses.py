"""Losses of the paper as pure functions: tensors in, one number out.

Shape key: B batch, T frames, C controls, E emotions, M classes (the emotions and "random").
"""

import torch
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


def correlation_loss(logits: Tensor, target: Tensor) -> Tensor:
    """L_C, eq. (3): cross-entropy between the emotion asked for and the one told from the curves, over N.

    The paper's e_ic is 1 for the class of sample i. Here an emotion is a weight per class, so e_i is a
    distribution; for a one-hot row the loss is the paper's. A mixture's smallest loss is its entropy, not 0.

    Args:
        logits: (B, M), before the softmax.
        target: (B, M) probabilities, rows summing to 1 (see `correlation_target`).

    Returns:
        Scalar, mean over the batch.
    """
    if logits.shape != target.shape or logits.ndim != 2:
        raise ValueError(
            f"logits {tuple(logits.shape)} and target {tuple(target.shape)}; expected one (B, M)."
        )
    # In float32 also under autocast: a bf16 logarithm is off by a percent.
    log_probability = logits.float().log_softmax(dim=-1)  # (B, M)
    return -(target * log_probability).sum(dim=-1).mean()


def correlation_target(emotion: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """e of eq. (3) for recorded curves: a window's mean emotion weights, and 0 for "random", the last class.

    Args:
        emotion: (B, T, E) weights per frame, or (B, E).
        mask: (B, T) bool, True at the frames that count; a window without any counts whole.

    Returns:
        (B, E + 1), rows summing to 1.
    """
    if emotion.ndim == 3 and mask is not None:
        counted = torch.where(mask.any(dim=1, keepdim=True), mask, True)[..., None]  # (B, T, 1)
        emotion = emotion.masked_fill(~counted, 0).sum(dim=1) / counted.sum(dim=1)  # (B, E)
    elif emotion.ndim == 3:
        emotion = emotion.mean(dim=1)  # (B, E)
    return torch.nn.functional.pad(emotion, (0, 1))
