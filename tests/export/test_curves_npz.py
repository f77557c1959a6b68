"""NAME.curves.npz comes back bit for bit, is the same bytes every time, and damage is never a surprise."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cstalk_ue.errors import CurveFormatError, ExportError, RigError
from cstalk_ue.export.curves_npz import FORMAT_TAG, read_curves_npz, write_curves_npz
from cstalk_ue.rig import HEAD_CURVES, control_defaults, control_names, neutral_curves, neutral_head
from cstalk_ue.rig_maps import gui_to_raw, raw_curve_names
from cstalk_ue.take import FacePerformance, RigCurves

PROVENANCE = {"source": "Zeile 7 – 怒り.wav", "sha256": "ab" * 32, "emotion": "angry:0.7", "model": None}
SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def make_performance(frames: int = 12, fps: float = 29.97, start_seconds: float = -0.25) -> FacePerformance:
    rng = np.random.default_rng(3)
    face = RigCurves(rng.uniform(-1, 1, (frames, len(control_names()))), control_names(), fps, start_seconds)
    head = RigCurves(rng.uniform(-9, 9, (frames, len(HEAD_CURVES))), HEAD_CURVES, fps, start_seconds)
    return FacePerformance(face, head)


@pytest.fixture
def performance() -> FacePerformance:
    return make_performance()


@pytest.fixture
def file(tmp_path, performance):
    path = tmp_path / "a.npz"
    write_curves_npz(path, performance, provenance=PROVENANCE)
    return path


def repack(path, *, to=None, **replaced) -> None:
    """Write the file again with some members exchanged (bytes) or left out (None)."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(to or path, "w") as archive:
        for name, content in members.items():
            content = replaced.get(name.removesuffix(".npy"), content)
            if content is not None:
                archive.writestr(name, content)


