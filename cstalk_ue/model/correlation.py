"""CorrelationModule: which rigs move together, and in which emotion they do so (II.B, Fig. 1).

The controls are the tokens and time is the feature axis: a window of curves S of shape (rigs, frames) goes
through transformer encoder layers, and what is kept is not their output but their attention scores QK^T.
Accumulated over the layers they make one (rigs, rigs) matrix, from which two fully connected layers tell the
emotion, or that the curves are random. Knows nothing about control names, files or how it is trained.

What the paper says, and what it leaves open:

* Eq. (2) divides by sqrt(d_model) after the softmax. Taken literally, that would only shrink every mixture by
  a constant and leave the softmax of large dot products one-hot; [18], which it restates, scales inside. So
  does this module, by the width of one head, as [18] does. The scores that are given out are scaled too
  (`scaled`), so that they are what the softmax saw.
* "We sum the scores of each layer" (II.B), but "whose average is then fed" (caption of Fig. 1): `accumulate`,
  sum by default, because the text defines the module and the caption only describes a picture. With
  `score_norm` both give the same emotions, the norm being blind to a common factor.
* Raw or softmaxed: "considering that the computational form of QK^T is consistent with cosine similarity, we
  adopt it as the output": raw is the default. Heads are not mentioned; they are averaged. For raw scores that
  is the product over the full width up to a constant, which is eq. (2) to the letter.
* No embedding of the rigs is mentioned: `rig_embedding` is off. Which rig stands where is known to the fully
  connected layers already, by the place of a score in the matrix, and without an embedding a score depends
  on curves and not on whose they are: what "correlation" means, and a test states it (reordering the rigs
  reorders the scores). With one, a score can be constant whatever the face does.
* Norms come after attention and feed-forward, as in [18]. The first layer's scores are then products of the
  curves themselves, in which a weaker movement counts for less; with `norm_first` every score compares shapes
  alone, as a cosine does. Both learn equally well.
* `score_norm` scales the matrix of each window to zero mean and unit variance before the first fully
  connected layer. Softmaxed scores are about 1 / R each and need it, raw ones hardly mind: with 40 rigs and
  emotions that lie only in which of them go together, 75 steps of 32 windows at 1e-4 told 0.72 of held-out
  windows with the norm and 0.17 without from softmaxed scores, 0.78 with and 0.81 without from raw ones.
* The last layer only makes queries and keys. Its values and feed-forward would come after the last scores,
  get no gradient ever, and stop distributed training. `output="logits"`, the paper's ablation, has them.

With the paper's 116 rigs and 96 frames and the defaults: 4,086,790 trained values, of which 3,444,992 are the
first fully connected layer.

Shape key: B batch, R rigs (= C kept controls), T frames, W width, H heads, L layers, M classes.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cstalk_ue.config import ACCUMULATIONS, CORRELATION_OUTPUTS, SCORE_KINDS

_SMALLEST_VARIANCE = 1e-10
"""Added to that of the scores. The usual 1e-5 would be all there is: softmaxed ones differ by some 1e-4."""
_FEED_FORWARD = 4
"""Width of the feed-forward part, times the width of the tokens, as in [18]."""


class CorrelationOutput(NamedTuple):
    """Logits (B, M) over the emotions and "random", and the accumulated scores (B, R, R)."""

    logits: Tensor
    scores: Tensor


class CorrelationModule(nn.Module):
    """Transformer encoder over rigs; its attention scores tell the emotion.

    Args:
        controls: rigs, R.
        frames: of a window, T.
        width: of a token, W.
        heads, layers: of the encoder.
        dropout: share of values dropped in training.
        accumulate: over layers, "sum" (II.B) or "mean" (Fig. 1).
        scores: "raw" QK^T or "softmax" of it.
        output: what the emotion is told from: "scores", or the encoder's output, "logits" (III.D). That
            output is flattened, not pooled: the first layer then has R * W inputs beside R * R, so the
            ablation compares what is looked at and not how large the classifier is.
        hidden: width between the two fully connected layers.
        classes: M, the emotions and "random", which is the last.
        scaled: divide QK^T by the square root of the width of a head.
        norm_first: norms before attention and feed-forward, not after.
        rig_embedding: add a trained vector per rig to its token.
        score_norm: zero mean and unit variance of the scores of a window before the first layer.
    """

    def __init__(
        self,
        controls: int,
        frames: int = 96,
        *,
        width: int = 128,
        heads: int = 4,
        layers: int = 4,
        dropout: float = 0.1,
        accumulate: str = "sum",
        scores: str = "raw",
        output: str = "scores",
        hidden: int = 256,
        classes: int = 6,
        scaled: bool = True,
        norm_first: bool = False,
        rig_embedding: bool = False,
        score_norm: bool = True,
    ) -> None:
        super().__init__()
        if width % heads or min(layers, controls, frames, hidden, classes) < 1:
            raise ValueError(f"width {width} must be a multiple of {heads} heads, and every size at least 1.")
        for value, choices in (
            (accumulate, ACCUMULATIONS),
            (scores, SCORE_KINDS),
            (output, CORRELATION_OUTPUTS),
        ):
            if value not in choices:
                raise ValueError(f"{value!r} is not one of {', '.join(choices)}.")
        self.controls, self.frames, self.classes = controls, frames, classes
        self.head_width = width // heads
        self.accumulate, self.scores, self.output, self.scaled = accumulate, scores, output, scaled
        self.input = nn.Linear(frames, width)
        self.rig_vectors = nn.Parameter(torch.randn(controls, width) * 0.02) if rig_embedding else None
        whole = output == "logits"
        self.layers = nn.ModuleList(
            RigAttentionLayer(
                width,
                heads,
                dropout=dropout,
                norm_first=norm_first,
                scores_only=not whole and layer == layers - 1,
            )
            for layer in range(layers)
        )
        self.output_norm = nn.LayerNorm(width) if whole else None
        self.score_norm = score_norm
        self.dropout = nn.Dropout(dropout)
        self.connect1 = nn.Linear(controls * (width if whole else controls), hidden)
        self.connect2 = nn.Linear(hidden, classes)

    def forward(self, curves: Tensor) -> CorrelationOutput:
        """Tell the emotion of windows.

        Args:
            curves: (B, R, T) in normalised units, rigs before frames.

        Returns:
            Logits (B, M) and scores (B, R, R), row by query. Gradients reach the curves through both.
        """
        tokens, raw = self._encode(curves)  # (B, R, W), L of (B, H, R, R)
        scores = self._accumulate(raw)  # (B, R, R)
        if self.output_norm is not None:
            seen = self.output_norm(tokens)  # (B, R, W)
        elif self.score_norm:
            seen = F.layer_norm(scores, scores.shape[1:], eps=_SMALLEST_VARIANCE)  # (B, R, R)
        else:
            seen = scores
        hidden = self.dropout(F.gelu(self.connect1(seen.flatten(1))))  # (B, hidden)
        return CorrelationOutput(self.connect2(hidden), scores)

    def layer_scores(self, curves: Tensor) -> Tensor:
        """(B, R, T) -> (B, L, H, R, R): raw or softmaxed, as the module is set, of every layer and head."""
        _, raw = self._encode(curves)
        return torch.stack([self._given_out(scores) for scores in raw], dim=1)

    def _encode(self, curves: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The tokens after the last layer (B, R, W), and each layer's scores (B, H, R, R) before softmax."""
        if curves.ndim != 3 or curves.shape[1:] != (self.controls, self.frames):
            raise ValueError(
                f"curves of shape {tuple(curves.shape)}; expected (batch, {self.controls} controls, "
                f"{self.frames} frames)."
            )
        tokens = self.input(curves)  # (B, R, W)
        if self.rig_vectors is not None:
            tokens = tokens + self.rig_vectors
        tokens = self.dropout(tokens)
        raw = []
        for layer in self.layers:
            tokens, scores = layer(tokens)  # (B, R, W), (B, H, R, R)
            raw.append(scores)
        return tokens, raw

    def _accumulate(self, raw: list[Tensor]) -> Tensor:
        """L of (B, H, R, R) -> (B, R, R)."""
        total = torch.stack([self._given_out(scores).mean(dim=1) for scores in raw]).sum(dim=0)
        return total if self.accumulate == "sum" else total / len(raw)

    def _given_out(self, scores: Tensor) -> Tensor:
        """Scores as the softmax takes them -> raw, with or without the scale, or softmaxed."""
        if self.scores == "softmax":
            return scores.softmax(dim=-1)
        return scores if self.scaled else scores * math.sqrt(self.head_width)


