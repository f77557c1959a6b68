"""The page in a real browser, opened from disk: what a lead artist does with it, and what data must not do.

Needs Playwright and a chromium of the system; without either these tests are skipped.
"""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from review_lines import REAL, SAMPLES, write_quick_line, write_real_line

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.export import read_curves_npz
from cstalk_ue.manifest import read_manifest
from cstalk_ue.review.document import document
from cstalk_ue.review.lines import ReviewLine, find_lines
from cstalk_ue.review.page import write_page
from cstalk_ue.review.page_data import line_entry, page_config
from cstalk_ue.review.prepare import PreparedLine

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no chromium, chromium-browser or google-chrome on the path", allow_module_level=True)

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--disable-gpu",
]
MARKUP = '<img src=x onerror="window.hacked=1;alert(1)"><script>window.hacked=2<\\script>'


def wait(page, expression: str, *, seconds: float = 10) -> None:
    """Until a JavaScript expression is true; Playwright's own waiting is code that the policy stops."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never came true: {expression}"
        page.wait_for_timeout(20)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Three lines in two emotions, against the same three in a third, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("review")
    for name in REAL:
        write_real_line(folder / "angry", name, "angry")
        write_real_line(folder / "sad", name, "0=sad 2=happy:0.5", sound=False)
        write_real_line(folder / "neutral", name, "neutral", sound=False)
    (folder / "sad" / "zz_bad.curves.npz").write_bytes(b"no zip")
    lines = find_lines([folder / "angry", folder / "sad"], audio=SAMPLES)
    write_page(folder / "review.html", lines, against=find_lines([folder / "neutral"]))
    return folder / "review.html"


class Visits:
    """Pages opened with an empty memory; keeps every error, dialog and request."""

    def __init__(self, browser) -> None:
        self.browser = browser
        self.contexts: list = []
        self.faults: list[str] = []

    def __call__(self, path: Path, *, ready: bool = True, **options):
        options.setdefault("viewport", {"width": 1280, "height": 720})
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: self.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda r: None if r.url == path.as_uri() else self.faults.append(f"asked {r.url[:80]}")
        )
        page.goto(path.as_uri())
        if ready:
            wait(page, "App.duration() > 0 && App.view() !== null")
        return page

    def end(self) -> None:
        for context in self.contexts:
            context.close()
        assert [fault for fault in self.faults if "GPU stall" not in fault] == []


@pytest.fixture
def visit(browser):
    """Opens pages; fails the test for any error, dialog or request."""
    visits = Visits(browser)
    yield visits
    visits.end()


@pytest.fixture(scope="module")
def shared_page(browser, built):
    visits = Visits(browser)
    yield visits(built)
    visits.end()


@pytest.fixture
def page(shared_page):
    """The page for tests that only look and play; opening one takes a second."""
    shared_page.evaluate("App.pause(); App.seek(0)")
    shared_page.locator("#grid").focus()
    shared_page.keyboard.press("3")  # full speed
    return shared_page


def rows(page) -> list[str]:
    return page.locator(".row.line .name").all_text_contents()


def go_to(page, name: str) -> None:
    page.locator(".row.line .name", has_text=name).first.click()
    wait(page, f"document.getElementById('line-name').textContent === {name!r}")


def exported(page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def lines_of(path: Path):
    return read_manifest(path, default=EmotionTrack.parse("neutral")).lines


# What it shows


def test_the_page_opens_with_all_lines(visit, built):
    page = visit(built)
    assert page.title() == "review"
    assert rows(page) == [
        *(f"angry/{name}" for name in sorted(REAL)),
        *(f"sad/{name}" for name in sorted(REAL)),
        "zz_bad",
    ]
    assert page.locator("#line-name").text_content() == "angry/birthday_happy"
    assert page.locator("#progress").text_content() == "0 approved · 0 rejected · 7 open"
    assert page.locator("#count").text_content() == "7 lines"
    row = page.locator(".row.line").first
    assert (
        row.locator(".emotion").text_content() == "angry" and row.locator(".seconds").text_content() == "3.9"
    )


def test_curves_and_head_are_those_of_the_file(page, built):
    read = read_curves_npz(built.parent / "angry" / f"{sorted(REAL)[0]}.curves.npz").performance
    decoded = page.evaluate(
        """async () => {
          const line = await Decode.line(JSON.parse(document.getElementById("line-0").textContent));
          const values = new Float32Array(185), head = new Float32Array(6);
          Decode.sample(line, 1.25 / line.fps, values, head);
          return [line.frames, line.fps, [...line.values], [...line.head], [...values], [...head]];
        }"""
    )
    frames, fps, values, head, between, head_between = decoded
    assert (frames, fps) == (read.frames, read.fps)
    assert np.abs(np.reshape(values, (frames, 185)) - read.face.values).max() <= 0.5 / 16384 + 1e-6
    turns = read.head.values[:, :6]
    assert np.abs(np.reshape(head, (frames, 6)) - turns).max() <= np.abs(turns).max() / 32767
    for shown, true in ((between, read.face.values), (head_between, turns)):
        assert np.abs(np.array(shown) - (0.75 * true[1] + 0.25 * true[2])).max() < 1e-3


@pytest.mark.parametrize("audio_format", ["flac", "opus"])
def test_the_sound_is_in_step(visit, tmp_path, audio_format):
    """Encoded, decoded by the browser: the same length, and not one sample early or late."""
    write_real_line(tmp_path, "gate_neutral", "neutral")
    write_page(tmp_path / "p.html", find_lines([tmp_path]), audio_format=audio_format)
    page = visit(tmp_path / "p.html")
    samples = np.array(
        page.evaluate(
            """async () => {
              const text = document.getElementById("audio-0").textContent;
              return [...(await Player.decode(Decode.bytes(text).buffer)).samples];
            }"""
        )
    )
    original = load_audio(tmp_path / "gate_neutral.wav").samples
    assert abs(len(samples) - len(original)) <= (0 if audio_format == "flac" else 400)
    length = min(len(samples), len(original))
    spectra = np.fft.rfft(samples[:length]) * np.conj(np.fft.rfft(original[:length]))
    lag = int(np.argmax(np.fft.irfft(spectra, length)))
    assert min(lag, length - lag) <= (0 if audio_format == "flac" else 8)


def test_the_fft_and_slow_speech_are_right(page, rng):
    signal = rng.standard_normal((2, 64))
    re, im = page.evaluate(
        """(signal) => {
          const [re, im] = signal.map((part) => Float64Array.from(part));
          Signal.fft(re, im);
          return [[...re], [...im]];
        }""",
        signal.tolist(),
    )
    assert np.allclose(np.array(re) + 1j * np.array(im), np.fft.fft(signal[0] + 1j * signal[1]))
    tone = np.sin(np.arange(16000) * 2 * np.pi * 220 / 16000)
    slow = np.array(page.evaluate("(x) => [...Signal.stretch(new Float32Array(x), 2, 16000)]", tone.tolist()))
    assert len(slow) == 32000
    peak = np.argmax(np.abs(np.fft.rfft(slow[4000:28000]))) * 16000 / 24000
    assert abs(peak - 220) < 1.5, "half as fast at the same pitch"


def test_a_line_that_cannot_be_read_says_why(visit, built):
    page = visit(built)
    go_to(page, "zz_bad")
    assert "zz_bad.curves.npz" in page.locator("#stage-message").text_content()
    page.keyboard.press("r")
    assert page.locator("#reject").get_attribute("aria-pressed") == "true"
    go_to(page, "sad/gate_neutral")
    wait(page, "document.getElementById('stage-message').hidden")


def test_a_page_that_was_cut_off_says_so(visit, built, tmp_path):
    data = built.read_bytes()
    (tmp_path / "cut.html").write_bytes(data[: data.index(b'id="line-1"') + 2000])
    page = visit(tmp_path / "cut.html")
    page.keyboard.press("j")
    page.wait_for_selector("#stage-message:visible")
    assert "cannot be shown" in page.locator("#stage-message").text_content()


# Playing


def test_playing_and_pausing(page):
    page.keyboard.press(" ")
    wait(page, "App.seconds() > 0.3")
    assert page.locator("#play").get_attribute("aria-label") == "Pause"
    page.keyboard.press(" ")
    at = page.evaluate("App.seconds()")
    page.wait_for_timeout(150)
    assert page.evaluate("App.seconds()") == at > 0.3
    page.locator("#play").click()
    wait(page, f"App.seconds() > {at + 0.1}")
    page.keyboard.press(" ")
    assert not page.evaluate("App.playing()"), "after a click on the button, space still plays and pauses"


def test_playing_ends_at_the_end(page):
    page.evaluate("App.seek(App.duration() - 0.2)")
    page.keyboard.press(" ")
    wait(page, "!App.playing()")
    assert page.evaluate("App.seconds() === App.duration()") and page.evaluate("App.current()") == 0
    page.keyboard.press(" ")
    wait(page, "App.playing() && App.seconds() < 1")


def test_the_clock_keeps_time(page):
    for key, speed in (("3", 1), ("2", 0.5), ("1", 0.25)):
        page.evaluate("App.seek(0)")
        page.keyboard.press(key)
        measured = page.evaluate(
            """async () => {
              const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
              App.play();
              await wait(300);
              const from = App.seconds(), began = performance.now();
              await wait(500);
              const passed = App.seconds() - from, real = (performance.now() - began) / 1000;
              App.pause();
              return passed / real;
            }"""
        )
        assert measured == pytest.approx(speed, rel=0.15)


def test_arrows_go_by_frames(page):
    for key, frame in (("ArrowRight", 1), ("ArrowRight", 2), ("Shift+ArrowRight", 12), ("ArrowLeft", 11),
                       ("Shift+ArrowLeft", 1), ("End", None), ("Home", 0), ("ArrowLeft", 0)):  # fmt: skip
        page.keyboard.press(key)
        if frame is not None:
            wait(page, f"document.getElementById('frame').textContent === '{frame}'")
            assert page.evaluate("App.seconds()") == pytest.approx(frame / 30)


def test_click_and_drag_seek(page):
    box = page.locator(".strip.top canvas").bounding_box()
    duration = page.evaluate("App.duration()")
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 40)
    assert page.evaluate("App.seconds()") == pytest.approx(0.25 * duration, abs=0.01)
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 40, steps=4)
    page.mouse.up()
    assert page.evaluate("App.seconds()") == pytest.approx(0.6 * duration, abs=0.01)
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 40, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert page.locator("#loop").get_attribute("aria-pressed") == "true"
    page.keyboard.press(" ")
    seen = [page.evaluate("App.seconds()") for _ in range(12) if page.wait_for_timeout(60) is None]
    assert 0.2 * duration - 0.02 <= min(seen) and max(seen) <= 0.3 * duration + 0.02
    assert (np.diff(seen) < 0).any(), "it goes round"
    page.keyboard.press("l")


def test_playing_goes_on_only_if_asked_and_motion_is_welcome(visit, built):
    for motion, expected in (("no-preference", 1), ("reduce", 0)):
        page = visit(built, reduced_motion=motion)
        page.locator("#follow").click()
        page.evaluate("App.seek(App.duration() - 0.1)")
        page.keyboard.press(" ")
        page.wait_for_timeout(600)
        assert page.evaluate("App.current()") == expected


# Views


def test_variants_and_ghost(visit, built):
    page = visit(built)
    page.keyboard.press("v")
    page.wait_for_selector(".cells button")
    assert page.locator(".cells button").all_text_contents() == ["angry", "0=sad 2=happy:0.5"]
    page.evaluate("App.seek(0.5)")
    page.locator(".cells button").nth(1).click()
    wait(page, "App.current() === 3")
    wait(page, "Math.abs(App.seconds() - 0.5) < 1e-6")
    page.keyboard.press("v")
    wait(page, "!document.querySelector('.cells button')")
    for key, name in (("g", "ghost"), ("s", "spectrum"), ("l", "loop")):
        page.keyboard.press(key)
        assert page.locator(f"#{name}").get_attribute("aria-pressed") == "true"
    page.keyboard.press("f")
    assert page.locator("#view").text_content() == "Three-quarter"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible() and "jitter" in page.locator("#help").text_content()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden() and page.evaluate("App.current()") == 3


def test_new_curves_keep_the_playhead(visit, built):
    page = visit(built)
    page.evaluate("App.seek(1)")
    page.evaluate("App.replace(0, JSON.parse(document.getElementById('line-3').textContent))")
    assert page.evaluate("App.seconds()") == 1
    page.evaluate("App.setEmotion(0, 'happy:0.5')")
    assert page.locator(".row.line .emotion").first.text_content() == "happy:0.5"


def test_the_theme_can_be_chosen(visit, built):
    page = visit(built, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Theme: auto").click()
    light = page.evaluate(ground)
    assert dark != light and page.evaluate("document.documentElement.dataset.theme") == "light"
    page.reload()
    assert page.evaluate(ground) == light, "it is remembered"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (3840, 2160), (420, 800)])
def test_nothing_sticks_out(visit, built, width, height):
    page = visit(built, viewport={"width": width, "height": height})
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    assert wide <= 0
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".transport > *, .verdict > *, .bar > *")]
          .filter((e) => e.getBoundingClientRect().width && e.getBoundingClientRect().right > innerWidth + 1)
          .map((e) => e.id || e.className)"""
    )
    assert outside == []


