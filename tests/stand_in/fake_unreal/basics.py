"""Name, Text and Array: what the engine gives back where Python would have str and list.

None of them is a subclass of what it resembles, so that ``json.dumps(name)`` or ``name + "x"`` fails here as
it does in the editor. Names compare without regard to case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableSequence
from typing import Any

from stand_in.fake_unreal.world import current

LONGEST_NAME = 1023
"""More characters in a name are a failed check in the engine, which ends the editor."""


class Name:
    """An FName."""

    __slots__ = ("_folded", "_text")

    def __init__(self, value: Any = "None") -> None:
        if not isinstance(value, (str, Name)):
            raise TypeError(f"NativizeName: Cannot nativize '{type(value).__name__}' as 'Name'")
        self._text = str(value) or "None"
        self._folded = self._text.lower()
        if len(self._text) > LONGEST_NAME:
            current().crash(f"FName's {LONGEST_NAME} max length exceeded: {len(self._text)} characters")

    def is_none(self) -> bool:
        return self._folded == "none"

    def is_valid(self) -> bool:
        return True

    @classmethod
    def cast(cls, object: object) -> Name:
        return cls(object)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Name({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Name):
            return self._folded == other._folded
        return isinstance(other, str) and self._folded == other.lower()

    def __lt__(self, other: Any) -> bool:
        return self._folded < str(other).lower()

    def __hash__(self) -> int:
        return hash(self._folded)

    def __bool__(self) -> bool:
        return not self.is_none()


class Text:
    """An FText: something to read, not to compare."""

    def __init__(self, value: Any = "") -> None:
        if not isinstance(value, (str, Text)):
            raise TypeError(f"NativizeText: Cannot nativize '{type(value).__name__}' as 'Text'")
        self._text = str(value)

    @classmethod
    def cast(cls, object: object) -> Text:
        return cls(object)

    def is_empty(self) -> bool:
        return not self._text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Text({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (str, Text)) and self._text == str(other)

    def __hash__(self) -> int:
        return hash(self._text)


class Array(MutableSequence):
    """A TArray: every element has the type it was made for."""

    def __init__(
        self, type: Any, values: Iterable[Any] = (), *, convert: Callable[[Any], Any] | None = None
    ) -> None:
        self._type = type
        self._convert = convert or (lambda value: _element(type, value))
        self._items = list(values) if convert else [self._convert(value) for value in values]

    @classmethod
    def cast(cls, type: Any, obj: Iterable[Any]) -> Array:
        return cls(type, obj)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._items[index] = self._convert(value)

    def __delitem__(self, index: Any) -> None:
        del self._items[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def insert(self, index: int, value: Any) -> None:
        self._items.insert(index, self._convert(value))

    def copy(self) -> Array:
        return Array(self._type, self._items, convert=self._convert)

    def sort(self, key: Any = None, reverse: bool = False) -> None:
        self._items.sort(key=key, reverse=reverse)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Array, list, tuple)) and self._items == list(other)

    def __hash__(self) -> int:
        raise TypeError("unhashable type: 'Array'")

    def __repr__(self) -> str:
        return repr(self._items)


def array_of(type: Any, values: Iterable[Any]) -> Array:
    """An array whose values are known to be right."""
    return Array(type, values, convert=lambda value: _element(type, value))


def _element(type: Any, value: Any) -> Any:
    if type is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type in (Name, Text) and isinstance(value, (str, type)):
        return type(value)
    if not isinstance(value, type):
        found, expected = value.__class__.__name__, getattr(type, "__name__", type)
        raise TypeError(f"NativizeElement: Cannot nativize '{found}' as '{expected}'")
    return value
