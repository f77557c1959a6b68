"""The signature check itself: what it makes of a listing, and that it says so when it cannot be made."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import stub_check
from stubs import checker, fake_listing, listing_facts
from stubs.transform import split_parameters, transform, widened_type

LISTING = '''\ufefffrom __future__ import annotations
import sys as _sys
_T = TypeVar('_T')
##### Glue Code #####
class Name(_WrapperBase):
    r"""
    Type (with "quotes")
    def not_me(self) -> None:
    """
    def is_valid(self) -> bool:
        r"""
        one line
        """
        ...
class RichCurveInterpMode(EnumBase):
    r""" one line """

    RCIM_LINEAR: RichCurveInterpMode #: 0
    RCIM_CONSTANT: RichCurveInterpMode = ... #: 1

class Thing(Object):
    def __init__(self, a: Name = "None", b: Array[Name] = [[1.0, ((X=1.0,Y=2.0))], "a,"], c: int = 0) -> None:
        ...
    @property
    def size(self) -> float:
        ...
    @classmethod
    def make(cls, kind: Class, path: str = "a)b") -> Optional[Thing]:
        ...
def log(arg: Any) -> None:
    r"""
    log(arg: Any) -> None -- log the given argument
    """
    ...
if _os.name == 'posix':
    pass
'''


def test_a_listing_becomes_a_stub_that_parses():
    stub = transform(LISTING)
    assert [node.name for node in ast.parse(stub).body if isinstance(node, ast.ClassDef)] == [
        "Name",
        "RichCurveInterpMode",
        "Thing",
    ]
    wide = "Union[Array[Name], Sequence[Union[Name, str]]]"
    assert (
        f"def __init__(self, a: Union[Name, str] = ..., b: {wide} = ..., c: int = ...) -> None: ..." in stub
    )
    assert "def make(cls, kind: Union[Class, type], path: str = ...) -> Optional[Thing]: ..." in stub
    assert "RCIM_LINEAR: RichCurveInterpMode = ..." in stub
    assert "not_me" not in stub
    assert "posix" not in stub


def test_parameters_are_split_at_outer_commas_only():
    assert split_parameters('a, b: Dict[str, int] = {1, (2, 3)}, c: str = "x,y"') == [
        "a",
        "b: Dict[str, int] = {1, (2, 3)}",
        'c: str = "x,y"',
    ]
    assert widened_type("Array[Array[Name]]").count("Sequence") == 2


def test_planted_mistakes_prove_the_check():
    planted = stub_check.PLANTED
    lines = planted.read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines, 1) if checker.MARK in line]
    assert len(marked) >= 9
    all_found = [checker.Complaint(planted, number, "x") for number in marked]
    assert checker.unproven(planted, all_found) == []
    assert checker.unproven(planted, all_found[1:]) == [f"planted mistake in line {marked[0]} was not found"]
    too_many = [*all_found, checker.Complaint(planted, 1, "x")]
    assert checker.unproven(planted, too_many) == ["good line 1 of the planted file was refused"]


def test_a_property_in_quotes_that_no_class_has_is_found(tmp_path):
    (tmp_path / "a.py").write_text("x.set_editor_property('size', 1)\ny.get_editor_property('sise')\n")
    assert listing_facts.unknown_properties(transform(LISTING), tmp_path) == [
        "a.py:2: no class has a property 'sise'"
    ]


def test_drift_of_the_fake_is_found():
    """Against this tiny listing nearly all of the fake has drifted."""
    found = fake_listing.drift(transform(LISTING), "5.6")
    assert "fake: unreal.AnimSequence is in no listing" in found
    assert not any("unreal.log " in text or text.startswith("fake: unreal.Name ") for text in found)
    assert "unreal" not in sys.modules


@pytest.mark.parametrize("required", [False, True])
def test_without_a_network_it_says_so(tmp_path, required):
    command = [
        sys.executable,
        stub_check.__file__,
        "--cache",
        str(tmp_path),
        *(["--required"] if required else []),
    ]
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "", "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=offline, cwd=Path(stub_check.__file__).parent
    )
    assert done.stdout.startswith(
        "Signature check of the editor scripts skipped: basedpyright cannot be fetched"
    )
    assert done.returncode == int(required)
