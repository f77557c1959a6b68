"""Live tuning in a real browser: a hand moves, the face follows and goes on playing, the manifest remembers.

Needs Playwright and a chromium of the system; without either these tests are skipped.
"""

import shutil
import threading

import numpy as np
import pytest
from review_lines import SAMPLES, write_real_line

from cstalk_ue.batch import BatchSettings, run_batch
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.export import read_curves_npz
from cstalk_ue.manifest import lines_of_paths, read_manifest
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.served import build_site
from cstalk_ue.review.server import ReviewServer
from cstalk_ue.review.tuning import TuningSession

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no chromium, chromium-browser or google-chrome on the path", allow_module_level=True)

FLAGS = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --mute-audio
    --disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required
"""
NEUTRAL = EmotionTrack.parse("neutral")
FIRST, SECOND = "birthday_happy", "gate_neutral"
LIPS = "CTRL_L_mouth_cornerPull.ty"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Two lines of the bundled model and one of the performer."""
    folder = tmp_path_factory.mktemp("tuning")
    sounds = [SAMPLES / f"{name}.wav" for name in (FIRST, SECOND)]
    run_batch(lines_of_paths(sounds, NEUTRAL).lines, folder, BatchSettings(device="cpu"))
    write_real_line(folder, "promise_angry", "angry", sound=False)
    lines = find_lines([folder], audio=SAMPLES)
    session = TuningSession(lines, manifest=folder / "review.csv", device="cpu")
    session.warm_up()
    server = ReviewServer(build_site(lines, manifest=session.manifest), session)
    threading.Thread(target=server.serve_until_stopped, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())


@pytest.fixture
def page(browser, server):
    """The served page on its first line, ready to be tuned; any error or foreign request fails the test."""
    faults: list[str] = []
    own = f"http://127.0.0.1:{server.server_port}/"
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((own, "blob:")) else faults.append(r.url))
    page.goto(server.url)
    sync_api.expect(page.locator(".tune-body")).to_be_visible()
    wait_until(page, "() => App.duration() > 3 && App.view() !== null")
    page.evaluate(
        "() => { window.seen = []; const replace = App.replace; App.replace ="
        " async (index, payload) => { await replace(index, payload); seen.push(payload); }; }"
    )
    yield page
    context.close()
    server.session.manifest.unlink(missing_ok=True)
    assert [fault for fault in faults if "GPU stall" not in fault and "WebGL" not in fault] == []


