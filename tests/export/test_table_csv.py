"""NAME.csv says what the curves say to six decimals, and a bad row is named by its number."""

import csv

import numpy as np
import pytest

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.export import FORMATS
from cstalk_ue.export.table_csv import read_table_csv, write_table_csv
from cstalk_ue.rig import HEAD_CURVES, control_limits, control_names, neutral_curves, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves


def make_performance(frames: int, fps: float, start_seconds: float = 0.0) -> FacePerformance:
    rng = np.random.default_rng(5)
    lowest, highest = control_limits()
    face = rng.uniform(lowest, highest, (frames, len(lowest)))
    head = rng.uniform(-20, 20, (frames, len(HEAD_CURVES)))
    return FacePerformance(
        RigCurves(face, control_names(), fps, start_seconds), RigCurves(head, HEAD_CURVES, fps, start_seconds)
    )


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "line 1.csv"
    write_table_csv(path, make_performance(5, 30), provenance={"source": "a.wav"})
    return path


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30000 / 1001, 30, 48, 59.9044, 60000 / 1001, 60, 119.88, 240])
@pytest.mark.parametrize("frames", [2, 3, 700, 2003])
def test_a_table_comes_back_to_six_decimals(tmp_path, fps, frames):
    written = make_performance(frames, fps, start_seconds=1.25)
    write_table_csv(tmp_path / "a.csv", written, provenance={})
    read = read_table_csv(tmp_path / "a.csv")
    np.testing.assert_allclose(read.face.values, written.face.values, rtol=0, atol=6e-7)
    np.testing.assert_allclose(read.head.values, written.head.values, rtol=1e-6, atol=6e-7)
    assert read.face.start_seconds == 1.25
    # The times carry six decimals: whatever rate they give, no frame may move by more than two of the last.
    np.testing.assert_allclose(read.face.times, written.face.times, rtol=0, atol=2e-6)


@pytest.mark.parametrize("fps", [25, 30000 / 1001, 30, 60000 / 1001, 60])
def test_common_rates_come_back_exactly(tmp_path, fps):
    write_table_csv(tmp_path / "a.csv", make_performance(2000, fps), provenance={})
    assert read_table_csv(tmp_path / "a.csv").fps == fps


def test_rows_are_plain_numbers_that_the_csv_module_reads(table):
    performance = make_performance(5, 30)
    content = table.read_bytes()
    assert content.endswith(b"\n")
    assert b"\r" not in content
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["frame", "time_seconds", *control_names(), *HEAD_CURVES]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    assert rows[1][1] == "0.033333"
    column = header.index("CTRL_C_jaw.ty")
    for row, value in zip(rows, performance.face.curve("CTRL_C_jaw.ty"), strict=True):
        assert row[column] == f"{value:.6f}"


def test_a_tiny_negative_is_written_as_zero(tmp_path):
    face = neutral_curves(2, 30)
    tiny = face.replace(values=np.full(face.values.shape, -1e-9))
    write_table_csv(tmp_path / "a.csv", FacePerformance(tiny, neutral_head(2, 30)), provenance={})
    assert "-" not in (tmp_path / "a.csv").read_text(encoding="utf-8").split("\n", 1)[1]


def test_a_table_edited_by_a_person_is_read(table):
    """Excel adds a BOM and CRLF; Maya users move columns."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    plain = read_table_csv(table)
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(row[::-1] for row in rows)
    np.testing.assert_array_equal(read_table_csv(table).face.values, plain.face.values)


def edit(path, row: int, column: str | None, value: str) -> None:
    """Set one cell; row 1 is the header. No column: replace the whole row."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if column is None:
        lines[row - 1] = value
    else:
        cells = lines[row - 1].split(",")
        cells[lines[0].split(",").index(column)] = value
        lines[row - 1] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (4, None, "2,0.066667,0.5", "row 4 has 3 values, the header has 196"),
        (4, "CTRL_C_jaw.ty", "open", "row 4.*'open'"),
        (4, "CTRL_C_jaw.ty", "", "row 4.*expected a number"),
        (4, "CTRL_C_jaw.ty", "nan", "row 4 holds NaN"),
        (4, "CTRL_C_jaw.ty", "0,5", "row 4 has 197 values"),
        (4, "frame", "7", "row 4 is frame 7; expected 2"),
        (4, "time_seconds", "0.5", "row 4 is at 0.500000 s; expected 0.066667"),
        (6, "time_seconds", "-1", "no frame rate"),
        (1, "CTRL_C_jaw.ty", "jawOpen", "header lacks 'CTRL_C_jaw.ty'"),
        (1, "CTRL_C_jaw.tx", "CTRL_C_jaw.ty", "header lacks 'CTRL_C_jaw.tx'"),
        (1, None, "a;b;c", "not separated by commas"),
    ],
)
def test_a_bad_cell_is_named(table, row, column, value, reason):
    edit(table, row, column, value)
    with pytest.raises(CurveFormatError, match=reason) as caught:
        read_table_csv(table)
    assert str(table) in str(caught.value)


def test_an_unknown_column_is_named(table):
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(f"{line},mood" for line in lines), encoding="utf-8")
    with pytest.raises(CurveFormatError, match="does not know 'mood'"):
        read_table_csv(table)


def test_files_that_are_no_table_are_refused(tmp_path, table):
    with pytest.raises(CurveFormatError, match="cannot be read"):
        read_table_csv(tmp_path / "gone.csv")
    header = table.read_text(encoding="utf-8").splitlines()[0]
    for name, content, reason in (
        ("empty.csv", b"", "header lacks 'frame'"),
        ("header.csv", header.encode() + b"\n", "no rows"),
        ("bytes.csv", b"\xff\xfe\x00\x01", "cannot be read"),
        ("zeros.csv", bytes(100), "a.*"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CurveFormatError, match=reason):
            read_table_csv(tmp_path / name)


def test_a_single_row_needs_to_be_told_its_rate(tmp_path):
    write_table_csv(tmp_path / "a.csv", make_performance(1, 30), provenance={})
    with pytest.raises(CurveFormatError, match="no frame rate"):
        read_table_csv(tmp_path / "a.csv")
    assert read_table_csv(tmp_path / "a.csv", fps=30).fps == 30


def test_the_table_of_formats_writes_every_format(tmp_path):
    performance = make_performance(4, 30)
    for name, form in FORMATS.items():
        path = tmp_path / f"line_7{form.suffix}"
        form.write(path, performance, provenance={"source": "line_7.wav"})
        assert path.stat().st_size > 0, name
    assert {form.suffix for form in FORMATS.values()} == {".curves.npz", ".csv", "_llf.csv"}
