"""The base classes: objects, structs and enumerations, and the Class of a class."""

from __future__ import annotations

import copy
import inspect
from typing import Any

from stand_in.fake_unreal.basics import Name, Text
from stand_in.fake_unreal.binding import Property, between, checked, only_game_thread
from stand_in.fake_unreal.nativize import TYPES

__all__ = ["Class", "EnumBase", "Object", "StructBase", "enumeration", "find_property"]


def find_property(owner: type, name: str) -> Property | None:
    """A property of a class, by name, if this version has it."""
    for base in owner.__mro__:
        found = base.__dict__.get(name)
        if isinstance(found, Property) and between(found.since, found.until):
            return found
    return None


class Wrapped:
    """What objects and structs share: only declared attributes, and the editor-property functions."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and not isinstance(getattr(type(self), name, None), Property):
            declared_by_script = type(self).__module__.split(".")[0] != "stand_in"
            if not declared_by_script:
                raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        object.__setattr__(self, name, value)

    def get_editor_property(self, name: str) -> Any:
        only_game_thread("get_editor_property")
        return getattr(self, self._existing(name).name)

    def set_editor_property(self, name: str, value: Any, notify_mode: Any = None) -> None:
        only_game_thread("set_editor_property")
        prop = self._existing(name)
        if prop.get is not None:
            raise Exception(f"{type(self).__name__}: Property '{name}' is read-only and cannot be set")
        prop.store(self, value)
        self._property_changed(prop.name)

    def set_editor_properties(self, properties: Any) -> None:
        for name, value in properties.items():
            self.set_editor_property(name, value)

    def _existing(self, name: Any) -> Property:
        if not isinstance(name, (str, Name)):
            raise TypeError(f"argument 1 must be str, not {type(name).__name__}")
        prop = find_property(type(self), str(name))
        if prop is None:
            kind = type(self).__name__
            raise Exception(f"{kind}: Failed to find property '{name}' for attribute '{name}' on '{kind}'")
        return prop

    def _property_changed(self, name: str) -> None:
        """Called after `set_editor_property`, not after a plain attribute write."""


class Object(Wrapped):
    """UObject. An asset has a package path; anything else is transient."""

    _made = 0

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        only_game_thread(type(self).__name__)
        Object._made += 1
        given = str(name)
        self._outer = outer
        self._name = given if given != "None" else f"{type(self).__name__}_{Object._made}"
        self._package = ""

    def get_name(self) -> str:
        return self._name

    def get_fname(self) -> Name:
        return Name(self._name)

    def get_path_name(self) -> str:
        if self._package:
            return f"{self._package}.{self._name}"
        outer = self._outer.get_path_name() if self._outer is not None else "/Engine/Transient"
        return f"{outer}{':' if self._outer is not None else '.'}{self._name}"

    def get_full_name(self) -> str:
        return f"{type(self).__name__} {self.get_path_name()}"

    def get_outer(self) -> Any:
        return self._outer

    def get_class(self) -> Class:
        return Class(type(self))

    @classmethod
    def static_class(cls) -> Class:
        return Class(cls)

    @classmethod
    def cast(cls, object: object) -> _T:  # noqa: F821
        if not isinstance(object, cls):
            raise TypeError(f"Cannot cast type '{type(object).__name__}' to '{cls.__name__}'")
        return object

    @classmethod
    def get_default_object(cls) -> _T:  # noqa: F821
        return cls()

    def modify(self, always_mark_dirty: bool = True) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Object '{self.get_path_name()}' ({hex(id(self))}) Class '{type(self).__name__}'>"


class Class(Object):
    """UClass; equal for equal Python types."""

    _nullable = True

    def __init__(self, python_type: type) -> None:
        super().__init__(name=python_type.__name__)
        self._type = python_type

    @property
    def _python_type(self) -> type:
        return self._type

    def get_path_name(self) -> str:
        return f"{self._type.__dict__.get('_package_of_class', '/Script/Engine')}.{self._type.__name__}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Class) and other._type is self._type

    def __hash__(self) -> int:
        return hash(self._type)


class StructBase(Wrapped):
    """A struct: its constructor takes its properties; always passed by value."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        made = cls.__dict__.get("__init__")
        if made is not None and not getattr(cls, "_checks_itself", False):
            cls.__init__ = checked(made, cls.__dict__.get("_api_name", cls.__name__))

    def copy(self) -> Any:
        return copy.copy(self)

    def to_tuple(self) -> Tuple[object, ...]:  # noqa: F821
        return tuple(getattr(self, name) for name in self._fields())

    @classmethod
    def _fields(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_tuple() == other.to_tuple()

    def __hash__(self) -> int:
        raise TypeError(f"unhashable type: '{type(self).__name__}'")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {getattr(self, name)!r}" for name in self._fields())
        return f"<Struct '{type(self).__name__}' ({hex(id(self))}) {{{shown}}}>"


class EnumBase:
    """An enumeration: members are attributes of the class, and not numbers."""

    _members: tuple[EnumBase, ...] = ()

    def __init__(self, name: str, value: int) -> None:
        self.name, self.value = name, value
        self.since: Any = None
        self.until: Any = None

    @property
    def _exists(self) -> bool:
        return between(self.since, self.until)

    def get_display_name(self) -> Text:
        return Text(self.name.replace("_", " ").title())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}.{self.name}: {self.value}>"

    def __copy__(self) -> EnumBase:
        return self

    def __deepcopy__(self, memo: Any) -> EnumBase:
        return self


class _Gated:
    """A member that some versions do not have."""

    def __init__(self, member: EnumBase) -> None:
        self.member = member

    def __get__(self, instance: Any, owner: type) -> EnumBase:
        if not self.member._exists:
            raise AttributeError(f"type object '{owner.__name__}' has no attribute '{self.member.name}'")
        return self.member


def enumeration(name: str, *members: str, since: Any = None, until: Any = None) -> Any:
    """A new enumeration, entered under its name. Members are numbered from 0.

    Args:
        since: first versions of members that came later, and of the enumeration itself under "".
        until: last versions of members that went.
    """
    first, last = since or {}, until or {}
    made = type(name, (EnumBase,), {"__module__": __name__, "__doc__": f"E{name}."})
    made._members = tuple(made(member, number) for number, member in enumerate(members))
    made._since = first.get("")
    for member in made._members:
        member.since, member.until = first.get(member.name), last.get(member.name)
        setattr(made, member.name, _Gated(member) if member.since or member.until else member)
    TYPES[name] = made
    return made


for _base in (Object, Class, StructBase, EnumBase):
    TYPES[_base.__name__] = _base
for _name, _plain in (("Name", Name), ("Text", Text)):
    TYPES[_name] = _plain
