"""Names of take folders can be stored everywhere and never collide."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.found import FoundTake
from ingest.take_names import LONGEST_NAME, choose_names, folder_name, name_key, source_key


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("20241204_MySlate_166", "20241204_MySlate_166"),
        ("Grüße 台詞", "Grüße 台詞"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("a/b\\c:d", "a-b-c-d"),
        ('x<y>"z"|?*', "x-y--z----"),
        ("tab\there\x7f", "tab-here-"),
        ("trailing. .", "trailing"),
        (" .hidden", "hidden"),
        ("..", "take"),
        ("", "take"),
        ("CON", "take-CON"),
        ("nul.csv", "take-nul.csv"),
        ("com1", "take-com1"),
        ("console", "console"),
        ("\udce4", "-"),
    ],
)
def test_folder_names(name, stored):
    assert folder_name(name) == stored


@given(st.text(max_size=200))
def test_any_name_becomes_one_that_can_be_stored_and_stays_so(name):
    stored = folder_name(name)
    assert 0 < len(stored) <= LONGEST_NAME + len("take-")
    assert not set(stored) & set('<>:"/\\|?*') and stored not in (".", "..")
    assert not stored.startswith(".") and not stored.endswith((".", " "))
    stored.encode("utf-8")
    assert len(stored) > LONGEST_NAME or folder_name(stored) == stored


def test_long_names_that_differ_at_the_end_stay_different():
    assert folder_name("x" * 200 + "1") != folder_name("x" * 200 + "2")


names = st.sampled_from(["X", "x", "Y", "con", "é", "e\u0301"])
sources = st.lists(
    st.tuples(st.sampled_from("abc"), names, st.sampled_from(["", "m"])), unique=True, max_size=12
)


@given(sources, st.randoms())
def test_names_differ_on_every_system_and_do_not_depend_on_the_order(sources, chance):
    takes = [FoundTake(Path("root") / day / f"{name}.csv", member, name) for day, name, member in sources]
    names = dict(zip(takes, choose_names(takes, [Path("root")], {}), strict=True))
    assert len({name_key(name) for name in names.values()}) == len(takes)
    shuffled = list(takes)
    chance.shuffle(shuffled)
    assert dict(zip(shuffled, choose_names(shuffled, [Path("root")], {}), strict=True)) == names


@given(sources, st.integers(0, 12))
def test_a_run_that_was_stopped_goes_on_with_the_same_names(sources, done):
    takes = [FoundTake(Path("root") / day / f"{name}.csv", member, name) for day, name, member in sources]
    names = choose_names(takes, [Path("root")], {})
    existing = {source_key(take): name for take, name in list(zip(takes, names, strict=True))[:done]}
    assert choose_names(takes, [Path("root")], existing) == names


def test_names_do_not_depend_on_where_the_captures_lie():
    def names(root: str) -> list[str]:
        takes = [FoundTake(Path(root) / "caps" / day / "S_1.csv", "", "S_1") for day in "ab"]
        return choose_names(takes, [Path(root) / "caps"], {})

    assert names("here") == names("/somewhere/else")


def test_two_roots_of_one_name_are_told_apart():
    takes = [FoundTake(Path(day) / "caps" / "S_1.csv", "", "S_1") for day in "ab"]
    names = choose_names(takes, [Path("a/caps"), Path("b/caps")], {})
    assert len(set(names)) == 2


def test_a_take_keeps_the_name_it_has():
    one, other = (FoundTake(Path("root") / day / "S_1.csv", "", "S_1") for day in "ab")
    assert choose_names([other, one], [Path("root")], {source_key(one): "S_1"})[1] == "S_1"
    assert choose_names([other], [Path("root")], {source_key(one): "S_1"}) != ["S_1"]
