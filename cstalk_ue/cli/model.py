"""`cstalk-ue model`: which models there are and what one of them is."""

import json
from pathlib import Path
from typing import Any

import click

_PERFORMER: dict[str, Any] = {
    "id": "performer",
    "encoder": "timed phones",
    "controls": 185,
    "training": "none: rules and tables, see cstalk_ue/performer",
}


@click.group()
def model() -> None:
    """List and describe models."""


@model.command("list")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_models(folders: tuple[Path, ...], as_json: bool) -> None:
    """The bundled model, the performer, and checkpoints below FOLDERS."""
    from cstalk_ue.model import bundled_checkpoint, list_checkpoints

    rows = [{"model": "performer", "id": "performer", "controls": 185, "encoder": "timed phones"}]
    for info in list_checkpoints(folders):
        name = "bundled" if info.path == bundled_checkpoint() else str(info.path)
        rows.append(
            {
                "model": name,
                "id": info.model_id,
                "controls": len(info.controls),
                "encoder": info.config.encoder.kind,
            }
        )
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['model']:<24} {row['id']:<28} {row['controls']:>3} controls  {row['encoder']}")


@model.command("info")
@click.argument("name", default="bundled")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show_model(name: str, as_json: bool) -> None:
    """What the model NAME is made of, trained on and licensed under: bundled, performer, or a folder."""
    facts = _PERFORMER if name == "performer" else _facts(name)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for key, value in facts.items():
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        click.echo(f"{key:<20} {text}")


def _facts(name: str) -> dict[str, Any]:
    from cstalk_ue.model import bundled_checkpoint, read_checkpoint_info
    from cstalk_ue.rig import find_control

    info = read_checkpoint_info(bundled_checkpoint() if name == "bundled" else Path(name))
    regions: dict[str, int] = {}
    for control in info.controls:
        region = find_control(control).region
        regions[region] = regions.get(region, 0) + 1
    return {
        "id": info.model_id,
        "sha256": info.sha256,
        "encoder": info.config.encoder.kind,
        "emotions": list(info.emotions),
        "controls": len(info.controls),
        "controls_by_region": regions,
        "data_set": info.data_set,
        "training": dict(info.training),
        "licences": list(info.licences),
        "folder": str(info.path),
    }
