"""What a project holds when it is first opened: records to put into its store, and the default ones.

Records are plain dicts, so that tests can add their own from outside the editor's process.
"""

from __future__ import annotations

import base64
from typing import Any

from stand_in.fake_unreal.asset import restored
from stand_in.fake_unreal.store import packed
from stand_in.fake_unreal.world import World

FACE_SKELETON = "/Game/MetaHumans/Common/Face/Face_Archetype_Skeleton"
FACE_MESH = "/Game/MetaHumans/Ada/Face/Ada_FaceMesh"
BODY_SKELETON = "/Game/MetaHumans/Common/Female/Medium/metahuman_base_skel"
HEAD_CURVES = (
    "HeadControlSwitch",
    "HeadYaw",
    "HeadPitch",
    "HeadRoll",
    "HeadTranslationX",
    "HeadTranslationY",
    "HeadTranslationZ",
)


def skeleton(path: str, curves: Any = HEAD_CURVES) -> dict[str, Any]:
    return {"class": "Skeleton", "path": path, "curves": list(curves)}


def mesh(path: str, skeleton_path: str) -> dict[str, Any]:
    return {"class": "SkeletalMesh", "path": path, "skeleton": skeleton_path}


def sequence(
    path: str,
    curves: Any,
    *,
    frames: int,
    fps: Any = (30, 1),
    skeleton_path: str = FACE_SKELETON,
    tags: Any = None,
) -> dict[str, Any]:
    """An AnimSequence of curves: name -> (times, values)."""
    kept = [
        {"name": name, "flags": 4, "times": packed(times), "values": packed(values)}
        for name, (times, values) in curves.items()
    ]
    return {
        "class": "AnimSequence",
        "path": path,
        "rate": list(fps),
        "frames": frames,
        "skeleton": skeleton_path,
        "bones": {},
        "curves": kept,
        "tags": dict(tags or {}),
    }


def sound(path: str, pcm: bytes, *, rate: int = 48000, channels: int = 1) -> dict[str, Any]:
    """A SoundWave of 16-bit samples, little-endian, channels interleaved."""
    kept = base64.b64encode(pcm).decode("ascii")
    return {"class": "SoundWave", "path": path, "rate": rate, "channels": channels, "pcm": kept}


def board(path: str, controls: Any) -> dict[str, Any]:
    """A control rig of ``{"name", "type": "FLOAT" or "VECTOR2D", "min", "max", "curves": [...]}``."""
    return {"class": "ControlRigBlueprint", "path": path, "controls": list(controls)}


def level_sequence(path: str, *, fps: Any = (30, 1), end: int = 150) -> dict[str, Any]:
    return {"class": "LevelSequence", "path": path, "rate": list(fps), "end": end}


def performance(
    path: str, curves: Any, *, frames: int, audio: str = "", processed: bool = True
) -> dict[str, Any]:
    """A MetaHuman performance of curves: name -> one value for each frame, at 30 fps."""
    kept = {name: packed(values) for name, values in curves.items()}
    return {
        "class": "MetaHumanPerformance",
        "path": path,
        "audio": audio,
        "frames": frames,
        "curves": kept,
        "processed": processed,
    }


def other(path: str) -> dict[str, Any]:
    """An asset of a kind that nobody expects."""
    return {"class": "Blueprint", "path": path}


FACE_BOARD = "/Game/MetaHumans/Common/Face/Face_ControlBoard_CtrlRig"
A_FEW_CONTROLS = (
    {"name": "CTRL_C_jaw", "type": "VECTOR2D", "min": [-1, 0], "max": [1, 1],
     "curves": ["CTRL_expressions_jawRight", "CTRL_expressions_jawOpen"]},
    {"name": "CTRL_L_brow_down", "type": "FLOAT", "min": 0, "max": 1,
     "curves": ["CTRL_expressions_browDownL"]},
    {"name": "CTRL_R_brow_down", "type": "FLOAT", "min": 0, "max": 1,
     "curves": ["CTRL_expressions_browDownR"]},
)  # fmt: skip
DEFAULT = (
    skeleton(FACE_SKELETON),
    skeleton(BODY_SKELETON, ()),
    mesh(FACE_MESH, FACE_SKELETON),
    board(FACE_BOARD, A_FEW_CONTROLS),
)
"""A project with one MetaHuman."""


def fill(world: World, records: Any = DEFAULT) -> None:
    """Put records into the project, as saved assets; what is there already stays."""
    for record in records:
        if world.store is None:
            restored(record)
        elif world.store.read(record["path"]) is None:
            world.store.write(record["path"], record)
