"""EmoFace (Liu et al., IEEE VR 2024, https://github.com/SJTU-Lucy/EmoFace) on the kept controls of the rig.

The paper: wav2vec 2.0 features and an emotion label go through one transformer encoder to 174 controllers of
a MetaHuman, all frames at once, trained with the squared error; the label's embedding passes two layers with
a leaky ReLU and is added to every frame; the last layer starts at 0. Blinks and gaze are drawn and pasted in
afterwards.

Different here:

* The label is the mixed and, if asked for, keyed emotion embedding that all methods get.
* Attention reaches 48 frames to either side, and positions are FaceFormer's periodic ones. The released model
  is trained on whole clips with absolute positions; trained on windows of 96 frames it would meet, in a
  longer line, positions and crowds of keys that it never saw.
* One layer by default, as for the other baselines; the paper has 10 of 512 values. `generator.layers` and
  `generator.width` are settings.
* No blinks or gaze of its own: `predict` gives every method the same (performer/liveliness.py).

Shape key: B batch, T frames, D features, E emotion embedding, W width, C controls.
"""

from torch import Tensor, nn

from cstalk_ue.model.baselines.attention import EncoderLayer, near_bias, periodic_positions
from cstalk_ue.model.curve_generator import CurveGenerator, build_input_norm

_LEAK = 0.2


class EmoFace(CurveGenerator):
    """Transformer encoder over speech and label, all frames at once.

    Args:
        features: width of the speech features, D.
        controls: curves to give, C.
        width: W, even and a multiple of `heads`.
        emotion_width: values of the emotion embedding, E.
        heads, layers: of the encoder.
        period: of the positional encoding, in frames.
        reach: frames to either side that a frame attends to in one layer.
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
        heads: int = 4,
        layers: int = 1,
        period: int = 30,
        reach: int = 48,
        dropout: float = 0.1,
        input_norm: str = "layer",
    ) -> None:
        super().__init__()
        self.features, self.controls, self.emotion_width = features, controls, emotion_width
        self.period, self.reach = period, reach
        self.input_norm = build_input_norm(input_norm, features)
        self.speech = nn.Linear(features, width)
        self.label = nn.Sequential(
            nn.Linear(emotion_width, width), nn.LeakyReLU(_LEAK), nn.Linear(width, width)
        )
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(EncoderLayer(width, heads, dropout=dropout) for _ in range(layers))
        self.output = nn.Linear(width, controls)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    @property
    def receptive_field_frames(self) -> int:
        """Frames whose features reach one output frame, itself included; half of them lie ahead."""
        return 1 + 2 * self.reach * len(self.layers)

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """(B, T, D) and (B, T or 1, E) -> (B, T, C)"""
        frames = features.shape[1]
        speech = self.speech(self.input_norm(features))  # (B, T, W)
        position = periodic_positions(frames, speech.shape[-1], self.period, like=speech)  # (T, W)
        x = self.dropout(speech + position) + self.label(embedding)  # (B, T, W)
        bias = near_bias(frames, self.reach, like=speech)  # (T, T)
        for layer in self.layers:
            x = layer(x, bias)  # (B, T, W)
        return self.output(x)  # (B, T, C)
