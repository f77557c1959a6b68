"""Settings → networks: the one place where settings become constructor arguments."""

from collections.abc import Mapping
from typing import Any

from cstalk_ue.config import CorrelationConfig, EncoderConfig, ModelConfig
from cstalk_ue.model.baselines.emoface import EmoFace
from cstalk_ue.model.baselines.emotalk import EmoTalk
from cstalk_ue.model.baselines.faceformer import FaceFormer
from cstalk_ue.model.baselines.mean_face import MeanFace
from cstalk_ue.model.correlation import CorrelationModule
from cstalk_ue.model.curve_generator import CurveGenerator
from cstalk_ue.model.emotion import EmotionEmbedding
from cstalk_ue.model.generator import Generator
from cstalk_ue.model.speech_encoder import SpeechEncoder, build_speech_encoder
from cstalk_ue.model.talking_face import TalkingFace

_SPECTRA = ("mfcc", "logmel")
_TRANSFORMERS = {"faceformer": FaceFormer, "emotalk": EmoTalk, "emoface": EmoFace}


def build_encoder(config: EncoderConfig, *, architecture: Mapping[str, Any] | None = None) -> SpeechEncoder:
    """The speech encoder of a config, with its pretrained weights, frozen as it says.

    Args:
        architecture: build this one with random weights instead; a checkpoint fills them in.

    Raises:
        EncoderError: the pretrained weights are not to be had.
    """
    encoder = build_speech_encoder(
        config.kind,
        weights=config.weights if architecture is None else None,
        architecture=architecture,
        layers=config.layers,
        coefficients=config.coefficients,
        deltas=config.deltas,
    )
    encoder.freeze(config.frozen)
    return encoder


def build_talking_face(
    config: ModelConfig, controls: int, *, encoder_architecture: Mapping[str, Any] | None = None
) -> TalkingFace:
    """The network of a config for so many kept controls; arguments and errors as `build_encoder`."""
    encoder = build_encoder(config.encoder, architecture=encoder_architecture)
    emotion = EmotionEmbedding(len(config.emotions), width=config.generator.emotion_width)
    return TalkingFace(encoder, emotion, build_generator(config, encoder.width, controls))


def build_generator(config: ModelConfig, features: int, controls: int) -> CurveGenerator:
    """The generator of a config, or the baseline that its kind names, for features of this width."""
    settings = config.generator
    if settings.kind == "mean":
        return MeanFace(features, controls, emotion_width=settings.emotion_width)
    input_norm = settings.input_norm
    if input_norm == "auto":
        input_norm = "batch" if config.encoder.kind in _SPECTRA else "layer"
    common: dict[str, Any] = {
        "width": settings.width,
        "emotion_width": settings.emotion_width,
        "dropout": settings.dropout,
        "input_norm": input_norm,
    }
    if settings.kind == "tcn":
        return Generator(features, controls, dilations=settings.dilations, kernel=settings.kernel, **common)
    # A period of one second, as FaceFormer has it.
    common |= {"heads": settings.heads, "layers": settings.layers, "period": max(1, round(config.fps))}
    return _TRANSFORMERS[settings.kind](features, controls, **common)


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
        norm_first=config.norm_first,
        rig_embedding=config.rig_embedding,
        score_norm=config.score_norm,
    )
