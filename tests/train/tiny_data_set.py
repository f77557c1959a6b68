"""A data set of a few takes whose curves follow their sound and their emotion, made in a moment."""

from pathlib import Path

import numpy as np
from tiny_checkpoint import babble

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.rig import control_defaults, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import TakeLabels
from ingest.data_set import DataSet, open_data_set, write_data_set_settings
from ingest.data_set_settings import DataSetSettings
from ingest.data_set_tables import ControlStatistics, TakeRecord, write_records, write_statistics
from ingest.take_files import samples_of, write_take

MOVING = (
    "CTRL_C_jaw.ty",
    "CTRL_L_brow_raiseIn.ty",
    "CTRL_R_brow_raiseIn.ty",
    "CTRL_L_mouth_cornerPull.ty",
    "CTRL_R_mouth_cornerPull.ty",
    "CTRL_L_eye_cheekRaise.ty",
)


def made_curves(samples: np.ndarray, frames: int, emotion: int, random: np.random.Generator) -> np.ndarray:
    """``(frames, 185)``: the jaw follows loudness; brows, corners and cheek as the emotion has it."""
    values = np.tile(control_defaults(), (frames, 1))
    level = np.array(
        [
            np.abs(samples[round(k * 16000 / 30) : round((k + 1) * 16000 / 30) + 1]).mean()
            for k in range(frames)
        ]
    )
    level = level / max(level.max(), 1e-6)
    sway = 0.5 + 0.4 * np.sin(np.arange(frames) * 0.3 + random.uniform(0, 6))
    columns = [control_names().index(name) for name in MOVING]
    drive = np.stack([level, sway, level * sway])
    mixing = np.random.default_rng(emotion).uniform(0, 0.33, size=(len(MOVING), 3))
    values[:, columns] = (mixing @ drive).T
    values[:, columns[0]] = 0.8 * level
    return values.astype(np.float32)


def write_tiny(
    folder: Path,
    *,
    takes: int = 10,
    seconds: tuple[float, float] = (2.0, 5.0),
    seed: int = 0,
    emotions: tuple[str, ...] = EMOTIONS,
    silent: int = 0,
    gaps: bool = False,
) -> DataSet:
    """A data set; of every ten takes two are for validation and one for the test.

    Args:
        silent: so many of the first takes have no sound.
        gaps: the second half of take 1 is a gap.
    """
    random = np.random.default_rng(seed)
    records, faces = [], []
    for number in range(takes):
        name = f"take_{number:02d}"
        emotion = emotions[number % len(emotions)]
        frames = int(random.uniform(*seconds) * 30)
        samples = babble(frames / 30 + 0.1, seed=seed + number)[: samples_of(frames)]
        values = made_curves(samples, frames, EMOTIONS.index(emotion), random)
        valid = np.ones(frames, dtype=bool)
        if gaps and number == 1:
            valid[frames // 2 :] = False
        sound = None if number < silent else samples
        face = RigCurves(values, control_names(), 30.0, valid=valid)
        labels = TakeLabels(emotion=EmotionTrack.parse(emotion))
        write_take(
            folder / "takes" / name, FacePerformance(face, neutral_head(frames, 30.0)), sound, labels, {}
        )
        key = (number + number // 5) % 10  # no emotion stays on one side
        split = "test" if key == 9 else "validation" if key % 5 == 3 else "train"
        records.append(
            TakeRecord(
                name,
                split=split,
                emotion=emotion,
                emotion_class=emotion,
                seconds=frames / 30,
                frames=frames,
                valid_frames=int(valid.sum()),
                audio=sound is not None,
                content_sha256=f"{seed:02d}{number:062d}",
            )
        )
        faces.append(values[valid] if split == "train" else values[:0])
    everything = np.concatenate(faces)
    low, high = everything.min(axis=0), everything.max(axis=0)
    write_statistics(
        folder,
        ControlStatistics(high - low > 1e-3, low, high, everything.mean(axis=0), everything.std(axis=0)),
    )
    write_records(folder, records)
    write_data_set_settings(folder, DataSetSettings())
    return open_data_set(folder)
