"""A data set of a few seconds: the samples of the project, performed, with splits, statistics and phones."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.performer import perform, read_phones
from cstalk_ue.rig import control_names
from ingest.captured import TakeLabels
from ingest.data_set import (
    ControlStatistics,
    DataSet,
    TakeRecord,
    open_data_set,
    write_data_set_settings,
    write_records,
    write_statistics,
)
from ingest.data_set_settings import DataSetSettings
from ingest.take_files import align_samples, write_take

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
LINES = ("birthday_happy", "gate_neutral", "harbour_surprised", "letter_sad", "promise_angry")


def make_data_set(
    folder: Path,
    *,
    lines: Sequence[str] = LINES,
    emotions: Sequence[str] = EMOTIONS,
    test: Sequence[str] = ("gate_neutral",),
) -> DataSet:
    """Every line in these emotions; the lines named in `test` are the test split, the others train."""
    records, faces = [], []
    for line in lines:
        phones = read_phones(SAMPLES / f"{line}.phones.csv")
        samples = load_audio(SAMPLES / f"{line}.wav").samples
        for emotion in emotions:
            name, split = f"{line}_in_{emotion}", "test" if line in test else "train"
            track = EmotionTrack.constant(emotion)
            performance = perform(phones, samples, track)
            labels = TakeLabels(emotion=track, performer="made up", line=line)
            aligned = align_samples(samples, 0.0, performance.frames)
            target = folder / "takes" / name
            write_take(target, performance, aligned, labels, {})
            shutil.copy(SAMPLES / f"{line}.phones.csv", target / "phones.csv")
            records.append(
                TakeRecord(
                    name=name,
                    split=split,
                    emotion=str(track),
                    emotion_class=emotion,
                    line=line,
                    frames=performance.frames,
                    valid_frames=performance.frames,
                    audio=True,
                    audio_start="same-file",
                    content_sha256=name,
                )
            )
            if split == "train":
                faces.append(performance.face.values)
    write_data_set_settings(folder, DataSetSettings())
    write_records(folder, records)
    write_statistics(folder, statistics_of(np.concatenate(faces)))
    return open_data_set(folder)


def statistics_of(values: np.ndarray) -> ControlStatistics:
    """Statistics of ``(frames, 185)``."""
    assert values.shape[1] == len(control_names())
    low, high = values.min(axis=0), values.max(axis=0)
    return ControlStatistics(high - low > 1e-3, low, high, values.mean(axis=0), values.std(axis=0))
