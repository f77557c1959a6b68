"""Contact sheets, videos and pages show the head of a DNA where a look at the numbers says it is."""

import base64
import dataclasses
import json
import zlib
from importlib import resources
from pathlib import Path

import av
import numpy as np
import pytest
from made_dna import dna_bytes, made_dna
from PIL import Image
from reference_files import FILES, dna_folder

from cstalk_ue.cli import run
from cstalk_ue.errors import DnaError
from cstalk_ue.export import write_curves_npz
from cstalk_ue.review.dna_face import MATERIALS, DnaFace
from cstalk_ue.review.document import SCRIPTS
from cstalk_ue.review.draw_face import ZOOMS
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.page import write_page
from cstalk_ue.review.page_head import GOOD_MM, PageHead
from cstalk_ue.review.shown_head import face_painter, posed_faces
from cstalk_ue.rig import HEAD_CURVES, control_defaults, control_names
from cstalk_ue.take import FacePerformance, RigCurves

SIZE = (210, 300)
"""One pixel per millimetre at the middle of the head."""
PAPER = (1.0, 1.0, 1.0)


def saved(folder: Path, dna, name: str = "made.dna") -> Path:
    path = folder / name
    path.write_bytes(dna_bytes(dna))
    return path


def values_of(**controls: float) -> np.ndarray:
    values = np.array(control_defaults(), dtype=np.float32)[None].copy()
    for name, value in controls.items():
        values[0, control_names().index(name.replace("__", "."))] = value
    return values


def picture(path: Path, values: np.ndarray, *, yaw: float = 0.0, head=None) -> np.ndarray:
    paint = face_painter(SIZE, yaw=yaw, zoom="face", background=PAPER, dna=path)
    (posed,) = posed_faces(values, head, dna=path)
    return paint(posed, None).astype(np.int32)


def drawn(image: np.ndarray) -> np.ndarray:
    """Rows and columns of what is not paper: top, bottom, left, right."""
    rows, columns = np.nonzero((image < 250).any(axis=2))
    return np.array([rows.min(), rows.max(), columns.min(), columns.max()])


@pytest.fixture(scope="module")
def egg(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("dna"), made_dna(rings=20, shapes=False))


def test_the_head_stands_between_its_eyes_and_is_as_large_as_it_is(egg):
    """150 mm wide, 220 mm high; eyes at 151 cm of 150, so its middle is 10 mm under them."""
    face = DnaFace(egg)
    np.testing.assert_allclose(np.ptp(face.rest, axis=0), [150, 220, 180], rtol=0.02)
    np.testing.assert_allclose((face.rest.max(axis=0) + face.rest.min(axis=0))[:2] / 2, [0, -10], atol=1e-3)
    top, bottom, left, right = drawn(picture(egg, values_of()))
    middle = ZOOMS["face"].middle
    assert abs((left + right) / 2 - 105) < 2
    assert abs((top + bottom) / 2 - (150 + (middle[1] + 10))) < 8  # nearer parts are larger
    assert 150 <= right - left < 175 and 215 <= bottom - top < 250


def test_the_left_eye_closes_on_the_viewers_right_and_the_jaw_below(egg):
    rest = picture(egg, values_of())
    for side, sign in (("L", 1), ("R", -1)):
        values = values_of(**{f"CTRL_{side}_eye_blink__ty": 1.0})
        changed = np.abs(picture(egg, values) - rest).sum(axis=2) > 6
        rows, columns = np.nonzero(changed)
        assert changed.sum() > 50 and sign * (columns.mean() - 105) > 15 and (rows < 150).mean() > 0.9
    changed = np.abs(picture(egg, values_of(CTRL_C_jaw__ty=1.0)) - rest).sum(axis=2) > 6
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 200 and (rows > 140).mean() > 0.95
    nod = np.zeros((1, 6))
    nod[0, 2] = 25  # HeadRoll turns the face to the character's left
    assert np.abs(picture(egg, values_of(), head=nod) - rest).max() > 20


def test_axes_and_winding_of_the_file_do_not_show(tmp_path, egg):
    """z up, and faces the other way round: the same picture."""
    made = made_dna(rings=20, shapes=False)

    def changed(a: np.ndarray) -> np.ndarray:
        return np.stack([-a[:, 0], -a[:, 2], a[:, 1]], axis=1)

    d = made.definition
    other = dataclasses.replace(
        made,
        descriptor=dataclasses.replace(made.descriptor, axes=("right", "back", "up")),
        definition=dataclasses.replace(d, translations=changed(d.translations)),
        meshes={
            n: dataclasses.replace(m, positions=changed(m.positions), corners=m.corners[::-1].copy(),
                                   face_starts=(m.face_starts[-1] - m.face_starts[::-1]))
            for n, m in made.meshes.items()
        },
    )  # fmt: skip
    path = saved(tmp_path, other, "other.dna")
    for yaw in (0.0, 35.0):
        difference = np.abs(picture(path, values_of(), yaw=yaw) - picture(egg, values_of(), yaw=yaw))
        assert (difference > 8).mean() < 0.01  # quads are cut along the other diagonal


