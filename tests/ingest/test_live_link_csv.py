"""Curves are found by name whatever a spreadsheet did to the file, and damage is named with its place."""

import csv
import io
import re

import numpy as np
import pytest
from live_link_takes import HEADER, codes_of, csv_text, plain_csv, shape_values

from cstalk_ue.errors import CurveFormatError
from ingest.live_link_csv import looks_like_live_link_csv, read_live_link_rows
from ingest.live_link_header import column_names

TEXT = plain_csv(8)


def read(text: str | bytes):
    return read_live_link_rows(text if isinstance(text, bytes) else text.encode("utf-8"), "take.csv")


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def text_of(cells: list[list[str]]) -> str:
    return "\n".join(",".join(row) for row in cells) + "\n"


def with_cell(row: int, column: str, value: str) -> str:
    cells = cells_of(TEXT)
    cells[row][HEADER.index(column)] = value
    return text_of(cells)


@pytest.fixture(scope="module")
def plain():
    return read(TEXT)


def test_values_are_what_python_reads(plain):
    expected = [[float(cell) for cell in row[2:]] for row in cells_of(TEXT)[1:]]
    np.testing.assert_array_equal(plain.values, expected)
    assert plain.columns == column_names()
    assert plain.captured.all()
    assert not plain.copies.any()
    assert plain.remarks == ()
    assert plain.lines.tolist() == list(range(2, 10))


def same(one, other) -> bool:
    return (
        one.timecodes == other.timecodes
        and one.columns == other.columns
        and (one.values == other.values).all()
        and (one.captured == other.captured).all()
    )


def in_other_order() -> str:
    cells = cells_of(TEXT)
    order = np.random.default_rng(1).permutation(len(HEADER))
    return text_of([[row[place] for place in order] for row in cells])


@pytest.mark.parametrize(
    "changed",
    [
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\n\n").encode(),
        TEXT.replace("\n", ",,\n").encode(),
        TEXT.removesuffix("\n").encode(),
        (TEXT + ",,,,\n \n").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", ";").replace(".", ",").encode(),
        TEXT.replace(",", '","').replace("\n", '"\n"').removesuffix('"').join(['"', ""]).encode(),
        TEXT.encode("utf-16"),
        TEXT.replace("BlendshapeCount", "BlendShapeCount").encode(),
        TEXT.replace(TEXT.split("\n")[0], TEXT.split("\n")[0].lower()).encode(),
        TEXT.replace(TEXT.split("\n")[0], TEXT.split("\n")[0].upper()).encode(),
        TEXT.replace(",", ", ").encode(),
        TEXT.replace(",61,", ",61.0,").encode(),
        in_other_order().encode(),
    ],
    ids=["BOM", "CRLF", "CR", "blank lines", "empty cells at the end", "no final newline", "empty last rows",
         "semicolons", "tabs", "decimal commas", "quotes", "UTF-16", "old header", "lower case", "upper case",
         "spaces", "count 61.0", "other order"],
)  # fmt: skip
def test_the_same_take_however_it_was_saved(plain, changed):
    again = read(changed)
    if again.timecodes[0].count(","):  # decimal commas reach into the timecode
        pytest.fail("a decimal comma is left in the timecode")
    assert same(again, plain)
    assert again.remarks == ()


@pytest.mark.parametrize("count", ["51", "52", "68", "68.0"])
def test_counts_of_other_writers_are_no_fault(plain, count):
    assert same(read(TEXT.replace(",61,", f",{count},")), plain)


def test_a_row_without_a_face_keeps_its_timecode():
    lines = TEXT.splitlines()
    code = lines[3].split(",")[0]
    for lost in (f"{code},0", f"{code},0,0.5", lines[3].replace(",61,", ",0,"), f"{code},0" + "," * 61, code):
        rows = read("\n".join((*lines[:3], lost, *lines[4:])) + "\n")
        assert rows.timecodes[2] == code
        assert rows.captured.tolist() == [True, True, False, True, True, True, True, True]
        assert codes_of(rows.remarks) == ["face-lost"]
        assert (rows.values[2] == 0).all()


def test_short_rows_that_are_not_marked_are_told_apart():
    lines = TEXT.splitlines()
    lines[4] = ",".join(lines[4].split(",")[:40])
    rows = read("\n".join(lines) + "\n")
    assert "1 of them are too short" in rows.remarks[0].text


@pytest.mark.parametrize("cut", [1, 3, 11, 14, 200, 700])
def test_a_file_cut_off_in_its_last_row_loses_that_row(cut):
    rows = read(TEXT[:-1][:-cut])
    assert codes_of(rows.remarks) == ["cut-off"]
    np.testing.assert_array_equal(rows.values, read(TEXT).values[:-1])


