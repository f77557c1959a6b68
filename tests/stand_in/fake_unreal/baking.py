"""What control rigs do in a sequence: keys of controls, and an AnimSequence to controls and back.

Keys of controls are made only while their sequence is open. The backwards solve is a plain table: each number
of a control has a curve it comes from.
"""

from __future__ import annotations

import bisect
from typing import Any

from stand_in.fake_unreal.sequence import Curve
from stand_in.fake_unreal.world import current


def channels_of(control: dict[str, Any]) -> list[str]:
    """Names of a control's channels: its own, or with .X and .Y."""
    return (
        [control["name"]] if control["type"] == "FLOAT" else [control["name"] + axis for axis in (".X", ".Y")]
    )


def _track_of(sequence: Any, rig: Any) -> Any:
    tracks = [track for binding in sequence._bindings for track in binding["tracks"]]
    found = [track for track in tracks if getattr(track, "_rig", None) is rig]
    return found[0] if found else None


def _control_of(rig: Any, name: Any, kind: str) -> Any:
    control = rig.get_hierarchy()._control(str(name))
    if control is None or control["type"] != kind:
        current().log("Error", f"LogControlRig: Error: {name}: Control Rig Wrong Type")
        return None
    return control


def set_values(sequence: Any, rig: Any, name: Any, kind: str, frames: Any, values: Any) -> None:
    control = _control_of(rig, name, kind)
    track = _track_of(sequence, rig)
    if control is None or track is None or len(frames) != len(values):
        return
    if current().open_sequence is not sequence:
        current().fault(
            f"{sequence._name}: a control is set while the sequence is not open, so no key is made"
        )
        return
    section = track._to_key or track._sections[0]
    for axis, channel in enumerate(channels_of(control)):
        keys = section._channel(channel)._keys
        keys.update({frame.value: value[axis] for frame, value in zip(frames, values)})
    sequence.modify()


def get_values(sequence: Any, rig: Any, name: Any, kind: str, frames: Any) -> list[tuple[float, ...]]:
    control = _control_of(rig, name, kind)
    track = _track_of(sequence, rig)
    if control is None or track is None:
        return [(0.0, 0.0) if kind == "VECTOR2D" else (0.0,) for _ in frames]
    section = track._to_key or track._sections[0]
    channels = [section._channel(channel)._keys for channel in channels_of(control)]
    return [tuple(_at(keys, frame.value) for keys in channels) for frame in frames]


def _at(keys: dict[int, float], frame: int) -> float:
    frames = sorted(keys)
    after = bisect.bisect_right(frames, frame)
    return keys[frames[after - 1]] if after else (keys[frames[0]] if frames else 0.0)


def load(section: Any, anim: Any, component: Any, start: int) -> bool:
    """Key every control from the curves that a backwards solve gives it, frame by frame."""
    world = current()
    track = section.get_outer() if section is not None else None
    rig = getattr(track, "_rig", None)
    if anim is None or component is None or rig is None or "no-backwards-solve" in world.behaviours:
        world.log("Error", "LogControlRig: Error: Cannot bake: no backwards solve, section or animation")
        return False
    if world.open_sequence is not track.get_outer():
        world.fault("a section is baked while its sequence is not open")
    data = anim._data
    for control in rig._blueprint._controls:
        for channel, curve_name in zip(channels_of(control), control.get("curves", ())):
            curve = data.curves.get(curve_name.lower())
            if curve is not None:
                keys = section._channel(channel)._keys
                for frame in range(data.frames + 1):
                    keys[start + frame] = curve.value_at(float(frame / data.rate))
    section._range = (start, start + data.frames)
    world.undo(True, "bake")
    track.get_outer().modify()
    return True


def export(anim: Any, binding: Any) -> bool:
    """Write what the binding's control rig track plays into an AnimSequence."""
    if anim is None or binding is None or not anim._data.populated:
        return False
    for track in binding.get_tracks():
        rig = getattr(track, "_rig", None)
        if rig is None:
            continue
        section = track._to_key or track._sections[0]
        start, end = section._range
        anim._data.frames = max(1, end - start)
        for control in rig._blueprint._controls:
            for channel, curve_name in zip(channels_of(control), control.get("curves", ())):
                keys = section._channel(channel)._keys
                times = [float((frame - start) / anim._data.rate) for frame in sorted(keys)]
                anim._data.curves[curve_name.lower()] = Curve(
                    curve_name, 4, times, [keys[f] for f in sorted(keys)]
                )
        anim.modify()
        return True
    return False
