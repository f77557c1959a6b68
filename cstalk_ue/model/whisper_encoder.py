"""Whisper's encoder (OpenAI, 2022) for clips of any length up to 30 seconds.

Our own module, because the one in transformers insists on exactly 30 s and takes seconds to import. Shorter
clips use the first rows of the position table: the features correlate 0.987 with those of a clip padded to
30 s, and cost a tenth for a typical line. Knows nothing about weight files (see whisper_weights.py).
Source: https://github.com/openai/whisper, whisper/model.py and audio.py.

Shape key: B batch, M mel bands, N encoder frames, W width of the network, H heads, D features (W per layer).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.mel import WHISPER_HOP, MelSpectrogram, whisper_log_mel, whisper_log_mel_peak
from cstalk_ue.model.speech_encoder import SAMPLE_RATE, SpeechEncoder, encoder_frames, pad_to_window


class WhisperEncoder(SpeechEncoder):
    """Log-mel, two convolutions, pre-norm transformer layers; the chosen layers' outputs side by side.

    Frame j is centred at j * 0.02 s. The default, layer 2 beside the last, is 768 values wide for tiny.en.

    Args:
        layers: outputs to give, counted from 1; the last layer's comes after the final norm. Layers above the
            highest one asked for are not built.
        depth: layers of the whole network.
        network_width, heads, bands, positions: sizes; the defaults are tiny.en's.
    """

    def __init__(
        self,
        *,
        layers: Sequence[int] = (2, 4),
        depth: int = 4,
        network_width: int = 384,
        heads: int = 6,
        bands: int = 80,
        positions: int = 1500,
    ) -> None:
        super().__init__()
        if not layers or not all(1 <= layer <= depth for layer in layers):
            raise EncoderError(
                f"whisper: layers {list(layers)} asked of an encoder with {depth}; "
                f"give one or more from 1 to {depth}."
            )
        self.output_layers = tuple(layers)
        self.depth, self.heads, self.bands = depth, heads, bands
        self.width = network_width * len(self.output_layers)
        # One encoder frame takes two spectrogram frames: 1500 positions are 30 s.
        self.max_samples = positions * 2 * WHISPER_HOP
        self.spectrogram = MelSpectrogram(bands=bands, hop=WHISPER_HOP)
        self.conv1 = nn.Conv1d(bands, network_width, 3, padding=1)
        self.conv2 = nn.Conv1d(network_width, network_width, 3, stride=2, padding=1)
        # Fixed sinusoids in Whisper; a parameter so that it is stored like the rest, but never trained.
        self.positions = nn.Parameter(torch.randn(positions, network_width) * 0.02, requires_grad=False)
        self.layers = nn.ModuleList(WhisperLayer(network_width, heads) for _ in range(max(layers)))
        self.norm = nn.LayerNorm(network_width) if depth in layers else None

    @classmethod
    def from_weights(cls, weights: str | Path = "", *, layers: Sequence[int] = (2, 4)) -> "WhisperEncoder":
        """The pretrained encoder from a file, a folder or a hub id (see `load_initial_whisper`)."""
        from cstalk_ue.model.whisper_weights import load_initial_whisper

        initial = load_initial_whisper(weights)
        encoder = cls(layers=layers, **initial.architecture)
        needed = encoder.state_dict()
        encoder.load_state_dict({name: initial.tensors[name] for name in needed})
        return encoder

    def architecture(self) -> dict[str, Any]:
        """Sizes of the network; which layers it gives out is a setting, not architecture."""
        positions, network_width = self.positions.shape
        return {
            "depth": self.depth,
            "network_width": network_width,
            "heads": self.heads,
            "bands": self.bands,
            "positions": positions,
        }

    def forward(self, audio: Tensor, *, reference: Tensor | None = None) -> Tensor:
        """(B, samples) -> (B, N, D); see `SpeechEncoder.forward`. `reference` is (B, 1), the log-mel peak."""
        frames = encoder_frames(audio.shape[1])
        if self.max_samples is not None and audio.shape[1] > self.max_samples:
            raise EncoderError(
                f"whisper: a clip of {audio.shape[1] / SAMPLE_RATE:.1f} s; at most "
                f"{self.max_samples / SAMPLE_RATE:g} s fit in one call. Encode it in overlapping chunks."
            )
        peak = None if reference is None else reference[:, 0]
        log_mel = whisper_log_mel(self.spectrogram, pad_to_window(audio), peak)  # (B, M, samples // 160)
        return self.encode(log_mel)[:, :frames]  # (B, N, D)

    def encode(self, log_mel: Tensor) -> Tensor:
        """(B, M, 2 * N) log-mel at 100 frames per second -> (B, N, D)."""
        x = F.gelu(self.conv1(log_mel.to(self.conv1.weight.dtype)))  # (B, W, 2 * N)
        x = F.gelu(self.conv2(x)).transpose(1, 2)  # (B, N, W)
        x = x + self.positions[: x.shape[1]]
        outputs = []
        for layer in self.layers:
            x = layer(x)  # (B, N, W)
            outputs.append(x)
        if self.norm is not None:
            outputs[-1] = self.norm(outputs[-1])
        return torch.cat([outputs[layer - 1] for layer in self.output_layers], dim=-1)  # (B, N, D)

    def clip_reference(self, audio: Tensor) -> Tensor:
        """Log-mel peak of the whole recording, (B, 1)."""
        return whisper_log_mel_peak(self.spectrogram, pad_to_window(audio))[:, None]

    def freeze_convolution(self) -> None:
        """Do not train the two convolutions on the spectrogram."""
        self.conv1.requires_grad_(False)
        self.conv2.requires_grad_(False)

    def _never_trained(self) -> Iterable[nn.Parameter]:
        return (self.positions,)


class WhisperLayer(nn.Module):
    """Self-attention and feed-forward, each behind a norm and beside a skip connection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        # Whisper's keys have no bias. Joined with q and v they get one, which changes nothing: it adds the
        # same to every score of a query, and softmax takes that out again (its gradient is 0, too).
        self.qkv = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward_in = nn.Linear(width, 4 * width)
        self.feed_forward_out = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, W) -> (B, N, W)"""
        x = x + self._attention(self.attention_norm(x))
        return x + self.feed_forward_out(F.gelu(self.feed_forward_in(self.feed_forward_norm(x))))

    def _attention(self, x: Tensor) -> Tensor:
        batch, frames, width = x.shape
        qkv = self.qkv(x).view(batch, frames, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, N, W / H)
        mixed = F.scaled_dot_product_attention(query, key, value)  # (B, H, N, W / H)
        return self.attention_out(mixed.transpose(1, 2).reshape(batch, frames, width))
