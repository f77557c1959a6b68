"""TalkingFace: the whole network of the paper's Fig. 1, from a waveform to control curves.

Ties together the speech encoder, the step from its 50 frames per second to the curves' frame rate, the
emotion embedding and the generator. Knows nothing about files (see checkpoint.py) or about control names.

Shape key: B batch, N encoder frames, D feature width, T curve frames, E embedding width, C kept controls.
"""

import torch
from torch import Tensor, nn

from cstalk_ue.model.curve_generator import CurveGenerator
from cstalk_ue.model.emotion import EmotionEmbedding
from cstalk_ue.model.speech_encoder import SpeechEncoder, resample_features


class TalkingFace(nn.Module):
    """Speech and emotion to curves.

    The network works in normalised units, (value - mean) / std per control; `denormalise` gives rig units.

    Args:
        speech_encoder: audio to features.
        emotion: weights to an embedding.
        generator: features and embedding to curves; the paper's, or one it is compared with.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, speech_encoder: SpeechEncoder, emotion: EmotionEmbedding, generator: CurveGenerator
    ) -> None:
        super().__init__()
        if (speech_encoder.width, emotion.width) != (generator.features, generator.emotion_width):
            raise ValueError(
                f"generator takes {generator.features} features and {generator.emotion_width} emotion "
                f"values; it is given {speech_encoder.width} and {emotion.width}."
            )
        self.speech_encoder = speech_encoder
        self.emotion = emotion
        self.generator = generator
        self.register_buffer("mean", torch.zeros(generator.controls))
        self.register_buffer("std", torch.ones(generator.controls))

    def forward(
        self,
        audio: Tensor,
        emotion: Tensor,
        frames: int,
        fps: float = 30.0,
        *,
        start_seconds: float = 0.0,
        reference: Tensor | None = None,
    ) -> Tensor:
        """Curves of whole clips, or of chunks of a recording.

        Args:
            audio: (B, samples) float at 16 kHz in -1..1.
            emotion: (B, T, 5) or (B, 5) weights in the order of the model's emotions.
            frames: T, curve frames wanted; frame k is at `start_seconds + k / fps` on the clock of `audio`.
            reference: (B, K) of the whole recording, when `audio` is a chunk of it (see `SpeechEncoder`).

        Returns:
            (B, T, C) in normalised units.
        """
        features = self.encode(
            audio, frames, fps, start_seconds=start_seconds, reference=reference
        )  # (B, T, D)
        return self.generate(features, emotion)  # (B, T, C)

    def encode(
        self,
        audio: Tensor,
        frames: int,
        fps: float = 30.0,
        *,
        start_seconds: float = 0.0,
        reference: Tensor | None = None,
    ) -> Tensor:
        """(B, samples) -> (B, T, D), speech features at the curve frames; arguments as in `forward`."""
        speech = self.speech_encoder(audio, reference=reference)  # (B, N, D)
        first, rate = self.speech_encoder.first_frame_seconds, self.speech_encoder.frame_rate
        return resample_features(speech, first, rate, frames, fps, start_seconds=start_seconds)  # (B, T, D)

    def generate(self, features: Tensor, emotion: Tensor) -> Tensor:
        """(B, T, D) features at the curve frames and (B, T, 5) or (B, 5) weights -> (B, T, C), normalised."""
        embedding = self.emotion(emotion)  # (B, T, E) or (B, 1, E)
        return self.generator(features, embedding)  # (B, T, C)

    def set_normalisation(self, mean: Tensor, std: Tensor) -> None:
        """Take the mean and standard deviation of each control over the training set, (C,) each."""
        if mean.shape != self.mean.shape or std.shape != self.std.shape or not bool((std > 0).all()):
            raise ValueError(f"normalisation needs {len(self.mean)} means and as many deviations above 0.")
        self.mean.copy_(mean)
        self.std.copy_(std)

    def normalise(self, curves: Tensor) -> Tensor:
        """(..., C) in rig units -> normalised units."""
        return (curves - self.mean) / self.std

    def denormalise(self, prediction: Tensor) -> Tensor:
        """(..., C) in normalised units -> rig units. Not clamped: ranges belong to the rig."""
        return prediction.float() * self.std + self.mean
