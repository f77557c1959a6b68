"""FaceFormer (Fan et al., CVPR 2022, https://arxiv.org/abs/2112.05329) on rig curves.

The paper: wav2vec 2.0 features; a transformer decoder of one layer makes frame after frame out of the frames
it made before, with a periodic positional encoding, self-attention biased to the near past, and attention to
the speech through an alignment mask; a style embedding of the speaker is added to every frame; the last layer
starts at 0, so that training starts from the template face.

Different here:

* Controls instead of vertices, as offsets from the mean face: 0 in normalised units is the template.
* The emotion embedding takes the place of the speaker's style, and may change from frame to frame.
* Features are at curve frames already, so the alignment mask leaves each frame its own feature (the paper's
  setting for VOCASET), which needs no queries and keys (see AlignedAttention).
* The period is a second, the frame rate, as in the paper (30 at 30 fps). No longest clip: the released code
  stops at 600 frames; here encoding and bias are made for the length at hand.
* Training. The paper feeds the model its own frames one by one: 96 passes for a window. Here they are made in
  parallel: `rollouts` passes without gradients, the first out of recorded frames, each later one out of those
  of the pass before, then one with gradients (scheduled sampling for transformers,
  https://arxiv.org/abs/1906.07651). Fed recorded frames alone, it learns to repeat the last one and drifts at
  prediction: on made-up curves of variance 1.53, of which 400 steps left a TCN an error of 0.72, it was left
  1.13; with two rollouts 0.83, with two for half of the clips 0.86.

Shape key: B batch, T frames, D features, E emotion embedding, W width, H heads, C controls.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cstalk_ue.model.baselines.attention import DecoderLayer, past_bias, periodic_positions
from cstalk_ue.model.curve_generator import CurveGenerator, TrainingOutput, build_input_norm


class FaceFormer(CurveGenerator):
    """Autoregressive transformer decoder.

    Args:
        features: width of the speech features, D.
        controls: curves to give, C.
        width: W, even and a multiple of `heads`.
        emotion_width: values of the emotion embedding, E.
        heads, layers: of the decoder.
        period: of the positional encoding and the temporal bias, in frames.
        dropout: share of values dropped in training.
        input_norm: "layer" or "batch", see `build_input_norm`.
        own_history: share of the clips that are fed the model's own frames in training, not recorded ones.
        rollouts: passes that make these frames.
    """

    def __init__(
        self,
        features: int,
        controls: int,
        *,
        width: int = 256,
        emotion_width: int = 32,
        heads: int = 4,
        layers: int = 1,
        period: int = 30,
        dropout: float = 0.1,
        input_norm: str = "layer",
        own_history: float = 1.0,
        rollouts: int = 2,
    ) -> None:
        super().__init__()
        self.features, self.controls, self.emotion_width = features, controls, emotion_width
        self.heads, self.period = heads, period
        self.own_history, self.rollouts = own_history, rollouts
        self.input_norm = build_input_norm(input_norm, features)
        self.speech = nn.Linear(features, width)
        self.motion = nn.Linear(controls, width)
        self.style = nn.Linear(emotion_width, width, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, dropout=dropout) for _ in range(layers))
        self.output = nn.Linear(width, controls)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    @property
    def receptive_field_frames(self) -> None:
        """The whole clip: every frame depends on all before it."""
        return None

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """(B, T, D) and (B, T or 1, E) -> (B, T, C), frame after frame; keys and values are kept."""
        frames = features.shape[1]
        speech = self.speech(self.input_norm(features))  # (B, T, W)
        layers = cast(list[DecoderLayer], list(self.layers))
        aligned = [layer.aligned(speech) for layer in layers]
        style = self.style(embedding).expand(-1, frames, -1)  # (B, T, W)
        position = periodic_positions(frames, speech.shape[-1], self.period, like=speech)  # (T, W)
        bias = past_bias(frames, self.heads, self.period, like=speech)  # (H, T, T)
        past: list[tuple[Tensor, Tensor] | None] = [None] * len(layers)
        made, last = [], speech.new_zeros(len(features), 1, self.controls)
        for t in range(frames):
            x = self.dropout(self.motion(last) + style[:, t : t + 1] + position[t])  # (B, 1, W)
            for number, layer in enumerate(layers):
                now = aligned[number][:, t : t + 1]
                x, past[number] = layer.step(x, now, bias[:, t : t + 1, : t + 1], past[number])
            last = self.output(x)  # (B, 1, C)
            made.append(last)
        return torch.cat(made, dim=1)  # (B, T, C)

    def training_forward(
        self, features: Tensor, embedding: Tensor, target: Tensor, *, mask: Tensor | None = None
    ) -> TrainingOutput:
        """All frames at once, out of recorded frames or the model's own; see `CurveGenerator`."""
        history = target.nan_to_num()  # (B, T, C)
        if mask is not None:
            history = history.masked_fill(~mask[..., None], 0)
        if self.training and self.own_history > 0:
            own = torch.rand(len(target), 1, 1, device=target.device) < self.own_history  # (B, 1, 1)
            with torch.no_grad():
                for _ in range(self.rollouts):
                    made = self.decode(features, embedding, history)
                    history = torch.where(own, made.to(history.dtype), history)
        return TrainingOutput(self.decode(features, embedding, history), {})

    def decode(self, features: Tensor, embedding: Tensor, history: Tensor) -> Tensor:
        """What `forward` would make of each frame if the frames before were those of `history`, (B, T, C)."""
        frames = features.shape[1]
        speech = self.speech(self.input_norm(features))  # (B, T, W)
        before = F.pad(history, (0, 0, 1, -1))  # (B, T, C): the mean face comes first
        position = periodic_positions(frames, speech.shape[-1], self.period, like=speech)  # (T, W)
        x = self.dropout(self.motion(before) + self.style(embedding) + position)  # (B, T, W)
        bias = past_bias(frames, self.heads, self.period, like=speech)  # (H, T, T)
        for layer in self.layers:
            x = layer(x, speech, bias)  # (B, T, W)
        return self.output(x)  # (B, T, C)
