"""What `cstalk-ue review` makes besides its page: videos and contact sheets."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cstalk_ue.review.lines import ReviewLine


def open_dna(dna: Path | None) -> None:
    """Read the head that is to be shown, and say what of it is not evaluated.

    Raises:
        DnaError: it cannot be used.
    """
    from cstalk_ue.review.shown_head import dna_face

    if dna is not None:
        for note in dna_face(dna).notes:
            click.echo(f"Note: {dna}: {note}", err=True)


def write_video(
    lines: "Sequence[ReviewLine]",
    references: "Sequence[ReviewLine]",
    output: Path,
    *,
    together: bool,
    dna: Path | None = None,
) -> int:
    """One video, or one per line if `output` is a folder; exit code 1 if a line is missing from them."""
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.review.page import match_references
    from cstalk_ue.review.video import VideoSettings, estimated_frames, find_shots, write_videos

    shots = find_shots(lines, match_references(lines, references), together=together)
    with progress(estimated_frames(shots), "frames") as tell:

        def count(frames: int) -> None:
            for _ in range(frames):
                tell("")

        results = write_videos(shots, output, VideoSettings(dna=dna), on_frames=count)
    for note in dict.fromkeys(note for result in results for note in result.notes):
        click.echo(f"Note: {note}", err=True)
    for result in results:
        if result.problem:
            click.echo(f"failed: {result.path}: {result.problem}", err=True)
    done = [result for result in results if not result.problem]
    what = f"{len(done)} video{'s' if len(done) != 1 else ''}"
    click.echo(f"{output}: {what}, {sum(result.seconds for result in done):.1f} s.")
    return 1 if len(done) < len(results) or any(line.problem for line in lines) else 0


def write_contact_sheets(
    lines: "Sequence[ReviewLine]", output: Path, *, together: bool, dna: Path | None = None
) -> int:
    """A sheet per line, or per sound with a row per line; exit code 1 if one cannot be made.

    Raises:
        click.UsageError: a single PNG for several sheets.
    """
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.errors import CSTalkError
    from cstalk_ue.review.contact_sheet import draw_contact_sheet, draw_emotion_sheet
    from cstalk_ue.review.loaded_line import load_line
    from cstalk_ue.review.video import find_shots, shot_paths

    shots = find_shots(lines, {}, together=together)
    single = output.suffix.lower() == ".png"
    if single and len(shots) != 1:
        raise click.UsageError(f"{output}: one picture for {len(shots)} sheets. Give a folder.")
    paths = [output] if single else shot_paths(shots, output, ".png")
    failed = 0
    with progress(len(shots), "sheets") as tell:
        for shot, path in zip(shots, paths, strict=True):
            message = ""
            try:
                loaded = [load_line(line) for line, _ in shot]
                if len(loaded) > 1:
                    draw_emotion_sheet(path, loaded, dna=dna)
                else:
                    draw_contact_sheet(path, loaded[0], dna=dna)
            except CSTalkError as error:
                failed += 1
                message = f"failed: {error}"
            tell(message)
    done = len(shots) - failed
    click.echo(f"{output}: {done} contact sheet{'s' if done != 1 else ''}.")
    return 1 if failed else 0
