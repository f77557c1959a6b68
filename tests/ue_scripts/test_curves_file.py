"""Contract: what the package writes, the editor's reader gives back bit for bit."""

import ast
import importlib.util
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cstalk_ue.export.curves_npz import write_curves_npz
from cstalk_ue.rig import HEAD_CURVES, control_limits, control_names, neutral_head
from cstalk_ue.rig_maps import gui_to_raw, raw_curve_names
from cstalk_ue.take import FacePerformance, RigCurves

SCRIPT = Path(__file__).resolve().parents[2] / "ue_scripts" / "cstalk_curves_file.py"
PROVENANCE = {"source": "Zeile 7 – 怒り.wav", "sha256": "ab" * 32, "emotion": "angry:0.7"}


def load_script():
    """The script as the editor loads it: by its bare name."""
    spec = importlib.util.spec_from_file_location("cstalk_curves_file", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reader = load_script()


@pytest.fixture
def performance() -> FacePerformance:
    rng = np.random.default_rng(11)
    lowest, highest = control_limits()
    face = RigCurves(rng.uniform(lowest, highest, (50, len(lowest))), control_names(), 60000 / 1001, 0.125)
    head = RigCurves(rng.uniform(-20, 20, (50, len(HEAD_CURVES))), HEAD_CURVES, 60000 / 1001, 0.125)
    return FacePerformance(face, head)


@pytest.fixture
def file(tmp_path, performance) -> Path:
    path = tmp_path / "Zeile 7.curves.npz"
    write_curves_npz(path, performance, provenance=PROVENANCE)
    return path


def test_the_editor_reads_what_the_package_writes_bit_for_bit(file, performance):
    read = reader.read_curves_file(file)
    raw = gui_to_raw(performance.face)
    assert list(read["curves"]) == [*raw_curve_names(), *HEAD_CURVES]
    for part in (raw, performance.head):
        for name in part.controls:
            assert read["curves"][name].typecode == "f"
            assert read["curves"][name].tobytes() == part.curve(name).astype("<f4").tobytes(), name
    assert (read["fps"], read["frames"], read["start_seconds"]) == (60000 / 1001, 50, 0.125)
    assert read["provenance"] == PROVENANCE
    assert read["format"] == "cstalk-curves/1"


def test_one_frame_is_read(tmp_path):
    jaw = RigCurves([[1.0]], ("CTRL_C_jaw.ty",), 30)
    write_curves_npz(tmp_path / "a.npz", FacePerformance(jaw, neutral_head(1, 30)), provenance={})
    read = reader.read_curves_file(str(tmp_path / "a.npz"))
    assert read["curves"]["CTRL_expressions_jawOpen"].tolist() == [1.0]


@pytest.mark.parametrize(
    "script", sorted(SCRIPT.parent.glob("cstalk_curves*.py")), ids=lambda path: path.name
)
def test_it_is_python_3_9_and_imports_only_the_standard_library(script):
    tree = ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= sys.stdlib_module_names
    assert "pickle" not in imported


def repack(path: Path, *, compression: int = zipfile.ZIP_STORED, **replaced: bytes | None) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            content = replaced.get(name.removesuffix(".npy"), content)
            if content is not None:
                archive.writestr(name, content)


def npy(array: np.ndarray, version=(1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def meta_npy(path: Path, **changed) -> bytes:
    with np.load(path) as content:
        meta = json.loads(content["meta"].tobytes()) | changed
    return npy(np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8))


def test_arrays_that_numpy_itself_saved_are_read(file):
    with np.load(file) as content:
        np.savez(file, **content)
    assert reader.read_curves_file(file)["frames"] == 50
    with np.load(file) as content:
        repack(file, curves=npy(content["curves"], version=(2, 0)))
    assert reader.read_curves_file(file)["frames"] == 50


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((50, 260)), "<f8 in row order"),
        (np.zeros((50, 260), ">f4"), ">f4 in row order"),
        (np.zeros((50, 260), "<i4"), "<i4 in row order"),
        (np.asfortranarray(np.zeros((50, 260), "<f4")), "<f4 in column order"),
        (np.zeros((50, 260), np.dtype([("a", "<f4")])), "unknown header"),
        (np.zeros((49, 260), "<f4"), r"shape \(49, 260\)"),
        (np.zeros(50 * 260, "<f4"), r"shape \(13000,\)"),
        (np.float32(0)[()], r"shape \(\)"),
        (np.full((50, 260), np.nan, "<f4"), "browDownL holds NaN"),
        (np.full((50, 260), -np.inf, "<f4"), "browDownL holds NaN"),
    ],
)
def test_other_arrays_are_refused_by_what_they_are(file, array, reason):
    repack(file, curves=npy(np.asanyarray(array)))
    with pytest.raises(reader.CurvesFileError, match=reason) as caught:
        reader.read_curves_file(file)
    assert str(file) in str(caught.value)


def test_values_at_the_limit_of_float32_are_finite(file):
    repack(file, curves=npy(np.full((50, 260), np.finfo("f4").max, "<f4")))
    assert reader.read_curves_file(file)["curves"]["HeadYaw"][0] == np.finfo("f4").max


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"format": "cstalk-curves/2"}, "format is 'cstalk-curves/2'; expected 'cstalk-curves/1'"),
        ({"fps": 0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": 10**400}, "cannot be read"),
        ({"fps": True}, "'fps' is True"),
        ({"frames": 51}, "expected 51 frames"),
        ({"frames": 0}, "expected 0 frames"),
        ({"curve_names": ["a"] * 260}, "different names"),
        ({"curve_names": "a"}, "'curve_names'"),
        ({"provenance": None}, "'provenance'"),
    ],
)
def test_inconsistent_meta_is_refused(file, changed, reason):
    repack(file, meta=meta_npy(file, **changed))
    with pytest.raises(reader.CurvesFileError, match=reason):
        reader.read_curves_file(file)


def test_other_files_are_refused(tmp_path, file):
    for path in (tmp_path / "gone.npz", tmp_path):
        with pytest.raises(reader.CurvesFileError, match="cannot be read"):
            reader.read_curves_file(path)
    repack(file, curves=None)
    with pytest.raises(reader.CurvesFileError, match=r"has no curves\.npy"):
        reader.read_curves_file(file)
    repack(file, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(reader.CurvesFileError, match="compressed"):
        reader.read_curves_file(file)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_or_cut_bytes_give_the_same_curves_or_one_clear_error(file, performance, data):
    content = bytearray(file.read_bytes())
    size = len(content)
    places = st.one_of(st.integers(0, 200), st.integers(size - 200, size - 1), st.integers(0, size - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(places)] = data.draw(st.integers(0, 255))
    damaged = file.with_name("damaged.npz")
    damaged.write_bytes(content[: data.draw(st.sampled_from([size, size, size // 2, size - 1]))])
    try:
        read = reader.read_curves_file(damaged)
    except reader.CurvesFileError:
        return
    assert read["curves"]["HeadYaw"].tobytes() == performance.head.curve("HeadYaw").tobytes()
