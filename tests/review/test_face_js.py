"""The page computes the same face as Python: `page/face.js` and `face_surface.js` run in V8 beside numpy."""

import base64
import json
import zlib
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from key_shapes import KEY_SHAPES, control_values

from cstalk_ue.face import load_face
from cstalk_ue.face_mesh import face_mesh
from cstalk_ue.review.face_data import face_arrays, face_json
from cstalk_ue.rig import control_defaults, control_limits, control_names

py_mini_racer = pytest.importorskip(
    "py_mini_racer", reason="needs the package mini-racer, V8 without a browser"
)

TOLERANCE_MM = 1e-6
"""The issue's; the two differ by the order of additions, about 1e-13 mm."""

SCRIPTS = ("face.js", "face_surface.js", "face_outline.js")

HELPERS = """
function evaluated(values, heads) {
  const size = face.points * 3, out = new Float64Array(values.length * size);
  values.forEach((row, i) => {
    Face.evaluate(face, row, heads && heads[i], out.subarray(i * size, (i + 1) * size));
  });
  return out.buffer;
}
function surfaceOf(level, points) {
  const surface = FaceSurface.create(face, level);
  return FaceSurface.place(surface, points, new Float64Array(3 * surface.vertices)).buffer;
}
function meshOf(level, points) {
  const surface = FaceSurface.create(face, level), mesh = new Float64Array(6 * surface.vertices);
  FaceSurface.place(surface, points, mesh, 6);
  return FaceSurface.normals(surface, mesh).buffer;
}
function outlineOf(points, camera) {
  const surface = FaceSurface.create(face, 1), outline = FaceOutline.create(face, surface);
  const mesh = new Float32Array(6 * surface.vertices);
  FaceSurface.place(surface, points, mesh, 6);
  FaceOutline.find({ outline, mesh: FaceSurface.normals(surface, mesh) }, camera);
  return outline.segments.slice(0, 6 * outline.count).buffer;
}
"""


class Page:
    """The scripts of the page in V8, with the face unpacked from its JSON."""

    def __init__(self, engine):
        self._engine = engine
        for name in SCRIPTS:
            engine.eval(
                resources.files("cstalk_ue.review").joinpath("page", name).read_text(encoding="utf-8")
            )
        packed = json.loads(face_json())
        block = zlib.decompress(base64.b64decode(packed.pop("data")))
        engine.eval(f"const packed = {json.dumps(packed)}, block = Uint8Array.from({list(block)}).buffer;")
        engine.eval("const face = Face.unpack(packed, block);" + HELPERS)

    def numbers(self, code, dtype=np.float64):
        """The ArrayBuffer that an expression gives."""
        return np.frombuffer(self._engine.eval(code), dtype=dtype).copy()

    def text(self, code):
        return self._engine.eval(code)

    def evaluate(self, values, heads=None):
        heads = None if heads is None else np.asarray(heads).tolist()
        found = self.numbers(f"evaluated({json.dumps(np.asarray(values).tolist())}, {json.dumps(heads)})")
        return found.reshape(len(values), -1, 3)


@pytest.fixture(scope="module")
def page():
    with py_mini_racer.MiniRacer() as engine:
        yield Page(engine)


def difference(page, values, heads=None):
    """Largest distance along an axis between the two evaluations, in mm."""
    expected = load_face().evaluate(values, heads)
    return np.abs(page.evaluate(values, heads) - expected).max()


# The data


def test_the_face_is_small_and_safe_inside_a_script_tag():
    assert len(face_json()) < 100_000
    assert not set("<>&") & set(face_json())
    assert face_json().isascii()


def test_every_number_arrives_exactly(page):
    for name, array in face_arrays().items():
        found = page.numbers(f"Float64Array.from(face.{name}).buffer")
        assert np.array_equal(found, np.ravel(array)), name


def test_names_and_defaults_arrive(page):
    assert json.loads(page.text("JSON.stringify(face.names)")) == list(load_face().names)
    assert json.loads(page.text("JSON.stringify(face.controls)")) == list(control_names())
    assert np.array_equal(page.numbers("face.defaults.buffer"), control_defaults())


def test_another_format_is_refused_by_name(page):
    with pytest.raises(py_mini_racer.JSEvalException, match=r"cstalk-face/9.*cstalk-face/1"):
        page.text("Face.unpack({ ...packed, format: 'cstalk-face/9' }, block)")


# The evaluation


def test_every_control_alone_at_both_ends(page):
    values = np.repeat(control_defaults()[None].astype(float), 2 * len(control_names()), axis=0)
    for control, ends in enumerate(zip(*control_limits(), strict=True)):
        values[2 * control : 2 * control + 2, control] = ends
    assert difference(page, values) < TOLERANCE_MM


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_anything_anywhere_in_range_and_beyond(page, seed):
    rng = np.random.default_rng(seed)
    low, high = control_limits()
    values = rng.uniform(low - 0.4, high + 0.4, (4, len(low)))
    values *= rng.random(values.shape) < rng.random((4, 1))
    heads = rng.normal(0, 1, (4, 6)) * (15, 15, 15, 3, 3, 3)
    assert difference(page, values, heads) < TOLERANCE_MM


