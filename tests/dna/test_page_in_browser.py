"""The page with the head of a DNA, in a real browser: drawn by WebGL and by the canvas, and it moves."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from made_dna import dna_bytes, made_dna
from PIL import Image

from cstalk_ue.export import write_curves_npz
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.page import write_page
from cstalk_ue.review.page_head import PageHead
from cstalk_ue.rig import control_defaults, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no chromium, chromium-browser or google-chrome on the path", allow_module_level=True)

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--mute-audio",
]
PATIENCE_MS = 10_000
"""For the page to draw; it takes a fraction of a second."""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    """One line whose jaw opens from shut to wide, laid over by a still one, as a page with a made head."""
    folder = tmp_path_factory.mktemp("page")
    dna = folder / "made.dna"
    dna.write_bytes(dna_bytes(made_dna(rings=16)))
    for kind, widest in (("own", 1.0), ("other", 0.0)):
        values = np.tile(control_defaults(), (30, 1))
        values[:, control_names().index("CTRL_C_jaw.ty")] = np.linspace(0, widest, 30)
        face = RigCurves(values, control_names(), 30)
        write_curves_npz(
            folder / kind / "line.curves.npz", FacePerformance(face, neutral_head(30, 30)), provenance={}
        )
    lines, others = find_lines([folder / "own"]), find_lines([folder / "other"])
    write_page(folder / "page.html", lines, against=others, head=PageHead(dna, [*lines, *others]))
    return folder / "page.html"


def look(page) -> np.ndarray:
    """The stage as it is seen."""
    page.wait_for_timeout(150)  # a few frames
    png = page.locator("#stage").screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def skin(picture: np.ndarray) -> np.ndarray:
    """Which pixels have the colour of skin."""
    r, g, b = picture.transpose(2, 0, 1)
    return (r > g + 25) & (g > b)


@pytest.mark.parametrize("backend", ["webgl", "canvas"])
def test_the_head_is_drawn_and_opens_its_mouth(page_file, backend):
    drawing = ["--disable-3d-apis"]
    if backend == "webgl":
        drawing = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    faults = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *drawing])
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(page_file.as_uri())
        waited = 0
        while not skin(shut := look(page)).any() and waited < PATIENCE_MS:
            waited += 150
        for _ in range(3):
            page.keyboard.press("Shift+ArrowRight")
        wide = look(page)
        page.keyboard.press("g")
        with_ghost = look(page)
        browser.close()
    assert faults == []
    assert skin(shut).mean() > 0.05
    rows = np.nonzero((np.abs(wide - shut).sum(axis=2) > 30) & (skin(wide) | skin(shut)))[0]
    head = np.nonzero(skin(shut))[0]
    assert len(rows) > 200 and np.median(rows) > (head.min() + head.max()) / 2  # below the middle
    assert (np.abs(with_ghost - wide).sum(axis=2) > 30).sum() > 200
