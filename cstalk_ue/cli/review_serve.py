"""`cstalk-ue review --serve`: the page from this machine, with live tuning, until Ctrl-C."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from cstalk_ue.review.lines import ReviewLine

_ONLY_SERVED = {"manifest": "--manifest", "model": "--model", "port": "--port", "browser": "--no-browser"}
_NEVER_SERVED = {
    "output": "-o",
    "video": "--video",
    "contact_sheet": "--contact-sheet",
    "side_by_side": "--side-by-side",
    "dna": "--dna",
}


def refuse_idle_options(ctx: click.Context, serve: bool) -> None:
    """An option that would do nothing is a mistake, with --serve and without it.

    Raises:
        UsageError: one is given.
    """
    idle = _NEVER_SERVED if serve else _ONLY_SERVED
    given = [
        option
        for name, option in idle.items()
        if ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)
    ]
    if given:
        told = "cannot be used with --serve. Leave it out." if serve else "belongs to --serve. Add it."
        raise click.UsageError(f"{given[0]} {told}")


def serve_review(
    lines: "Sequence[ReviewLine]",
    references: "Sequence[ReviewLine]",
    audio_format: str,
    title: str,
    manifest: Path,
    model: str,
    port: int,
    browser: bool,
) -> int:
    """Show the page until Ctrl-C."""
    import webbrowser

    from cstalk_ue.cli.progress import progress
    from cstalk_ue.review.served import build_site
    from cstalk_ue.review.server import ReviewServer
    from cstalk_ue.review.tuning import TuningSession

    session = TuningSession(lines, model=model, manifest=manifest)
    with progress(len(lines) + 1, "lines") as tell:
        site = build_site(
            lines,
            manifest=manifest,
            against=references,
            audio_format=audio_format,
            title=title,
            on_line=lambda line: tell(f"failed: {line.problem}" if line.problem else ""),
        )
        session.warm_up()
        tell("")
    try:
        server = ReviewServer(site, session, port=port)
    except OSError as error:
        raise click.UsageError(f"--port {port}: cannot be used ({error.strerror}). Name another.") from error
    click.echo(f"Review: {server.url}")
    click.echo(f"Tuned lines are saved to {manifest.resolve()}. Ctrl-C ends the review.")
    if browser:
        webbrowser.open(server.url)
    server.serve_until_stopped()
    return 0
