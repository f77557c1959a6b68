"""What `dataset check` knows of a take: its row of takes.csv and the measures in take.json, no curves.

Knows nothing about rules (see take_findings.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cstalk_ue.errors import DataSetError
from ingest.captured import Remark
from ingest.data_set import DataSet, TakeRecord
from ingest.quality import control_statistics
from ingest.session_lags import session_of
from ingest.sync import UNKNOWN, Lag
from ingest.take_files import AUDIO_FILE, TAKE_FILE, read_take_facts


@dataclass(frozen=True)
class TakeSummary:
    """One take without its curves.

    Attributes:
        record: its row of takes.csv.
        remarks: what the reader and the labels noticed.
        lag: how far sound and curves are apart as they are stored; `UNKNOWN` without sound.
        shift_seconds: by how much the sound was moved on request.
        quality: what `measure_quality` said, but for its ``controls``; empty if nothing was measured.
        statistics: of the controls, each ``(185,)`` float32, by name of `quality.STATISTICS`; empty likewise.
        clamped: rows of each channel that were outside its range, and of how many rows.
        captured_frames: rows of the recording.
        sound_sha256: digest of the stored sound; empty without sound.
        session: what was recorded and paired in one way (see `session_lags.session_of`); empty without sound.
    """

    record: TakeRecord
    remarks: tuple[Remark, ...]
    lag: Lag
    shift_seconds: float
    quality: Mapping[str, Any]
    statistics: Mapping[str, np.ndarray]
    clamped: Mapping[str, int]
    captured_frames: int
    sound_sha256: str
    session: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its folder."""
        return self.record.name

    @property
    def sound(self) -> Mapping[str, Any]:
        """Measures of the sound; empty without sound."""
        return self.quality.get("sound") or {}

    @property
    def face(self) -> Mapping[str, Any]:
        """Measures of the face; empty if nothing was measured."""
        return self.quality.get("face") or {}


def read_summary(data_set: DataSet, record: TakeRecord) -> TakeSummary:
    """Read what take.json says.

    Raises:
        DataSetError: it is missing, damaged or says nonsense.
    """
    folder = data_set.take_folder(record.name)
    facts = read_take_facts(folder)
    try:
        quality = facts.get("quality") or {}
        statistics = control_statistics(quality) if quality else {}
        sync = facts.get("sync") or {}
        return TakeSummary(
            record=record,
            remarks=tuple(
                Remark(str(remark["code"]), str(remark["text"])) for remark in facts.get("remarks") or ()
            ),
            lag=Lag.from_json(sync) if sync else UNKNOWN,
            shift_seconds=float((facts.get("audio") or {}).get("shift_seconds", 0.0)),
            quality={key: value for key, value in quality.items() if key != "controls"},
            statistics={name: column.astype(np.float32) for name, column in statistics.items()},
            clamped={str(name): int(count) for name, count in (facts.get("clamped") or {}).items()},
            captured_frames=int((facts.get("timing") or {}).get("captured_frames", 0)),
            sound_sha256=str(facts["sha256"].get(AUDIO_FILE, "")),
            session=session_of(facts) if facts.get("audio") else (),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataSetError(
            f"{folder / TAKE_FILE}: its measures cannot be read ({error!r}). Ingest this take again."
        ) from error
