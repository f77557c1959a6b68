"""A manifest says what each take is; an unknown column is an error, a bad line stops no other."""

from pathlib import Path

import pytest

from cstalk_ue.errors import ManifestError
from ingest.found import FoundTake
from ingest.take_manifest import match_manifest, read_take_manifest


def manifest(folder: Path, text: str):
    path = folder / "m.csv"
    path.write_text(text, encoding="utf-8")
    return read_take_manifest(path)


def test_a_line_says_everything(tmp_path):
    (row,) = manifest(
        tmp_path,
        "take;path;emotion;intensity;performer;line;slate;take_number;transcript;split\n"
        'S_1;sub/S_1;anger;70;Ann;L1;S;3;"Well; hello";Test\n',
    ).rows
    claims = row.claims
    assert (row.name, row.source, row.split) == ("S_1", tmp_path / "sub/S_1", "test")
    assert (claims.emotion.expression, claims.intensity, claims.take_number) == ("angry", 0.7, 3)
    assert (claims.performer, claims.line, claims.slate) == ("Ann", "L1", "S")
    assert claims.transcript == "Well; hello" and claims.source == "line 2 of m.csv"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,emotoin\nx,sad\n", "column 'emotoin' looks like 'emotion'"),
        ("name,mood\nx,sad\n", "column 'mood' is none of"),
        ("name,take\nx,y\n", "'name' more than once"),
        ("emotion\nsad\n", "no column 'name' or 'source'"),
        ("", "is empty"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, text, told):
    with pytest.raises(ManifestError) as caught:
        manifest(tmp_path, text)
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("x,hapy,,", "Did you mean 'happy'"),
        ("x,angry:2,,", "from 0 to 1"),
        ("x,,3,", "intensity '3'"),
        ("x,,,dev", "split 'dev' is not one of"),
        (",sad,,", "names no take"),
        ("x,sad,,,more", "5 cells for 4 columns"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_used(tmp_path, row, told):
    read = manifest(tmp_path, f"name,emotion,intensity,split\na,sad,,\n{row}\nb,fear,,\n")
    assert [line.name for line in read.rows] == ["a", "b"]
    (problem,) = read.problems
    assert problem.startswith(f"{tmp_path / 'm.csv'}: line 3: ") and told in problem


def takes(folder: Path) -> list[FoundTake]:
    for name in ("day1/S_1", "day2/S_1", "day2/Other"):
        (folder / name).mkdir(parents=True)
    (folder / "day2" / "Other" / "x.csv").touch()
    (folder / "loose.csv").touch()
    return [
        FoundTake(folder / "day1/S_1", "", "S_1"),
        FoundTake(folder / "day2/S_1", "", "S_1"),
        FoundTake(folder / "day2/Other", "", "Other"),
        FoundTake(folder / "loose.csv", "", "loose"),
        FoundTake(folder / "pack.zip", "A_1/A_1.csv", "A_1"),
        FoundTake(folder / "pack.zip", "A_2/A_2.csv", "A_2"),
    ]


@pytest.mark.parametrize(
    ("row", "index"),
    [
        ("other,", 2),
        (",day1/S_1", 0),
        ("S_1,day2/S_1", 1),
        (",day2/Other/x.csv", 2),
        (",loose.csv", 3),
        ("loose,", 3),
        ("LOOSE.csv,", 3),
        ("A_2,pack.zip", 5),
        (",pack.zip/A_1/A_1.csv", 4),
        ("a_1,", 4),
    ],
)
def test_lines_find_their_takes(tmp_path, row, index):
    match = match_manifest(manifest(tmp_path, f"name,source\n{row}\n"), takes(tmp_path))
    assert list(match.rows) == [index] and not match.problems and not match.unused


def test_lines_that_fit_several_takes_or_none_are_told(tmp_path):
    text = "name,source\nS_1,\n,pack.zip\nnobody,\nOther,\nother,\n"
    match = match_manifest(manifest(tmp_path, text), takes(tmp_path))
    assert list(match.rows) == [2] and match.rows[2].number == 5
    assert match.unused == (4,)
    assert ["fits 2 takes" in problem for problem in match.problems] == [True, True, False]
    assert "line 6: is about the same take as line 5" in match.problems[2]
