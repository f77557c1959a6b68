"""One HTML page about a run: what it is, its losses, its figures, the tables, and the pictures of the paper.

The page holds everything, runs no script, and its policy allows none; whatever comes from data or file names
is escaped. Knows nothing about how its parts were made (see cli/figures.py).
"""

import base64
import hashlib
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.evaluate.report_text import name_with_seed, with_interval
from cstalk_ue.evaluate.results import Evaluation
from cstalk_ue.evaluate.table_plan import TablePlan
from cstalk_ue.evaluate.table_text import notes, table_rows, verdict_table
from cstalk_ue.storage import whole_file

_STYLE = """
:root { color-scheme: light dark; --bg: #f4f6f8; --panel: #fff; --fg: #1a1e24; --muted: #55606d;
  --line: #d3d8df; --accent: #0a5fc4; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #101317; --panel: #191d22; --fg: #e4e8ed; --muted: #9aa5b1; --line: #313840;
    --accent: #69aefc; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 1.5rem; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 10px; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px;
  margin-top: 16px; }
p { margin: 6px 0; max-width: 80ch; }
.muted, caption { color: var(--muted); }
nav { margin-top: 8px; display: flex; flex-wrap: wrap; gap: 4px 14px; }
a { color: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 6px; }
th, td { text-align: right; padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
tr.ours td { font-weight: 650; }
img { max-width: 100%; height: auto; display: block; border-radius: 4px; background: #fff; }
figure { margin: 0; }
figcaption { color: var(--muted); margin-top: 8px; max-width: 90ch; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; font-size: 0.9rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--muted); }
code { overflow-wrap: anywhere; }
li { margin: 3px 0; max-width: 100ch; }
"""


@dataclass(frozen=True)
class Picture:
    """A picture of the page: a PNG, its caption, and what it shows in words for who does not see it."""

    path: Path
    title: str
    caption: str


@dataclass(frozen=True)
class RunPage:
    """What a page says.

    Attributes:
        title: above everything.
        facts: by section: names and values of what was trained.
        losses, figures: pictures.
        evaluation: figures of the models, or None.
        tables: plans with what was found of them, or none.
        command: that makes the tables again; may be empty.
    """

    title: str
    facts: Mapping[str, Mapping[str, Any]]
    losses: Sequence[Picture] = ()
    figures: Sequence[Picture] = ()
    evaluation: Evaluation | None = None
    tables: Sequence[tuple[TablePlan, Evaluation]] = ()
    command: str = ""


def write_run_page(path: Path, page: RunPage) -> None:
    """Write the page.

    Raises:
        ExportError: it cannot be written.
    """
    with whole_file(path) as temporary:
        temporary.write_text(run_page(page), encoding="utf-8", newline="\n")


def run_page(page: RunPage) -> str:
    """The page as text."""
    sections = list(_sections(page))
    links = "".join(f'<a href="#{key}">{_text(title)}</a>' for key, title, _ in sections)
    body = "".join(
        f'<section id="{key}"><h2>{_text(title)}</h2>{content}</section>' for key, title, content in sections
    )
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(page.title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{_text(page.title)}</h1><nav>{links}</nav>{body}</main></body></html>\n"
    )


def _sections(page: RunPage) -> Iterable[tuple[str, str, str]]:
    """Anchor, title and content of every section that has any."""
    if page.facts:
        yield "about", "What it is", "".join(_facts(name, facts) for name, facts in page.facts.items())
    if page.losses:
        yield "losses", "Training", "".join(map(_picture, page.losses))
    if page.evaluation is not None:
        yield "figures", "Measured", _measured(page.evaluation)
    for plan, found in page.tables:
        yield f"table{plan.number}", plan.title, _table(plan, found, page.command)
    for number, picture in enumerate(page.figures):
        yield f"picture{number}", picture.title, _picture(picture)


def _facts(name: str, facts: Mapping[str, Any]) -> str:
    rows = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in facts.items())
    return f"<p><strong>{_text(name)}</strong></p><dl>{rows}</dl>"


def _measured(evaluation: Evaluation) -> str:
    head = ["", *(name_with_seed(result) for result in evaluation.results)]
    rows, meanings = [], []
    for measure in evaluation.measures:
        figures = [result.figure(measure) for result in evaluation.results]
        if any(figure.takes for figure in figures):
            rows.append([f"{measure.label} ({measure.unit})", *map(with_interval, figures)])
            meanings.append(f"{measure.label}: {measure.definition} [{measure.space}; {measure.pooling}]")
    counts = max((len(result.takes) for result in evaluation.results), default=0)
    caption = (
        f"{counts} takes of the split {evaluation.split} of {evaluation.data_set}; in brackets the 95 % "
        "bootstrap interval over takes."
    )
    return _html_table(head, rows, caption) + _meanings([*meanings, *evaluation.remarks])


def _table(plan: TablePlan, found: Evaluation, command: str) -> str:
    rows = table_rows(plan, found)
    parts = [_html_table(rows[0], rows[1:], "Mean over seeds ± standard deviation over seeds.")]
    verdicts = verdict_table(plan, found)
    if verdicts:
        parts.append("<p><strong>The paper's order</strong></p>")
        parts.append(_html_table(verdicts[0], verdicts[1:], "Error of the second minus that of the first."))
    parts.append(_meanings(notes(plan, found, "", verdicts=False)))
    if command:
        parts.append(f"<p class=muted>Made by</p><p><code>{_text(command)}</code></p>")
    return "".join(parts)


def _meanings(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(line)}</li>" for line in lines)
    return f"<details><summary>What these numbers are</summary><ul>{items}</ul></details>" if items else ""


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    top = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in head)
    body = ""
    for row in rows:
        ours = ' class="ours"' if row[0].startswith("CSTalk") else ""
        body += f"<tr{ours}>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
    return (
        f'<div class="wide"><table><caption>{_text(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _picture(picture: Picture) -> str:
    data = base64.b64encode(picture.path.read_bytes()).decode("ascii")
    return (
        f'<figure><img alt="{_text(picture.title)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{_text(picture.caption)}</figcaption></figure>"
    )


def _text(value: Any) -> str:
    """Escaped for text and for quoted attributes; lone surrogates of odd file names become question marks."""
    return html.escape(str(value).encode("utf-8", "replace").decode("utf-8"), quote=True)