def test_values_out_of_range_are_clipped_alike(page):
    low, high = control_limits()
    ends = page.evaluate(np.stack([low, high]))
    assert np.array_equal(page.evaluate(np.stack([low - 5, high + 5])), ends)
    assert difference(page, np.stack([low - 5, high + 5])) < TOLERANCE_MM


@pytest.mark.parametrize("opened", [0.0, 0.1, 0.3, 1.0])
def test_rules_together(page, opened):
    """Jaw with sealing lips, tongue, lids, gaze and a turned head, in all combinations."""
    values, heads = [], []
    for seal in (0.0, 0.6, 1.0):
        for tongue in (-1.0, 0.0):
            for blink in (-1.0, 0.4, 1.0):
                values.append(
                    control_values(
                        jaw_ty=opened,
                        jaw_tx=0.7 * seal,
                        mouth_lipsTogetherU_ty=seal,
                        mouth_lipsTogetherD_ty=seal,
                        mouth_lipBiteD_ty=1 - seal,
                        tongue_inOut_ty=tongue,
                        eye_blink_ty=blink,
                        eye_tx=blink,
                        eye_ty=-tongue - seal,
                    )
                )
                heads.append([20 * seal, -10 * blink, 30 * tongue, seal, tongue, blink])
    assert difference(page, np.array(values), np.array(heads)) < TOLERANCE_MM


def test_the_key_shapes_and_single_precision(page):
    """Lines arrive in float32; Python widens them before it computes, so the page must too."""
    values = np.stack(list(KEY_SHAPES.values()))
    assert difference(page, values) < TOLERANCE_MM
    rounded = values.astype(np.float32)
    found = page.numbers(
        f"evaluated({json.dumps(rounded.tolist())}.map((row) => Float32Array.from(row)), null)"
    )
    assert np.abs(found.reshape(len(values), -1, 3) - load_face().evaluate(rounded)).max() < TOLERANCE_MM


def test_a_frame_leaves_nothing_behind_for_the_next(page):
    rest = page.evaluate(np.stack([KEY_SHAPES["rest"]]))
    page.evaluate(np.stack([KEY_SHAPES["oo"], control_limits()[1]]), np.full((2, 6), 20.0))
    assert np.array_equal(page.evaluate(np.stack([KEY_SHAPES["rest"]])), rest)


# The surface


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_surface_is_that_of_python(page, level):
    points = load_face().evaluate(KEY_SHAPES["aa"][None])[0]
    mesh = face_mesh(level)
    vertices = page.numbers(f"surfaceOf({level}, {points.ravel().tolist()})").reshape(-1, 3)
    assert np.abs(vertices - mesh.vertices(points)).max() < TOLERANCE_MM
    triangles = page.numbers(f"Float64Array.from(FaceSurface.create(face, {level}).triangles).buffer")
    materials = page.numbers(f"Float64Array.from(FaceSurface.create(face, {level}).materials).buffer")
    assert np.array_equal(triangles.reshape(-1, 3), mesh.triangles)
    assert np.array_equal(materials, mesh.materials)


def test_normals_are_the_sum_of_those_of_the_triangles_around(page):
    points = load_face().rest
    mesh = face_mesh(1)
    vertices = mesh.vertices(points)
    a, b, c = (vertices[mesh.triangles[:, corner]] for corner in range(3))
    expected = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(expected, mesh.triangles[:, corner], np.cross(b - a, c - a))
    found = page.numbers(f"meshOf(1, {points.ravel().tolist()})").reshape(-1, 6)
    assert np.abs(found[:, :3] - vertices).max() < TOLERANCE_MM
    assert np.abs(found[:, 3:] - expected).max() < TOLERANCE_MM


@pytest.mark.parametrize("yaw", [0, 35])
def test_the_contour_reaches_as_far_as_the_head(page, yaw):
    """Far away, without perspective, the outermost lines are the outermost vertices, within 1 mm."""
    points = load_face().rest
    angle = np.deg2rad(yaw)
    camera = {"cos": np.cos(angle), "sin": np.sin(angle), "distance": 1e6, "pivot": [0, 0, 0]}
    lines = page.numbers(f"outlineOf({points.ravel().tolist()}, {json.dumps(camera)})", np.float32).reshape(
        -1, 3
    )
    vertices = face_mesh(1).vertices(points)
    for found, expected in ((np.nanmin, np.min), (np.nanmax, np.max)):
        across = [values[:, 0] * np.cos(angle) + values[:, 2] * np.sin(angle) for values in (lines, vertices)]
        assert found(across[0]) == pytest.approx(expected(across[1]), abs=1.0)
    assert lines[:, 1].max() == pytest.approx(vertices[:, 1].max(), abs=1.0)
    assert np.isfinite(lines).all()
