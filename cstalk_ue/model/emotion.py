"""EmotionEmbedding: emotion weights → the vector e that steers every layer of the generator (II.A).

The paper embeds one of five classes. Here an emotion is a weight per class, so the embedding is the weighted
mean of the class vectors: half angry lies half way between neutral and angry, and a keyed track gives one
vector per frame. Knows nothing about the grammar of emotions (see cstalk_ue/emotion.py).

Shape key: B batch, T frames, E width of the embedding.
"""

import torch
from torch import Tensor, nn


class EmotionEmbedding(nn.Module):
    """One trained vector per class, mixed by weights. Linear and without bias, so mixtures interpolate.

    Args:
        emotions: number of classes.
        width: values per vector, E.
    """

    def __init__(self, emotions: int = 5, *, width: int = 32) -> None:
        super().__init__()
        self.emotions, self.width = emotions, width
        self.vectors = nn.Parameter(torch.randn(emotions, width))

    def forward(self, weights: Tensor) -> Tensor:
        """Mix the class vectors.

        Args:
            weights: (B, T, emotions), or (B, emotions) for an emotion that never changes; columns in the
                model's order, each row summing to 1.

        Returns:
            (B, T, E); (B, 1, E) for weights without a time axis, which broadcasts over frames.
        """
        if weights.ndim not in (2, 3) or weights.shape[-1] != self.emotions:
            raise ValueError(
                f"emotion weights of shape {tuple(weights.shape)}; expected (B, T, {self.emotions})."
            )
        if weights.ndim == 2:
            weights = weights[:, None]  # (B, 1, emotions)
        return weights.to(self.vectors.dtype) @ self.vectors  # (B, T, E)
