"""Lines of speech with known phone times, and who is kept out of training.

Reads a folder with an `index.csv` (file, speaker, licence, seconds, text, phones as JSON rows of
``[phone, start, end]``) and FLAC or WAV files. Speakers are split by a hash of their name, so the split
needs no list, never changes when lines are added, and no speaker is on two sides.
"""

import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.errors import ConfigError, PhoneError
from cstalk_ue.performer.phones import TimedPhone, check_phones

SPLITS = ("train", "validation", "test")
_COLUMNS = {"file", "speaker", "phones"}


@dataclass(frozen=True)
class SpokenFile:
    """One line on disk: where it is, who speaks, what is said when."""

    path: Path
    speaker: str
    phones: tuple[TimedPhone, ...]
    licence: str = ""
    text: str = ""

    @property
    def seconds(self) -> float:
        """Where its last phone ends, silence included."""
        return self.phones[-1].end_seconds

    def read(self) -> np.ndarray:
        """Mono 16 kHz samples, ``(samples,)`` float32."""
        return load_audio(self.path).samples


def read_corpus(folder: Path) -> list[SpokenFile]:
    """All lines of a corpus folder in the order of its index.

    Raises:
        ConfigError: no index.csv, or columns are missing.
        PhoneError: a line's phones cannot be read.
    """
    index = folder / "index.csv"
    if not index.is_file():
        raise ConfigError(f"{folder}: has no index.csv. Give the folder of a corpus with timed phones.")
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = _COLUMNS - set(rows[0] if rows else ())
    if missing:
        raise ConfigError(f"{index}: lacks the columns {', '.join(sorted(missing))}.")
    return [_spoken_file(folder, index, row) for row in rows]


def split_of(speaker: str, *, keep: Iterable[str] = ("kathleen",)) -> str:
    """The side a speaker is on: about 12 % test, 6 % validation, the rest train.

    Args:
        speaker: name as in the index.
        keep: speakers too large to hold out; always train.
    """
    if speaker in set(keep):
        return "train"
    share = int(hashlib.sha256(speaker.encode("utf-8")).hexdigest()[:8], 16) / 2**32
    return "test" if share < 0.12 else "validation" if share < 0.18 else "train"


def _spoken_file(folder: Path, index: Path, row: dict[str, str]) -> SpokenFile:
    try:
        phones = [(float(start), float(end), str(phone)) for phone, start, end in json.loads(row["phones"])]
    except (ValueError, TypeError) as error:
        raise PhoneError(
            f"{index}: phones of {row['file']} are not [phone, start, end] rows ({error})."
        ) from error
    source = f"{index}: {row['file']}"
    return SpokenFile(
        folder / row["file"],
        row["speaker"],
        check_phones(phones, source=source),
        row.get("licence", ""),
        row.get("text", ""),
    )
