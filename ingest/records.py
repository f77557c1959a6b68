"""Takes on disk → the rows of takes.csv. The takes are the truth, the table is made from them.

Knows nothing about splits (see splits.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cstalk_ue.errors import DataSetError
from ingest.captured import DATA_SET_FPS
from ingest.data_set_tables import TakeRecord
from ingest.labels import emotion_class
from ingest.take_files import AUDIO_FILE, TAKE_FILE, labels_from_json, read_take_facts


def record_of_take(name: str, facts: Mapping[str, Any]) -> TakeRecord:
    """The row of one take, without a split.

    Args:
        name: its folder.
        facts: its take.json.

    Raises:
        DataSetError: something that every take has is missing.
    """
    labels = labels_from_json(facts["labels"], Path(name))
    try:
        origin, audio = facts["origin"], facts.get("audio") or {}
        sync = facts.get("sync") or {}
        return TakeRecord(
            name=name,
            split_asked=facts.get("split", ""),
            emotion="" if labels.emotion is None else str(labels.emotion),
            emotion_class="" if labels.emotion is None else emotion_class(labels.emotion),
            intensity=labels.intensity,
            performer=labels.performer,
            line=labels.line,
            slate=labels.slate,
            take_number=labels.take_number,
            transcript=labels.transcript,
            seconds=facts["frames"] / DATA_SET_FPS,
            frames=facts["frames"],
            valid_frames=facts["valid_frames"],
            audio=AUDIO_FILE in facts["sha256"],
            audio_start=audio.get("start", "none"),
            audio_shift_seconds=float(audio.get("shift_seconds", 0.0)),
            lag_seconds=sync.get("lag_seconds"),
            lag_confidence=sync.get("confidence"),
            source_format=origin["format"],
            source=origin["path"],
            member=origin["member"],
            source_sha256=facts["source_sha256"],
            content_sha256=facts["content_sha256"],
            remarks=" ".join(dict.fromkeys(remark["code"] for remark in facts["remarks"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataSetError(f"{name}/{TAKE_FILE}: lacks {error}. Ingest this take again.") from error


def read_take_records(takes: Path) -> tuple[dict[str, TakeRecord], tuple[str, ...]]:
    """The rows of all finished takes by name, and one sentence for every take that is damaged.

    Args:
        takes: the folder that holds them; may be missing.
    """
    records, problems = {}, []
    folders = sorted(path for path in takes.iterdir() if path.is_dir()) if takes.is_dir() else []
    for folder in folders:
        if not (folder / TAKE_FILE).exists():
            continue
        try:
            records[folder.name] = record_of_take(folder.name, read_take_facts(folder))
        except DataSetError as error:
            problems.append(str(error))
    return records, tuple(problems)