def test_triangles_look_outwards(egg):
    face = DnaFace(egg)
    a, b, c = (face.rest[face.triangles[:, corner]] for corner in range(3))
    away = (a + b + c) / 3 - face.rest.mean(axis=0)
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), away) > 0).all()


@pytest.mark.parametrize("name", FILES)
def test_a_head_without_eyes_in_their_place_fills_the_picture(shared_data, name):
    path = dna_folder(shared_data) / f"{name}.dna"
    top, bottom, left, right = drawn(picture(path, values_of()))
    assert top > 0 and bottom < SIZE[1] - 1 and left > 0 and right < SIZE[0] - 1
    assert bottom - top > 0.6 * SIZE[1] or right - left > 0.6 * SIZE[0]


def test_teeth_and_eyes_are_drawn_with_the_head_and_other_meshes_are_not(tmp_path):
    made = made_dna(rings=8, shapes=False)
    mesh = made.meshes["head_lod0_mesh"]
    small = {
        name: dataclasses.replace(
            mesh, name=name, positions=(mesh.positions - [0, 150, 0]) / 8 + np.float32([x, 151, 6])
        )
        for name, x in (("eyeLeft_lod0_mesh", 3.1), ("teeth_lod0_mesh", 0), ("eyeshell_lod0_mesh", 3.1))
    }
    meshes = {mesh.name: mesh, **small}
    definition = dataclasses.replace(
        made.definition, meshes=tuple(meshes), meshes_of_lod=(np.arange(len(meshes)), np.array([0]))
    )
    face = DnaFace(saved(tmp_path, dataclasses.replace(made, definition=definition, meshes=meshes)))
    count = len(mesh.positions)
    assert len(face.rest) == 3 * count
    found = [{MATERIALS[m].name for m in part} for part in np.split(face.materials, 3)]
    assert found == [{"skin"}, {"eye", "iris", "pupil"}, {"teeth"}]
    pupil = face.rest[count : 2 * count][face.materials[count : 2 * count] == 6]
    assert pupil[:, 2].min() > face.rest[count : 2 * count, 2].mean()


# Commands


@pytest.fixture
def curves(tmp_path) -> Path:
    """Two lines: a jaw that opens while the head turns, and a blink."""
    folder = tmp_path / "curves"
    frames = 24
    for name, control in (("jaw", "CTRL_C_jaw.ty"), ("blink", "CTRL_L_eye_blink.ty")):
        values = np.tile(control_defaults(), (frames, 1))
        values[:, control_names().index(control)] = np.sin(np.arange(frames) / 4) ** 2
        head = np.zeros((frames, len(HEAD_CURVES)))
        head[:, :6] = np.outer(np.arange(frames) / frames, [10, 4, -12, 0.5, 1, -1])
        write_curves_npz(
            folder / f"{name}.curves.npz",
            FacePerformance(RigCurves(values, control_names(), 30), RigCurves(head, HEAD_CURVES, 30)),
            provenance={},
        )
    return folder


def test_sheets_and_videos_show_the_head_of_the_dna(tmp_path, curves, egg):
    shown = ["--contact-sheet", str(tmp_path / "with"), "--video", str(tmp_path / "with.mp4")]
    line = str(curves / "jaw.curves.npz")
    assert run(["review", line, "--dna", str(egg), *shown]) == 0
    assert run(["review", line, "--contact-sheet", str(tmp_path / "without")]) == 0
    sheets = [np.asarray(Image.open(tmp_path / folder / "jaw.png")) for folder in ("with", "without")]
    assert sheets[0].shape == sheets[1].shape and (sheets[0] != sheets[1]).any(axis=2).mean() > 0.2
    with av.open(tmp_path / "with.mp4") as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert len(frames) == 24
    assert np.abs(frames[0].astype(int) - frames[6]).max() > 40  # it moves


def test_a_dna_that_cannot_be_used_is_told_before_anything_is_made(tmp_path, curves, capsys):
    broken = tmp_path / "broken.dna"
    broken.write_bytes(b"DNA\0\3\0\1")
    for what in (["--video", "v"], ["--contact-sheet", "s"], ["-o", "p.html"]):
        out = str(tmp_path / what[1])
        assert run(["review", str(curves), "--dna", str(broken), what[0], out]) == 1
        assert "broken.dna: DNA of version 3.1; expected 2.1 to 2.8" in capsys.readouterr().err
        assert not Path(out).exists()


def test_a_served_page_has_no_dna(curves, egg, capsys):
    assert run(["review", str(curves), "--serve", "--dna", str(egg)]) == 2
    assert "--dna cannot be used with --serve" in capsys.readouterr().err


def part_of(page: str, name: str) -> dict:
    start = page.index(f'id="{name}">') + len(f'id="{name}">')
    return json.loads(page[start : page.index("</script>", start)])


