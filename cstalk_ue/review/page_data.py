"""What the script of the page has to know before it looks at a line: the list, the rig, colours, flags."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.review.flags import FLAGS
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.picture import EMOTION_COLOURS
from cstalk_ue.review.prepare import PreparedLine
from cstalk_ue.review.regions import REGIONS
from cstalk_ue.review.rows import csv_cells
from cstalk_ue.rig import control_defaults, control_names


def page_config(
    lines: Sequence[ReviewLine],
    entries: Sequence[dict[str, Any]],
    *,
    folder: Path,
    title: str,
    page_id: str,
    csv_name: str,
) -> dict[str, Any]:
    """What the script has to know, plain JSON.

    Args:
        lines: in the order of the page.
        entries: of `line_entry`, one per line.
        folder: file names in the table of decisions are relative to it.
        title: of the page.
        page_id: under which the browser keeps decisions.
        csv_name: of the exported table, without suffix.
    """
    groups: dict[str, int] = {}
    for line, entry, cells in zip(lines, entries, csv_cells(lines, folder), strict=True):
        sound = line.sound_sha256 or f"no sound of {line.digest} {line.curves}"
        entry["group"] = groups.setdefault(sound, len(groups))
        entry["csv"] = cells
    return {
        "serve": False,
        "id": page_id,
        "title": title,
        "csv": f"{csv_name}.csv",
        "controls": list(control_names()),
        "defaults": [float(rest) for rest in control_defaults()],
        "emotions": {name: EMOTION_COLOURS[name] for name in EMOTIONS},
        "flags": dict(FLAGS),
        "regions": [
            {
                "name": r.name,
                "unit": r.unit,
                "top": r.top,
                "curves": [[label, list(c)] for label, c in r.curves],
            }
            for r in REGIONS
        ],
        "lines": list(entries),
    }


def line_entry(
    prepared: PreparedLine, *, ghost: PreparedLine | None = None, sound: int | None = None
) -> dict[str, Any]:
    """One line in the list of the page."""
    line = prepared.line
    track = line.track
    weights = () if track is None else track.weights.max(axis=0)
    return {
        "name": line.name,
        "emotion": line.emotion,
        "classes": [name for name, weight in zip(EMOTIONS, weights, strict=False) if weight > 1e-4],
        "seconds": round(line.seconds, 4),
        "fps": line.fps,
        "frames": line.frames,
        "model": line.model,
        "flags": [[flag.word, flag.detail] for flag in prepared.flags],
        "problem": line.problem,
        "digest": line.digest[:16],
        "audio": sound,
        "ghost": None if ghost is None else {"model": ghost.line.model, "emotion": ghost.line.emotion},
    }


def match_references(lines: Sequence[ReviewLine], against: Sequence[ReviewLine]) -> dict[int, ReviewLine]:
    """For each line, by position, the other one of its name, of the same emotion if there are more."""
    by_name: dict[str, list[ReviewLine]] = {}
    for other in against:
        for name in {other.name, PurePosixPath(other.name).name}:
            by_name.setdefault(name, []).append(other)
    found = {}
    for index, line in enumerate(lines):
        others = by_name.get(line.name) or by_name.get(PurePosixPath(line.name).name, [])
        others = [other for other in others if not other.problem]
        if others:
            found[index] = min(others, key=lambda other: other.emotion != line.emotion)
    return found
