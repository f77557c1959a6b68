"""Curve files → the lines of a review: each with its sound, phones, emotion and model.

Reads ``NAME.curves.npz``, the control tables of `export`, and MetaHuman Animator solves as JSON. A file that
cannot be read is a line with a problem and stops no other. What is wrong with the animation itself is in
flags.py. Files are only read.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cstalk_ue.batch_files import RECORD_FORMAT, plain
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CSTalkError, CurveFormatError, EmotionError, UsageError
from cstalk_ue.export import FORMATS, read_curves_npz, read_table_csv
from cstalk_ue.performer import phones_beside
from cstalk_ue.review.sounds import FoundSound, SoundFinder
from cstalk_ue.rig_maps import raw_to_gui
from cstalk_ue.storage import sha256_file
from cstalk_ue.take import FacePerformance
from ingest import read_animator_json

NPZ, TABLE, ANIMATOR = FORMATS["npz"].suffix, FORMATS["csv"].suffix, ".json"
SLOWEST_FPS, FASTEST_FPS = 1, 1000
_SNIFFED_BYTES = 64 * 1024


@dataclass(frozen=True)
class ReviewLine:
    """One line to look at.

    Attributes:
        name: of the line, with ``/`` between folders; different for all lines of a review.
        curves: its curve file.
        emotion: track text, "" if the file does not say.
        model: what made it, "" if the file does not say.
        seconds, fps, frames: of the curves; 0 if they cannot be read.
        audio: its sound, or None.
        sound_sha256: of the sound, or of the one it was made from if that is not here; lines that share it
            are variants of one line.
        source: name of the sound as the curve file says it.
        sound_changed: the sound that was found is not the one the curves were made from.
        curves_changed: the curve file is not what its record says was written.
        phones: timed phones, or None.
        seed: as given to `predict`, or None.
        digest: SHA-256 of the curve file.
        problem: why it cannot be shown, "" if it can.
    """

    name: str
    curves: Path
    emotion: str = ""
    model: str = ""
    seconds: float = 0.0
    fps: float = 0.0
    frames: int = 0
    audio: Path | None = None
    sound_sha256: str = ""
    source: str = ""
    sound_changed: bool = False
    curves_changed: bool = False
    phones: Path | None = None
    seed: int | None = None
    digest: str = ""
    problem: str = ""

    def load(self) -> FacePerformance:
        """The curves, read from disk again each time.

        Raises:
            CSTalkError: the file cannot be read.
        """
        return _read(self.curves)[0]

    @property
    def track(self) -> EmotionTrack | None:
        """The emotion over time, if it is known."""
        return EmotionTrack.parse(self.emotion) if self.emotion else None


def find_lines(paths: Sequence[Path], *, audio: Path | None = None) -> list[ReviewLine]:
    """The lines of these files and folders, in their order, files of a folder sorted.

    Args:
        paths: curve files, and folders that are searched for them. Inside folders a table is left out if the
            same line is there as npz, and so is whatever is no table of controls and no Animator solve.
        audio: a folder to look for the sounds in.

    Raises:
        UsageError: a path does not exist, or none of them holds a curve file.
        AudioError: `audio` does not exist.
    """
    finder = SoundFinder(audio)
    lines: dict[Path, ReviewLine] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder. Check the spelling.")
        for name, curves in _below(path) if path.is_dir() else [(_stem(path), path)]:
            if (key := curves.absolute()) not in lines:
                folder = path.absolute() if path.is_dir() else key.parent
                lines[key] = _line(f"{folder.name}/{name}", name, curves, finder)
    if not lines:
        raise UsageError(
            f"{', '.join(map(str, paths))}: holds no curves to review; expected NAME{NPZ}, control tables "
            "or Animator JSON. Make some with cstalk-ue predict."
        )
    return _with_names(list(lines.values()))


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of every line below a folder, hidden names left out."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or not path.is_file():
            continue
        name = PurePosixPath(*parts[:-1], _stem(path)).as_posix()
        if path.name.endswith(NPZ):
            found[name] = path
        elif path.suffix.lower() not in (TABLE, ANIMATOR) or name in found:
            continue
        elif not path.with_name(_stem(path) + NPZ).exists() and _is_curves(path):
            found[name] = path
    yield from found.items()


def _stem(path: Path) -> str:
    return path.name.removesuffix(NPZ) if path.name.endswith(NPZ) else path.stem


def _is_curves(path: Path) -> bool:
    """Whether a CSV or JSON looks like one of ours to read, from its beginning."""
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED_BYTES)
    except OSError:
        return False
    if path.suffix.lower() == ANIMATOR:
        return b'"sequenceLengthSeconds"' in start
    header = start.split(b"\n", 1)[0]
    return b"time_seconds" in header and b"CTRL_" in header


def _line(long_name: str, name: str, curves: Path, finder: SoundFinder) -> ReviewLine:
    line = ReviewLine(long_name, curves)
    try:
        line = dataclasses.replace(line, digest=sha256_file(curves))
        record = _read_record(curves)
        performance, told = _read(curves)
        known = {**_told_by_record(record), **told}
        source, sha256 = _text(known.get("source")), _text(known.get("source_sha256"))
        sound = finder.find(curves, name, source=source, sha256=sha256)
        outputs = record.get("outputs")
        written = outputs.get(plain(curves.name)) if isinstance(outputs, dict) else None
        return dataclasses.replace(
            line,
            emotion=_emotion(known.get("emotion")),
            model=_text(known.get("model")),
            seconds=_seconds(curves, performance),
            fps=performance.fps,
            frames=performance.frames,
            audio=sound.path if sound else None,
            sound_sha256=sound.sha256 if sound else sha256,
            source=source,
            sound_changed=bool(sound and sound.changed),
            curves_changed=isinstance(written, str) and written != line.digest,
            phones=_phones(curves, sound),
            seed=known["seed"] if type(known.get("seed")) is int and known["seed"] >= 0 else None,
        )
    except CSTalkError as error:
        return dataclasses.replace(line, problem=str(error))
    except OSError as error:
        return dataclasses.replace(line, problem=f"{curves}: cannot be read ({error.strerror}).")
    except MemoryError:
        return dataclasses.replace(line, problem=f"{curves}: does not fit into memory.")


def _read(path: Path) -> tuple[FacePerformance, Mapping[str, Any]]:
    """The curves of a file, and what it says about itself."""
    if path.suffix.lower() == TABLE:
        return read_table_csv(path), {}
    if path.suffix.lower() == ANIMATOR:
        solve = read_animator_json(path)
        return FacePerformance(raw_to_gui(solve.raw), solve.head), {"model": "MetaHuman Animator"}
    if path.suffix.lower() != ".npz":
        raise CurveFormatError(
            f"{path}: is no curve file; expected NAME{NPZ}, a control table or Animator JSON."
        )
    file = read_curves_npz(path)
    return file.performance, file.provenance


def _seconds(path: Path, performance: FacePerformance) -> float:
    seconds = performance.frames / performance.fps
    if not SLOWEST_FPS <= performance.fps <= FASTEST_FPS:
        raise CurveFormatError(
            f"{path}: has {performance.fps:g} frames per second; expected {SLOWEST_FPS} to {FASTEST_FPS}."
        )
    return seconds


def _read_record(curves: Path) -> dict[str, Any]:
    """NAME.provenance.json beside a curve file; empty if it is absent or damaged."""
    try:
        path = curves.with_name(f"{_stem(curves)}.provenance.json")
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    known = isinstance(record, dict) and record.get("format") == RECORD_FORMAT
    return record if known else {}


def _told_by_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in the words of the curve file's own provenance."""
    source, model, settings = (
        part if isinstance(part := record.get(name), dict) else {} for name in ("source", "model", "settings")
    )
    return {
        "source": source.get("name"),
        "source_sha256": source.get("sha256"),
        "model": model.get("id"),
        "emotion": record.get("emotion"),
        "seed": settings.get("seed"),
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _emotion(value: object) -> str:
    """A track that can be read, in our spelling, or ""."""
    try:
        return str(EmotionTrack.parse(value)) if isinstance(value, str) and value.strip() else ""
    except EmotionError:
        return ""


def _phones(curves: Path, sound: FoundSound | None) -> Path | None:
    beside_sound = phones_beside(sound.path) if sound else None
    return beside_sound or phones_beside(curves.with_name(_stem(curves) + ".wav"))


def _with_names(lines: list[ReviewLine]) -> list[ReviewLine]:
    """Names without the folder they were searched in where they stay different; else with it."""
    short = [line.name.partition("/")[2] for line in lines]
    counts = Counter(short)
    taken: set[str] = set()
    named = []
    for line, name in zip(lines, short, strict=True):
        wanted = name if counts[name] == 1 else line.name
        unique = wanted
        number = 2
        while unique in taken:
            unique = f"{wanted}-{number}"
            number += 1
        taken.add(unique)
        named.append(dataclasses.replace(line, name=unique))
    return named
