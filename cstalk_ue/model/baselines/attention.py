"""Parts of the transformers among the baselines: attention that is biased by time, and frames told apart.

No table of positions with an end: biases and encodings are made for the length at hand, so a line may be as
long as it likes.

Shape key: B batch, T frames, W width, H heads.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_SLOWEST_WAVE = 10000.0
"""Frames of the slowest sinusoid, over 2 pi, as in "Attention Is All You Need"."""


def periodic_positions(frames: int, width: int, period: int, *, like: Tensor) -> Tensor:
    """FaceFormer's periodic positional encoding, (T, W): sinusoids of the frame number modulo the period."""
    phase = torch.arange(frames, device=like.device, dtype=torch.float32) % period  # (T,)
    even = torch.arange(0, width, 2, device=like.device, dtype=torch.float32)  # (W / 2,)
    angle = phase[:, None] * torch.exp(even * (-math.log(_SLOWEST_WAVE) / width))  # (T, W / 2)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width].to(like.dtype)  # (T, W)


def past_bias(frames: int, heads: int, period: int, *, like: Tensor) -> Tensor:
    """FaceFormer's temporal bias, (H, T, T): minus the head's slope per whole period back; the future barred.

    The slopes of n heads are 2^(-8/n), 2^(-16/n), ... (ALiBi, https://arxiv.org/abs/2108.12409).
    """
    frame = torch.arange(frames, device=like.device)
    back = frame[:, None] - frame[None]  # (T, T)
    slopes = torch.exp2(-8 * torch.arange(1, heads + 1, device=like.device) / heads)  # (H,)
    bias = -slopes[:, None, None] * back.clamp(min=0).div(period, rounding_mode="floor")  # (H, T, T)
    return bias.masked_fill(back < 0, -math.inf).to(like.dtype)


def near_bias(frames: int, reach: int, *, like: Tensor) -> Tensor:
    """(T, T): 0 up to `reach` frames to either side, barred beyond."""
    frame = torch.arange(frames, device=like.device)
    far = (frame[:, None] - frame[None]).abs() > reach  # (T, T)
    return torch.zeros(frames, frames, device=like.device, dtype=like.dtype).masked_fill(far, -math.inf)


class SelfAttention(nn.Module):
    """Multi-head attention of frames to frames."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """(B, T, W) and a bias that broadcasts to (B, H, T, T) -> (B, T, W)"""
        query, key, value = self.split(x)
        return self.mix(query, key, value, bias)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, W) -> query, key and value, (B, H, T, W / H) each."""
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (B, T, 3, H, W / H)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        return query, key, value

    def mix(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """Queries of some frames, keys and values of some; (B, T, W) for the queries' frames."""
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)  # (B, H, T, W / H)
        return self.out(mixed.transpose(1, 2).flatten(2))


class AlignedAttention(nn.Module):
    """Attention to another sequence through FaceFormer's alignment bias: frame t attends to frame t alone.

    A softmax over one key is 1 whatever query and key are, so what is left is values and output; queries and
    keys would be weights without a gradient.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, memory: Tensor) -> Tensor:
        """(B, T, W) -> (B, T, W)"""
        return self.out(self.value(memory))


class FeedForward(nn.Sequential):
    """Two linear layers with a ReLU between, as in the transformer layers that the papers take."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, width))


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each beside a skip connection and before a norm."""

    def __init__(self, width: int, heads: int, *, dropout: float) -> None:
        super().__init__()
        self.attention, self.attention_norm = SelfAttention(width, heads), nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, 4 * width, dropout)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """(B, T, W) and a bias that broadcasts to (B, H, T, T) -> (B, T, W)"""
        x = self.attention_norm(x + self.dropout(self.attention(x, bias)))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))


class DecoderLayer(nn.Module):
    """Self-attention to the past, aligned attention to a memory, feed-forward; each before a norm."""

    def __init__(self, width: int, heads: int, *, dropout: float) -> None:
        super().__init__()
        self.attention, self.attention_norm = SelfAttention(width, heads), nn.LayerNorm(width)
        self.aligned, self.aligned_norm = AlignedAttention(width), nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, 2 * width, dropout)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        """(B, T, W), what to attend to at each frame (B, T, W), and the bias (H, T, T) -> (B, T, W)"""
        return self._after_attention(x, self.attention(x, bias), self.aligned(memory))

    def step(
        self, x: Tensor, aligned: Tensor, bias: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One more frame of `forward`.

        Args:
            x: (B, 1, W), the frame.
            aligned: (B, 1, W), `self.aligned` of its memory.
            bias: (H, 1, t), its row for the frames so far, itself included.
            past: keys and values (B, H, t - 1, W / H) that the step before gave.

        Returns:
            (B, 1, W), and keys and values (B, H, t, W / H) for the next step.
        """
        query, key, value = self.attention.split(x)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        return self._after_attention(x, self.attention.mix(query, key, value, bias), aligned), (key, value)

    def _after_attention(self, x: Tensor, mixed: Tensor, aligned: Tensor) -> Tensor:
        x = self.attention_norm(x + self.dropout(mixed))
        x = self.aligned_norm(x + self.dropout(aligned))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))
