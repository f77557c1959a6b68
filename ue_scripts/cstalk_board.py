"""Compare the face board of this engine version with the controls that the package writes.

Knows nothing about `unreal`: cstalk_controls.py reads the board.
"""


def compare(board, ours):
    """What differs between a board and our controls.

    Args:
        board: controls as {"name", "type", "min", "max"}; of a VECTOR2D min and max are [x, y].
        ours: controls as {"name", "min", "max"}, the name with its axis such as ``CTRL_L_eye.tx``.

    Returns a dict with ``missing`` (ours that the board lacks), ``extra`` (numbers of the board that ours
    lack) and ``limits_differ``.
    """
    names = {control["name"].lower() for control in board}
    on_board = {}
    for control in board:
        for axis, index in _axes(control["type"]):
            on_board[(control["name"].lower(), axis)] = (control["name"], _limits(control, index))
    missing, differ, seen = [], [], set()
    for control in ours:
        if control["name"].lower() in names and "." not in control["name"]:
            continue  # a transform, which we count once and whose limits are none of ours
        name, _, axis = control["name"].rpartition(".")
        key = _find(on_board, name.lower(), axis)
        if key is None:
            missing.append(control["name"])
            continue
        seen.add(key)
        limits = on_board[key][1]
        if limits and any(abs(a - b) > 1e-4 for a, b in zip(limits, (control["min"], control["max"]))):
            differ.append(
                {"name": control["name"], "ours": [control["min"], control["max"]], "board": limits}
            )
    rest = [(axis, name) for (key, axis), (name, _) in on_board.items() if (key, axis) not in seen]
    extra = ["%s.%s" % (name, axis) if axis else name for axis, name in rest]
    return {"missing": missing, "extra": extra, "limits_differ": differ}


def _axes(kind):
    """The numbers of a control of this type: (our axis, place in its limits)."""
    if kind == "VECTOR2D":
        return (("tx", 0), ("ty", 1))
    return (("", None),) if kind in ("FLOAT", "SCALE_FLOAT", "BOOL", "INTEGER") else ()


def _limits(control, index):
    if control["min"] is None or control["max"] is None:
        return None
    if index is None:
        return [control["min"], control["max"]]
    return [control["min"][index], control["max"][index]]


def _find(on_board, name, axis):
    """The key of one of our controls: by its axis, or as the only number of a float control."""
    return next((key for key in ((name, axis), (name, "")) if key in on_board), None)
