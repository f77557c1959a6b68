"""The program `cstalk-ue`: parse, call one library function, print one result.

Commands are loaded when they are used, so that `--help` needs neither numpy nor torch. Exit codes: 0 all
that was asked is done, 1 something failed (the rest is done, each failure is named), 2 the call is wrong.
"""

import importlib
import sys
from typing import Any

import click

from cstalk_ue.version import __version__

_COMMANDS = {
    "demo": ("cstalk_ue.cli.demo", "Convert the samples with the bundled model and draw a picture."),
    "predict": ("cstalk_ue.cli.predict", "Turn dialogue into facial animation curves."),
    "review": ("cstalk_ue.cli.review", "Make a page to look at lines, hear them and decide."),
    "unreal": ("cstalk_ue.cli.unreal", "Work with running Unreal editors."),
    "model": ("cstalk_ue.cli.model", "List and describe models."),
    "ingest": ("cstalk_ue.cli.ingest", "Turn captures into a data set."),
    "dataset": ("cstalk_ue.cli.dataset", "Check, divide and describe a data set."),
    "train": ("cstalk_ue.cli.train", "Train models."),
    "evaluate": ("cstalk_ue.cli.evaluate", "Measure and compare models on a data set."),
    "figures": ("cstalk_ue.cli.figures", "Draw the paper's figures about a model, on one page."),
}


class _LazyGroup(click.Group):
    """Knows its commands by name and short help; imports one only to run it or show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a first day's use."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(_COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command), "every command module holds a command of its own name"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the short helps without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(__version__, prog_name="cstalk-ue")
def cli() -> None:
    """Recorded dialogue in, emotional facial animation for Unreal Engine MetaHumans out."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: runs the command line and turns our errors into one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """The exit code of one call; messages go to standard error."""
    from cstalk_ue.errors import CSTalkError, UsageError

    try:
        result: Any = cli.main(args=arguments, prog_name="cstalk-ue", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # click 8.2 and later: the message is the help
            click.echo(error.format_message(), err=True)
        else:
            click.echo(f"Error: {_one_line(error)}", err=True)
        return error.exit_code
    except click.Abort:
        click.echo("Stopped. Finished lines are kept; run the same command again to go on.", err=True)
        return 130
    except UsageError as error:
        click.echo(f"Error: {error}", err=True)
        return 2
    except CSTalkError as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _one_line(error: click.ClickException) -> str:
    """What click has to say, without its three lines about usage but with the place to look."""
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    if not isinstance(error, click.UsageError) or context is None:
        return message
    return f"{message}{'' if message.endswith(('.', '?', '!')) else '.'} See {context.command_path} --help."