def wait_until(page, condition: str) -> None:
    """Like wait_for_function, which the policy of the page forbids."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {condition}")


def text(page) -> str:
    return page.locator("#tune-text").input_value()


def settle(page, changes: int = 1) -> None:
    """Wait for that many answers of the server in all."""
    wait_until(page, f"() => Number(document.querySelector('.tune-timing').dataset.count || 0) >= {changes}")


def newest(page) -> dict[str, np.ndarray]:
    """The curves that came last, by control."""
    values = page.evaluate(
        "async () => { const line = await Decode.line(window.seen[window.seen.length - 1]);"
        " return [Array.from(line.values), line.frames]; }"
    )
    columns = np.array(values[0]).reshape(values[1], -1)
    return dict(zip(page.evaluate("() => window.REVIEW.controls"), columns.T, strict=True))


def test_a_slider_moves_the_face_at_once(page, server, record_property, capsys):
    was = read_curves_npz(server.session.lines[0].curves).performance.face.curve(LIPS)
    spent = []
    for count, share in enumerate((0.2, 0.4, 0.6, 0.8, 1.0), start=1):
        page.locator("#tune-happy").fill(str(share))
        settle(page, count)
        spent.append(int(page.locator(".tune-timing").get_attribute("data-milliseconds")))
    assert text(page) == "happy" and page.locator("#line-facts").text_content().startswith("happy · bundled-")
    assert newest(page)[LIPS].mean() > was.mean() + 0.2
    fresh = server.session.regenerate(0, "happy").face
    assert np.abs(newest(page)[LIPS] - fresh.curve(LIPS)).max() < 1e-4
    record_property("milliseconds from input to new curves", sorted(spent))
    with capsys.disabled():
        print(f"\n    input to new curves in the page: {sorted(spent)} ms (3.9 s line)")


def test_it_goes_on_playing_and_keeps_the_playhead(page):
    page.evaluate("() => { App.seek(0.5); App.play(); }")
    page.locator("#tune-sad").fill("0.7")
    settle(page)
    assert page.evaluate("() => App.playing()") and page.evaluate("() => App.seconds()") >= 0.5
    page.evaluate("() => { App.pause(); App.seek(2); }")
    page.locator("#tune-sad").fill("0.3")
    settle(page, 2)
    assert page.evaluate("() => [App.playing(), App.seconds()]") == [False, 2]


def test_many_drags_are_one_request_at_a_time_and_the_last_one_wins(page):
    page.evaluate(
        "() => { window.flying = window.most = window.sent = 0; const ask = fetch;"
        " window.fetch = async (...all) => { if (all[0] !== 'tune') return ask(...all);"
        " sent++; flying++; most = Math.max(most, flying);"
        " try { return await ask(...all); } finally { flying--; } }; }"
    )
    page.evaluate(
        "async () => { const slider = document.getElementById('tune-angry');"
        " for (let i = 1; i <= 60; i++) { slider.value = i / 100; slider.dispatchEvent(new Event('input'));"
        " await new Promise((done) => setTimeout(done, 4)); } slider.dispatchEvent(new Event('change')); }"
    )
    wait_until(
        page,
        "() => window.flying === 0 && window.seen.length && seen[seen.length - 1].emotion === 'angry:0.6'",
    )
    most, sent, seen = page.evaluate("() => [window.most, window.sent, window.seen.length]")
    assert most == 1 and sent == seen < 60
    page.get_by_role("button", name="Undo").click()
    assert text(page) == "neutral"  # a drag is one step


def test_keys_are_added_moved_and_deleted(page):
    page.locator("#tune-angry").fill("0.8")
    page.evaluate("() => App.seek(1.5)")
    page.get_by_role("button", name="Add key").click()
    page.locator("#tune-happy").fill("0.6")
    assert text(page) == "0=angry:0.8 1.5=angry:0.4+happy:0.6"
    keys = page.locator(".tune-key")
    box = keys.nth(1).bounding_box()
    wide = page.locator(".tune-track").bounding_box()["width"]
    page.mouse.move(box["x"] + 11, box["y"] + 11)
    page.mouse.down()
    page.mouse.move(box["x"] + 11 + wide / 4, box["y"] + 11, steps=5)
    page.mouse.up()
    moved = EmotionTrack.parse(text(page)).times[1]
    assert moved == pytest.approx(1.5 + 3.9 / 4, abs=0.05)
    keys.nth(1).press("ArrowLeft")
    assert EmotionTrack.parse(text(page)).times[1] == pytest.approx(moved - 1 / 30, abs=2e-3)
    assert keys.nth(1).get_attribute("aria-valuetext").endswith("angry:0.4+happy:0.6")
    track = page.locator(".tune-track").bounding_box()
    page.mouse.dblclick(track["x"] + 0.9 * track["width"], track["y"] + 10)
    assert keys.count() == 3
    keys.nth(2).press("Delete")
    assert keys.count() == 2
    page.get_by_role("button", name="Delete key").click()
    assert keys.count() == 1 and page.get_by_role("button", name="Delete key").is_disabled()
    while page.get_by_role("button", name="Undo").is_enabled():
        page.get_by_role("button", name="Undo").click()
    assert text(page) == "neutral" and page.get_by_role("button", name="Reset").is_disabled()
    page.locator("#tune-intensity").press("Control+Shift+Z")
    assert text(page) == "angry:0.8"
    page.get_by_role("button", name="Reset").click()
    assert text(page) == "neutral"


def test_the_text_is_read_as_it_is_typed(page):
    field = page.locator("#tune-text")
    field.fill("0=neutral 1.2=angr")
    assert (
        "angr" in page.locator("#tune-error").text_content() and field.get_attribute("aria-invalid") == "true"
    )
    field.fill("0=neutral 1.2=Angry:0.8")
    settle(page)
    assert page.locator("#tune-error").text_content() == "" and page.locator(".tune-key").count() == 2
    field.press("Enter")
    assert text(page) == "0=neutral 1.2=angry:0.8"
    assert page.evaluate("() => seen[seen.length - 1].emotion") == "0=neutral 1.2=angry:0.8"


def test_the_keys_of_the_page_work_beside_the_sliders(page):
    slider = page.locator("#tune-angry")
    slider.focus()
    slider.press("ArrowRight")
    assert text(page) == "angry:0.01"
    slider.press(" ")
    assert page.evaluate("() => App.playing()")
    slider.press(" ")
    assert not page.evaluate("() => App.playing()")
    slider.press("a")
    assert page.evaluate("() => App.decision(0).decision") == "approved"
    page.locator("#tune-text").press("r")  # here it is only a letter
    assert page.evaluate("() => App.decision(0).decision") == "approved"
    slider.press("j")
    assert page.evaluate("() => App.current()") == 1


def test_saved_lines_are_predicted_as_they_were_tuned(page, server, tmp_path):
    page.locator("#tune-angry").fill("0.7")
    page.evaluate("() => App.seek(1.5)")
    page.get_by_role("button", name="Add key").click()
    page.locator("#tune-surprised").fill("0.45")
    page.locator("#tune-intensity").fill("0.85")
    page.locator("#note").fill("=jaw, louder")
    page.locator("#approve").click()
    page.get_by_role("button", name="Save to manifest").click()
    saved = page.locator(".tune-saved")
    sync_api.expect(saved).to_have_text("Saved to review.csv, row added")
    lines = read_manifest(server.session.manifest, default=NEUTRAL).lines
    assert [(line.name, line.decision, line.note) for line in lines] == [(FIRST, "approved", "'=jaw, louder")]
    wait_until(page, f"() => seen.length && seen[seen.length - 1].emotion === '{lines[0].emotion}'")
    run_batch(lines, tmp_path, BatchSettings(device="cpu"))
    made = read_curves_npz(tmp_path / f"{FIRST}.curves.npz").performance.face
    shown = newest(page)
    assert max(np.abs(shown[name] - made.curve(name)).max() for name in made.controls) <= 0.5 / 16384 + 1e-6
    page.locator("#tune-intensity").fill("0.5")
    assert saved.text_content() == ""
    page.get_by_role("button", name="Save to manifest").click()
    sync_api.expect(saved).to_have_text("Saved to review.csv, row updated")
    page.reload()  # another day
    sync_api.expect(saved).to_have_text("Saved before")
    assert page.locator("#tune-intensity").input_value() == "0.5"
    wait_until(page, "() => App.lines[0].emotion.startsWith('0=angry:0.35')")  # and the face shows it


def test_lines_keep_their_edits_and_some_cannot_be_tuned(page):
    page.locator("#tune-sad").fill("0.5")
    page.locator("body").press("j")
    sync_api.expect(page.locator("#line-name")).to_have_text(SECOND)
    sync_api.expect(page.locator("#tune-text")).to_have_value("neutral")
    page.locator("body").press("j")
    sync_api.expect(page.locator(".tune-problem")).to_contain_text("was made by performer, not by bundled-")
    assert page.locator(".tune-body").is_hidden() and page.locator(".tune-save").is_hidden()
    page.locator("body").press("k")
    page.locator("body").press("k")
    sync_api.expect(page.locator("#tune-text")).to_have_value("sad:0.5")


def test_a_server_that_is_gone_is_told(page):
    page.evaluate("() => { const ask = fetch; window.fetch = () => { window.fetch = ask; throw 1; }; }")
    page.locator("#tune-sad").fill("0.5")
    sync_api.expect(page.locator("#tune-error")).to_contain_text("does not answer")
    page.locator("#tune-sad").fill("0.6")
    settle(page)
    assert page.locator("#tune-error").text_content() == ""


@pytest.mark.parametrize(("scheme", "size"), [("dark", (1280, 720)), ("light", (1024, 768))])
def test_the_panel_fits(browser, server, scheme, size):
    context = browser.new_context(color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.goto(server.url)
    sync_api.expect(page.locator(".tune-body")).to_be_visible()
    clipped = page.evaluate(
        "() => { const box = document.getElementById('tuning'); const edge = box.getBoundingClientRect();"
        " return [box.scrollHeight > box.clientHeight + 1, box.scrollWidth > box.clientWidth + 1,"
        " edge.bottom > innerHeight, document.querySelector('.stage').clientHeight < 120,"
        " document.querySelector('.timeline').clientHeight < 90]; }"
    )
    assert clipped == [False] * 5
    named = page.evaluate(
        "() => [...document.querySelectorAll('#tuning input, #tuning button')].every((field) =>"
        " field.textContent || field.labels.length || field.getAttribute('aria-label'))"
    )
    assert named
    context.close()
