"""The page is one file that is whole, needs nothing, changes nothing, and lets no data be code."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from review_lines import REAL, write_quick_line, write_real_line

from cstalk_ue.cli import run
from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import ExportError, UsageError
from cstalk_ue.manifest import check_output_name, read_manifest
from cstalk_ue.review.document import SCRIPTS, STYLES, TUNING, as_json
from cstalk_ue.review.lines import ReviewLine, find_lines
from cstalk_ue.review.page import served_page, write_page
from cstalk_ue.review.page_data import match_references
from cstalk_ue.review.regions import REGIONS
from cstalk_ue.review.rows import csv_cells
from cstalk_ue.rig import HEAD_CURVES, control_names

ASSETS = Path(__file__).resolve().parents[2] / "cstalk_ue" / "review" / "page"
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028'\"&{{style}}{{data}}\u202e"


class Page(HTMLParser):
    """Scripts by id (the program has none), styles, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.styles: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside = ("", "")
        self.title = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = (tag, dict(attrs).get("id") or "")

    def handle_endtag(self, tag):
        self.inside = ("", "")

    def handle_data(self, data):
        tag, name = self.inside
        if tag == "script":
            self.scripts[name] = self.scripts.get(name, "") + data
        elif tag == "style":
            self.styles.append(data)
        elif tag == "title":
            self.title += data

    def data(self, name: str):
        return json.loads(self.scripts[name])

    @property
    def policy(self) -> str:
        (meta,) = [
            a for t, a in self.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        ]
        return meta["content"] or ""


def built(folder: Path, *arguments: str) -> Page:
    output = folder / "out" / "review.html"
    assert run(["review", str(folder / "curves"), "-o", str(output), *arguments]) == 0
    return Page(output.read_text(encoding="utf-8"))


@pytest.fixture
def three(tmp_path):
    for name in REAL:
        write_real_line(tmp_path / "curves", name, "happy:0.5")
    return tmp_path


def test_three_lines_make_a_small_page(three):
    page = built(three)
    assert (three / "out" / "review.html").stat().st_size < 3e6
    config = page.data("review")
    assert [line["name"] for line in config["lines"]] == sorted(REAL)
    assert {f"line-{n}" for n in range(3)} | {f"audio-{n}" for n in range(3)} <= page.scripts.keys()
    assert page.data("face")["format"].startswith("cstalk-face/")
    names = [path.name for path in (three / "out").iterdir()]
    assert names == ["review.html"], "no temporary file is left"


