"""The list of the Unreal API that the fake has, in a form for programs: ``python -m tests.stand_in.api``.

Made from the fake itself, so that whatever checks this list against Epic's published stubs checks the fake.
One entry for each class, member and form of it::

    {"class": "AssetTools", "member": "create_asset", "kind": "method",
     "versions": ["5.4", "5.5", "5.6", "5.7"],
     "parameters": [{"name": "asset_name", "type": "str", "default": null}, ...], "returns": "Object",
     "signature": "(asset_name: str, ...) -> Object", "bases": ["Object"], "in_stubs": true}

``kind`` is class, constructor, method, classmethod, property, enumerant or function; ``class`` is "" for
functions of the module. ``default`` is null for a required parameter and "..." for a struct made anew.
``self`` and ``cls`` are left out. ``in_stubs`` is false for MetaHuman Animator, which no published stub
lists.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

from stand_in import fake_unreal
from stand_in.fake_unreal import binding, metahuman, nativize
from stand_in.fake_unreal.core import EnumBase, Object, StructBase
from stand_in.fake_unreal.structs import RichCurveKey54, RichCurveKey55
from stand_in.fake_unreal.user_interface import ScopedEditorTransaction, ScopedSlowTask
from stand_in.fake_unreal.world import VERSIONS

Entry = dict
OURS = ("Array",)
"""Classes whose constructor is not as in the stubs, since Python's own protocols stand behind them."""


def listing() -> list[Entry]:
    """Every entry, each with the versions that have it so."""
    merged: dict[str, Entry] = {}
    before = fake_unreal.world._current
    try:
        for version in VERSIONS:
            fake_unreal.world.set_current(fake_unreal.World(version=version))
            for entry in _entries():
                key = json.dumps(entry, sort_keys=True)
                merged.setdefault(key, dict(entry, versions=[]))["versions"].append(version)
    finally:
        fake_unreal.world.set_current(before)
    return sorted(merged.values(), key=lambda entry: (entry["class"], entry["member"], entry["versions"]))


def _entries() -> Iterator[Entry]:
    """The entries of the current version."""
    version = fake_unreal.current().version
    for name, kind in sorted(nativize.TYPES.items()):
        if kind.__module__.split(".")[0] != "stand_in" or name in OURS:
            continue
        if not binding.between(kind.__dict__.get("_since"), kind.__dict__.get("_until")):
            continue
        owner = _current_key(version) if name == "RichCurveKey" else kind
        in_stubs = name not in metahuman.ANIMATOR
        for entry in _class_entries(name, owner):
            yield dict(entry, in_stubs=in_stubs)
    for name, function in sorted(binding.FUNCTIONS.items()):
        yield dict(_callable("", name, "function", function, skip=0), in_stubs=True)


def _current_key(version: Any) -> type:
    return RichCurveKey54 if version < (5, 5) else RichCurveKey55


def _class_entries(name: str, owner: type) -> Iterator[Entry]:
    bases = [
        binding.api_name(base) for base in owner.__bases__ if base.__module__.split(".")[0] == "stand_in"
    ]
    bases = [base for base in bases if base in nativize.TYPES and base != name]
    yield {"class": name, "member": "", "kind": "class", "bases": bases}
    if issubclass(owner, EnumBase):
        for member in filter(lambda member: member._exists, owner._members):
            yield {"class": name, "member": member.name, "kind": "enumerant"}
        return
    if _has_constructor(owner):
        yield _callable(name, "__init__", "constructor", owner.__init__)  # type: ignore[misc]
    own = {key: value for base in reversed(_own_bases(owner, name)) for key, value in vars(base).items()}
    for member, value in own.items():
        if member.startswith("_"):
            continue
        if isinstance(value, binding.Property):
            if binding.between(value.since, value.until):
                read_only = {"read_only": value.read_only}
                yield dict(
                    {"class": name, "member": member, "kind": "property", "type": value.annotation},
                    **read_only,
                )
        else:
            yield from _method(name, member, value)


def _method(name: str, member: str, value: Any) -> Iterator[Entry]:
    variants = value.variants if isinstance(value, binding.Member) else [(value, None, None)]
    for function, since, until in variants:
        if not binding.between(since, until):
            continue
        if isinstance(function, classmethod):
            yield _callable(name, member, "classmethod", function.__func__)
        elif inspect.isfunction(function):
            yield _callable(name, member, "method", function)


def _own_bases(owner: type, name: str) -> list[type]:
    """The classes here that are one class there."""
    return [base for base in owner.__mro__ if binding.api_name(base) == name]


def _has_constructor(owner: type) -> bool:
    """Whether the constructor is part of what scripts use: of structs, and of a few plain classes."""
    if owner in (ScopedSlowTask, ScopedEditorTransaction):
        return True
    return (
        issubclass(owner, StructBase) and owner is not StructBase and not owner.__dict__.get("_private_init")
    )


def _callable(name: str, member: str, kind: str, function: Any, *, skip: int = 1) -> Entry:
    signature = inspect.signature(function)
    parameters = [
        {"name": parameter.name, "type": _annotation(parameter.annotation), "default": _default(parameter)}
        for parameter in list(signature.parameters.values())[skip:]
    ]
    returns = _annotation(signature.return_annotation)
    shown = ", ".join(
        f"{p['name']}: {p['type']}" + (f"={p['default']}" if p["default"] is not None else "")
        for p in parameters
    )
    return {
        "class": name,
        "member": member,
        "kind": kind,
        "parameters": parameters,
        "returns": returns,
        "signature": f"({shown}) -> {returns}",
    }


def _annotation(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _default(parameter: inspect.Parameter) -> str | None:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return None
    if isinstance(value, EnumBase):
        return f"{type(value).__name__}.{value.name}"
    kind = nativize.TYPES.get(_annotation(parameter.annotation), Object)
    if value is None and not (isinstance(kind, type) and issubclass(kind, Object)):
        return "..."
    return repr(value)


def main() -> None:
    print(json.dumps(listing(), indent=1))


if __name__ == "__main__":
    main()
