"""From a Python value to what the engine's function takes, or a TypeError as the binding raises it.

The type is written as in Epic's generated stubs, ``Array[RichCurveKey]``. Stricter than the engine where its
rule is not known: a bool is not a number, a number is not a bool, a tuple is not a struct.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sized
from typing import Any

from stand_in.fake_unreal.basics import Array, Name, Text, array_of

TYPES: dict[str, type] = {}
"""Every class of the fake, by the name it has in `unreal`."""

Converter = Callable[[Any], Any]


class Mismatch(Exception):
    """A value that does not fit; the message is what the binding says."""


def converter_of(annotation: str) -> Converter:
    """The function that converts to this type, or raises Mismatch."""
    return _converter(ast.parse(annotation, mode="eval").body)


def fitting(convert: Converter, value: Any, what: str) -> Any:
    """Convert, or raise TypeError with what was to be converted."""
    try:
        return convert(value)
    except Mismatch as error:
        raise TypeError(f"{what}: {error}") from None


def wrong(value: Any, expected: str) -> Mismatch:
    return Mismatch(f"Cannot nativize '{type(value).__name__}' as '{expected}'")


def _converter(node: ast.expr) -> Converter:
    if isinstance(node, ast.Name):
        return PLAIN.get(node.id) or _instance(node.id)
    if isinstance(node, ast.Constant) and node.value is None:
        return _none
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice
        kind = node.value.id
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if kind == "Array":
            return _array(parts[0])
        if kind == "Optional":
            return _union([_none, _converter(parts[0])])
        if kind == "Union":
            return _union([_converter(part) for part in parts])
        if kind == "Callable":
            return _callable
        if kind in ("Map", "Mapping"):
            return _map
        if kind == "type":
            return _class
    raise ValueError(f"type {ast.dump(node)} cannot be converted")


def _plain(name: str, *types: type) -> Converter:
    def convert(value: Any) -> Any:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise wrong(value, name)
        return value

    return convert


def _text(value: Any) -> str:
    if not isinstance(value, (str, Name)):
        raise wrong(value, "String")
    return _utf8(str(value))


def _utf8(text: str) -> str:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise Mismatch(f"Cannot nativize 'str' as 'String' ({error})") from None
    return text


def _name(value: Any) -> Name:
    if isinstance(value, Name):
        return value
    if not isinstance(value, str):
        raise wrong(value, "Name")
    return Name(_utf8(value))


def _to_text(value: Any) -> Text:
    if not isinstance(value, (str, Text)):
        raise wrong(value, "Text")
    return Text(_utf8(str(value)))


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(value, "Float")
    return float(value)


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(value, "Int")
    if not -(2**31) <= value < 2**31:
        raise Mismatch(f"Cannot nativize 'int' as 'Int' ({value} is too large)")
    return value


def _none(value: Any) -> None:
    if value is not None:
        raise wrong(value, "None")


def _class(value: Any) -> type:
    from stand_in.fake_unreal.core import Class, Object

    if isinstance(value, Class):
        return value._python_type
    if isinstance(value, type) and issubclass(value, Object):
        return value
    raise wrong(value, "Class")


def _callable(value: Any) -> Any:
    if not callable(value):
        raise wrong(value, "Callable")
    return value


def _map(value: Any) -> Any:
    if not hasattr(value, "items"):
        raise wrong(value, "Map")
    return value


def _anything(value: Any) -> Any:
    return value


def _array(element: ast.expr) -> Converter:
    convert = _converter(element)
    name = ast.unparse(element)
    kind = TYPES.get(name)

    def convert_all(value: Any) -> Any:
        if isinstance(value, (str, bytes, dict)) or not (
            isinstance(value, Sized) and hasattr(value, "__iter__")
        ):
            raise wrong(value, f"Array[{name}]")
        if kind is not None and set(map(type, value)) == {kind}:  # 3,000 keys at a time
            return array_of(kind, value)
        try:
            return Array(kind or object, [convert(item) for item in value], convert=convert)
        except Mismatch as error:
            raise Mismatch(f"Cannot nativize '{type(value).__name__}' as 'Array[{name}]' ({error})") from None

    return convert_all


def _union(choices: list[Converter]) -> Converter:
    def convert(value: Any) -> Any:
        for number, choice in enumerate(choices, 1):
            try:
                return choice(value)
            except Mismatch:
                if number == len(choices):
                    raise

    return convert


def _instance(name: str) -> Converter:
    def convert(value: Any) -> Any:
        expected = TYPES[name]
        if isinstance(value, expected) or (
            value is None and expected.__dict__.get("_nullable", _is_object(expected))
        ):
            return value
        raise Mismatch(f"Cannot nativize '{type(value).__name__}' as '{name}' (allowed Class type: '{name}')")

    return convert


def _is_object(kind: type) -> bool:
    return any(base.__name__ == "Object" for base in kind.__mro__)


PLAIN: dict[str, Converter] = {
    "str": _text,
    "Name": _name,
    "Text": _to_text,
    "float": _float,
    "int": _int,
    "bool": _plain("Bool", bool),
    "Class": _class,
    "type": _class,
    "object": _anything,
    "Any": _anything,
}