# Deciding


def test_decisions_are_exported_for_predict(visit, built, tmp_path):
    page = visit(built)
    page.keyboard.press("a")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.press("n")
    page.keyboard.type("a jaw, too far: redo")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.press("u")
    wait(page, "document.getElementById('progress').textContent === '1 approved · 1 rejected · 5 open'")
    path = exported(page, built.parent)
    first, second, third = lines_of(path)[:3]
    assert path.name == "review.csv"
    assert [first.decision, second.decision, third.decision] == ["approved", "rejected", ""]
    assert (second.note, second.name, str(second.emotion), second.seed) == (
        "a jaw, too far: redo", "angry/gate_neutral", "angry", 3,
    )  # fmt: skip
    assert second.audio.resolve() == (SAMPLES / "gate_neutral.wav").resolve() or second.audio.is_file()
    assert second.curves is not None and second.curves.is_file() and not second.problem
    only = read_manifest(path, default=EmotionTrack.parse("neutral"), decision="rejected").lines
    assert [line.name for line in only] == ["angry/gate_neutral"]


def test_decisions_are_kept_and_come_back_from_the_table(visit, built, tmp_path):
    page = visit(built)
    page.keyboard.press("a")
    page.keyboard.press("n")
    page.keyboard.type("=1+1, 'fine' \"so\"")
    page.keyboard.press("Escape")
    page.reload()
    wait(page, "App.duration() > 0")
    assert page.evaluate("App.decision(0)") == {"decision": "approved", "note": "=1+1, 'fine' \"so\""}
    path = exported(page, tmp_path)
    assert "\"'=1+1" in path.read_text(encoding="utf-8-sig"), "a spreadsheet must not run it"
    other = visit(built)
    assert other.evaluate("App.decision(0).decision") == ""
    other.locator("#load-file").set_input_files(path)
    wait(other, "App.decision(0).decision === 'approved'")
    assert other.evaluate("App.decision(0).note") == "=1+1, 'fine' \"so\""
    assert other.locator("#approve").get_attribute("aria-pressed") == "true"


