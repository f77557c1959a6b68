"""Live Link Face recordings → CapturedTake: curves by name and timecode, on our rig at 30 fps, with sound.

Reads what the app writes in ARKit mode (1.x, 2020 to 2026): a take folder, its zip, or a curve CSV alone. The
shapes go to the rig as MetaHuman's own pose asset maps them. Knows nothing about emotions (see labels.py) or
about the data set.

Sides: the app names eyes, brows and smiles by the performer's side, and so does the rig. ``MouthLeft`` and
``MouthRight`` are read the same way by default, because Unreal's mapping does so and the take then moves as
its team saw it in the editor. One tool reports them to be the observer's; on five public takes by three teams
the mouth does shift, by its name, away from the corner that smiles (r -0.1 to -0.98), which speaks for it.
``mouth_sides="observer"`` exchanges the two.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from cstalk_ue.arkit_maps import arkit_names, arkit_to_gui, live_link_face_to_head
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import DATA_SET_FPS, CapturedTake, CaptureOrigin, CaptureTiming, Remark
from ingest.found import FoundTake
from ingest.live_link_clock import Clock, read_clock
from ingest.live_link_csv import LiveLinkRows, read_live_link_rows
from ingest.live_link_discovery import (
    base_of,
    find_live_link_face,
    is_take_folder,
    neutral_of,
    open_take,
    variant_of,
    why_no_curves,
)
from ingest.live_link_metadata import LiveLinkFacts, read_facts
from ingest.live_link_sound import SoundWanted, find_sound, sound_names
from ingest.mirrored import check_gaze
from ingest.resampling import LONGEST_GAP_SECONDS, Frames, sample_rows
from ingest.swap_sides import swap_sides as swapped
from ingest.timecode import timecode_seconds

__all__ = ["MOUTH_SIDES", "find_live_link_face", "read_live_link_face"]

MOUTH_SIDES = ("performer", "observer")
HEAD_ANGLES = ("HeadYaw", "HeadPitch", "HeadRoll")
_LARGEST_ANGLE = 2 * np.pi
_OBSERVERS = {"MouthLeft": "MouthRight", "MouthRight": "MouthLeft"}
_FRAMES_MAY_DIFFER = 2
_RATES_MAY_DIFFER = 0.05
_STARTS_MAY_DIFFER = 0.5
_STILL = 1e-6
"""Radians: a head that moves less was not recorded."""


def read_live_link_face(
    found: FoundTake,
    *,
    swap_sides: bool = False,
    audio_folder: Path | None = None,
    mouth_sides: str = "performer",
    longest_gap_seconds: float = LONGEST_GAP_SECONDS,
) -> CapturedTake:
    """Read a recording as a take on our rig.

    Frame k lies k / 30 s after the first row, and the last frame not after the last row:
    ``floor(seconds * 30 + 0.001) + 1`` frames for `seconds` between the two.

    Args:
        swap_sides: exchange left and right of face and head, for a mirrored recording.
        audio_folder: where sound lies that was recorded beside the phone; it comes before the movie's own.
        mouth_sides: whose left ``MouthLeft`` is, ``performer`` or ``observer``.
        longest_gap_seconds: rows this far apart are joined by interpolation; further apart, frames between
            them are not valid.

    Raises:
        CurveFormatError: no curves, or damaged ones.
        AudioError: several sounds belong to the take equally well, or `audio_folder` does not exist.
    """
    if mouth_sides not in MOUTH_SIDES:
        raise CurveFormatError(f"mouth_sides is {mouth_sides!r}; expected one of {', '.join(MOUTH_SIDES)}.")
    files, name = open_take(found)
    if name is None:
        raise CurveFormatError(why_no_curves(files))
    shown, base = files.shown(name), base_of(files, name)
    facts = read_facts(files, base, files.folder_name if is_take_folder(files) else "")
    rows = read_live_link_rows(files.read(name), shown)
    clock = read_clock(rows.timecodes, assumed_fps=facts.nominal_fps, repeated=rows.copies, where=shown)
    frames = _frames(rows, clock, longest_gap_seconds, shown)
    performance = _performance(frames, rows.columns, mouth_sides)
    if swap_sides:
        performance = swapped(performance)
    seconds = float(clock.seconds[-1]) + clock.period
    sound = find_sound(
        SoundWanted(files, found.path, base, _names(found, base, name, facts), clock.day_seconds, seconds),
        audio_folder,
    )
    neutral = neutral_of(files, name)
    details = {
        **facts.details,
        "variant": variant_of(files, name),
        "neutral": neutral or "",
        "sides": "swapped" if swap_sides else "as captured",
        "mouth_sides": mouth_sides,
    }
    read = (files.path(part) for part in (name, *facts.files, *sound.files))
    return CapturedTake(
        name=found.name,
        performance=performance,
        timing=CaptureTiming(
            measured_fps=clock.fps,
            clock=clock.kind,
            start_timecode=rows.timecodes[clock.rows[0]],
            seconds=seconds,
            captured_frames=len(rows.timecodes),
            dropped_frames=clock.dropped,
            lost_frames=int((~rows.captured[clock.rows]).sum()),
            filled_frames=frames.filled,
            gap_frames=int((~frames.valid).sum()),
        ),
        labels=facts.labels,
        origin=CaptureOrigin(
            "live-link-face",
            found.path,
            found.member,
            files=tuple(dict.fromkeys((*read, *sound.outside))),
            details={key: value for key, value in details.items() if value},
        ),
        samples=sound.samples,
        audio_source=sound.source,
        audio_start_seconds=sound.start_seconds,
        audio_start=sound.start,
        clamped=_clamped(rows),
        remarks=(
            *facts.remarks,
            *rows.remarks,
            *clock.remarks,
            *_remarks(rows, clock, facts, frames, swapped=swap_sides),
            *sound.remarks,
        ),
    )


def _names(found: FoundTake, base: str, name: str, facts: LiveLinkFacts) -> tuple[str, ...]:
    """What a sound file recorded elsewhere may be called."""
    labels = facts.labels
    slate_and_take = f"{labels.slate}_{labels.take_number}" if labels.take_number is not None else ""
    others = (PurePosixPath(name).stem, found.name, found.path.stem, facts.details.get("identifier", ""))
    return sound_names(base, (*others, slate_and_take))


def _frames(rows: LiveLinkRows, clock: Clock, longest_gap_seconds: float, shown: str) -> Frames:
    captured = rows.captured[clock.rows]
    if not captured.any():
        raise CurveFormatError(f"{shown}: no row with a face has a usable timecode. Export the take again.")
    values = rows.values[clock.rows]
    shapes = np.isin(rows.columns, arkit_names())
    # Held to their range before frames are made of them, so that no frame is drawn to a value cut off later.
    values[:, shapes] = values[:, shapes].clip(0, 1)
    return sample_rows(
        clock.seconds, values, captured, period=clock.period, longest_gap_seconds=longest_gap_seconds
    )


def _performance(frames: Frames, columns: tuple[str, ...], mouth_sides: str) -> FacePerformance:
    valid = None if frames.valid.all() else frames.valid
    named = dict(zip(columns, frames.values.T, strict=True))
    angles = np.column_stack([named.get(name, np.zeros(len(frames.values))) for name in HEAD_ANGLES])
    if _in_degrees(angles):
        angles = np.zeros_like(angles)
    head = live_link_face_to_head(angles, fps=DATA_SET_FPS)
    shapes = tuple(name for name in columns if name in arkit_names())
    spelled = tuple(_OBSERVERS.get(name, name) for name in shapes) if mouth_sides == "observer" else shapes
    values = np.column_stack([named[name] for name in shapes])
    face = arkit_to_gui(RigCurves(values, spelled, DATA_SET_FPS, valid=valid))
    return FacePerformance(face, RigCurves(head.values, head.controls, head.fps, valid=valid))


def _in_degrees(angles: np.ndarray) -> bool:
    return bool((np.abs(angles) > _LARGEST_ANGLE).any())


def _clamped(rows: LiveLinkRows) -> Mapping[str, int]:
    counts = ((rows.values < 0) | (rows.values > 1)).sum(axis=0)
    named = zip(rows.columns, counts.tolist(), strict=True)
    return {name: count for name, count in named if count and name in arkit_names()}


def _remarks(
    rows: LiveLinkRows, clock: Clock, facts: LiveLinkFacts, frames: Frames, *, swapped: bool
) -> Iterator[Remark]:
    """What only shows when the parts of a recording are held against each other."""
    angles = np.column_stack([rows.column(name) for name in HEAD_ANGLES])[rows.captured]
    moves = bool((np.ptp(angles, axis=0) > _STILL).any())
    if _in_degrees(angles):
        largest = np.abs(angles).max()
        yield Remark(
            "head-angles", f"head angles reach {largest:.1f}; expected radians. The head is left at rest."
        )
    elif not moves:
        yield Remark("head-still", "the head does not move: Stream Head Rotation was off.")
    elif facts.turned:
        yield Remark("head-signs", f"the phone was {facts.turned}; head yaw and pitch may be reversed.")
    gaze = check_gaze({name: rows.column(name)[rows.captured] for name in rows.columns})
    if gaze.mirrored and not swapped:
        text = f"the eyes look the other way than their angles say (r {gaze.score:.2f}): sides are exchanged."
        yield Remark("mirrored", text)
    gaps = int((~frames.valid).sum())
    if gaps:
        yield Remark("gap-frames", f"{gaps} of {len(frames.valid)} frames lie in gaps and are not valid.")
    if facts.frames is not None and abs(len(rows.timecodes) - facts.frames) > _FRAMES_MAY_DIFFER:
        yield Remark(
            "frame-count", f"take.json counts {facts.frames} frames, the curves have {len(rows.timecodes)}."
        )
    if facts.nominal_fps is not None and abs(clock.fps / facts.nominal_fps - 1) > _RATES_MAY_DIFFER:
        yield Remark("frame-rate", f"recorded at {clock.fps:.2f} fps, but set to {facts.nominal_fps:g}.")
    start = timecode_seconds(facts.start_timecode)
    if (
        start is not None
        and clock.day_seconds is not None
        and abs(start - clock.day_seconds) > _STARTS_MAY_DIFFER
    ):
        yield Remark("start-timecode", f"take.json starts at {facts.start_timecode}, the curves elsewhere.")
