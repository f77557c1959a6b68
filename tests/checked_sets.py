"""Data sets to check: the samples, performed in five emotions, written as ingest writes them."""

import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.performer import (
    Identity,
    Liveliness,
    enliven,
    frames_of,
    measure_prosody,
    perform_face,
    phones_beside,
    read_phones,
)
from cstalk_ue.rig import control_names
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import CaptureTiming, Remark, TakeLabels
from ingest.data_set import DataSet, open_data_set, write_data_set_settings
from ingest.data_set_settings import CheckRules, DataSetSettings, SplitSettings
from ingest.quality import measure_quality
from ingest.rebuild_tables import rebuild_tables
from ingest.sync import measure_lag
from ingest.take_files import align_samples, write_take

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
LINES = ("birthday_happy", "gate_neutral", "harbour_surprised", "letter_sad", "promise_angry")
RULES = CheckRules(target_per_emotion=5, shortest_seconds=3.5)


@dataclass(frozen=True)
class MadeTake:
    """A take before it is written."""

    name: str
    performance: FacePerformance
    samples: np.ndarray | None
    labels: TakeLabels
    remarks: tuple[Remark, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    clamped: dict[str, int] = field(default_factory=dict)
    source_format: str = "live-link-face"
    split: str = ""

    @property
    def face(self) -> RigCurves:
        return self.performance.face

    def with_face(self, face: RigCurves) -> "MadeTake":
        head = self.performance.head
        if face.frames != head.frames:
            head = RigCurves(head.values[: face.frames], head.controls, head.fps, valid=face.valid)
        return replace(self, performance=FacePerformance(face, head))

    def with_head_frames(self, frames: int) -> "MadeTake":
        """With face and head held or cut to so many frames."""
        rows = np.minimum(np.arange(frames), self.face.frames - 1)
        face, head = (
            RigCurves(part.values[rows], part.controls, part.fps)
            for part in (self.face, self.performance.head)
        )
        return replace(self, performance=FacePerformance(face, head))

    def with_values(self, change: Any) -> "MadeTake":
        """With curves that `change` made of (frames, controls) and the names."""
        names = list(control_names())
        return self.with_face(self.face.replace(values=change(self.face.values.copy(), names)))


@functools.cache
def clean_takes() -> tuple[MadeTake, ...]:
    """25 takes of one performer: five lines, each in five emotions."""
    made: list[MadeTake] = []
    for number, line in enumerate(LINES):
        path = SAMPLES / f"{line}.wav"
        sound = load_audio(path).samples
        phones = read_phones(phones_beside(path))
        frames = frames_of(len(sound), 30.0)
        prosody = measure_prosody(sound, frames, 30.0)
        for place, emotion in enumerate(EMOTIONS):
            track = EmotionTrack.constant(emotion, 0.8)
            weights = track.at(np.arange(frames) / 30)
            face = perform_face(phones, prosody, weights, fps=30.0, identity=Identity.from_seed(3))
            performance = enliven(face, prosody, weights, Liveliness(seed=len(made)))
            # Nobody says a line five times alike, and not in the same loudness to the bit.
            values = performance.face.values * (0.97 + 0.015 * place)
            face = performance.face.replace(values=np.clip(values, -1, 1))
            noise = np.random.default_rng(len(made)).normal(0, 1e-4, len(sound)).astype(np.float32)
            labels = TakeLabels(track, 0.8, "anna", line.split("_")[0], f"anna-{emotion}-{number}", 1)
            made.append(
                MadeTake(
                    f"{line.split('_')[0]}-{emotion}",
                    FacePerformance(face, performance.head),
                    align_samples(sound + noise, 0.0, frames),
                    labels,
                )
            )
    return tuple(made)


def make_set(folder: Path, takes: Iterable[MadeTake], *, rules: CheckRules = RULES) -> DataSet:
    """Write the takes as ingest does, and the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    write_data_set_settings(folder, DataSetSettings(splits=SplitSettings(), rules=rules))
    for take in takes:
        face = take.face
        lag = None if take.samples is None else measure_lag(face, take.samples)
        audio = None
        if lag is not None:
            audio = {
                "source": f"{take.name}.wav",
                "start": "same-file",
                "start_seconds": 0.0,
                "shift_seconds": 0.0,
                "captured_lag": lag.to_json(),
            }
        facts = {
            "name": take.name,
            "timing": asdict(CaptureTiming(59.94, "timecode", "", face.duration_seconds, 2 * face.frames)),
            "origin": {
                "format": take.source_format,
                "path": f"captures/{take.name}",
                "member": "",
                "files": [f"{take.name}.csv"],
                "details": {"deviceModel": "iPhone14,8", "date": "2026-08-14T09:00:00Z", **take.details},
            },
            "clamped": take.clamped,
            "split": take.split,
            "remarks": [asdict(remark) for remark in take.remarks],
            "audio": audio,
            "sync": None if lag is None else lag.to_json(),
            "quality": measure_quality(take.performance, take.samples),
            "source_sha256": take.name,
        }
        write_take(folder / "takes" / take.name, take.performance, take.samples, take.labels, facts)
    rebuild_tables(folder)
    return open_data_set(folder)
