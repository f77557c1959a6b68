"""What Live Link Face says about a recording beside the curves: take.json, video_metadata.json, and names.

take.json is believed before file names. Missing or damaged files and keys cost their facts, not the take.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from cstalk_ue.errors import CurveFormatError
from ingest.captured import Remark, TakeLabels
from ingest.live_link_clock import FASTEST_FPS, SLOWEST_FPS
from ingest.live_link_files import TakeFiles

_TAKE_FOLDER = re.compile(r"(?P<date>\d{8})_(?P<slate>.+)_(?P<take>\d{1,6})")
_FILE_PREFIX = re.compile(r"(?P<slate>.+)_(?P<take>\d{1,6})(?:_(?P<subject>.+))?")
_DEVICE = re.compile(r"iphone|ipad", re.IGNORECASE)
_ORIENTATIONS = {2: "upside down", 3: "lying on its left side", 4: "lying on its right side"}


@dataclass(frozen=True)
class LiveLinkFacts:
    """What is known about a recording without its curves.

    Attributes:
        labels: slate, take number and performer.
        details: device, app version and the like, as texts.
        nominal_fps: frame rate that was set, or None.
        frames: as take.json counts them, or None; the CSV may have one more.
        start_timecode: of take.json, or empty.
        turned: how the phone lay, if take.json or video_metadata.json says it was not upright; else empty.
        files: names of the files that were read.
        remarks: what was odd.
    """

    labels: TakeLabels
    details: Mapping[str, str]
    nominal_fps: float | None = None
    frames: int | None = None
    start_timecode: str = ""
    turned: str = ""
    files: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))


def read_facts(files: TakeFiles, base: str, folder_name: str) -> LiveLinkFacts:
    """Read the JSON files beside a recording.

    Args:
        base: stem of its curve CSV without ``_cal`` and the like.
        folder_name: of its take folder; empty for a loose CSV, whose neighbours are not its own.
    """
    remarks: list[Remark] = []
    read: list[str] = []
    take = _json(files, "take.json", read, remarks) if folder_name else {}
    video = _json(files, "video_metadata.json", read, remarks) if folder_name else {}
    sound = _json(files, "audio_metadata.json", read, remarks) if folder_name else {}
    labels = _labels(take, base, folder_name, remarks)
    details = {
        "device": _text(take.get("deviceModel")),
        "app_version": _text(take.get("appVersion")),
        "date": _text(take.get("date")),
        "calibrated": _text(take.get("calibrated")),
        "subject": _text(take.get("subject")) or _subject_of(base),
        "identifier": _text(take.get("identifier")),
        "orientation": _text(video.get("Orientation")),
        "audio_rate": _text(sound.get("SampleRate")),
    }
    remarks += _bad_names(labels.slate, details["subject"], folder_name)
    frames = _whole(take.get("frames"))
    return LiveLinkFacts(
        labels=labels,
        details={key: value for key, value in details.items() if value},
        nominal_fps=_rate(video.get("FrameRate")) or _rate(take.get("videoTargetFrameRate")),
        frames=frames if frames and frames > 0 else None,
        start_timecode=_text(take.get("startTimecode")),
        turned=_ORIENTATIONS.get(_whole(video.get("Orientation")) or 0, ""),
        files=tuple(read),
        remarks=tuple(remarks),
    )


def _json(files: TakeFiles, name: str, read: list[str], remarks: list[Remark]) -> dict[str, Any]:
    """An object from a JSON file, or an empty one with a remark."""
    spelled = next((other for other in files.names if other.casefold() == name), None)
    if spelled is None:
        return {}
    try:
        data = json.loads(files.read(spelled).decode("utf-8-sig"))
    except (CurveFormatError, ValueError, RecursionError) as error:
        remarks.append(
            Remark("metadata", f"{name} cannot be read ({str(error)[:120]}); file names are used.")
        )
        return {}
    read.append(spelled)
    if not isinstance(data, dict):
        remarks.append(Remark("metadata", f"{name} holds no object; file names are used."))
        return {}
    return data


def _labels(take: Mapping[str, Any], base: str, folder_name: str, remarks: list[Remark]) -> TakeLabels:
    """Slate, take and performer: from take.json, then the folder's name, then the file's."""
    slate, number = _text(take.get("slate")), _whole(take.get("take"))
    subject = _text(take.get("subject")) or _subject_of(base)
    if not slate or number is None:
        folder = _TAKE_FOLDER.fullmatch(folder_name)
        name = folder or _FILE_PREFIX.fullmatch(base)
        if name is None:
            slate = slate or base
        else:
            slate, number = slate or name["slate"], int(name["take"]) if number is None else number
            if folder is None and len(re.findall(r"(?:^|_)\d+(?=_|$)", base)) > 1:
                remarks.append(
                    Remark(
                        "ambiguous-name", f"{base} has several numbers; read as slate {slate}, take {number}."
                    )
                )
    if (
        "slate" in take
        and number is not None
        and not base.casefold().startswith(f"{slate}_{number}".casefold())
    ):
        remarks.append(
            Remark(
                "name-conflict", f"take.json says slate {slate}, take {number}; the file is called {base}."
            )
        )
    # The app fills in the device for a subject; that is nobody's name.
    performer = "" if _DEVICE.search(subject) else subject
    return TakeLabels(slate=slate, take_number=number, performer=performer)


def _subject_of(base: str) -> str:
    match = _FILE_PREFIX.fullmatch(base)
    return (match["subject"] or "") if match else ""


def _bad_names(slate: str, subject: str, folder_name: str) -> list[Remark]:
    """Names that Unreal's importers refuse."""
    return [
        Remark(
            "name", f"{what} {name!r} has white space or other than ASCII; Unreal's importer refuses that."
        )
        for what, name in (
            ("slate", slate),
            ("subject", subject),
            ("folder", PurePosixPath(folder_name).name),
        )
        if not name.isascii() or any(character.isspace() for character in name)
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value).strip()[:200]
    return ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53 else None


def _rate(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if SLOWEST_FPS <= value <= FASTEST_FPS else None
