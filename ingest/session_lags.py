"""By how much to move the sound of the takes of a session: what they agree on, or not at all.

A session is what was recorded with one device on one day and paired with its sound in one way; only there a
common offset can be expected. Knows nothing about how a lag is measured (see sync.py).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.sync import Lag, pool_lags
from ingest.take_files import read_take_facts

_DEVICE_KEYS = ("device", "deviceModel", "device_model")
_DATE_KEYS = ("date", "day")


def session_shifts(folders: Sequence[Path]) -> dict[Path, float]:
    """Seconds by which the sound of each of these takes should be later; takes without sound are left out.

    0 where the takes of a session do not agree.
    """
    sessions: dict[tuple[str, ...], list[tuple[Path, Lag]]] = defaultdict(list)
    for folder in folders:
        facts = read_take_facts(folder)
        if facts.get("audio"):
            lag = Lag.from_json(facts["audio"]["captured_lag"])
            sessions[session_of(facts)].append((folder, lag))
    shifts: dict[Path, float] = {}
    for takes in sessions.values():
        pooled = pool_lags([lag for _, lag in takes])
        agreed = pooled.verdict == "agreed" and pooled.seconds is not None
        shift = round(-pooled.seconds, 4) if agreed and pooled.seconds is not None else 0.0
        shifts.update((folder, shift) for folder, _ in takes)
    return shifts


def session_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The session of a take: format, device, day or else folder, and how its sound was placed."""
    origin = facts["origin"]
    details = origin["details"]
    device = next((details[key] for key in _DEVICE_KEYS if details.get(key)), "")
    day = next((details[key][:10] for key in _DATE_KEYS if details.get(key)), "")
    place = day or str(PurePosixPath(origin["path"]).parent)
    return origin["format"], device, place, facts["audio"]["start"]
