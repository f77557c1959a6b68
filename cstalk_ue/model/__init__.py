"""The networks of CSTalk: speech in, control curves out, in the emotion asked for.

The paper's symbols and what they are called here:

    symbol    paper                            here
    X         audio at 16 kHz, R^Sam           audio (B, samples)
    A         audio features, R^(159 x 116)    features (B, N, D), one row per 1/50 s
    e         emotion embedding                embedding (B, T, E), from emotion weights (B, T, 5)
    y, ŷ      control curves, R^(T x R)        target, prediction (B, T, C)
    S         curves into the correlation      curves transposed, (B, C, T)
    R         control rigs                     controls; C, the kept ones (116 in the paper)
    T         frames of a window, 96           frames
    N, M      samples, emotion classes         batch, emotions
    L_R       eq. (1)                          reconstruction_loss
    L_C       eq. (3)                          correlation_loss
    L_G       eq. (4), L_R + L_C               the sum, in the training loop

Importing this package is cheap: torch comes in with the first name that is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cstalk_ue.model.builder import build_correlation, build_talking_face
    from cstalk_ue.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
    from cstalk_ue.model.checkpoint_info import (
        CheckpointInfo,
        bundled_checkpoint,
        list_checkpoints,
        read_checkpoint_info,
    )
    from cstalk_ue.model.correlation import CorrelationModule
    from cstalk_ue.model.correlation_checkpoint import (
        CorrelationCheckpoint,
        load_correlation,
        read_correlation_info,
        save_correlation,
    )
    from cstalk_ue.model.curve_generator import CurveGenerator, TrainingOutput
    from cstalk_ue.model.emotion import EmotionEmbedding
    from cstalk_ue.model.generator import Generator
    from cstalk_ue.model.losses import correlation_loss, correlation_target, reconstruction_loss
    from cstalk_ue.model.speech_encoder import (
        SpeechEncoder,
        build_speech_encoder,
        encoder_frames,
        resample_features,
    )
    from cstalk_ue.model.talking_face import TalkingFace

_HOME = {
    "Checkpoint": "checkpoint",
    "CheckpointInfo": "checkpoint_info",
    "CorrelationCheckpoint": "correlation_checkpoint",
    "CorrelationModule": "correlation",
    "CurveGenerator": "curve_generator",
    "EmotionEmbedding": "emotion",
    "Generator": "generator",
    "SpeechEncoder": "speech_encoder",
    "TalkingFace": "talking_face",
    "TrainingOutput": "curve_generator",
    "build_correlation": "builder",
    "build_speech_encoder": "speech_encoder",
    "build_talking_face": "builder",
    "bundled_checkpoint": "checkpoint_info",
    "correlation_loss": "losses",
    "correlation_target": "losses",
    "encoder_frames": "speech_encoder",
    "list_checkpoints": "checkpoint_info",
    "load_checkpoint": "checkpoint",
    "load_correlation": "correlation_checkpoint",
    "read_checkpoint_info": "checkpoint_info",
    "read_correlation_info": "correlation_checkpoint",
    "reconstruction_loss": "losses",
    "resample_features": "speech_encoder",
    "save_checkpoint": "checkpoint",
    "save_correlation": "correlation_checkpoint",
}

__all__ = [
    "Checkpoint",
    "CheckpointInfo",
    "CorrelationCheckpoint",
    "CorrelationModule",
    "CurveGenerator",
    "EmotionEmbedding",
    "Generator",
    "SpeechEncoder",
    "TalkingFace",
    "TrainingOutput",
    "build_correlation",
    "build_speech_encoder",
    "build_talking_face",
    "bundled_checkpoint",
    "correlation_loss",
    "correlation_target",
    "encoder_frames",
    "list_checkpoints",
    "load_checkpoint",
    "load_correlation",
    "read_checkpoint_info",
    "read_correlation_info",
    "reconstruction_loss",
    "resample_features",
    "save_checkpoint",
    "save_correlation",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