def test_the_policy_names_exactly_the_script_and_the_style(three):
    page = built(three)

    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))
    assert (
        rules["default-src"] == rules["connect-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    )
    assert rules["script-src"] == f"'sha256-{digest(page.scripts[''])}'"
    assert rules["style-src"] == f"'sha256-{digest(page.styles[0])}'" and len(page.styles) == 1
    assert "unsafe" not in page.policy and "http" not in page.policy


def test_nothing_is_loaded_and_no_attribute_is_code(three):
    page = built(three)
    for tag, attributes in page.elements:
        assert not {"src", "href", "srcset", "style", "action", "data"} & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    assert [t for t, a in page.elements if t == "script" and a.get("type") is None] == ["script"], (
        "one program"
    )
    assert not re.search(
        r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function)\b", page.scripts[""]
    )
    assert "@import" not in page.styles[0] and "url(" not in page.styles[0]


def test_every_asset_is_used():
    known = {*SCRIPTS, *STYLES, *TUNING, "page.html", "dataset_sheet.css"}
    assert {path.name for path in ASSETS.iterdir() if path.suffix in (".js", ".css", ".html")} == known


def test_text_from_data_stays_text(tmp_path):
    curves = write_quick_line(tmp_path / "curves", "a", model=HOSTILE)
    name = HOSTILE.replace("/", "")
    for suffix in (".curves.npz", ".wav"):
        (curves.parent / f"a{suffix}").rename(curves.parent / f"{name}{suffix}")
    page = built(tmp_path, "--title", HOSTILE)
    assert page.title == HOSTILE and page.data("review")["title"] == HOSTILE
    (line,) = page.data("review")["lines"]
    assert (line["name"], line["model"]) == (name, HOSTILE)
    assert sum(tag == "img" for tag, _ in page.elements) == 0
    assert "\u2028" not in page.scripts["review"] and "<" not in page.scripts["review"]


def test_json_is_ascii_without_signs_of_html():
    text = as_json({"a": HOSTILE, "b": "ü\udcff"})
    assert text.isascii() and not set(text) & set("<>&") and json.loads(text)["a"] == HOSTILE


def test_the_same_lines_give_the_same_page(three):
    first = built(three).scripts
    assert built(three).scripts == first


def test_one_sound_is_embedded_once(tmp_path):
    for emotion in ("angry", "sad"):
        write_quick_line(tmp_path / "curves" / emotion, "a", emotion=emotion)
    write_quick_line(tmp_path / "curves" / "sad", "b", seed=4)
    page = built(tmp_path)
    lines = {line["name"]: line for line in page.data("review")["lines"]}
    assert lines["angry/a"]["audio"] == lines["sad/a"]["audio"] == 0 and lines["sad/b"]["audio"] == 1
    assert lines["angry/a"]["group"] == lines["sad/a"]["group"] != lines["sad/b"]["group"]
    assert sorted(name for name in page.scripts if name.startswith("audio")) == ["audio-0", "audio-1"]


@pytest.mark.parametrize(("audio_format", "start"), [("flac", b"fLaC"), ("opus", b"OggS"), ("none", None)])
def test_the_sound_is_as_asked(tmp_path, audio_format, start):
    write_quick_line(tmp_path / "curves", "a")
    page = built(tmp_path, "--audio-format", audio_format)
    (line,) = page.data("review")["lines"]
    if start is None:
        assert line["audio"] is None and "audio-0" not in page.scripts
        assert "no sound" not in [word for word, _ in line["flags"]], "it is only not embedded"
    else:
        assert base64.b64decode(page.scripts["audio-0"]).startswith(start)


def test_ghosts_are_matched_by_name(tmp_path):
    for emotion in ("neutral", "sad"):
        write_quick_line(tmp_path / "other" / emotion, "a", emotion=emotion)
    write_quick_line(tmp_path / "curves", "a", emotion="sad", seed=1)
    write_quick_line(tmp_path / "curves", "b")
    page = built(tmp_path, "--against", str(tmp_path / "other"))
    first, second = page.data("review")["lines"]
    assert first["ghost"] == {"model": "m", "emotion": "sad"} and second["ghost"] is None
    assert page.data("ghost-0")["emotion"] == "sad" and "ghost-1" not in page.scripts


def test_full_names_win_over_last_parts():
    def line(name, emotion="sad"):
        return ReviewLine(name, Path(name), emotion=emotion)

    found = match_references([line("x/a"), line("c")], [line("a"), line("x/a", "happy"), line("y/c")])
    assert [found[0].emotion, found[1].name] == ["happy", "y/c"]


def test_a_bad_line_is_on_the_page_and_told(tmp_path, capsys):
    write_quick_line(tmp_path, "good")
    (tmp_path / "bad.curves.npz").write_bytes(b"")
    output = tmp_path / "out" / "review.html"
    assert run(["review", str(tmp_path), "-o", str(output)]) == 1
    told = capsys.readouterr()
    assert told.out.startswith(f"{output}: 2 lines, ") and told.out.count("\n") == 1
    assert told.err.count("failed: ") == 1 and str(tmp_path / "bad.curves.npz") in told.err
    page = Page(output.read_text(encoding="utf-8"))
    bad, good = page.data("review")["lines"]
    assert bad["problem"] and bad["flags"][0][0] == "unreadable" and not good["problem"]
    assert "line-0" not in page.scripts and "line-1" in page.scripts


@pytest.mark.parametrize("name", ["a.curves.npz", "a.wav", "a.phones.csv"])
def test_an_input_is_never_written_over(tmp_path, capsys, name):
    write_quick_line(tmp_path, "a")
    (tmp_path / "a.phones.csv").write_text("start,end,phone\n0,0.5,AA\n")
    before = (tmp_path / name).read_bytes()
    link = tmp_path / "link.html"
    link.symlink_to(tmp_path / name)
    for output in (tmp_path / name, link):
        assert run(["review", str(tmp_path / "a.curves.npz"), "-o", str(output)]) == 2
        assert "is one of the files to review" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == before


def test_a_failure_leaves_the_old_page(tmp_path, monkeypatch):
    write_quick_line(tmp_path, "a")
    output = tmp_path / "review.html"
    output.write_text("old")
    monkeypatch.setattr("cstalk_ue.review.page.document", lambda config: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_page(output, find_lines([tmp_path]))
    assert output.read_text() == "old" and not list(tmp_path.glob(".*.part"))


def test_what_cannot_be_written_is_told(tmp_path):
    write_quick_line(tmp_path, "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        write_page(tmp_path / "file" / "review.html", find_lines([tmp_path]))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["none"],
        ["curves", "--audio", "none"],
        ["curves", "--against", "none"],
        ["curves", "--audio-format", "mp3"],
    ],
)
def test_wrong_calls_end_with_2(tmp_path, monkeypatch, arguments, capsys):
    monkeypatch.chdir(tmp_path)
    write_quick_line(tmp_path / "curves", "a")
    assert run(["review", *arguments]) == 2
    assert not (tmp_path / "review.html").exists()


def test_a_large_page_hints_at_opus(tmp_path, monkeypatch, capsys):
    write_quick_line(tmp_path, "a")
    monkeypatch.setattr("cstalk_ue.cli.review._LARGE_MEGABYTES", 0)
    run(["review", str(tmp_path), "-o", str(tmp_path / "r.html")])
    assert "--audio-format opus" in capsys.readouterr().err


def test_a_served_page_may_ask_its_own_server_only():
    page = Page(served_page({"title": "t", "lines": []}, token="secret"))
    assert "connect-src 'self'" in page.policy and page.data("review")["token"] == "secret"
    assert "Tune" in page.scripts[""] and not [name for name in page.scripts if name.startswith("line-")]


# The table of decisions


def test_cells_make_a_manifest(tmp_path):
    write_quick_line(tmp_path / "curves" / "s1", "a", emotion="sad:0.5")
    write_quick_line(tmp_path / "curves", "=1+1")
    lines = find_lines([tmp_path / "curves"])
    first, second = csv_cells(lines, tmp_path / "out")
    assert first["file"] == "../curves/=1+1.wav" and first["name"] == "_=1+1"
    assert (second["file"], second["emotion"], second["name"], second["curves"]) == (
        "../curves/s1/a.wav", "sad:0.5", "s1/a", "../curves/s1/a.curves.npz",
    )  # fmt: skip
    assert csv_cells(lines, tmp_path / "curves")[0]["file"] == "./=1+1.wav"


@pytest.mark.parametrize(
    "name", ['<b>"x"', "a?*", "con", " a. ", "..", "a//b", "\x07", "-x", "@x", "s/=x", "a\u202eb"]
)
def test_output_names_are_ones_predict_accepts(name):
    (cells,) = csv_cells([ReviewLine(name, Path("c.npz"))], Path())
    assert cells["name"] == "" or check_output_name(cells["name"]) == cells["name"]
    assert not cells["name"].startswith(("=", "+", "-", "@"))


def test_output_names_differ():
    lines = [ReviewLine(name, Path(f"{n}.npz")) for n, name in enumerate(("a?", "a*", "A_", "a_-2"))]
    names = [cells["name"].casefold() for cells in csv_cells(lines, Path())]
    assert len(set(names)) == 4 and names[0] == "a_"


def test_the_manifest_reader_knows_the_columns(tmp_path):
    text = 'file,emotion,decision,note,curves\na.wav,sad,Approved,"=1, fine",c/a.npz\nb.wav,,maybe,,\n'
    (tmp_path / "m.csv").write_text(text)
    from cstalk_ue.emotion import EmotionTrack

    read = read_manifest(tmp_path / "m.csv", default=EmotionTrack.parse(EMOTIONS[0]))
    assert [line.decision for line in read.lines] == ["approved", ""]
    assert read.lines[0].curves == tmp_path / "c/a.npz" and "'maybe'" in read.remarks[0]


# What is drawn


def test_regions_draw_curves_that_exist():
    for region in REGIONS:
        known = HEAD_CURVES if region.unit else control_names()
        assert 1 <= len(region.curves) <= 4, "the page has four colours"
        assert not [name for _, members in region.curves for name in members if name not in known]


def test_a_page_over_an_input_is_refused_before_anything_is_read(tmp_path):
    line = ReviewLine("a", tmp_path / "gone.npz")
    with pytest.raises(UsageError):
        write_page(tmp_path / "gone.npz", [line])


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark", "dark by choice"])
def test_text_has_contrast(theme):
    """At least 4.5 : 1 for all text, 3 : 1 for the lines of the curves."""
    css = (ASSETS / "page.css").read_text(encoding="utf-8")
    start = {
        "light": ":root {",
        "dark": ':root:not([data-theme="light"]) {',
        "dark by choice": ':root[data-theme="dark"] {',
    }
    block = css[css.index(start[theme]) :].split("}")[0]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))

    def contrast(text, ground):
        low, high = sorted((luminance(colours[text]), luminance(colours[ground])))
        return (high + 0.05) / (low + 0.05)

    grounds = ("panel", "raised", "bg", "select")
    pairs = [(text, ground) for text in ("fg", "muted", "good", "bad") for ground in grounds]
    pairs += [("accent", "panel"), ("on-accent", "accent"), ("fg", "stage"), ("fg", "bad-bg")]
    pairs += [(name, f"{name}-bg") for name in ("good", "bad", "warn")]
    assert {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5} == {}
    assert [n for n in range(1, 5) if contrast(f"c{n}", "panel") < 3] == []
