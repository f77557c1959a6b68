"""No name leaves the roots, and no character reaches the engine that it would ask about."""

import re

import pytest
from cstalk_asset_path import package_of, plain_asset_path, same_path, split_asset_path
from cstalk_errors import ItemError
from hypothesis import given
from hypothesis import strategies as st

ODD = [
    "",
    "x",
    "Game/A",
    "/",
    "/Game",
    "/Game/",
    "/Game//A",
    "/Game/../A",
    "/Game/A.A",
    "/Game/a b",
    "/Game/a'b",
]
ODD += [
    "/Game/ä",
    "/Game/a\n",
    "/Game/-a",
    "/Game/a\\b",
    "/Engine/A/B",
    "/GameX/A",
    "/Game/" + "a" * 300,
    None,
    3,
]


@pytest.mark.parametrize("path", ODD)
def test_unusable_paths_are_refused_in_one_plain_line(path):
    with pytest.raises(ItemError) as caught:
        split_asset_path(path)
    assert str(caught.value).isascii()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_usable_paths_are_split():
    assert split_asset_path("/Game/Lines/Take-1/Line_01") == ("/Game/Lines/Take-1", "Line_01")
    assert split_asset_path("/game/A", ["/Game"]) == ("/game", "A")
    assert split_asset_path("/Feature/A/B", ["/Game", "/Feature/A"]) == ("/Feature/A", "B")


@given(st.text(max_size=400))
def test_whatever_the_name_the_plain_path_is_usable_or_too_long(name):
    path = plain_asset_path("/Game/CSTalk", "/Game/" + name)
    if len(path) <= 220 and path != "/Game/CSTalk":
        folder, _ = split_asset_path(path)
        assert folder.startswith("/Game/CSTalk")


@given(
    st.lists(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=80), min_size=2, unique=True)
)
def test_different_names_stay_different(names):
    paths = [plain_asset_path("/Game/C", "/Game/" + name) for name in names]
    assert len(set(paths)) == len(names)


def test_plain_names_stay_as_they_are():
    assert plain_asset_path("/Game/C/", "/Game/Sounds/Line_01") == "/Game/C/Sounds/Line_01"
    assert re.fullmatch(r"/Game/C/Zeile_1_[0-9a-f]{6}", plain_asset_path("/Game/C", "Zeile 1"))


@pytest.mark.parametrize(
    "spelled", ["/Game/A/B", "/Game/A/B.B", "/Script/Engine.AnimSequence'/Game/A/B.B'", " /Game/A/B "]
)
def test_object_paths_give_their_package(spelled):
    assert package_of(spelled) == "/Game/A/B"
    assert same_path(spelled, "/game/a/b.b")