class RigAttentionLayer(nn.Module):
    """Self-attention over rigs and a feed-forward part, each with a norm; the scores come out beside.

    Args:
        norm_first: norms before the two parts, not after them.
        scores_only: stop after the scores; the tokens pass unchanged.
    """

    def __init__(
        self, width: int, heads: int, *, dropout: float, norm_first: bool = False, scores_only: bool = False
    ) -> None:
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.norm_first, self.scores_only = norm_first, scores_only
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        if norm_first or not scores_only:
            self.attention_norm = nn.LayerNorm(width)
        if scores_only:
            return
        self.dropout = nn.Dropout(dropout)
        self.value, self.attention_out = nn.Linear(width, width), nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward_in = nn.Linear(width, _FEED_FORWARD * width)
        self.feed_forward_out = nn.Linear(_FEED_FORWARD * width, width)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """(B, R, W) -> tokens (B, R, W) and QK^T / sqrt(W / H), (B, H, R, R)."""
        seen = self.attention_norm(tokens) if self.norm_first else tokens
        query, key = self._split(self.query(seen)), self._split(self.key(seen))  # (B, H, R, W / H)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_width)  # (B, H, R, R)
        if self.scores_only:
            return tokens, scores
        mixed = self.dropout(scores.softmax(dim=-1)) @ self._split(self.value(seen))  # (B, H, R, W / H)
        mixed = self.dropout(self.attention_out(mixed.transpose(1, 2).flatten(2)))  # (B, R, W)
        if self.norm_first:
            tokens = tokens + mixed
            return tokens + self._feed_forward(self.feed_forward_norm(tokens)), scores
        tokens = self.attention_norm(tokens + mixed)
        return self.feed_forward_norm(tokens + self._feed_forward(tokens)), scores

    def _feed_forward(self, tokens: Tensor) -> Tensor:
        """(B, R, W) -> (B, R, W)"""
        return self.dropout(self.feed_forward_out(self.dropout(F.gelu(self.feed_forward_in(tokens)))))

    def _split(self, x: Tensor) -> Tensor:
        """(B, R, W) -> (B, H, R, W / H)"""
        return x.unflatten(-1, (self.heads, self.head_width)).transpose(1, 2)
