"""`cstalk-ue ingest`: captures in; a data set that is labelled, split and measured out."""

import functools
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ingest.add_takes import IngestReport
    from ingest.found import FoundTake

_TAKES_PER_PROCESS = 4
"""A process is not worth its start for fewer."""


def ingest_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What all sources have in common."""
    for option in reversed(
        (
            click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path)),
            click.option(
                "-o",
                "--output",
                "folder",
                type=click.Path(path_type=Path, file_okay=False),
                required=True,
                help="Folder of the data set; made, or brought up to date.",
            ),
            click.option(
                "--audio",
                "audio_folder",
                type=click.Path(path_type=Path, exists=True, file_okay=False),
                help="Folder with sound recorded beside the capture.",
            ),
            click.option("--emotion", help="Of all takes: angry, or an expression as in predict."),
            click.option(
                "--intensity", type=click.FloatRange(0, 1), help="Of all takes; scales the emotion."
            ),
            click.option("--performer", help="Of all takes."),
            click.option(
                "--manifest",
                type=click.Path(path_type=Path, dir_okay=False),
                help="CSV with what the team knows of each take.",
            ),
            click.option("--name-pattern", help="Labels from names, such as '{performer}_{line}_{take}'."),
            click.option(
                "--folder-pattern",
                help="Labels from the folders above, such as '{performer}/{emotion}'.",
            ),
            click.option(
                "--swap-sides", is_flag=True, help="The recording is mirrored: swap left and right."
            ),
            click.option(
                "--apply-lag",
                type=click.Choice(["none", "take", "pooled"]),
                default="none",
                help="Move the sound by the lag measured in each take, or by that of its session.",
            ),
            click.option(
                "--jobs", type=click.IntRange(1), help="Processes; default as many as there are cores."
            ),
            click.option("--restart", is_flag=True, help="Read unchanged takes again, too."),
            click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
        )
    ):
        command = option(command)
    return command


@click.group()
def ingest() -> None:
    """Turn captures into a data set.

    Running the same command again reads only what is new or has changed. Exit code: 0 all takes are in the
    data set, 1 some failed and are named, 2 the call is wrong.
    """


@ingest.command("live-link-face")
@ingest_options
@click.option(
    "--variant",
    type=click.Choice(["cal", "raw", "plain"]),
    default="cal",
    help="Which curves of a calibrated take; the next best where they are missing.",
)
@click.option(
    "--mouth-sides",
    type=click.Choice(["performer", "observer"]),
    default="performer",
    help="Whose left MouthLeft is.",
)
def live_link_face(
    paths: tuple[Path, ...],
    swap_sides: bool,
    audio_folder: Path | None,
    variant: str,
    mouth_sides: str,
    **rest: Any,
) -> int:
    """Take what the Live Link Face app recorded in ARKit mode.

    PATHS are take folders, zips, curve CSVs, or folders of them.
    """
    from ingest.live_link_face import find_live_link_face, read_live_link_face

    reader = functools.partial(
        read_live_link_face, swap_sides=swap_sides, audio_folder=audio_folder, mouth_sides=mouth_sides
    )
    return _ingest(find_live_link_face(paths, variant=variant), reader, paths, audio_folder, **rest)


@ingest.command("metahuman-animator")
@ingest_options
def metahuman_animator(
    paths: tuple[Path, ...], swap_sides: bool, audio_folder: Path | None, **rest: Any
) -> int:
    """Take solves of MetaHuman Animator.

    PATHS are dumps made by 'cstalk-ue unreal pull' or the editor menu, or folders of them.
    """
    from ingest.metahuman_animator import find_animator, read_animator

    reader = functools.partial(read_animator, swap_sides=swap_sides, audio_folder=audio_folder)
    return _ingest(find_animator(paths), reader, paths, audio_folder, **rest)


@ingest.command("table")
@ingest_options
@click.option("--rigmap", required=True, help="Name of a shipped rigmap, or path of your own.")
@click.option("--fps", type=click.FloatRange(1, 1000), help="Rows per second; default as the rigmap says.")
@click.option(
    "--names",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the names of the columns, for tables without a header.",
)
def table(
    paths: tuple[Path, ...],
    swap_sides: bool,
    audio_folder: Path | None,
    rigmap: str,
    fps: float | None,
    names: Path | None,
    **rest: Any,
) -> int:
    """Take tables of curves on another rig.

    PATHS are npy, csv or txt files, or folders of them.
    """
    from ingest.table import find_tables, read_table

    reader = functools.partial(
        read_table, rigmap=rigmap, fps=fps, names=names, swap_sides=swap_sides, audio_folder=audio_folder
    )
    return _ingest(find_tables(paths), reader, paths, audio_folder, **rest)


def _ingest(
    found: "Sequence[FoundTake]",
    reader: Callable[..., Any],
    paths: tuple[Path, ...],
    audio_folder: Path | None,
    *,
    folder: Path,
    emotion: str | None,
    intensity: float | None,
    performer: str | None,
    manifest: Path | None,
    name_pattern: str | None,
    folder_pattern: str | None,
    apply_lag: str,
    jobs: int | None,
    restart: bool,
    as_json: bool,
) -> int:
    from cstalk_ue.cli.progress import progress
    from ingest.add_takes import IngestOptions, add_takes
    from ingest.label_claims import call_claims
    from ingest.label_patterns import LabelPattern
    from ingest.labels import LabelOptions
    from ingest.take_manifest import read_take_manifest

    labels = LabelOptions(
        call=call_claims(emotion, intensity, performer),
        folder_pattern=LabelPattern.parse(folder_pattern) if folder_pattern else None,
        name_pattern=LabelPattern.parse(name_pattern) if name_pattern else None,
        roots=paths,
    )
    options = IngestOptions(
        labels=labels,
        manifest=read_take_manifest(manifest) if manifest else None,
        audio_folder=audio_folder,
        lags=apply_lag,
        restart=restart,
        jobs=jobs or max(1, min(os.cpu_count() or 1, len(found) // _TAKES_PER_PROCESS)),
    )
    report = add_takes(folder, found, reader, options, watch=progress)
    for sentence in report.problems:
        click.echo(f"failed: {sentence}", err=True)
    for sentence in report.notes:
        click.echo(f"Note: {sentence}", err=True)
    if as_json:
        click.echo(json.dumps(_as_json(report), indent=2, ensure_ascii=False))
    else:
        _print(report)
    return 1 if report.count("failed") or report.problems else 0


def _as_json(report: "IngestReport") -> dict[str, Any]:
    from ingest.take_job import STATUSES

    statistics = report.statistics
    return {
        "data_set": str(report.folder),
        **{status: report.count(status) for status in STATUSES},
        "takes": [
            {
                "name": result.name,
                "source": str(result.found.path),
                "member": result.found.member,
                "status": result.status,
                "message": result.message,
                "remarks": [{"code": remark.code, "text": remark.text} for remark in result.remarks],
            }
            for result in report.results
        ],
        "emotions": {
            emotion: {"takes": takes, "minutes": round(minutes, 3)}
            for emotion, takes, minutes in _by_emotion(report)
        },
        "splits": _by_split(report),
        "kept_controls": None if statistics is None else len(statistics.kept_controls),
        "problems": list(report.problems),
        "notes": list(report.notes),
    }


def _print(report: "IngestReport") -> None:
    told = sorted({remark.code for result in report.results for remark in result.remarks})
    for code in told:
        about = [
            (result.name, remark.text)
            for result in report.results
            for remark in result.remarks
            if remark.code == code
        ]
        more = f" (and {len(about) - 1} more)" if len(about) > 1 else ""
        click.echo(f"Note: {code}: {about[0][0]}: {about[0][1]}{more}", err=True)
    counts = [(status, report.count(status)) for status in ("new", "changed", "relabelled", "unchanged")]
    parts = [f"{count} {status}" for status, count in counts if count]
    parts.append(f"{report.count('failed')} failed")
    click.echo(f"{', '.join(parts)}. {len(report.records)} takes in {report.folder}:")
    for emotion, takes, minutes in _by_emotion(report):
        click.echo(f"  {emotion or 'no emotion':<12}{takes:>6} takes{minutes:>9.1f} min")
    click.echo("Splits: " + ", ".join(f"{count} {split}" for split, count in _by_split(report).items()) + ".")
    if report.statistics is not None:
        kept = report.statistics.kept
        click.echo(f"Controls: {int(kept.sum())} of {len(kept)} move and are kept.")
    if report.count("failed"):
        click.echo(f"What failed and why is in {report.folder / 'failed.csv'}; the other takes are kept.")
    if any(not emotion for emotion, _, _ in _by_emotion(report)):
        click.echo(
            "Takes without an emotion are not trained on: say it with --emotion, --manifest or a pattern."
        )
    click.echo(f"Next: cstalk-ue dataset check {report.folder}")


def _by_emotion(report: "IngestReport") -> list[tuple[str, int, float]]:
    """(emotion, takes, minutes) in the paper's order; the last may be takes without one."""
    from cstalk_ue.emotion import EMOTIONS

    rows = []
    for emotion in (*EMOTIONS, ""):
        seconds = [record.seconds for record in report.records if record.emotion_class == emotion]
        if seconds or emotion:
            rows.append((emotion, len(seconds), sum(seconds) / 60))
    return rows


def _by_split(report: "IngestReport") -> dict[str, int]:
    from ingest.data_set_tables import EXCLUDED, SPLITS

    return {split: sum(record.split == split for record in report.records) for split in (*SPLITS, EXCLUDED)}