def test_missing_and_unknown_columns_are_named():
    cells = cells_of(TEXT)
    keep = [place for place, name in enumerate(HEADER) if name not in ("TongueOut", "HeadYaw")]
    cells = [
        [row[place] for place in keep] + ["joy" if number == 0 else "7"] for number, row in enumerate(cells)
    ]
    rows = read(text_of(cells))
    assert codes_of(rows.remarks) == ["missing-columns", "unknown-columns"]
    assert "TongueOut, HeadYaw" in rows.remarks[0].text
    assert "joy" in rows.remarks[1].text
    assert (rows.column("TongueOut") == 0).all()
    np.testing.assert_array_equal(rows.column("JawOpen"), read(TEXT).column("JawOpen"))


def test_copies_of_rows_are_marked():
    lines = TEXT.splitlines()
    rows = read("\n".join((*lines[:4], lines[2], *lines[4:])) + "\n")
    assert np.flatnonzero(rows.copies).tolist() == [3]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("\0\1\2", "zero bytes"),
        (b"\x89PNG\r\n\x1a\n\xff", "UTF-8"),
        (TEXT.splitlines()[0] + "\n", "no whole row"),
        (TEXT.splitlines()[0] + "\n00:00:00:00.000,0\n", "none of its 1 rows has a face"),
        (TEXT.replace("JawOpen", "JawLeft"), "'JawLeft' is there 2 times"),
        (TEXT.replace("JawOpen", "jawleft"), "is there 2 times"),
        (TEXT.replace("Timecode", "Zeit"), "no column Timecode"),
        ("a,b,c\n1,2,3\n", r"no column Timecode with ARKit shapes.*first columns: a, b, c"),
        ("V,0,1,60,00:00:00:00\nA,0,1,60,00:00:00:00\n", "frame log"),
        ("Frame,Time_sec,CTRL_expressions_jawOpen\n0,0,0\n", "curves of a MetaHuman"),
        (with_cell(3, "JawOpen", "nan"), r"take\.csv: line 4, column JawOpen is 'nan'; expected a number"),
        (with_cell(3, "JawOpen", "inf"), "line 4, column JawOpen is 'inf'"),
        (with_cell(3, "JawOpen", "1e999"), "line 4, column JawOpen"),
        (with_cell(8, "HeadYaw", "open"), "line 9, column HeadYaw is 'open'"),
        (with_cell(8, "HeadYaw", ""), "line 9, column HeadYaw is ''"),
        (with_cell(8, "HeadYaw", "1_0"), "line 9, column HeadYaw is '1_0'"),
        (with_cell(2, "BlendshapeCount", "many"), "line 3, column BlendshapeCount is 'many'"),
        (with_cell(2, "BlendshapeCount", "-1"), "expected a count"),
        (with_cell(2, "TongueOut", "0.1,0.2"), "line 3 has 64 cells, the header has 63"),
        (TEXT.replace(".", ","), "decimal commas look like separators"),
        (TEXT.replace(",", ";").replace("0.", "0,", 3), "decimal commas and decimal points"),
        (csv_text([0.0], 100 * shape_values(1)), "expected 0 to 1"),
        ('"' + TEXT, "quote"),
    ],
)  # fmt: skip
def test_damage_is_named_with_its_place(text, complaint):
    with pytest.raises(CurveFormatError, match=complaint) as caught:
        read(text)
    assert str(caught.value).startswith("take.csv: ")


def test_only_a_header_with_timecode_and_shapes_looks_like_one(shared_data):
    for path in shared_data.glob("live_link_face/*/*.csv"):
        assert looks_like_live_link_csv(path.read_bytes()[:8192])
    for text in (b"", b"a,b", b"Timecode,x", b"JawOpen", b"V,0,0,60,00:00:00:00", b"\xff\xfe"):
        assert not looks_like_live_link_csv(text)


def test_real_captures_are_read_to_the_bit(shared_data):
    captures = sorted(shared_data.glob("live_link_face/*/*.csv"))
    assert captures
    for path in captures:
        rows = read(path.read_bytes())
        cells = cells_of(path.read_text(encoding="utf-8"))
        by_name = [cells[0].index(name) for name in rows.columns]
        np.testing.assert_array_equal(rows.values, [[float(row[k]) for k in by_name] for row in cells[1:]])
        assert rows.timecodes == tuple(row[0] for row in cells[1:])
        assert re.fullmatch(r"Blend[Ss]hapeCount", cells[0][1])
        assert rows.remarks == ()
