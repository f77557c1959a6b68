"""The model that training starts from: a pretrained encoder, frozen as the settings say, and a new generator.

Pretrained weights come from where the settings say: a folder, a file, a hub id, or "bundled" for the copy of
Whisper tiny.en inside the bundled model, which needs no network. Weights that are not at hand are an error;
random ones have to be asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from cstalk_ue.config import ModelConfig
from cstalk_ue.errors import ConfigError, EncoderError
from cstalk_ue.model.builder import build_talking_face
from cstalk_ue.model.checkpoint import load_checkpoint
from cstalk_ue.model.checkpoint_info import bundled_checkpoint
from cstalk_ue.model.talking_face import TalkingFace
from cstalk_ue.train.settings import TrainingSettings
from cstalk_ue.train.take_cache import CurveUnits

BUNDLED = "bundled"
"""Value of `EncoderConfig.weights` for the bundled model's encoder."""
SPECTRA = ("mfcc", "logmel")


def start_model(
    settings: TrainingSettings,
    units: CurveUnits,
    *,
    emotions: Sequence[str],
    report: Callable[[str], None] = lambda text: None,
) -> tuple[TalkingFace, ModelConfig]:
    """A model ready to be trained, and the settings that rebuild it.

    Args:
        units: its controls and their normalisation.
        emotions: classes that the data set has, in the order of `EMOTIONS`.
        report: called with warnings.

    Raises:
        EncoderError: the pretrained weights are not to be had.
        ConfigError: settings that contradict each other.
    """
    config = replace(settings.model, emotions=tuple(emotions))
    encoder = config.encoder
    torch.manual_seed(settings.fit_generator.seed)
    controls = len(units.controls)
    if settings.random_encoder:
        if encoder.frozen == "all" and encoder.kind not in SPECTRA:
            raise ConfigError(
                "random_encoder with model.encoder.frozen = all would listen with random weights for ever. "
                "Set model.encoder.frozen to convolution or none."
            )
        report(
            "WARNING: the speech encoder starts from RANDOM weights, not pretrained ones: this run is for "
            "measuring sizes and speed, not for a face."
        )
        model = build_talking_face(config, controls, encoder_architecture={})
    elif encoder.weights == BUNDLED and encoder.kind not in SPECTRA:
        if encoder.kind != "whisper":
            raise ConfigError(
                f"model.encoder.weights is {BUNDLED}, which is a whisper, but its kind is {encoder.kind}."
            )
        bundled = load_checkpoint(bundled_checkpoint())
        architecture = bundled.info.encoder_architecture
        model = build_talking_face(config, controls, encoder_architecture=architecture)
        own, theirs = model.speech_encoder.state_dict(), bundled.model.speech_encoder.state_dict()
        missing = sorted(own.keys() - theirs.keys())
        if missing:
            raise EncoderError(
                f"the bundled encoder has no {missing[0]} for layers {list(encoder.layers)}; it has "
                f"{list(bundled.config.encoder.layers)}. Give these, or other weights."
            )
        model.speech_encoder.load_state_dict({name: theirs[name] for name in own})
    else:
        model = build_talking_face(config, controls)
    model.set_normalisation(torch.from_numpy(units.mean), torch.from_numpy(units.std))
    return model, config


def hears_features(settings: TrainingSettings) -> bool:
    """Whether the encoder is frozen as a whole, so that its features can be computed once."""
    return settings.model.encoder.frozen == "all" or settings.model.encoder.kind in SPECTRA
