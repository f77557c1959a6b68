"""Our 185 controls against a face board."""

from cstalk_board import compare

from cstalk_ue.rig import controls


def ours() -> list[dict]:
    return [{"name": c.name, "min": c.minimum, "max": c.maximum} for c in controls()]


def board() -> list[dict]:
    """A board with exactly our controls."""
    found: dict[str, dict] = {}
    for control in controls():
        axes = {c.axis for c in controls() if c.control == control.control}
        kind = "EULER_TRANSFORM" if control.axis == "transform" else "VECTOR2D" if "tx" in axes else "FLOAT"
        entry = found.setdefault(
            control.control, {"name": control.control, "type": kind, "min": None, "max": None}
        )
        if kind == "FLOAT":
            entry["min"], entry["max"] = control.minimum, control.maximum
        elif kind == "VECTOR2D":
            at = {"tx": 0, "ty": 1}[control.axis]
            entry["min"], entry["max"] = entry["min"] or [-1.0, -1.0], entry["max"] or [1.0, 1.0]
            entry["min"][at], entry["max"][at] = control.minimum, control.maximum
    return list(found.values())


def test_the_same_board_differs_in_nothing_but_unused_axes():
    found = compare(board(), ours())
    assert found["missing"] == []
    assert found["limits_differ"] == []
    used = {c.name for c in controls()}
    assert [name for name in found["extra"] if name in used] == []


def test_what_differs_is_named():
    other = [control for control in board() if control["name"] != "CTRL_L_brow_down"]
    jaw = next(control for control in other if control["name"] == "CTRL_C_jaw")
    jaw["max"] = [jaw["max"][0], 2.0]
    other.append({"name": "CTRL_new", "type": "FLOAT", "min": 0.0, "max": 1.0})
    found = compare(other, ours())
    assert found["missing"] == ["CTRL_L_brow_down.ty"]
    assert [(each["name"], each["board"][1]) for each in found["limits_differ"]] == [("CTRL_C_jaw.ty", 2.0)]
    assert "CTRL_new" in found["extra"]


def test_names_are_compared_without_case():
    other = [dict(control, name=control["name"].upper()) for control in board()]
    assert compare(other, ours())["missing"] == []
