"""SupervisedFace: a talking face and what it is trained against, as one module (II.A, II.C).

L_G = w_R L_R + w_C L_C (eq. 4, with weights). L_R compares curves; L_C asks the frozen correlation module
which emotion it sees in the predicted curves, and its gradient goes through the module into the curves.

The scale of the two against each other matters: eq. (1) takes the squared norm over all R rigs, a sum, while
`reconstruction_loss` takes their mean. So "loss" is L_G / R: L_C is divided by the number of controls, which
keeps the paper's proportion and moves no minimum. Both work in normalised units, where every control counts
alike: the mean L_R of a face that holds every control at its mean is about 1, L_C of a blind guess among six
classes is log 6 = 1.79. Undivided, L_C wins: on made-up takes L_R of held-out ones then stays nearly twice as
high (docs/log.md). Knows nothing about data sets or optimisers.

Shape key: B batch, T frames, S samples, D features, C kept controls, M classes.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.model.correlation import CorrelationModule
from cstalk_ue.model.losses import correlation_loss, correlation_target, reconstruction_loss
from cstalk_ue.model.talking_face import TalkingFace
from cstalk_ue.train.windows import WindowBatch


class SupervisedFace(nn.Module):
    """A talking face and what it is trained against, as one module: batch -> losses.

    Args:
        model: encoder, emotion embedding and generator.
        correlation: frozen here; None for L_R alone.
        reconstruction_weight, correlation_weight: w_R and w_C.
        emotions: columns of the emotion weights that the model knows.
        units: (mean, std), (C,) each, that scaled the curves of `correlation`, if not the model's.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self,
        model: TalkingFace,
        correlation: CorrelationModule | None,
        *,
        reconstruction_weight: float = 1.0,
        correlation_weight: float = 1.0,
        emotions: Sequence[int] = tuple(range(len(EMOTIONS))),
        units: tuple[Tensor, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.correlation = None if correlation is None else correlation.requires_grad_(False)
        self.weights = (reconstruction_weight, correlation_weight)
        self.emotions = list(emotions)
        mean, std = units or (model.mean, model.std)
        self.register_buffer("scale", model.std / std, persistent=False)
        self.register_buffer("shift", (model.mean - mean) / std, persistent=False)
        self.train()

    def train(self, mode: bool = True) -> "SupervisedFace":
        """Training mode, but not for the correlation module: a judge drops nothing."""
        super().train(mode)
        if self.correlation is not None:
            self.correlation.eval()
        return self

    def forward(self, batch: WindowBatch) -> dict[str, Tensor]:
        """Scalars: "loss" (L_G / R), "reconstruction" (L_R / R), "correlation" (L_C) and others.

        "recognised" is the share of windows whose strongest emotion the correlation module sees, and
        "extra" the sum of a generator's own losses, 0 in evaluation mode.
        """
        curves, extra = self._curves(batch)  # (B, T, C)
        curves = curves.float()
        reconstruction = reconstruction_loss(curves, batch.target, mask=batch.mask)
        total = self.weights[0] * reconstruction
        losses = {"reconstruction": reconstruction}
        if self.correlation is not None:
            # Where nothing was captured the module sees what it saw in its own training.
            seen = torch.where(batch.mask[..., None], curves, batch.target)  # (B, T, C)
            seen = (seen * self.scale + self.shift).transpose(1, 2)  # (B, C, T)
            with torch.autocast(curves.device.type, enabled=False):
                logits = self.correlation(seen).logits  # (B, M)
            wanted = correlation_target(batch.emotion, mask=batch.mask)  # (B, M)
            losses["correlation"] = correlation_loss(logits, wanted)
            total = total + self.weights[1] * losses["correlation"] / curves.shape[-1]
            agreed = logits.argmax(dim=1) == wanted.argmax(dim=1)
            losses["recognised"] = agreed.float().mean()
        if hasattr(self.model.generator, "training_forward"):
            losses["extra"] = extra
            total = total + extra
        return {"loss": total, **losses}

    def _curves(self, batch: WindowBatch) -> tuple[Tensor, Tensor]:
        """Predicted curves (B, T, C), and the sum of a generator's own losses."""
        frames = batch.target.shape[1]
        if batch.features is not None:
            features = batch.features  # (B, T, D)
        else:
            assert batch.audio is not None, "windows without features have sound"
            features = self.model.encode(batch.audio, frames, reference=batch.reference)  # (B, T, D)
        embedding = self.model.emotion(batch.emotion[..., self.emotions])  # (B, T, E)
        generator = self.model.generator
        none = batch.target.new_zeros(())
        taught: Any = getattr(generator, "training_forward", None)
        if self.training and taught is not None:
            output = taught(features, embedding, batch.target, mask=batch.mask)
            return output.curves, sum(output.extra.values(), none)
        return generator(features, embedding), none
