"""Settings → networks: the one place where settings become constructor arguments."""

from collections.abc import Mapping
from typing import Any

from cstalk_ue.config import CorrelationConfig, EncoderConfig, ModelConfig
from cstalk_ue.model.correlation import CorrelationModule
from cstalk_ue.model.emotion import EmotionEmbedding
from cstalk_ue.model.generator import Generator
from cstalk_ue.model.speech_encoder import SpeechEncoder, build_speech_encoder
from cstalk_ue.model.talking_face import TalkingFace

_SPECTRA = ("mfcc", "logmel")


def build_encoder(config: EncoderConfig, *, architecture: Mapping[str, Any] | None = None) -> SpeechEncoder:
    """The speech encoder of a config, with its pretrained weights.

    Args:
        architecture: build this one with random weights instead; a checkpoint fills them in.

    Raises:
        EncoderError: the pretrained weights are not to be had.
    """
    return build_speech_encoder(
        config.kind,
        weights=config.weights if architecture is None else None,
        architecture=architecture,
        layers=config.layers,
        coefficients=config.coefficients,
        deltas=config.deltas,
    )


def build_talking_face(
    config: ModelConfig, controls: int, *, encoder_architecture: Mapping[str, Any] | None = None
) -> TalkingFace:
    """The network of a config for so many kept controls; arguments and errors as `build_encoder`."""
    encoder = build_encoder(config.encoder, architecture=encoder_architecture)
    settings = config.generator
    input_norm = settings.input_norm
    if input_norm == "auto":
        input_norm = "batch" if config.encoder.kind in _SPECTRA else "layer"
    generator = Generator(
        encoder.width,
        controls,
        width=settings.width,
        emotion_width=settings.emotion_width,
        dilations=settings.dilations,
        kernel=settings.kernel,
        dropout=settings.dropout,
        input_norm=input_norm,
    )
    return TalkingFace(
        encoder, EmotionEmbedding(len(config.emotions), width=settings.emotion_width), generator
    )


def build_correlation(config: CorrelationConfig, controls: int) -> CorrelationModule:
    """The correlation module of a config for so many kept controls, with random weights."""
    return CorrelationModule(
        controls,
        config.frames,
        width=config.width,
        heads=config.heads,
        layers=config.layers,
        dropout=config.dropout,
        accumulate=config.accumulate,
        scores=config.scores,
        output=config.output,
        hidden=config.hidden,
        classes=len(config.emotions) + 1,
        scaled=config.scaled,
        rig_embedding=config.rig_embedding,
        score_norm=config.score_norm,
    )
