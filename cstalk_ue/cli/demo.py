"""`cstalk-ue demo`: the samples through the whole line, with pictures and a page to watch them on."""

import shutil
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cstalk_ue.manifest import Line
    from cstalk_ue.take import RigCurves


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out") / "demo",
    help="Folder for the results.",
)
@click.option(
    "--samples",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Folder with a lines.csv; default the samples that come along.",
    show_default=False,
)
def demo(output: Path, samples: Path | None) -> int:
    """Convert the samples with the bundled model, draw pictures, and make a page to watch them on.

    Writes review.html, a talking face with sound for every line, one of them in all five emotions; for every
    line the curve file for Unreal, a CSV, a Live Link Face CSV, what it was made from, and a PNG that shows
    sound, jaw, lips, cheeks, brows and eyes over time; and expressions.csv, the means of the parts of the
    face in which the emotions differ.
    """
    from cstalk_ue.audio import load_audio
    from cstalk_ue.batch import BatchSettings, run_batch
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.emotion import EmotionTrack
    from cstalk_ue.evaluate import expression_table
    from cstalk_ue.export import read_curves_npz
    from cstalk_ue.manifest import read_manifest
    from cstalk_ue.performer import phones_beside, read_phones
    from cstalk_ue.review.lines import find_lines
    from cstalk_ue.review.page import write_page
    from cstalk_ue.review.picture import draw_line
    from cstalk_ue.storage import whole_file

    manifest = (samples or samples_folder()) / "lines.csv"
    lines = read_manifest(manifest, default=EmotionTrack.parse("neutral")).lines
    others = _in_other_emotions(lines)
    settings = BatchSettings(formats=("npz", "csv", "llf"))
    faces: dict[str, RigCurves] = {}
    with progress(2 * len(lines) + len(others) + 1, "steps") as tell:
        results = run_batch(
            lines, output, settings, resume=False, on_result=lambda result: tell(result.message)
        )
        for line, result in zip(lines, results, strict=True):
            if result.status == "done":
                phones = phones_beside(line.audio)
                curves = read_curves_npz(output / f"{line.name}.curves.npz")
                faces[line.name] = curves.performance.face
                draw_line(
                    output / f"{line.name}.png",
                    load_audio(line.audio).samples,
                    curves.performance.face,
                    title=f"{line.audio.name} · {line.emotion} · {curves.provenance['model']}",
                    emotion=line.emotion,
                    phones=read_phones(phones) if phones else (),
                )
            tell("")
        run_batch(
            others, output, BatchSettings(), resume=False, on_result=lambda result: tell(result.message)
        )
        page = output / "review.html"
        write_page(page, find_lines([output], audio=manifest.parent), title="CSTalk demo")
        tell("")
    for line, result in zip(lines, results, strict=True):
        click.echo(f"{result.status:<8}{line.audio.name:<26}{result.audio_seconds:4.1f} s  {line.emotion}")
    if faces:
        table = expression_table(faces).round(3)
        with whole_file(output / "expressions.csv") as temporary:
            table.to_csv(temporary, index_label="mean value of", lineterminator="\n", encoding="utf-8")
        click.echo(f"\nMean control values:\n{table.to_string()}")
    program = "cstalk-ue" if shutil.which("cstalk-ue") else sys.argv[0]
    click.echo(f"\nWatch, listen, compare: open {page.resolve()}")
    click.echo(f"Pictures and curves are beside it in {output.resolve()}")
    click.echo(f"Your own line: {program} predict LINE.wav --emotion angry:0.8 -o {output}")
    return 1 if any(result.status == "failed" for result in results) else 0


def _in_other_emotions(lines: "Sequence[Line]") -> "list[Line]":
    """The first line that has an emotion, once more in each of the others, to be compared side by side."""
    from cstalk_ue.emotion import EMOTIONS, EmotionTrack

    line = next((line for line in lines if not line.problem and str(line.emotion) != "neutral"), None)
    if line is None:
        return []
    return [
        replace(line, name=f"{line.name}_as/{emotion}", emotion=EmotionTrack.parse(emotion))
        for emotion in EMOTIONS
        if emotion not in str(line.emotion)
    ]


def samples_folder() -> Path:
    """The samples: in a checkout at its root, in an installed package among its assets."""
    packaged = Path(str(resources.files("cstalk_ue").joinpath("assets", "samples")))
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "samples"
