"""Collected facts → the tables in this folder.

    python rigmaps/build_tables.py ../shared/facts/rig

The facts are CSV files gathered from public projects (see SOURCES.md). This script picks the columns we use,
replaces integer indices by names, writes numbers in one way, and adds the choices we made ourselves. The same
facts give the same bytes. Standard library only; nothing at run time imports it.
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

Row = dict[str, str]

AIM_NOTE = "face board only: a transform control, counted once; range -1..1 is our choice"
FLAGGED_NOTES = {
    "CTRL_C_eye.tx": "face board only: turns both eyes at once, on top of the L and R eye controls",
    "CTRL_C_eye.ty": "face board only: turns both eyes at once, on top of the L and R eye controls",
    "CTRL_L_mouth_lipsPressD.ty": "face board only: follows lipsPressU and reaches no raw control itself",
    "CTRL_R_mouth_lipsPressD.ty": "face board only: follows lipsPressU and reaches no raw control itself",
    "CTRL_lookAtSwitch.ty": "face board only: eye aim on or off",
    "CTRL_convergenceSwitch.ty": "face board only: lets the aimed eyes converge",
    "CTRL_faceGUIfollowHead.ty": "face board only: board moves with the head; default 0 is our choice",
    "CTRL_eyesAimFollowHead.ty": "face board only: aim moves with the head; default 0 is our choice",
    "CTRL_C_eyesAim": AIM_NOTE,
    "CTRL_L_eyeAim": AIM_NOTE,
    "CTRL_R_eyeAim": AIM_NOTE,
}
CHOSEN = {"min": "-1", "max": "1", "default": "0"}
"""Filled in where the facts leave a cell of a flagged control empty."""

STRAY_RAW, STRAY_WEIGHT = "CTRL_expressions_browLateralL", 0.031
"""A key left over in Epic's pose asset, on ten poses that should not move the left brow; not carried over."""

# name, unit, default, Live Link Face column, factor from radians to the unit.
# Head rotations are cross-named: Unreal's head bone and the phone call the same turn differently.
HEAD_CURVES = (
    ("HeadYaw", "degrees", "0", "HeadPitch", "-50"),
    ("HeadPitch", "degrees", "0", "HeadRoll", "50"),
    ("HeadRoll", "degrees", "0", "HeadYaw", "50"),
    ("HeadTranslationX", "centimetres", "0", "", ""),
    ("HeadTranslationY", "centimetres", "0", "", ""),
    ("HeadTranslationZ", "centimetres", "0", "", ""),
    ("HeadControlSwitch", "switch", "1", "", ""),
    ("MHFDSVersion", "version", "1", "", ""),
    ("DisableFaceOverride", "switch", "1", "", ""),
)

LIVE_LINK_NOTES = {
    "MouthClose": "no pose; a rule with JawOpen, see arkit_maps.py",
    "head_rotation": "radians; see head_curves.csv",
    "eye_rotation": "radians; not used, the EyeLook weights say the same",
}


def build_tables(facts: Path, out: Path) -> None:
    """Write every table into `out`, from the facts' CSV files in `facts`."""
    _write(out / "controls.csv", _controls(_read(facts / "controls_185.csv")), rows=185)
    raw = _read(facts / "raw_controls.csv")
    _write(out / "raw_controls.csv", _raw_controls(raw), rows=251)
    curve_names = {row["dna_raw_name"]: row["unreal_curve_name"] for row in raw}
    _write(out / "gui_to_raw.csv", _gui_to_raw(_read(facts / "gui_to_raw.csv"), curve_names), rows=259)
    _write(out / "arkit_to_raw.csv", _arkit_to_raw(_read(facts / "arkit_to_raw.csv")), rows=85)
    _write(out / "live_link_face.csv", _live_link_face(_read(facts / "livelink_face_61.csv")), rows=61)
    columns = ("name", "unit", "default", "live_link_face_column", "scale")
    _write(out / "head_curves.csv", [dict(zip(columns, row, strict=True)) for row in HEAD_CURVES], rows=9)


def _controls(facts: Iterable[Row]) -> list[Row]:
    table = []
    for fact in facts:
        flagged = not fact["status"].startswith("documented")
        table.append(
            {
                "name": fact["name"],
                "control": fact["control"],
                "axis": fact["axis"],
                "region": fact["region"],
                "side": fact["side"],
                **{key: _number(fact[key] or CHOSEN[key]) for key in ("min", "max", "default")},
                "animator_driven": fact["mha_driven"],
                "flagged": str(int(flagged)),
                "note": FLAGGED_NOTES[fact["name"]] if flagged else "",
            }
        )
    return table


def _raw_controls(facts: Iterable[Row]) -> list[Row]:
    # The twelve quaternion components of neck and head come from bones; Unreal has no curve for them.
    return [
        {
            "curve_name": fact["unreal_curve_name"],
            "dna_name": fact["dna_raw_name"],
            "side": fact["side"],
            "neutral": _number(fact["neutral"]),
            "animator_keyed": fact["mha_offline_sample_keyed"],
        }
        for fact in facts
        if fact["unreal_curve_name"].startswith("CTRL_expressions_")
    ]


def _gui_to_raw(facts: Iterable[Row], curve_names: dict[str, str]) -> list[Row]:
    return [
        {
            "gui_name": fact["gui_name"],
            "raw_name": curve_names[fact["raw_name"]],
            **{key: _number(fact[key]) for key in ("from", "to", "slope", "cut")},
        }
        for fact in facts
    ]


def _arkit_to_raw(facts: Iterable[Row]) -> list[Row]:
    table = []
    for fact in facts:
        weight = float(fact["weight_ue5_8"] or 0)
        stray = fact["raw_curve"] == STRAY_RAW and weight == STRAY_WEIGHT
        if weight != 0 and not stray:
            table.append(
                {
                    "arkit_name": fact["arkit"],
                    "raw_name": fact["raw_curve"],
                    "weight": _number(fact["weight_ue5_8"]),
                }
            )
    return table


def _live_link_face(facts: Iterable[Row]) -> list[Row]:
    return [
        {
            "name": fact["name"],
            "kind": fact["kind"],
            "note": LIVE_LINK_NOTES.get(fact["name"], LIVE_LINK_NOTES.get(fact["kind"], "")),
        }
        for fact in facts
    ]


def _number(text: str) -> str:
    """The shortest text of a float32; -0 becomes 0."""
    return format(float(text) + 0.0, ".9g")


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, table: Sequence[Row], *, rows: int) -> None:
    if len(table) != rows:
        raise ValueError(f"{path.name}: {len(table)} rows from these facts; expected {rows}.")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    path.write_bytes(text.getvalue().encode("utf-8"))


def main() -> int:
    """Command line: the folder with the facts, and optionally where to write."""
    parser = argparse.ArgumentParser(description="Make the rig tables from the collected facts.")
    parser.add_argument("facts", type=Path, help="folder with controls_185.csv and the other facts")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the tables go (here)")
    arguments = parser.parse_args()
    build_tables(arguments.facts, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