def npy(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def meta_npy(path, **changed) -> bytes:
    """The meta member of a file with some fields changed, or removed (a value of ...)."""
    with np.load(path) as content:
        meta = json.loads(content["meta"].tobytes()) | changed
    text = json.dumps({name: value for name, value in meta.items() if value is not ...})
    return npy(np.frombuffer(text.encode(), dtype=np.uint8))


def test_a_file_comes_back_bit_for_bit(tmp_path, performance):
    path = tmp_path / "a.curves.npz"
    write_curves_npz(path, performance, provenance=PROVENANCE)
    read = read_curves_npz(path)
    np.testing.assert_array_equal(read.performance.face.values, performance.face.values)
    np.testing.assert_array_equal(read.performance.head.values, performance.head.values)
    np.testing.assert_array_equal(read.raw.values, gui_to_raw(performance.face).values)
    assert read.raw.controls == raw_curve_names()
    assert read.performance.face.controls == control_names()
    assert read.performance.fps == 29.97
    assert read.performance.face.start_seconds == read.raw.start_seconds == -0.25
    assert read.provenance == PROVENANCE


def test_plain_numpy_opens_it_without_pickle(tmp_path, performance):
    path = tmp_path / "a.curves.npz"
    write_curves_npz(path, performance, provenance=PROVENANCE)
    with np.load(path, allow_pickle=False) as content:
        assert set(content.files) == {"meta", "curves", "gui"}
        assert content["curves"].dtype == content["gui"].dtype == np.dtype("<f4")
        assert content["curves"].shape == (12, 260)
        assert content["curves"].flags.c_contiguous
        assert content["gui"].shape == (12, 185)
        meta = json.loads(content["meta"].tobytes())
    assert meta["format"] == "cstalk-curves/1"
    assert meta["curve_names"] == [*raw_curve_names(), *HEAD_CURVES]
    assert meta["gui_names"] == [*control_names()]
    assert (meta["fps"], meta["frames"], meta["start_seconds"]) == (29.97, 12, -0.25)


def test_the_same_content_is_the_same_bytes(tmp_path, performance, monkeypatch):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    write_curves_npz(first, performance, provenance=PROVENANCE)
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("sys.platform", "win32")  # zipfile marks the system it runs on
    write_curves_npz(second, performance, provenance=dict(reversed(PROVENANCE.items())))
    assert first.read_bytes() == second.read_bytes()


def test_controls_that_are_absent_are_written_at_rest(tmp_path):
    jaw = RigCurves(np.full((3, 1), 0.5), ("CTRL_C_jaw.ty",), 30)
    path = tmp_path / "a.npz"
    write_curves_npz(path, FacePerformance(jaw, neutral_head(3, 30)), provenance={})
    face = read_curves_npz(path).performance.face
    assert face.curve("CTRL_C_jaw.ty").tolist() == [0.5] * 3
    others = [k for k, name in enumerate(control_names()) if name != "CTRL_C_jaw.ty"]
    np.testing.assert_array_equal(face.values[0, others], control_defaults()[others])


def test_what_cannot_be_written_leaves_no_file(tmp_path, performance):
    path = tmp_path / "a.npz"
    with pytest.raises(ExportError, match="provenance"):
        write_curves_npz(path, performance, provenance={"path": tmp_path})
    with pytest.raises(ExportError, match="provenance"):
        write_curves_npz(path, performance, provenance={"loss": float("nan")})
    stranger = RigCurves(np.zeros((12, 1)), ("jawOpen",), 29.97, -0.25)
    with pytest.raises(RigError, match="jawOpen"):
        write_curves_npz(path, FacePerformance(stranger, performance.head), provenance={})
    with pytest.raises(CurveFormatError, match="HeadPitch"):
        headless = FacePerformance(performance.face, performance.head.select(["HeadYaw"]))
        write_curves_npz(path, headless, provenance={})
    assert list(tmp_path.iterdir()) == []


def test_file_names_that_are_no_unicode_survive(tmp_path, performance):
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    write_curves_npz(tmp_path / "a.npz", performance, provenance={"source": name})
    assert read_curves_npz(tmp_path / "a.npz").provenance == {"source": name}


@SETTINGS
@given(
    face=arrays(np.float32, (1, 185), elements=st.floats(-1, 1, width=32)),
    head=arrays(np.float32, (1, 9), elements=st.floats(-(2**100), 2**100, width=32)),
    fps=st.floats(1e-3, 1e6),
    start=st.floats(-1e6, 1e6),
    provenance=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()),
)
def test_any_performance_survives(tmp_path, face, head, fps, start, provenance):
    performance = FacePerformance(
        RigCurves(face, control_names(), fps, start), RigCurves(head, HEAD_CURVES, fps, start)
    )
    write_curves_npz(tmp_path / "a.npz", performance, provenance=provenance)
    read = read_curves_npz(tmp_path / "a.npz")
    assert read.performance.face.values.tobytes() == face.tobytes()
    assert read.performance.head.values.tobytes() == head.tobytes()
    assert (read.performance.fps, read.performance.face.start_seconds) == (fps, start)
    assert read.provenance == provenance


@settings(SETTINGS, max_examples=150)
@given(data=st.data())
def test_mangled_bytes_give_the_same_curves_or_curve_format_error(file, performance, data):
    content = bytearray(file.read_bytes())
    path = file.with_name("damaged.npz")
    size = len(content)
    places = st.one_of(  # the zip's own headers, at both ends and between the members, and anywhere
        st.integers(0, 200), st.integers(size - 200, size - 1), st.integers(0, size - 1)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(places)] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read = read_curves_npz(path)
    except CurveFormatError as error:
        assert str(path) in str(error)
        return
    np.testing.assert_array_equal(read.performance.face.values, performance.face.values)


@SETTINGS
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(file, share):
    content = file.read_bytes()
    path = file.with_name("cut.npz")
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CurveFormatError):
        read_curves_npz(path)