def test_new_curves_are_undecided_but_keep_the_note(visit, tmp_path):
    write_quick_line(tmp_path, "a", seed=1)
    page = (
        visit(tmp_path / "p.html") if write_page(tmp_path / "p.html", find_lines([tmp_path])) == [] else None
    )
    page.keyboard.press("r")
    page.keyboard.press("n")
    page.keyboard.type("too calm")
    page.keyboard.press("Enter")
    write_quick_line(tmp_path, "a", seed=2)
    write_page(tmp_path / "p.html", find_lines([tmp_path]))
    page.reload()
    assert page.evaluate("App.decision(0)") == {"decision": "", "note": "too calm"}


def test_a_foreign_table_is_refused(visit, built, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    page = visit(built)
    page.locator("#load-file").set_input_files(tmp_path / "x.csv")
    wait(page, "document.getElementById('live').textContent.includes('cannot be used')")


# Many lines


@pytest.fixture(scope="module")
def thousand(tmp_path_factory) -> Path:
    """A page with a list of a thousand lines and nothing to play."""
    emotions = ("angry", "happy", "neutral")
    lines = [
        ReviewLine(
            f"line {n}", Path(f"{n}.curves.npz"), emotions[n % 3], "m", n / 100, 30.0, 1, digest=str(n)
        )
        for n in range(1000)
    ]
    entries = [line_entry(PreparedLine(line, ())) for line in lines]
    config = page_config(lines, entries, folder=Path(), title="many", page_id="x", csv_name="many")
    path = tmp_path_factory.mktemp("many") / "many.html"
    path.write_text("".join(document(config)), encoding="utf-8")
    return path


def test_a_thousand_lines_have_few_rows(visit, thousand):
    page = visit(thousand, ready=False)
    page.wait_for_selector(".row.line")
    spent = page.evaluate(
        """async () => {
          const scroller = document.getElementById("scroller");
          let most = 0, spent = 0;
          for (let i = 0; i < 60; i++) {
            const from = performance.now();
            scroller.scrollTop += 470;
            scroller.dispatchEvent(new Event("scroll"));
            scroller.getBoundingClientRect();
            spent += performance.now() - from;
            most = Math.max(most, document.querySelectorAll(".row.line").length);
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
          return { most, each: spent / 60, top: scroller.scrollTop };
        }"""
    )
    assert spent["most"] < 60 and spent["top"] > 25000
    assert spent["each"] < 16, "rows of one step are built within a frame"
    assert page.locator("#grid").get_attribute("aria-rowcount") == "1001"


def test_sorting_filtering_and_the_keyboard(visit, thousand):
    page = visit(thousand, ready=False)
    page.wait_for_selector(".row.line")
    header = page.get_by_role("columnheader", name="Duration")
    header.get_by_role("button").click()
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    page.locator("#grid").focus()
    page.keyboard.press("Control+Home")
    assert page.locator("#line-name").text_content() == "line 999"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    assert page.locator("#line-name").text_content() == "line 997"
    page.keyboard.press("Control+End")
    assert page.locator("#line-name").text_content() == "line 0"
    assert page.locator('.row[aria-selected="true"] .name').text_content() == "line 0", "it is scrolled to"
    page.keyboard.press("/")
    page.keyboard.type("line 99")
    assert page.locator("#count").text_content() == "19 of 1,000 lines"
    page.locator("#filter-emotion").select_option("happy")
    assert page.locator("#count").text_content() == "6 of 1,000 lines"
    page.get_by_role("button", name="Clear filters").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("a")
    page.locator("#filter-decision").select_option("approved")
    assert rows(page) == ["line 999"]


# Hostile data


def test_markup_in_names_and_notes_is_text(visit, tmp_path):
    name = MARKUP.replace("/", "") + "\u202egpj.exe"
    path = write_quick_line(tmp_path, "a", model=MARKUP)
    path.rename(tmp_path / f"{name}.curves.npz")
    (tmp_path / "a.wav").rename(tmp_path / f"{name}.wav")
    write_page(tmp_path / "p.html", find_lines([tmp_path]), title=MARKUP)
    page = visit(tmp_path / "p.html")
    page.keyboard.press("n")
    page.keyboard.type(MARKUP)
    page.keyboard.press("Enter")
    page.keyboard.press("v")
    page.keyboard.press("a")
    (line,) = lines_of(exported(page, tmp_path))
    assert line.note == MARKUP and line.decision == "approved" and line.audio.is_file()
    shown = rows(page)[0]
    assert shown.startswith("<img src=x") and "\\u202e" in shown, (
        "letters that turn text round are spelled out"
    )
    page.reload()
    wait(page, "App.duration() > 0")
    assert page.evaluate("[window.hacked, document.images.length, document.scripts.length]") == [None, 0, 5]


def test_a_table_with_markup_is_text_too(visit, built, tmp_path):
    page = visit(built)
    path = exported(page, tmp_path)
    text = path.read_text(encoding="utf-8-sig").splitlines()
    cells = text[1].split(",")
    cells[6:8] = ["approved", '"' + MARKUP.replace('"', '""') + '"']
    path.write_text("\n".join([text[0], ",".join(cells), *text[2:]]) + "\n", encoding="utf-8")
    page.locator("#load-file").set_input_files(path)
    wait(page, "App.decision(0).decision === 'approved'")
    assert page.locator("#note").input_value() == MARKUP
    assert page.evaluate("window.hacked ?? null") is None


def test_the_policy_stops_code_that_got_in(visit, built):
    page = visit(built)
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.hacked = 1";
          document.body.append(script);
        }"""
    )
    asked = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'stopped')")
    assert page.evaluate("window.hacked ?? null") is None and asked == "stopped"
    assert len(visit.faults) >= 2 and all("Content Security Policy" in fault for fault in visit.faults)
    visit.faults.clear()


# Accessibility


def test_everything_that_can_be_used_has_a_name(visit, built):
    page = visit(built)
    page.keyboard.press("?")
    nameless = page.evaluate(
        """() => {
          const quiet = ["presentation", "rowgroup", "row", "gridcell", "status"];
          const named = (e) =>
            e.ariaLabel || e.getAttribute("aria-labelledby") || (e.labels && e.labels.length) ||
            (e.matches("button, [role=columnheader]") && e.textContent.trim());
          return [...document.querySelectorAll("button, input, select, canvas, [role], dialog, section")]
            .filter((e) => !quiet.includes(e.role) && !e.hidden && !e.ariaHidden)
            .filter((e) => !named(e))
            .map((e) => e.outerHTML.slice(0, 80));
        }"""
    )
    assert nameless == []


def test_what_happens_is_announced(visit, built):
    page = visit(built)
    page.keyboard.press("j")
    page.keyboard.press("a")
    wait(page, "document.getElementById('live').textContent === 'angry/gate_neutral: approved'")
    active = page.locator("#grid").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert json.loads(page.evaluate("JSON.stringify(App.decision(1))"))["decision"] == "approved"
