"""The result of a check as text tables. Names come from files and cannot steer the terminal (see `plain`)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ingest.check import CheckResult
    from ingest.coverage import Amount

_NAMES_SHOWN, _ROWS_SHOWN = 4, 12
_LEVEL_COLOURS = {"error": "red", "warning": "yellow", "ignore": None}


def print_check(result: "CheckResult", *, takes: bool, controls: bool) -> None:
    """Print the verdict, coverage, sync and findings; rows of takes and controls if asked."""
    from ingest.rules import ERROR, IGNORE, WARNING

    seconds = sum(take.record.seconds for take in result.takes)
    name = plain(result.data_set.folder.resolve().name)
    excluded = f", {len(result.excluded)} excluded" if result.excluded else ""
    click.echo(f"{name}: {len(result.takes)} takes{excluded}, {seconds / 60:.1f} min")
    _print_coverage(result)
    _print_sync(result)
    if takes:
        _print_takes(result)
    _print_controls(result, every=controls)
    for level in (ERROR, WARNING):
        _print_findings(result, level)
    hidden = len(result.of_level(IGNORE))
    if hidden:
        click.echo(f"\n{hidden} findings are ignored by the rules; --json lists them.")
    errors, warnings = len(result.of_level(ERROR)), len(result.of_level(WARNING))
    verdict = click.style("fit to train on", fg="green") if result.fit else click.style("NOT fit", fg="red")
    click.echo(f"\nVerdict: {verdict} ({_count(errors, 'error')}, {_count(warnings, 'warning')}).")


def plain(text: str) -> str:
    """A text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _print_coverage(result: "CheckResult") -> None:
    from cstalk_ue.emotion import EMOTIONS
    from ingest.coverage import rows_of

    coverage = result.coverage
    click.echo(f"\nCoverage (takes and minutes; target {result.rules.target_per_emotion} takes each)")
    rows = [["", *EMOTIONS], ["all", *(_amount(coverage.emotions[emotion]) for emotion in EMOTIONS)]]
    tables = {"intensity": coverage.intensities, "performer": coverage.performers, "line": coverage.lines}
    for what, table in tables.items():
        named = rows_of(table)
        for name, cells in list(named.items())[:_ROWS_SHOWN]:
            rows.append(
                [f"{what} {plain(name)}"[:34], *(_amount(cells.get(emotion)) for emotion in EMOTIONS)]
            )
        if len(named) > _ROWS_SHOWN:
            rows.append([f"and {len(named) - _ROWS_SHOWN} more"])
    _print_rows(rows)


def _amount(amount: "Amount | None") -> str:
    return "-" if amount is None or amount.takes == 0 else f"{amount.takes} {amount.seconds / 60:6.1f}"


def _print_sync(result: "CheckResult") -> None:
    if not result.sessions:
        return
    click.echo("\nSync by session (below 0: the curves are later than the sound)")
    rows = [["lag ms", "spread", "agree", "takes", "verdict", "session"]]
    for session, pooled in result.sessions.items():
        rows.append(
            [
                "-" if pooled.seconds is None else f"{pooled.seconds * 1000:+.0f}",
                f"{pooled.spread_seconds * 1000:.0f}",
                f"{pooled.agreeing}/{pooled.windows}",
                str(pooled.takes),
                pooled.verdict,
                plain(", ".join(part for part in session if part)),
            ]
        )
    _print_rows(rows, left=(4, 5))


def _print_takes(result: "CheckResult") -> None:
    click.echo("\nTakes")
    rows = [["take", "s", "valid", "lag ms", "conf", "dBFS", "SNR", "noise", "mouth", "blinks"]]
    for take in result.takes:
        record, sound, face = take.record, take.sound, take.face
        rows.append(
            [
                plain(take.name)[:40],
                f"{record.seconds:.2f}",
                f"{record.valid_frames / max(record.frames, 1):.0%}",
                "-" if take.lag.seconds is None else f"{take.lag.seconds * 1000:+.0f}",
                f"{take.lag.confidence:.2f}",
                *(
                    "-" if sound.get(key) is None else f"{sound[key]:.0f}"
                    for key in ("active_dbfs", "snr_db")
                ),
                f"{face['noise']:.4f}" if face else "-",
                f"{face['mouth_range']:.2f}" if face else "-",
                str(face.get("blinks", "-")),
            ]
        )
    _print_rows(rows)


def _print_controls(result: "CheckResult", *, every: bool) -> None:
    from ingest.control_table import control_table

    table = control_table(result.takes, result.data_set.statistics)
    if not table:
        return
    count = len(result.takes)
    if every:
        click.echo("\nControls")
        rows = [["control", "from", "to", "std", f"moves in {count}", "noise", "clipped", "learnt"]]
        for row in table:
            kept = {None: "-", True: "yes", False: "no"}[row.kept]
            moves = str(row.moving) if row.moving else "constant"
            rows.append(
                [row.name, f"{row.minimum:.3f}", f"{row.maximum:.3f}", f"{row.std:.3f}", moves,
                 f"{row.noise:.4f}", f"{row.clipped:.1%}", kept]
            )  # fmt: skip
    else:
        click.echo("\nControls by region (--controls for each)")
        regions = defaultdict(list)
        for row in table:
            regions[row.region].append(row)
        rows = [["region", "controls", "constant", "largest range", "most noise", "most clipped"]]
        for region, members in regions.items():
            rows.append(
                [
                    region,
                    str(len(members)),
                    str(sum(row.moving == 0 for row in members)),
                    f"{max(row.maximum - row.minimum for row in members):.3f}",
                    f"{max(row.noise for row in members):.4f}",
                    f"{max(row.clipped for row in members):.1%}",
                ]
            )
        constant = sum(row.moving == 0 for row in table)
        rows.append(["all", str(len(table)), str(constant)])
    _print_rows(rows)


def _print_findings(result: "CheckResult", level: str) -> None:
    from ingest.rules import RULES

    groups = defaultdict(list)
    for finding in result.of_level(level):
        groups[finding.code].append(finding)
    for code, findings in groups.items():
        meaning = RULES[code].meaning if code in RULES else ""
        click.echo("\n" + click.style(f"{level} {plain(code)}", fg=_LEVEL_COLOURS[level]) + f"  {meaning}")
        for finding in findings[:_ROWS_SHOWN]:
            names = ", ".join(plain(name) for name in finding.takes[:_NAMES_SHOWN])
            more = (
                f" and {len(finding.takes) - _NAMES_SHOWN} more" if len(finding.takes) > _NAMES_SHOWN else ""
            )
            click.echo(f"  {names}{more}{': ' if names else ''}{plain(finding.text)}")
        if len(findings) > _ROWS_SHOWN:
            click.echo(f"  and {len(findings) - _ROWS_SHOWN} more")


def _print_rows(rows: Iterable[Sequence[str]], *, left: Sequence[int] = (0,)) -> None:
    """Columns as wide as their cells; those not in `left` end in line."""
    rows = [list(row) for row in rows]
    widths = [max(len(row[c]) for row in rows if c < len(row)) for c in range(max(map(len, rows)))]
    for row in rows:
        cells = [cell.ljust(widths[c]) if c in left else cell.rjust(widths[c]) for c, cell in enumerate(row)]
        click.echo("  " + "  ".join(cells).rstrip())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
