"""A data set's health on one HTML sheet: opens from disk, needs no network and no script, can be mailed.

Verdict, findings, coverage, sync, sound, motion of the controls, and the worst takes with their faces. The
policy of the page allows nothing but its own style and pictures: names of takes come from files, and a
browser shall not run them. Charts are in dataset_charts.py, faces in dataset_faces.py; nothing is judged
here.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.review.dataset_charts import (
    LagGroup,
    LagPoint,
    activity_chart,
    coverage_chart,
    histogram,
    lag_chart,
    legend,
)
from cstalk_ue.review.dataset_faces import LEVEL_CLASSES, face_cards, worst_takes
from cstalk_ue.review.markup import Markup, tag
from cstalk_ue.rig import controls
from cstalk_ue.storage import whole_file
from ingest.check import CheckResult
from ingest.control_table import activity, control_table
from ingest.coverage import Amount, rows_of
from ingest.rules import ERROR, RULES, WARNING, Finding
from ingest.sync import GATE, REACH_SECONDS
from ingest.take_summary import TakeSummary

_ROWS_SHOWN, _TAKES_SHOWN, _POINTS_SHOWN = 30, 12, 600
_UNITS_FLOOR = -90.0


def write_sheet(path: Path, result: CheckResult, *, title: str, faces: int = 8) -> None:
    """Write the sheet.

    Args:
        title: on top of it; any text.
        faces: how many of the worst takes are drawn.

    Raises:
        ExportError: the file cannot be written.
    """
    text = sheet_html(result, title=title, faces=faces)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sheet_html(result: CheckResult, *, title: str, faces: int = 8) -> str:
    """The sheet as a whole document."""
    style = (
        resources.files("cstalk_ue.review").joinpath("page", "dataset_sheet.css").read_text(encoding="utf-8")
    )
    style = style.replace("\r\n", "\n")  # what the browser hashes
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    parts = [_head(result, title), _findings(result), _worst(result, faces), _coverage(result)]
    parts += [_sync(result), _sound(result), _motion(result)]
    note = f"cstalk-ue dataset report, data set {result.data_set.digest[:12]}"
    body = tag("main", *(part for part in parts if part), tag("footer", note))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{tag('title', title)}<style>{style}</style></head>\n{tag('body', body)}</html>\n"
    )


def _head(result: CheckResult, title: str) -> Markup:
    takes = result.takes
    errors, warnings = (len(result.of_level(level)) for level in (ERROR, WARNING))
    statistics = result.data_set.statistics
    tiles = [
        ("takes in use", str(len(takes))),
        ("excluded", str(len(result.excluded))),
        ("minutes", f"{sum(take.record.seconds for take in takes) / 60:.1f}"),
        ("performers", str(len({take.record.performer for take in takes if take.record.performer}))),
        (
            "controls learnt",
            "-" if statistics is None else f"{int(statistics.kept.sum())} of {len(controls())}",
        ),
        ("errors", str(errors)),
        ("warnings", str(warnings)),
    ]
    verdict = ("Fit to train on", "good") if result.fit else ("Not fit to train on", "bad")
    return tag(
        "header",
        tag("div", tag("h1", title), tag("span", verdict[0], class_=f"verdict {verdict[1]}"), class_="head"),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in tiles), class_="tiles"),
    )


def _findings(result: CheckResult) -> Markup:
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for level in (ERROR, WARNING):
        for finding in result.of_level(level):
            groups[level, finding.code].append(finding)
    blocks: list[str] = []
    for (level, code), findings in groups.items():
        items = [_finding_item(finding) for finding in findings[:_ROWS_SHOWN]]
        if len(findings) > _ROWS_SHOWN:
            items.append(tag("li", f"and {len(findings) - _ROWS_SHOWN} more", class_="note"))
        blocks.append(
            tag(
                "details",
                tag(
                    "summary",
                    tag("span", level, class_=f"chip {LEVEL_CLASSES[level]}"),
                    tag("b", code),
                    tag("span", RULES[code].meaning if code in RULES else "", class_="meaning"),
                    tag("span", str(len(findings)), class_="count"),
                ),
                tag("ul", *items),
            )
        )
    if not blocks:
        blocks.append(tag("p", "Nothing was found."))
    return _section(
        "Findings", "Click a line for the takes. Which findings are errors is set in dataset.toml.", *blocks
    )


def _finding_item(finding: Finding) -> Markup:
    names = ", ".join(finding.takes[:6]) + (
        f" and {len(finding.takes) - 6} more" if len(finding.takes) > 6 else ""
    )
    return tag("li", *((tag("span", names, class_="name"), ": ") if names else ()), finding.text)


def _coverage(result: CheckResult) -> Markup:
    coverage, target = result.coverage, result.rules.target_per_emotion
    whole = coverage_chart([("all takes", _cells(coverage.emotions))], most=max(target, 1), target=target)
    charts = [tag("div", tag("h3", "All takes"), whole)]
    tables = (
        ("By intensity", coverage.intensities),
        ("By performer", coverage.performers),
        ("By line", coverage.lines),
    )
    for title, table in tables:
        rows = [(name, _cells(cells)) for name, cells in rows_of(table).items()]
        if not rows:
            continue
        most = max(takes for _, cells in rows for takes, _ in cells.values())
        chart = coverage_chart(rows[:_ROWS_SHOWN], most=most)
        more = [tag("p", f"and {len(rows) - _ROWS_SHOWN} more")] if len(rows) > _ROWS_SHOWN else []
        charts.append(tag("div", tag("h3", title), chart, *more))
    return _section(
        "Coverage",
        f"Takes of each emotion; the target is {target}. Hold the pointer over a cell for its length.",
        tag("div", *charts, class_="pair"),
    )


def _cells(amounts: Mapping[str, Amount]) -> dict[str, tuple[int, float]]:
    return {emotion: (amount.takes, amount.seconds) for emotion, amount in amounts.items()}


def _sync(result: CheckResult) -> Markup:
    if not result.sessions:
        return _section("Sync", "No take has sound.")
    members = defaultdict(list)
    for take in result.takes:
        members[take.session].append(take)
    groups, rows = [], []
    share = min(1.0, _POINTS_SHOWN / max(len(result.takes), 1))
    for session, pooled in result.sessions.items():
        known = [take for take in members[session] if take.lag.seconds is not None]
        shown = _spread(known, max(1, round(share * len(known))))
        name = ", ".join(part for part in session if part)
        points = [
            LagPoint(take.lag.seconds or 0.0, take.lag.confidence, take.lag.peak >= GATE, take.name)
            for take in shown
        ]
        groups.append(LagGroup(name, pooled.seconds if pooled.verdict == "agreed" else None, points))
        rows.append(
            (
                name,
                "-" if pooled.seconds is None else f"{pooled.seconds * 1000:+.0f}",
                f"{pooled.spread_seconds * 1000:.0f}",
                f"{pooled.agreeing} of {pooled.windows}",
                str(len(members[session])),
                pooled.verdict,
            )
        )
    table = _table(("session", "lag ms", "spread ms", "windows that agree", "takes", "verdict"), rows)
    chart = lag_chart(groups, reach=REACH_SECONDS, allowed=result.rules.most_outlier_seconds)
    return _section(
        "Sync",
        "Milliseconds by which curves and sound are apart, a dot for each take, the fuller the more "
        "confident. Below 0 the curves are later. The green band is what a session agrees on; where all is "
        "red it does not.",
        chart,
        table,
    )


def _sound(result: CheckResult) -> Markup:
    rules = result.rules
    heard = [take for take in result.takes if take.sound.get("active_dbfs") is not None]
    charts = [
        _chart("Length", [take.record.seconds for take in result.takes], 0, 15, "s",
               (rules.shortest_seconds, rules.longest_seconds)),
    ]  # fmt: skip
    if heard:
        level = [take.sound["active_dbfs"] for take in heard]
        ratio = [take.sound["snr_db"] for take in heard]
        band = [take.sound["bandwidth_hz"] / 1000 for take in heard]
        charts += [
            _chart("Level of the speech", level, -60, 0, "dBFS", (rules.least_active_dbfs,)),
            _chart("Speech above noise", ratio, 0, 80, "dB", (rules.least_snr_db,)),
            _chart("Bandwidth", band, 0, 8, "kHz", (rules.least_bandwidth_hz / 1000,)),
        ]
    heard.sort(key=_sound_rank)
    rows = [
        (
            take.name,
            f"{take.sound['active_dbfs']:.1f}",
            f"{20 * np.log10(max(take.sound['peak'], 1e-5)):.1f}",
            f"{take.sound['floor_dbfs']:.1f}",
            f"{take.sound['snr_db']:.1f}",
            f"{take.sound['clipped_share']:.3%}",
            f"{take.sound['bandwidth_hz']}",
            f"{take.sound['open_mouth_in_silence_seconds']:.2f}",
        )
        for take in heard[:_TAKES_SHOWN]
    ]
    header = (
        "take",
        "speech dBFS",
        "peak dBFS",
        "noise dBFS",
        "SNR dB",
        "clipped",
        "band Hz",
        "open in silence s",
    )
    table = [tag("h3", "The worst by clipping, then by noise"), _table(header, rows)] if rows else []
    return _section(
        "Length and sound",
        "Dashed lines are the limits of the rules.",
        tag("div", *charts, class_="four"),
        *table,
    )


def _sound_rank(take: TakeSummary) -> tuple[float, float]:
    return -take.sound["clipped_share"], take.sound["snr_db"]


def _chart(
    title: str, values: Sequence[float], low: float, high: float, unit: str, limits: Sequence[float]
) -> Markup:
    return tag("div", tag("h3", title), histogram(values, low=low, high=high, unit=unit, limits=limits))


def _motion(result: CheckResult) -> Markup:
    takes = _spread(
        sorted(result.takes, key=lambda take: (_emotion_rank(take), take.record.performer, take.name)),
        4 * _POINTS_SHOWN,
    )
    table = control_table(result.takes, result.data_set.statistics)
    if not table:
        return _section("Motion", "No take was measured. Ingest the takes again.")
    regions = list(dict.fromkeys(row.region for row in table))
    order = sorted(range(len(table)), key=lambda index: regions.index(table[index].region))
    sizes = [(region, sum(row.region == region for row in table)) for region in regions]
    chart = activity_chart(activity(takes)[:, order], sizes, [take.record.emotion_class for take in takes])
    rows = [
        (
            region,
            str(size),
            str(sum(row.moving == 0 for row in table if row.region == region)),
            f"{max(row.maximum - row.minimum for row in table if row.region == region):.2f}",
            f"{max(row.noise for row in table if row.region == region):.4f}",
            f"{max(row.clipped for row in table if row.region == region):.1%}",
        )
        for region, size in sizes
    ]
    header = ("region", "controls", "constant", "largest range", "most noise", "most at the end of its range")
    return _section(
        "Motion of the controls",
        "Every line is a control, every column a take, the darker the further it moves. Empty lines are dead "
        "controls, empty columns dead takes.",
        legend(),
        chart,
        _table(header, rows),
    )


def _emotion_rank(take: TakeSummary) -> int:
    emotion = take.record.emotion_class
    return EMOTIONS.index(emotion) if emotion in EMOTIONS else len(EMOTIONS)


def _worst(result: CheckResult, count: int) -> Markup | None:
    if count == 0 or not worst_takes(result, 1):
        return None
    return _section("The takes to look at first", "Drawn from the stored curves.", face_cards(result, count))


def _spread(takes: Sequence[TakeSummary], most: int) -> list[TakeSummary]:
    """All, or as many evenly spread ones."""
    if len(takes) <= most:
        return list(takes)
    return [takes[int(index)] for index in np.linspace(0, len(takes) - 1, most)]


def _section(title: str, words: str, *blocks: str) -> Markup:
    return tag("section", tag("h2", title), tag("p", words), *blocks)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", name) for name in header))),
            tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)),
        ),
        class_="scroll",
    )
