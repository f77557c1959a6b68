"""What goes wrong on a shooting day, by name: how each fault is made, and how the tools must report it.

A fault changes what the phone would have recorded (`change`), or spoils the files afterwards (`spoil`). It
is reported by a sentence in failed.csv if the take cannot be used (`failed`), else by a code among the
remarks of takes.csv or the findings of `dataset check`; a fault with neither is none and must leave no
trace.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from live_link_recording import (
    COLUMNS,
    SOUND_RATE,
    Recording,
    take_json,
    write_movie,
)


def _unchanged(recording: Recording) -> Recording:
    return recording


def _unspoiled(folder: Path, recording: Recording) -> Path:
    return folder


@dataclass(frozen=True)
class Fault:
    """One way to break a take.

    Attributes:
        name: of the fault.
        change: of the recording before it is written.
        spoil: of the files; returns the folder, which may have moved.
        failed: what the sentence in failed.csv must hold; empty if the take is kept.
        codes: one of these must be said of the take.
        keeps_frames: whether the take keeps the length it would have had.
    """

    name: str
    change: Callable[[Recording], Recording] = _unchanged
    spoil: Callable[[Path, Recording], Path] = _unspoiled
    failed: str = ""
    codes: tuple[str, ...] = ()
    keeps_frames: bool = True


def _without_columns(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        if path.name != "frame_log.csv":
            path.unlink()


def _animator_mode(folder: Path, recording: Recording) -> Path:
    """Depth instead of curves."""
    _without_columns(folder)
    (folder / "depth_data.bin").write_bytes(bytes(range(256)) * 16)
    (folder / "depth_metadata.mhaical").write_text('{"PixelSize": 0.01}', encoding="utf-8")
    return folder


def _no_curves(folder: Path, recording: Recording) -> Path:
    _without_columns(folder)
    return folder


def _empty_curves(folder: Path, recording: Recording) -> Path:
    (folder / recording.curve_file).write_bytes(b"")
    return folder


def _cut_curves(folder: Path, recording: Recording) -> Path:
    """As when the phone ran out of space: the file ends within a number."""
    path = folder / recording.curve_file
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * 0.9) - data[round(len(data) * 0.9) - 1 :: -1].index(b".") + 3])
    return folder


def _text_in_cell(folder: Path, recording: Recording) -> Path:
    path = folder / recording.curve_file
    lines = path.read_text(encoding="utf-8").split("\n")
    cells = lines[41].split(",")
    cells[17] = "#REF!"
    lines[41] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return folder


def _percent(recording: Recording) -> Recording:
    return replace(recording, values=100 * recording.values)


def _dropped(recording: Recording) -> Recording:
    """Nothing from 1.5 to 2.3 s; the sound goes on."""
    return recording.rows((recording.seconds < 1.5) | (recording.seconds > 2.3))


def _lost_face(recording: Recording) -> Recording:
    away = (recording.seconds > 2.0) & (recording.seconds < 3.0)
    return replace(recording, faces=~away)


def _frozen(recording: Recording) -> Recording:
    """A dead tracker repeats one face while the clock goes on."""
    return replace(recording, values=np.repeat(recording.values[:1], len(recording.values), axis=0))


def _passes_midnight(recording: Recording) -> Recording:
    days = np.ceil(recording.uptime_seconds / 86400)
    return replace(recording, uptime_seconds=days * 86400 - 2.0)


def _no_sound(recording: Recording) -> Recording:
    return replace(recording, sound=None)


def _silent(recording: Recording) -> Recording:
    assert recording.sound is not None
    return replace(recording, sound=np.zeros_like(recording.sound))


def _clipped(recording: Recording) -> Recording:
    """12 dB too hot."""
    assert recording.sound is not None
    return replace(recording, sound=np.clip(recording.sound * 12 / np.abs(recording.sound).max(), -1, 1))


def _late_sound(folder: Path, recording: Recording) -> Path:
    """The sound lags by 200 ms and the log does not know."""
    assert recording.sound is not None
    late = np.concatenate([np.zeros(round(0.2 * SOUND_RATE), np.float32), recording.sound])
    movie = folder / f"{recording.prefix}.mov"
    movie.unlink()
    write_movie(movie, replace(recording, sound=late))
    return folder


def _mirrored(recording: Recording) -> Recording:
    """Shapes have their sides exchanged, as by a program that flips the picture; the angles stay."""
    order = list(range(len(COLUMNS)))
    for column, name in enumerate(COLUMNS[:52]):
        other = name.replace("Left", "*").replace("Right", "Left").replace("*", "Right")
        order[column] = COLUMNS.index(other)
    return replace(recording, values=recording.values[:, order])


def _empty_movie(folder: Path, recording: Recording) -> Path:
    (folder / f"{recording.prefix}.mov").write_bytes(b"")
    return folder


def _damaged_json(folder: Path, recording: Recording) -> Path:
    path = folder / "take.json"
    path.write_bytes(path.read_bytes()[:97])
    return folder


def _other_timecodes(recording: Recording) -> Recording:
    """As third parties number their rows."""
    return replace(recording, timecodes=tuple(f"{row}.0" for row in range(len(recording.seconds))))


def _too_short(recording: Recording) -> Recording:
    assert recording.sound is not None
    short = recording.rows(recording.seconds < 1.0)
    return replace(short, sound=recording.sound[:SOUND_RATE])


def _folder_of_another_emotion(folder: Path, recording: Recording) -> Path:
    """Sorted into the wrong folder."""
    emotion = "sad" if "-angry-" in recording.slate else "angry"
    target = folder.parent / emotion / folder.name
    target.parent.mkdir(exist_ok=True)
    return Path(shutil.move(folder, target))


def _slate_of_another_emotion(folder: Path, recording: Recording) -> Path:
    """take.json was corrected by hand, the files were not."""
    other = "happy" if "-sad-" in recording.slate else "sad"
    data = take_json(recording)
    data["slate"] = re.sub("-[a-z]+-", f"-{other}-", recording.slate)
    (folder / "take.json").write_text(json.dumps(data, indent=2), encoding="utf-8")
    return folder


def _none_of_the_five(recording: Recording) -> Recording:
    return replace(recording, slate=re.sub("-[a-z]+-", "-fear-", recording.slate))


def copy_of(recording: Recording) -> Recording:
    """The same recording under the slate of another emotion, as its second take."""
    other = "happy" if "-sad-" in recording.slate else "sad"
    return replace(recording, slate=re.sub("-[a-z]+-", f"-{other}-", recording.slate), take=2)


def _copy(folder: Path, recording: Recording) -> Path:
    """The same files once more, under another slate."""
    named = copy_of(recording)
    target = folder.parent / named.folder_name
    shutil.copytree(folder, target)
    for path in sorted(target.iterdir()):
        path.rename(path.with_name(path.name.replace(recording.prefix, named.prefix)))
    (target / "take.json").write_text(json.dumps(take_json(named), indent=2), encoding="utf-8")
    return folder


def _reordered(folder: Path, recording: Recording) -> Path:
    """A writer that sorts its columns and spells them in camel case; nothing is wrong with that."""
    path = folder / recording.curve_file
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    order = [0, 1, *sorted(range(2, len(rows[0])), key=lambda column: rows[0][column])]
    rows[0] = [name[0].lower() + name[1:] for name in rows[0]]
    path.write_text("".join(",".join(row[c] for c in order) + "\n" for row in rows), encoding="utf-8")
    return folder


FAULTS: tuple[Fault, ...] = (
    Fault("animator-mode", spoil=_animator_mode, failed="MetaHuman Animator mode"),
    Fault("no-curves", spoil=_no_curves, failed="no curves here"),
    Fault("empty-curves", spoil=_empty_curves, failed="is empty"),
    Fault("text-in-cell", spoil=_text_in_cell, failed="'#REF!'; expected a number"),
    Fault("percent", change=_percent, failed="expected 0 to 1"),
    Fault("cut-curves", spoil=_cut_curves, codes=("cut-off",), keeps_frames=False),
    Fault("dropped-frames", change=_dropped, codes=("dropped-frames",)),
    Fault("lost-face", change=_lost_face, codes=("face-lost",)),
    Fault("frozen-face", change=_frozen, codes=("still-face",)),
    Fault("no-sound", change=_no_sound, codes=("no-sound",)),
    Fault("empty-movie", spoil=_empty_movie, codes=("broken-audio",)),
    Fault("silent-sound", change=_silent, codes=("silent-sound",)),
    Fault("clipped-sound", change=_clipped, codes=("clipped-sound",)),
    Fault("late-sound", spoil=_late_sound, codes=("outlying-lag",)),
    Fault("mirrored", change=_mirrored, codes=("mirrored",)),
    Fault("damaged-json", spoil=_damaged_json, codes=("metadata",)),
    Fault("other-timecodes", change=_other_timecodes, codes=("uniform-clock",), keeps_frames=False),
    Fault("too-short", change=_too_short, codes=("too-short",), keeps_frames=False),
    Fault("wrong-folder", spoil=_folder_of_another_emotion, codes=("label-conflict",)),
    Fault("wrong-slate", spoil=_slate_of_another_emotion, codes=("name-conflict",)),
    Fault("other-emotion", change=_none_of_the_five, codes=("other-emotion",)),
    Fault("copy", spoil=_copy, codes=("copy-other-label",)),
    Fault("passes-midnight", change=_passes_midnight),
    Fault("other-columns", spoil=_reordered),
)
"""All of them; the last two are none and must do no harm."""
