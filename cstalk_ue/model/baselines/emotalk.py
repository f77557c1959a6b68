"""EmoTalk (Peng et al., ICCV 2023, https://arxiv.org/abs/2303.11089) on rig curves.

The paper: two wav2vec 2.0 encoders, one tuned to recognise words and one to recognise emotion, give content
and emotion features; a decoder layer attends from both, together with embeddings of intensity and person, to
the emotion features through an alignment mask, and to the past through FaceFormer's bias, without feeding
frames back; a linear layer that starts at 0 gives blend shapes. Trained with pairs of recordings of the same
words in different emotions: content of one and emotion of the other must give the known third (cross
reconstruction); besides self reconstruction, velocity and a classification of the emotion.

Different here:

* One speech encoder, ours, as for every method; a transformer layer makes content of its features and a
  recurrent layer emotion. Neither comes from a tuned encoder, so what sets them apart is training alone.
* The user says the emotion. Its embedding takes the place of intensity and person and is added to what is
  heard, so that a line can be asked for in another emotion than it was spoken in, and keyed.
* Cross reconstruction. Our takes do not repeat each other's words frame by frame, so the known third does not
  exist. A clip is paired with another one of the same emotion in the batch and must be reconstructed with
  that one's emotion features: they can then carry only what the clips of an emotion share, the content
  everything else. A clip whose emotion nobody else in the batch has is left out.
* Classification. The mean emotion feature must give the clip's emotion embedding (squared error, in units of
  its size), not a class: emotions are weights here, and the embedding is linear in them.
* Weights 1 for cross reconstruction, which has its velocity term in it, and 0.1 for recognition.

Shape key: B batch, T frames, D features, E emotion embedding, W width, H heads, C controls.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cstalk_ue.model.baselines.attention import (
    DecoderLayer,
    EncoderLayer,
    near_bias,
    past_bias,
)
from cstalk_ue.model.curve_generator import CurveGenerator, TrainingOutput, build_input_norm
from cstalk_ue.model.losses import reconstruction_loss

_SAME_EMOTION = 0.05
"""Two clips have the same emotion if their mean embeddings differ by at most this share of their size."""
_CROSS_WEIGHT = 1.0
_RECOGNITION_WEIGHT = 0.1


class EmoTalk(CurveGenerator):
    """Content and emotion heard apart, and an emotion-guided decoder.

    Args:
        features: width of the speech features, D.
        controls: curves to give, C.
        width: W, even and a multiple of `heads`.
        emotion_width: values of the emotion embedding, E.
        heads: of all attention.
        layers: of the content branch, and of the decoder.
        period: of the temporal bias, in frames.
        reach: frames to either side that the content branch attends to in one layer.
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
        self.heads, self.period, self.reach = heads, period, reach
        self.input_norm = build_input_norm(input_norm, features)
        self.content_input = nn.Linear(features, width)
        self.content_layers = nn.ModuleList(
            EncoderLayer(width, heads, dropout=dropout) for _ in range(layers)
        )
        self.emotion_input = nn.Linear(features, width)
        self.emotion_recurrence = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.asked = nn.Linear(emotion_width, width)
        self.emotion_fusion = nn.Linear(width, width)
        self.recognition = nn.Linear(width, emotion_width)
        self.dropout = nn.Dropout(dropout)
        self.decoder_layers = nn.ModuleList(
            DecoderLayer(width, heads, dropout=dropout) for _ in range(layers)
        )
        self.output = nn.Linear(width, controls)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    @property
    def receptive_field_frames(self) -> None:
        """The whole clip: the emotion is heard in all of it."""
        return None

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """(B, T, D) and (B, T or 1, E) -> (B, T, C)"""
        content, emotion = self.listen(features)
        return self.decode(content, emotion, embedding)

    def training_forward(
        self, features: Tensor, embedding: Tensor, target: Tensor, *, mask: Tensor | None = None
    ) -> TrainingOutput:
        """Curves, and the losses "cross" and "recognition"; see `CurveGenerator`."""
        content, emotion = self.listen(features)
        curves = self.decode(content, emotion, embedding)  # (B, T, C)
        label = embedding.mean(dim=1).detach()  # (B, E)
        told = self.recognition(emotion.mean(dim=1))  # (B, E)
        recognition = (told - label).square().mean() / label.square().mean().clamp(min=1e-8)
        partner = same_emotion_partners(label)  # (B,)
        counted = partner != torch.arange(len(partner), device=partner.device)  # (B,)
        swapped = self.decode(content, emotion[partner], embedding)  # (B, T, C)
        everywhere = torch.ones(target.shape[:2], dtype=torch.bool, device=target.device)
        valid = counted[:, None] & (everywhere if mask is None else mask)  # (B, T)
        cross = reconstruction_loss(swapped, target, mask=valid)
        return TrainingOutput(
            curves, {"cross": _CROSS_WEIGHT * cross, "recognition": _RECOGNITION_WEIGHT * recognition}
        )

    def listen(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) -> content and emotion features, (B, T, W) each."""
        heard = self.input_norm(features)  # (B, T, D)
        content = self.content_input(heard)  # (B, T, W)
        bias = near_bias(features.shape[1], self.reach, like=content)  # (T, T)
        for layer in self.content_layers:
            content = layer(content, bias)
        emotion, _ = self.emotion_recurrence(self.dropout(self.emotion_input(heard)))  # (B, T, W)
        return content, emotion

    def decode(self, content: Tensor, emotion: Tensor, embedding: Tensor) -> Tensor:
        """Content and emotion features (B, T, W), and what is asked for (B, T or 1, E) -> (B, T, C)."""
        guide = emotion + self.asked(embedding)  # (B, T, W)
        x = self.dropout(content + F.relu(self.emotion_fusion(guide)))  # (B, T, W)
        bias = past_bias(content.shape[1], self.heads, self.period, like=content)  # (H, T, T)
        for layer in self.decoder_layers:
            x = layer(x, guide, bias)  # (B, T, W)
        return self.output(x)  # (B, T, C)


def same_emotion_partners(label: Tensor) -> Tensor:
    """(B, E) mean embeddings -> (B,): the next clip of the batch of the same emotion, or the clip itself."""
    count = len(label)
    clip = torch.arange(count, device=label.device)
    distance = torch.cdist(label[None].float(), label[None].float())[0]  # (B, B)
    size = label.float().norm(dim=1).mean()
    ahead = (clip[None] - clip[:, None]) % count  # (B, B): 0 for the clip itself
    ahead = torch.where((distance <= _SAME_EMOTION * size) & (ahead > 0), ahead, count)  # (B, B)
    nearest = ahead.argmin(dim=1)  # (B,)
    return torch.where(ahead.gather(1, nearest[:, None])[:, 0] < count, nearest, clip)
