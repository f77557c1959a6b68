"""Generator: speech features and an emotion → control curves, by a temporal convolution network (II.A).

Non-causal and without recurrence: a frame depends on its neighbourhood only, whose size is the receptive
field, set by `dilations`. "Each layer is fused with an emotion embedding": every layer's input is scaled and
shifted per channel and frame by values made from the embedding (FiLM, https://arxiv.org/abs/1709.07871); the
paper does not say how it fuses, and adding or concatenating are special cases of this. Knows nothing about
audio or about which controls these are (see talking_face.py).

Shape key: B batch, T curve frames, D feature width, E embedding width, W width of the network, C controls.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from cstalk_ue.model.curve_generator import CurveGenerator, build_input_norm


class Generator(CurveGenerator):
    """TCN decoder with the emotion in every layer and a linear output.

    Args:
        features: width of the speech features, D.
        controls: curves to give, C.
        width: channels inside, W.
        emotion_width: values of the emotion embedding, E.
        dilations: one layer each; its two convolutions look `dilation` frames apart.
        kernel: taps per convolution, odd.
        dropout: share of values dropped in training.
        input_norm: "layer" or "batch", see `build_input_norm`.
    """

    def __init__(
        self,
        features: int,
        controls: int,
        *,
        width: int = 256,
        emotion_width: int = 32,
        dilations: Sequence[int] = (1, 2, 4, 8, 1, 2),
        kernel: int = 3,
        dropout: float = 0.1,
        input_norm: str = "layer",
    ) -> None:
        super().__init__()
        if kernel % 2 == 0 or not dilations:
            raise ValueError(f"kernel {kernel} must be odd and dilations {dilations} not empty.")
        self.features, self.controls, self.emotion_width = features, controls, emotion_width
        self.kernel, self.dilations = kernel, tuple(dilations)
        self.input_norm = build_input_norm(input_norm, features)
        self.input = nn.Linear(features, width)
        self.layers = nn.ModuleList(
            TcnLayer(width, emotion_width=emotion_width, kernel=kernel, dilation=dilation, dropout=dropout)
            for dilation in self.dilations
        )
        self.output = nn.Linear(width, controls)

    @property
    def receptive_field_frames(self) -> int:
        """Curve frames whose features reach one output frame, itself included; half of them lie ahead."""
        return 1 + 2 * (self.kernel - 1) * sum(self.dilations)

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """Curves in normalised units.

        Args:
            features: (B, T, D) at curve frames.
            embedding: (B, T, E), or (B, 1, E) for one emotion throughout.

        Returns:
            (B, T, C)
        """
        x = self.input(self.input_norm(features))  # (B, T, W)
        for layer in self.layers:
            x = layer(x, embedding)  # (B, T, W)
        return self.output(x)  # (B, T, C)


class TcnLayer(nn.Module):
    """Two dilated convolutions beside a skip connection; the emotion scales and shifts their input."""

    def __init__(self, width: int, *, emotion_width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = (kernel - 1) // 2 * dilation
        self.norm = nn.LayerNorm(width)
        self.fuse = nn.Linear(emotion_width, 2 * width)
        self.conv1 = nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation)
        self.conv2 = nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """(B, T, W) and (B, T, E) -> (B, T, W)"""
        scale, shift = self.fuse(embedding).chunk(2, dim=-1)  # each (B, T, W)
        fused = self.norm(x) * (1 + scale) + shift  # (B, T, W)
        y = self.dropout(F.gelu(self.conv1(fused.transpose(1, 2))))  # (B, W, T)
        y = self.dropout(F.gelu(self.conv2(y)))  # (B, W, T)
        return x + y.transpose(1, 2)
