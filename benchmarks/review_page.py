"""How large review pages are, how long they take to build and to open, and whether 500 lines scroll smoothly.

    python benchmarks/review_page.py [--lines 3 --lines 500]

Lines are made from the samples, each with its own sound, so that nothing is shared. Opening and scrolling are
measured in an installed Chromium through Playwright, and left out where there is none.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.batch import BatchSettings, run_batch
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.manifest import Line
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.page import write_page

SCROLL_STEPS = 120
SCROLL = """async (steps) => {
  const box = [...document.querySelectorAll("*")].filter(e => e.scrollHeight > e.clientHeight + 400)
    .sort((a, b) => b.scrollHeight - a.scrollHeight)[0];
  const frame = () => new Promise(requestAnimationFrame), times = [];
  let before = await frame(), rows = 0;
  for (let k = 0; k < steps; k++) {
    box.scrollTop = box.scrollHeight * k / steps;
    const now = await frame();
    times.push(now - before);
    before = now;
    rows = Math.max(rows, box.querySelectorAll("[role=row]").length);
  }
  return {times, rows};
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, action="append")
    wanted = parser.parse_args().lines or [3, 500]
    with tempfile.TemporaryDirectory() as folder:
        curves = Path(folder) / "curves"
        make_lines(Path(folder) / "sound", curves, max(wanted))
        for count in wanted:
            for audio_format in ("flac", "opus"):
                measure(Path(folder), curves, count, audio_format)


def make_lines(sounds: Path, curves: Path, count: int) -> None:
    """Curves and sounds of so many lines: the samples, each time a little louder."""
    sounds.mkdir()
    samples = sorted(samples_folder().glob("*.wav"))
    lines = []
    for number in range(count):
        wav = samples[number % len(samples)]
        audio = load_audio(wav).samples * np.float32(1 - number / (4 * count))
        path = sounds / f"{number:04} {wav.stem}.wav"
        soundfile.write(path, audio, SAMPLE_RATE)
        emotion = EmotionTrack.parse(EMOTIONS[number % len(EMOTIONS)])
        lines.append(Line(path, path.stem, emotion))
    run_batch(lines, curves, BatchSettings(), jobs=2)


def measure(folder: Path, curves: Path, count: int, audio_format: str) -> None:
    """One row of the report."""
    page = folder / f"review_{count}_{audio_format}.html"
    paths = sorted(curves.glob("*.curves.npz"))[:count]
    started = time.perf_counter()
    lines = find_lines(paths, audio=folder / "sound")
    bad = write_page(page, lines, audio_format=audio_format)
    seconds = time.perf_counter() - started
    spoken = sum(line.seconds for line in lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = (
        f"{count:4} lines of {spoken / count:.1f} s, {audio_format}: {page.stat().st_size / 1e6:6.2f} MB, "
        f"built in {seconds:5.1f} s ({spoken / seconds:.0f} times real time), peak {peak:.0f} MiB"
    )
    print(report + (f", {len(bad)} bad" if bad else "") + browser_report(page))


def browser_report(page: Path) -> str:
    """Time to open, and frames while scrolling through the list; empty without a browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return ""
    if chromium is None:
        return ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(page.resolve().as_uri())
        opened = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        text = f"; opens in {opened / 1000:.2f} s"
        if tab.evaluate(
            "[...document.querySelectorAll('*')].some(e => e.scrollHeight > e.clientHeight + 400)"
        ):
            result = tab.evaluate(SCROLL, SCROLL_STEPS)
            frames = np.array(result["times"][5:])
            text += (
                f"; scrolling: median {np.median(frames):.0f} ms a frame, 95 % under "
                f"{np.percentile(frames, 95):.0f} ms, {result['rows']} rows in the document"
            )
        browser.close()
    return text


if __name__ == "__main__":
    sys.exit(main())