def test_a_page_holds_the_head_and_says_how_far_it_is_off(tmp_path, curves, egg, capsys):
    page = tmp_path / "page.html"
    assert run(["review", str(curves), "--dna", str(egg), "-o", str(page)]) == 0
    out = capsys.readouterr().out
    assert "its motion in" in out and "mm off" in out
    text = page.read_text(encoding="utf-8")
    assert part_of(text, "dna-head")["format"] == "cstalk-dna-head/1"
    assert set(part_of(text, "line-0")["shapes"]) == {"steps", "scales"}
    assert run(["review", str(curves), "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert 'id="dna-head"' not in text and "shapes" not in part_of(text, "line-0")


def test_a_line_that_the_dna_cannot_show_is_a_line_with_a_problem(tmp_path, curves):
    """The others are shown."""
    made = made_dna(rings=6)
    names = tuple("old" if name == "CTRL_L_eye_blink.ty" else name for name in made.definition.gui)
    odd = dataclasses.replace(made, definition=dataclasses.replace(made.definition, gui=names))
    path, lines = saved(tmp_path, odd), find_lines([curves])
    bad = write_page(tmp_path / "page.html", lines, head=PageHead(path, lines))
    assert [line.name for line in bad] == ["blink"]
    assert "has no GUI control CTRL_L_eye_blink.ty" in bad[0].problem


class PageScript:
    """What the page makes of a head and a line, in V8."""

    def __init__(self, head: PageHead) -> None:
        racer = pytest.importorskip("py_mini_racer", reason="needs mini-racer, V8 without a browser")
        self.engine = racer.MiniRacer()
        for name in ("decode.js", "head_basis.js"):
            assert name in SCRIPTS
            source = resources.files("cstalk_ue.review").joinpath("page", name).read_text(encoding="utf-8")
            self.engine.eval(source)
        packed = json.loads(head.as_json())
        block = zlib.decompress(base64.b64decode(packed.pop("data")))
        self.engine.eval(f"const block = Uint8Array.from({list(block)}).buffer;")
        self.engine.eval(f"const head = HeadBasis.unpack({json.dumps(packed)}, block);")
        self.engine.eval("const mesh = new Float32Array(2 * head.rest.length);")

    def coefficients(self, moves: dict) -> np.ndarray:
        data = list(zlib.decompress(base64.b64decode(moves["steps"])))
        count = len(moves["scales"])
        frames = len(data) // 2 // count
        steps = self.engine.eval(f"Decode.integrate(Uint8Array.from({data}), {count}, {frames}).buffer")
        return np.frombuffer(steps, dtype=np.int16).reshape(count, frames).T * np.array(moves["scales"])

    def places(self, coefficients: np.ndarray, motion: np.ndarray | None) -> np.ndarray:
        told = json.dumps(None if motion is None else motion.tolist())
        found = self.engine.eval(f"HeadBasis.place(head, {coefficients.tolist()}, {told}, mesh).buffer")
        return np.frombuffer(found, dtype=np.float32).reshape(-1, 6)[:, :3].copy()


@pytest.mark.parametrize("turning", [False, True])
def test_the_page_places_the_vertices_of_the_rig(curves, egg, turning):
    """Every frame, with the head's motion and without: within the error that is told, and no better."""
    lines = find_lines([curves])
    head = PageHead(egg, lines)
    script = PageScript(head)
    worst = 0.0
    for line in lines:
        performance = line.load()
        moves, told = head.moves(performance.face.values)
        motion = performance.head.values[:, :6].astype(np.float64)
        found = np.stack(
            [
                script.places(numbers, motion[frame] if turning else None)
                for frame, numbers in enumerate(script.coefficients(moves))
            ]
        )
        expected = np.stack(list(head.face.vertices(performance.face.values, motion if turning else None)))
        assert np.linalg.norm(expected - head.face.rest, axis=2).max() > 2
        off = float(np.linalg.norm(found - expected, axis=2).max())
        assert off <= told + 2e-3  # 32-bit numbers
        if not turning:
            assert off >= 0.9 * told - 2e-3
        worst = max(worst, off)
    assert 0 < worst < GOOD_MM + 0.02


def test_too_few_shapes_are_told_by_their_error(curves, egg, monkeypatch):
    monkeypatch.setattr("cstalk_ue.review.page_head._COUNTS", (1,))
    lines = find_lines([curves])
    head = PageHead(egg, lines)
    assert len(head.shapes) == 1
    assert max(head.moves(line.load().face.values)[1] for line in lines) > 1


def test_a_still_line_alone_gives_a_head_that_rests(tmp_path, egg):
    values = np.tile(control_defaults(), (5, 1))
    head = RigCurves(np.zeros((5, len(HEAD_CURVES))), HEAD_CURVES, 30)
    performance = FacePerformance(RigCurves(values, control_names(), 30), head)
    write_curves_npz(tmp_path / "still.curves.npz", performance, provenance={})
    page_head = PageHead(egg, find_lines([tmp_path / "still.curves.npz"]))
    moves, error = page_head.moves(values)
    assert error < 0.02 and len(moves["scales"]) == 1


def test_a_head_too_large_for_a_page_is_refused(tmp_path, monkeypatch, egg):
    monkeypatch.setattr("cstalk_ue.review.page_head._MOST_VERTICES", 50)
    with pytest.raises(DnaError, match="a page holds at most 50"):
        PageHead(egg, [])
