"""Whatever a line is called, its asset has a plain path below the destination, and nobody else's."""

import importlib.util
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cstalk_ue.errors import UsageError
from cstalk_ue.unreal.destinations import (
    DEFAULT_PATTERN,
    LONGEST,
    PushLine,
    parse_destination,
    plain_part,
    with_assets,
)

SCRIPT = Path(__file__).resolve().parents[2] / "ue_scripts" / "cstalk_asset_path.py"
LEGAL = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_-]{0,63})+", re.ASCII)

texts = st.text(max_size=300) | st.text(st.sampled_from("a/.\\'\"\n\0{}é:-_ %"), max_size=300)
patterns = st.sampled_from(
    [
        DEFAULT_PATTERN,
        "/Game/CSTalk/{name}",
        "/Game/CSTalk/AS_{name}_Face",
        "/Game/CSTalk/Lines/{folder}/x{name}",
    ]
)


def script():
    """The editor's own rule, with its one import of a sibling."""
    import sys

    before = list(sys.path)
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        spec = importlib.util.spec_from_file_location("asset_path_of_the_editor", SCRIPT)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path[:] = before


EDITOR = script()


@pytest.mark.parametrize(
    ("pattern", "name", "asset"),
    [
        (DEFAULT_PATTERN, "act_1/bob/line_01", "/Game/CSTalk/act_1/bob/line_01"),
        (DEFAULT_PATTERN, "line_01", "/Game/CSTalk/line_01"),
        ("/Game/Lines", "a/b", "/Game/Lines/a/b"),
        ("/game/Lines/", "b", "/Game/Lines/b"),
        ("/Game/{name}", "a/b", "/Game/b"),
        ("/Game/VO/{folder}/AS_{name}", "a/b", "/Game/VO/a/AS_b"),
    ],
)
def test_a_pattern_says_where(pattern, name, asset):
    assert parse_destination(pattern).asset(name) == asset


@pytest.mark.parametrize(
    "pattern",
    ["", "/", "Game/x", "/Engine/x/{name}", "/Game/../Engine/{name}", "/Game//{name}",
     "/Game/a b/{name}",
     "/Game/{name}/x", "/Game/{other}", "/Game/{name.__class__}", "/Game/{folder}",
     "/Game/{folder}/{folder}/{name}",
     "/Game/x{folder}/{name}", "/Game/{name}{name}", "/Game/é/{name}", "/Game/CON/{name}", "/Game/\n/{name}",
     f"/Game/{'x' * 300}"],
)  # fmt: skip
def test_other_patterns_are_refused(pattern):
    with pytest.raises(UsageError, match="--destination"):
        parse_destination(pattern)


@given(texts, patterns)
@example("../../Engine/x", DEFAULT_PATTERN)
@example("'); import os; ('", DEFAULT_PATTERN)
@example("\ud800", DEFAULT_PATTERN)
@example("None", "/Game/CSTalk/{name}")
@example("-", DEFAULT_PATTERN)
@example("x" * 300, DEFAULT_PATTERN)
def test_no_name_leaves_the_destination_or_upsets_the_engine(name, pattern):
    where = parse_destination(pattern)
    (line,) = with_assets([PushLine(Path("x"), name)], where)
    assert LEGAL.fullmatch(line.asset) and line.asset.startswith(f"{where.root}/")
    assert where.root.startswith("/Game/CSTalk")
    if line.problem:
        assert len(line.asset) > LONGEST
    else:
        folder, last = EDITOR.split_asset_path(line.asset, [where.root])
        assert f"{folder}/{last}" == line.asset


@given(texts.filter(lambda text: "/" not in text and text))
def test_the_menu_in_the_editor_gives_the_same_name(part):
    ours = plain_part(part)
    if re.fullmatch(r"none|con|prn|aux|nul|(com|lpt)[0-9]", part, re.IGNORECASE):
        assert ours != part and ours.startswith(part)
    else:
        assert f"/Game/{ours}" == EDITOR.plain_asset_path("/Game", part)


@given(st.lists(texts, min_size=2, max_size=6))
def test_two_lines_never_get_one_asset(names):
    lines = with_assets(
        [PushLine(Path(str(n)), name) for n, name in enumerate(names)], parse_destination("/Game/A")
    )
    good = [line.asset.casefold() for line in lines if not line.problem]
    assert len(set(good)) == len(good)


def test_lines_that_would_share_an_asset_are_all_refused_and_named():
    lines = [PushLine(Path("x/Hello.curves.npz"), "x/Hello"), PushLine(Path("y/hello.curves.npz"), "y/hello"),
             PushLine(Path("z.curves.npz"), "z")]  # fmt: skip
    first, second, third = with_assets(lines, parse_destination("/Game/CSTalk/{name}"))
    assert "as y/hello.curves.npz" in first.problem and "as x/Hello.curves.npz" in second.problem
    assert not third.problem


def test_a_path_that_gets_too_long_is_refused():
    (line,) = with_assets(
        [PushLine(Path("x"), "/".join("folder" * 5 for _ in range(9)))], parse_destination("/Game/A")
    )
    assert "at most 220" in line.problem
