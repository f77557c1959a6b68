"""Lines to review: real ones made from the samples by the performer, and quick ones made of waves."""

import functools
import shutil
from pathlib import Path

import numpy as np
from tiny_checkpoint import write_wav

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.export import write_curves_npz
from cstalk_ue.performer import Liveliness, perform, read_phones
from cstalk_ue.rig import control_limits, control_names, neutral_curves, neutral_head
from cstalk_ue.storage import sha256_file
from cstalk_ue.take import FacePerformance

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
REAL = ("gate_neutral", "promise_angry", "birthday_happy")


def write_real_line(folder: Path, name: str, emotion: str, *, sound: bool = True) -> Path:
    """The curve file of a sample in an emotion; its sound and phones are copied beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    wav = SAMPLES / f"{name}.wav"
    if sound:
        for source in (wav, wav.with_suffix(".phones.csv")):
            shutil.copy(source, folder / source.name)
    path = folder / f"{name}.curves.npz"
    provenance = {
        "source": wav.name,
        "source_sha256": sha256_file(wav),
        "emotion": emotion,
        "model": "performer",
    }
    write_curves_npz(path, _performed(name, emotion), provenance={**provenance, "seed": 3})
    return path


@functools.cache
def _performed(name: str, emotion: str) -> FacePerformance:
    phones = read_phones(SAMPLES / f"{name}.phones.csv")
    samples = load_audio(SAMPLES / f"{name}.wav").samples
    return perform(phones, samples, EmotionTrack.parse(emotion), life=Liveliness(seed=3))


def waving(frames: int = 15, fps: float = 30.0, *, seed: int = 0) -> FacePerformance:
    """All controls move smoothly inside their ranges, and so does the head."""
    random = np.random.default_rng(seed)
    low, high = control_limits()
    phase = random.uniform(0, 6, len(low))
    wave = 0.5 + 0.4 * np.sin(np.arange(frames)[:, None] * 3 / fps + phase)
    face = neutral_curves(frames, fps)
    head = neutral_head(frames, fps)
    turned = head.values.copy()
    turned[:, :6] = 4 * np.sin(np.arange(frames)[:, None] / fps + phase[:6])
    return FacePerformance(face.replace(values=low + wave * (high - low)), head.replace(values=turned))


def write_quick_line(
    folder: Path, name: str, *, emotion: str = "neutral", seed: int = 0, sound: bool = True, model: str = "m"
) -> Path:
    """Half a second of waves, and babble beside it."""
    provenance = {"emotion": emotion, "model": model, "source": f"{name}.wav", "seed": 0}
    if sound:
        provenance["source_sha256"] = sha256_file(write_wav(folder / f"{name}.wav", seed=seed))
    path = folder / f"{name}.curves.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_curves_npz(path, waving(seed=seed), provenance=provenance)
    return path


def one_control(name: str, values: np.ndarray, fps: float = 30.0) -> FacePerformance:
    """A face in which one control moves."""
    face = neutral_curves(len(values), fps)
    all_values = face.values.copy()
    all_values[:, control_names().index(name)] = values
    return FacePerformance(face.replace(values=all_values), neutral_head(len(values), fps))
