"""`cstalk-ue review`: curve files in; one HTML file to look at them, hear them and decide."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cstalk_ue.cli.review_serve import refuse_idle_options, serve_review

if TYPE_CHECKING:
    from cstalk_ue.review.lines import ReviewLine

_LARGE_MEGABYTES = 25


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("review.html"),
    help="The page.",
)
@click.option(
    "--audio",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the sounds; they are also looked for beside the curves.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True),
    help="Other curves of the same lines, by name, to lay over them: a recording, another model.",
)
@click.option(
    "--audio-format",
    type=click.Choice(["flac", "opus", "none"]),
    default="flac",
    help="Of the sound in the page; opus is a fifth as large.",
)
@click.option("--title", default="", help="Of the page; default the name of the file.", show_default=False)
@click.option(
    "--video",
    type=click.Path(path_type=Path),
    help="Make videos: one NAME.mp4 with all lines after each other, or a folder with one of each.",
)
@click.option(
    "--contact-sheet",
    type=click.Path(path_type=Path),
    help="Make pictures of the telling moments: a NAME.png, or a folder with one of each line.",
)
@click.option(
    "--dna",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Show the head of this MetaHuman DNA instead of the landmark face.",
)
@click.option("--side-by-side", is_flag=True, help="In these, lines of the same sound together.")
@click.option(
    "--serve", is_flag=True, help="No file: show the page from this machine, to tune emotions live."
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --serve: where tuned lines are saved; default review.csv.",
)
@click.option("--model", default="bundled", help="With --serve: bundled, or a checkpoint folder.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --serve; 0 is a free one.")
@click.option("--browser/--no-browser", default=True, help="With --serve: open the page.")
@click.pass_context
def review(
    ctx: click.Context,
    paths: tuple[Path, ...],
    output: Path,
    audio: Path | None,
    against: Path | None,
    audio_format: str,
    title: str,
    video: Path | None,
    contact_sheet: Path | None,
    dna: Path | None,
    side_by_side: bool,
    serve: bool,
    manifest: Path | None,
    model: str,
    port: int,
    browser: bool,
) -> int:
    """Make a page to look at lines, hear them and approve or reject them.

    PATHS are NAME.curves.npz files, control tables (CSV), MetaHuman Animator JSON, or folders of them. The
    page is one HTML file with everything in it: it opens from disk, needs no network and can be mailed. It
    exports the decisions as a CSV that predict --manifest reads. With --video or --contact-sheet the page is
    made only if -o asks for it. With --serve no file is made: the emotions of lines can be tuned on the page
    and saved to a manifest, until Ctrl-C. Exit code: 0 all lines are shown, 1 some cannot be read and are
    named, 2 the call is wrong.
    """
    refuse_idle_options(ctx, serve)
    lines, references = _find(paths, audio, against)
    if serve:
        return serve_review(
            lines, references, audio_format, title, manifest or Path("review.csv"), model, port, browser
        )
    codes = []
    if video is not None or contact_sheet is not None:
        from cstalk_ue.cli.review_media import open_dna, write_contact_sheets, write_video

        open_dna(dna)
        if video is not None:
            codes.append(write_video(lines, references, video, together=side_by_side, dna=dna))
        if contact_sheet is not None:
            codes.append(write_contact_sheets(lines, contact_sheet, together=side_by_side, dna=dna))
        if ctx.get_parameter_source("output") is ParameterSource.DEFAULT:
            return max(codes)
    return max(*codes, _write(lines, references, output, audio_format, title, dna), 0)


def _find(
    paths: Sequence[Path], audio: Path | None, against: Path | None
) -> "tuple[list[ReviewLine], list[ReviewLine]]":
    """The lines, and those of --against; says which have no counterpart."""
    from cstalk_ue.review.lines import find_lines
    from cstalk_ue.review.page import match_references

    lines = find_lines(paths, audio=audio)
    references = find_lines([against], audio=audio) if against is not None else []
    if against is not None:
        missing = len(lines) - len(match_references(lines, references))
        if missing:
            click.echo(f"Note: {missing} of {len(lines)} lines have no counterpart in {against}.", err=True)
    return lines, references


def _write(
    lines: "Sequence[ReviewLine]",
    references: "Sequence[ReviewLine]",
    output: Path,
    audio_format: str,
    title: str,
    dna: Path | None,
) -> int:
    """The page; exit code 1 if a line has a problem."""
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.review.page import write_page
    from cstalk_ue.review.page_head import PageHead

    head = None if dna is None else PageHead(dna, [*lines, *references])
    with progress(len(lines), "lines") as tell:
        bad = write_page(
            output,
            lines,
            against=references,
            audio_format=audio_format,
            title=title,
            head=head,
            on_line=lambda line: tell(f"failed: {line.problem}" if line.problem else ""),
        )
    megabytes = output.stat().st_size / 1e6
    click.echo(f"{output}: {len(lines)} line{'s' if len(lines) != 1 else ''}, {megabytes:.1f} MB.")
    if head is not None:
        for note in head.face.notes:
            click.echo(f"Note: {dna}: {note}", err=True)
        click.echo(
            f"The head of {dna} is in the page, its motion in {len(head.shapes)} shapes, "
            f"at most {head.error_mm:.2f} mm off."
        )
    if megabytes > _LARGE_MEGABYTES and audio_format == "flac":
        click.echo("Note: --audio-format opus makes it smaller.", err=True)
    return 1 if bad else 0
