"""The editor's generated Python listing → a stub that a type checker can use, and facts about it.

The published files (`unreal-stub`) are ordinary Python with docstrings, 25 MB; one has C++ text leaked into
a default value and does not parse. Kept are classes, signatures and enumerants; parameters are widened to
what the binding accepts: text for names, Python classes for engine classes, lists for arrays.
"""

import re
from collections.abc import Iterator

HEADER = """from __future__ import annotations
from types import TracebackType
from typing import (Any, Callable, Dict, ItemsView, Iterable, Iterator, KeysView, List, Mapping,
    MutableMapping, MutableSequence,
    MutableSet, Optional, Sequence, Set, Tuple, Type, TypeVar, Union, ValuesView)
_T = TypeVar('_T')
_ElemType = TypeVar('_ElemType')
_KeyType = TypeVar('_KeyType')
_ValueType = TypeVar('_ValueType')
_EngineSubsystemTypeVar = TypeVar('_EngineSubsystemTypeVar', bound='EngineSubsystem')
_EditorSubsystemTypeVar = TypeVar('_EditorSubsystemTypeVar', bound='EditorSubsystem')
"""
_DEFINITION = re.compile(r"(\s*)def (\w+)\((.*)\)(?: -> (.+))?:\s*$")
_CONSTANT = re.compile(r"(    )([A-Za-z]\w*): (\w+)(?: = \.\.\.)?(?=\s|$)")
_CLASS = re.compile(r"class \w+(\(.*\))?:\s*$")
_DECORATOR = re.compile(r"    @(classmethod|staticmethod|property|\w+\.setter)\s*$")
_OPENING = re.compile(r'\s*r?("""|\'\'\')')


def transform(listing: str) -> str:
    """The stub of a listing. Works line by line, so it needs no valid Python."""
    out, in_class = [HEADER], False
    for line in without_docstrings(listing):
        if _CLASS.match(line):
            out += [line.rstrip(), "    ..."]
            in_class = True
        elif definition := _DEFINITION.match(line):
            indent, name, parameters, result = definition.groups()
            if len(indent) > 4 or (indent and not in_class):
                continue  # a function inside a function
            in_class = bool(indent)
            out.append(f"{indent}def {name}({_widened(parameters)}) -> {result or 'Any'}: ...")
        elif in_class and (constant := _CONSTANT.match(line)):
            out.append(f"{constant.group(0)} = ..." if "=" not in constant.group(0) else constant.group(0))
        elif in_class and _DECORATOR.match(line):
            out.append(line.rstrip())
        elif line.strip() and not line.startswith((" ", "#", "@")):
            in_class = False
    return "\n".join(out) + "\n"


def without_docstrings(listing: str) -> Iterator[str]:
    """The lines outside docstrings."""
    closing = ""
    for line in listing.splitlines():
        if closing:
            if closing in line:
                closing = ""
            continue
        if opening := _OPENING.match(line):
            mark = opening.group(1)
            if mark not in line[opening.end() :]:
                closing = mark
            continue
        yield line


def _widened(parameters: str) -> str:
    """A parameter list with defaults as ``...`` and widened types."""
    parts = []
    for parameter in split_parameters(parameters):
        declared, equals, _ = _cut(parameter, "=")
        name, colon, kind = declared.partition(":")
        text = f"{name.strip()}: {widened_type(kind.strip())}" if colon else name.strip()
        parts.append(f"{text} = ..." if equals else text)
    return ", ".join(parts)


def widened_type(kind: str) -> str:
    """What the binding accepts where a listing says `kind`."""
    if kind in ("Name", "Text"):
        return f"Union[{kind}, str]"
    if kind == "Class":
        return "Union[Class, type]"
    if array := re.fullmatch(r"Array\[(.*)\]", kind):
        return f"Union[Array[{array.group(1)}], Sequence[{widened_type(array.group(1))}]]"
    return kind


def split_parameters(parameters: str) -> list[str]:
    """A parameter list at its outer commas."""
    parts, rest = [], parameters.strip()
    while rest:
        part, _, rest = _cut(rest, ",")
        if part.strip():
            parts.append(part.strip())
        rest = rest.strip()
    return parts


def _cut(text: str, mark: str) -> tuple[str, str, str]:
    """`text` before and after the first `mark` outside brackets and quotes."""
    depth, quote = 0, ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == mark and depth <= 0:
            return text[:place], mark, text[place + 1 :]
    return text, "", ""
