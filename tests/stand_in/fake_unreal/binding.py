"""How a class of the fake becomes one that scripts see: checked arguments, typed properties, versions.

A method is written with the signature of Epic's stubs; `exposed` wraps it so that an unknown keyword, a
missing argument or a wrong type raises TypeError, only the game thread may call, and calls are counted. A
class method here is a class method in `unreal`.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

from stand_in.fake_unreal.nativize import TYPES, Converter, converter_of, fitting
from stand_in.fake_unreal.world import current

Version = tuple
FUNCTIONS: dict[str, Any] = {}
"""Every function of the module itself, by name."""


def between(since: Version | None, until: Version | None) -> bool:
    """Whether the current engine lies in this range, both ends included."""
    version = current().version
    return (since is None or version >= since) and (until is None or version <= until)


class Member:
    """A method that some versions lack, as if it had never been written, or that differs between them."""

    def __init__(self, function: Any, since: Version | None = None, until: Version | None = None) -> None:
        self.variants = [(function, since, until)]
        self.owner = self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = api_name(owner), name

    def also(self, function: Any, since: Version | None = None, until: Version | None = None) -> None:
        """Add what the method is in other versions."""
        self.variants.append((checked_member(function, f"{self.owner}.{self.name}"), since, until))

    def check(self) -> None:
        """Make the arguments of each variant checked."""
        self.variants = [
            (checked_member(function, f"{self.owner}.{self.name}"), since, until)
            for function, since, until in self.variants
        ]

    def __get__(self, instance: Any, owner: type) -> Any:
        for function, since, until in self.variants:
            if between(since, until):
                return function.__get__(instance, owner)
        raise AttributeError(f"type object '{owner.__name__}' has no attribute '{self.name}'")


def versions(since: Version | None = None, until: Version | None = None) -> Callable[[Any], Member]:
    """Mark a method, or class method, as present from one version or up to one."""
    return lambda function: Member(function, since, until)


class Property:
    """A property: typed, with its default; some are read-only as attributes.

    `set_editor_property` also tells the object; a plain attribute write does not, which is a trap on some
    classes.
    """

    def __init__(
        self,
        annotation: str,
        default: Any = None,
        *,
        read_only: bool = False,
        get: Callable[[Any], Any] | None = None,
        since: Version | None = None,
        until: Version | None = None,
    ) -> None:
        self.annotation, self.default, self.get = annotation, default, get
        self.read_only = read_only or get is not None
        self.since, self.until = since, until

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.slot = name, "_property_" + name

    @functools.cached_property
    def convert(self) -> Converter:
        return converter_of(self.annotation)

    def __get__(self, instance: Any, owner: type) -> Any:
        if not between(self.since, self.until):
            raise AttributeError(f"'{owner.__name__}' object has no attribute '{self.name}'")
        if instance is None:
            return self
        if self.get is not None:
            return self.get(instance)
        if self.slot not in instance.__dict__:
            value = self.default() if callable(self.default) else self.default
            instance.__dict__[self.slot] = value
        return instance.__dict__[self.slot]

    def __set__(self, instance: Any, value: Any) -> None:
        if not between(self.since, self.until):
            raise AttributeError(f"'{type(instance).__name__}' object has no attribute '{self.name}'")
        if self.read_only:
            raise AttributeError(f"{type(instance).__name__}: attribute '{self.name}' is read-only")
        self.store(instance, value)

    def store(self, instance: Any, value: Any) -> None:
        """Write, checked, whether or not scripts may."""
        found, owner = type(value).__name__, type(instance).__name__
        what = f"{owner}: Failed to convert type '{found}' to property '{self.name}'"
        instance.__dict__[self.slot] = fitting(self.convert, value, what)


def put(instance: Any, **values: Any) -> None:
    """Write properties that are read-only to scripts."""
    for name, value in values.items():
        getattr(type(instance), name).store(instance, value)


def exposed(owner: type) -> type:
    """Make a class visible to scripts: check the arguments of its methods and enter it under its name."""
    for name, value in list(vars(owner).items()):
        if name.startswith("_") or isinstance(value, Property):
            continue
        if isinstance(value, Member):
            value.check()
        elif isinstance(value, classmethod) or inspect.isfunction(value):
            setattr(owner, name, checked_member(value, f"{api_name(owner)}.{name}"))
    TYPES.setdefault(api_name(owner), owner)
    return owner


def api_name(owner: type) -> str:
    """The name of a class in `unreal`; two classes here may be one there, in different versions."""
    return owner.__dict__.get("_api_name", owner.__name__)


def module_function(function: Any) -> Any:
    """Make a function visible as ``unreal.<name>``, its arguments checked."""
    wrapped = checked(function, function.__name__, bound=False)
    FUNCTIONS[function.__name__] = wrapped
    return wrapped


def checked_member(function: Any, label: str) -> Any:
    """A method or class method with its arguments checked."""
    if isinstance(function, classmethod):
        return classmethod(checked(function.__func__, label))
    return checked(function, label)


def checked(function: Callable[..., Any], label: str, *, bound: bool = True) -> Callable[..., Any]:
    """A function with its arguments checked against its annotations."""
    parameters = list(inspect.signature(function).parameters.values())[1 if bound else 0 :]
    names = [parameter.name for parameter in parameters]
    converters: list[Converter] = []

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not converters:
            converters.extend(converter_of(parameter.annotation) for parameter in parameters)
        only_game_thread(label)
        own = args[:1] if bound else ()
        given = list(args[len(own) :])
        if len(given) > len(parameters):
            raise TypeError(f"{label}() takes at most {len(parameters)} arguments ({len(given)} given)")
        unknown = [name for name in kwargs if name not in names]
        if unknown:
            raise TypeError(f"'{unknown[0]}' is an invalid keyword argument for {label}()")
        values = []
        for position, parameter in enumerate(parameters):
            name = parameter.name
            if position < len(given):
                if name in kwargs:
                    raise TypeError(
                        f"argument for {label}() given by name ('{name}') and position ({position + 1})"
                    )
                value = given[position]
            elif name in kwargs:
                value = kwargs[name]
            elif parameter.default is not inspect.Parameter.empty:
                values.append(parameter.default)
                continue
            else:
                raise TypeError(f"{label}(): Required argument '{name}' (pos {position + 1}) not found")
            what = f"{label}: Failed to convert parameter '{name}' when calling function '{label}'"
            values.append(fitting(converters[position], value, what))
        current().calls[label] += 1
        return function(*own, *values)

    return call


def only_game_thread(label: str) -> None:
    """Refuse calls of other threads, as the editor does where it does not simply crash."""
    if threading.get_ident() != current().game_thread:
        current().fault(f"{label} was called outside the game thread")
        raise RuntimeError(
            "Internal Error - Attempted to access Unreal API from outside the main game thread."
        )
