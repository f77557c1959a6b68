"""A page with nothing but the face, in Chromium, for the tests of what is drawn.

WebGL runs in software (SwiftShader). Colours are measured in pictures without light, where a pixel's colour
is that of its material.
"""

import base64
import contextlib
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from cstalk_ue.face import load_face
from cstalk_ue.face_mesh import face_materials
from cstalk_ue.review.face_data import face_json

SCRIPTS = ("face.js", "face_surface.js", "face_outline.js", "face_gl.js", "face_canvas.js", "face_view.js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)

WIDTH, HEIGHT = 520, 420
CAMERA_MM = 900
ZOOMS = {  # pivot in mm, mm across, mm high: the frames of face_view.js
    "face": ((0, -20, -60), 210, 296),
    "mouth": ((0, -78, 5), 104, 84),
    "eyes": ((0, 10, 0), 150, 72),
}
HOLLOW = (0.11, 0.035, 0.04)  # the inner side of the skin, in face_gl.js

HELPERS = """
window.ready = Face.load(JSON.parse(document.getElementById("face").textContent)).then((face) => {
  const views = {};
  window.make = (options, width, height, ratio) => {
    const canvas = document.createElement("canvas");
    canvas.id = "faces";
    document.body.replaceChildren(canvas);
    window.view = FaceView.create(canvas, face, options);
    view.resize(width, height, ratio);
    return view.backend;
  };
  window.use = (backend, width, height, ratio) => {
    const key = [backend, width, height, ratio].join();
    views[key] ??= make({ backend }, width, height, ratio) && view;
    window.view = views[key];
    document.body.replaceChildren(view.canvas);
    return view.backend;
  };
});
window.picture = (cells, options) => {
  const { width, height, data } = view.pixels(cells, options);
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return { width, height, data: btoa(text) };
};
"""


class View:
    """A page that has the face and nothing else."""

    def __init__(self, page):
        self.page = page
        scripts = [
            resources.files("cstalk_ue.review").joinpath("page", name).read_text(encoding="utf-8")
            for name in SCRIPTS
        ]
        self.problems = []
        self._materials = {}
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "console", lambda message: self.problems.append(message.text) if message.type == "error" else None
        )
        page.set_content(
            '<!doctype html><meta charset="utf-8"><body></body>'
            f'<script type="application/json" id="face">{face_json()}</script>'
            f"<script>{chr(10).join([*scripts, HELPERS])}</script>"
        )
        page.evaluate("ready")

    def use(self, backend="webgl", width=WIDTH, height=HEIGHT, ratio=1, fine=False):
        assert self.page.evaluate("(given) => use(...given)", [backend, width, height, ratio]) == backend
        self.backend, self.fine = backend, fine

    def draw(self, *cells, **options):
        """``(height, width, 4)`` uint8; a cell is values, or values and those of its ghost."""
        drawn = []
        for cell in cells:
            values, ghost = cell if isinstance(cell, tuple) else (cell, None)
            drawn.append(
                {"values": values.tolist(), "ghost": ghost if ghost is None else {"values": ghost.tolist()}}
            )
        found = self.page.evaluate("(given) => picture(...given)", [drawn, {"fine": self.fine, **options}])
        data = np.frombuffer(base64.b64decode(found["data"]), dtype=np.uint8)
        assert self.problems == []
        return data.reshape(found["height"], found["width"], 4)

    def materials(self, values, **options):
        """``(height, width)`` names of the materials, "" outside the head.

        A pixel on a border has a mixed colour and counts as what is above it.
        """
        key = (self.backend, self.fine, values.tobytes(), *sorted(options.items()))
        if key not in self._materials:
            self._materials[key] = self._seen_materials(values, options)
        return self._materials[key]

    def _seen_materials(self, values, options):
        image = self.draw(values, unlit=True, **options)
        seen, where = np.unique(image.view(np.uint32)[..., 0], return_inverse=True)
        seen = seen.view(np.uint8).reshape(-1, 1, 4).astype(float)
        names = np.array([m.name for m in face_materials()] + ["hollow", ""])
        colours = np.array([(*m.colour, 1) for m in face_materials()] + [(*HOLLOW, 1), (0, 0, 0, 0)])
        off = np.abs(seen - 255 * colours).max(axis=-1)
        pure = (off.min(axis=-1) <= 2)[where]
        row = np.maximum.accumulate(np.where(pure, np.arange(len(image))[:, None], 0), axis=0)
        return np.take_along_axis(names[off.argmin(axis=-1)][where], row, axis=0)


@contextlib.contextmanager
def opened_view():
    """A `View`, or a skipped test where there is no browser."""
    reason = "needs the package playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        if executable is None and not Path(driver.chromium.executable_path).exists():
            pytest.skip("needs Chromium on the path, or playwright's own")
        browser = driver.chromium.launch(executable_path=executable, args=list(QUIET))
        yield View(browser.new_page())
        browser.close()


def project(points, zoom, width=WIDTH, height=HEIGHT, yaw=0):
    """``(..., 2)`` pixels of places in mm, and how many pixels a millimetre is there."""
    pivot, across, high = ZOOMS[zoom]
    scale = min(width / across, height / high)
    x, y, z = np.moveaxis(np.asarray(points, dtype=float) - pivot, -1, 0)
    angle = np.deg2rad(yaw)
    size = scale * CAMERA_MM / (CAMERA_MM - (z * np.cos(angle) - x * np.sin(angle)))
    across = x * np.cos(angle) + z * np.sin(angle)
    return np.stack([width / 2 + across * size, height / 2 - y * size], axis=-1), size


def points_of(values):
    return load_face().evaluate(values[None])
