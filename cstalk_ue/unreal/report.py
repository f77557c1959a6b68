"""The conversion report of a push: for people in a few lines, for programs as JSON, tag ``cstalk-push/1``."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cstalk_ue.storage import whole_file
from cstalk_ue.unreal.push import CONFLICT, DONE, FAILED, NOT_DONE, SKIPPED, STATES, PushedItem, PushResult

REPORT_FORMAT = "cstalk-push/1"

_TOLD = {
    DONE: "done",
    SKIPPED: "unchanged",
    CONFLICT: "edited by hand or not ours",
    FAILED: "failed",
    NOT_DONE: "not done",
}
_MOST_NAMES = 5


def report_of(result: PushResult, *, dry_run: bool) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "format": REPORT_FORMAT,
        "project": result.project,
        "engine_version": result.engine_version,
        "dry_run": dry_run,
        "stopped": result.stopped,
        "counts": {status: result.count(status) for status in STATES},
        "totals": totals(result.items),
        "items": [
            {
                **item.figures,
                "name": item.name,
                "file": item.file,
                "asset": item.asset,
                "status": item.status,
                "message": item.message,
            }
            for item in result.items
        ],
    }


def json_text(report: dict[str, Any]) -> str:
    """A report as text. In ASCII, which holds even a file name that is no valid Unicode."""
    return json.dumps(report, indent=2, ensure_ascii=True) + "\n"


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write a report, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    with whole_file(path) as temporary:
        temporary.write_text(json_text(report), encoding="ascii")


def totals(items: Sequence[PushedItem]) -> dict[str, Any]:
    """Sums over what was written in this push, and the largest error of all that was read back."""
    written = [item.figures for item in items if item.status == DONE]
    sums = {
        name: sum(int(_number(figures.get(name))) for figures in written)
        for name in ("curves_written", "clamped", "outside_range", "keys_written", "keys_dense")
    }
    missing = {str(name) for figures in written for name in _list(figures.get("missing"))}
    errors = [_number(figures.get("max_error")) for figures in written]
    return {**sums, "missing": sorted(missing), "max_error": max(errors, default=0.0)}


def summary(result: PushResult, *, dry_run: bool) -> str:
    """A sentence or two about the whole push."""
    counts = [f"{result.count(status)} {_TOLD[status]}" for status in STATES if result.count(status)]
    text = f"{'Dry run: ' if dry_run else ''}{', '.join(counts) or 'nothing to do'}."
    sums = totals(result.items)
    if result.count(DONE) and not dry_run:
        share = 100 * sums["keys_written"] / max(1, sums["keys_dense"])
        text += (
            f" {sums['curves_written']} curves with {sums['keys_written']} keys ({share:.0f} % of all "
            f"frames), read back within {sums['max_error']:.1g}."
        )
    if sums["missing"]:
        text += f" {len(sums['missing'])} expected curves were missing: {_few(sums['missing'])}."
    if sums["clamped"]:
        text += f" {sums['clamped']} values were held to 0..1."
    if result.count(CONFLICT):
        text += " With --force, edited assets are replaced."
    return text


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMES]) + (" and others" if len(names) > _MOST_NAMES else "")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