@settings(SETTINGS, max_examples=150)
@example(header=b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999), }", tail=b"")
@example(header=b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", tail=b"cos\nsystem\n")
@example(header=b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"(" * 3000, tail=b"")
@example(header=b"'''", tail=b"")
@example(header=b"{'descr': 'V-1', 'fortran_order': False, 'shape': (-1, True), }", tail=b"")
@given(
    header=st.binary(max_size=120)
    | st.text(alphabet="{}()[]'\": ,\n<f4descrshap019L", max_size=90).map(str.encode),
    tail=st.binary(max_size=40),
)
def test_a_member_with_any_numpy_header_is_refused(file, header, tail):
    """Such a member has a correct zip checksum, so only the array parser stands in its way."""
    path = file.with_name("foreign.npz")
    gui = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + tail
    repack(file, to=path, gui=gui)
    with pytest.raises(CurveFormatError):
        read_curves_npz(path)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"format": "cstalk-curves/2"}, "format is 'cstalk-curves/2'; expected 'cstalk-curves/1'"),
        ({"format": ...}, "format is None"),
        ({"fps": 0}, "fps is 0"),
        ({"fps": "30"}, "meta field 'fps'"),
        ({"fps": True}, "meta field 'fps'"),
        ({"fps": 10**400}, "a.npz"),
        ({"frames": 13}, r"expected float32 of shape \(13, 260\)"),
        ({"frames": 12.0}, "meta field 'frames'"),
        ({"start_seconds": ...}, "meta field 'start_seconds'"),
        ({"gui_names": ["a"]}, "array 'gui'"),
        ({"gui_names": list(range(185))}, "not all text"),
        ({"curve_names": ["a"] * 260}, "used twice"),
        ({"curve_names": [f"c{k}" for k in range(260)]}, "HeadYaw"),
        ({"provenance": []}, "meta field 'provenance'"),
    ],
)
def test_inconsistent_meta_is_refused_with_its_reason(tmp_path, performance, changed, reason):
    path = tmp_path / "a.npz"
    write_curves_npz(path, performance, provenance=PROVENANCE)
    repack(path, meta=meta_npy(path, **changed))
    with pytest.raises(CurveFormatError, match=reason) as caught:
        read_curves_npz(path)
    assert "a.npz" in str(caught.value)


def test_wrong_members_are_refused_with_their_reason(tmp_path, performance):
    bad = performance.face.values.copy()
    bad[1, 2] = np.nan
    cases = {
        "has no gui.npy": {"gui": None},
        "has no meta.npy": {"meta": None},
        "float64": {"gui": npy(performance.face.values.astype(np.float64))},
        "is nan at frame 1": {"gui": npy(bad)},
        "Object arrays cannot be loaded": {"gui": npy(np.array([{}, 1], dtype=object))},
        "no JSON": {"meta": npy(np.frombuffer(b"{", dtype=np.uint8))},
        "meta is no JSON": {"meta": npy(np.frombuffer(b"[" * 100_000, dtype=np.uint8))},
        "format is None": {"meta": npy(np.frombuffer(b"[]", dtype=np.uint8))},
    }
    for reason, members in cases.items():
        path = tmp_path / "a.npz"
        write_curves_npz(path, performance, provenance=PROVENANCE)
        repack(path, **members)
        with pytest.raises(CurveFormatError, match=reason):
            read_curves_npz(path)


def test_files_of_other_kinds_are_refused(tmp_path, performance):
    with pytest.raises(CurveFormatError, match="no such file"):
        read_curves_npz(tmp_path / "gone.npz")
    with pytest.raises(CurveFormatError, match="no readable"):
        read_curves_npz(tmp_path)
    (tmp_path / "text.npz").write_text("frame,time\n", encoding="utf-8")
    with pytest.raises(CurveFormatError, match="no readable"):
        read_curves_npz(tmp_path / "text.npz")
    np.savez_compressed(tmp_path / "packed.npz", meta=[0], curves=[0], gui=[0])
    with pytest.raises(CurveFormatError, match="compressed"):
        read_curves_npz(tmp_path / "packed.npz")
    assert FORMAT_TAG == "cstalk-curves/1"


def test_one_frame_of_rest_survives(tmp_path):
    performance = FacePerformance(neutral_curves(1, 30), neutral_head(1, 30))
    write_curves_npz(tmp_path / "a.npz", performance, provenance={})
    assert read_curves_npz(tmp_path / "a.npz").performance.frames == 1
