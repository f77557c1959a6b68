"""A random model of a few thousand weights, so that tests of prediction need no trained one."""

from pathlib import Path

import numpy as np
import soundfile
import torch

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.model import build_talking_face, save_checkpoint
from cstalk_ue.rig import control_limits, control_names

CONTROLS = tuple(
    name for name in control_names() if any(part in name for part in ("jaw", "mouth_corner", "brow", "lips"))
)


def save_tiny(
    folder: Path,
    *,
    seed: int = 0,
    kind: str = "logmel",
    emotions: tuple[str, ...] = EMOTIONS,
    fps: float = 30.0,
) -> Path:
    """A checkpoint whose curves depend on sound and emotion, within some 11 frames."""
    torch.manual_seed(seed)
    generator = GeneratorConfig(width=16, emotion_width=8, dilations=(1, 2), dropout=0.0)
    config = ModelConfig(EncoderConfig(kind), generator, fps=fps, emotions=emotions)
    model = build_talking_face(config, len(CONTROLS))
    columns = [control_names().index(name) for name in CONTROLS]
    low, high = control_limits()  # the middle of the range, so that nothing is clipped
    mean = torch.from_numpy(((low + high) / 2)[columns].astype(np.float32))
    model.set_normalisation(mean, torch.full((len(CONTROLS),), 0.2))
    save_checkpoint(folder, model.eval(), config=config, controls=CONTROLS, training={}, name="tiny")
    return folder


def babble(seconds: float, *, seed: int = 0) -> np.ndarray:
    """Noise in syllables, ``(samples,)`` float32 at 16 kHz."""
    random = np.random.default_rng(seed)
    samples = round(seconds * 16000)
    rhythm = np.sin(np.arange(samples) * (np.pi * 4 / 16000)) ** 2
    return (0.1 * rhythm * random.standard_normal(samples)).astype(np.float32).clip(-0.9, 0.9)


def write_wav(path: Path, seconds: float = 0.5, *, seed: int = 0) -> Path:
    """A WAV file of babble; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, babble(seconds, seed=seed), 16000, subtype="PCM_16")
    return path
