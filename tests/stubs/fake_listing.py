"""The fake editor against a published listing: every class, method and parameter of the fake must be there.

The fake checks what the scripts hand over with its own annotations; this keeps those from drifting.
MetaHuman Animator is left out: no listing has it.
"""

import ast
import inspect
from typing import Any

from stubs.transform import widened_type

ANY = {"Any", "object", ""}


def drift(stub: str, version: str) -> list[str]:
    """What the fake of this engine version offers and the stub does not, or with other parameters."""
    try:
        from stand_in import fake_unreal
        from stand_in.fake_unreal import metahuman
    except ImportError:
        return []
    classes, functions = listed(stub)
    try:
        fake_unreal.install(version=version)
    except ValueError:
        return []  # a version of a studio's own listing that the fake does not imitate
    try:
        import unreal  # type: ignore[import-not-found]

        unlisted = {each if isinstance(each, str) else each.__name__ for each in metahuman.ANIMATOR}
        found = []
        for name, value in sorted(vars(unreal).items()):
            if name.startswith("_") or name in unlisted:
                continue
            if inspect.isclass(value):
                found += _class_drift(name, value, classes, unreal)
            elif name not in functions:
                found.append(f"fake: unreal.{name} is in no listing")
            else:
                found += _parameter_drift(f"unreal.{name}", value, functions[name], bound=False)
        return found
    finally:
        fake_unreal.uninstall()


def listed(stub: str) -> tuple[dict[str, ast.ClassDef], dict[str, ast.FunctionDef]]:
    """Classes and functions of a stub, by name."""
    body = ast.parse(stub).body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    return classes, {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def _class_drift(name: str, kind: type, classes: dict[str, ast.ClassDef], module: Any) -> list[str]:
    if name not in classes:
        return [f"fake: unreal.{name} is in no listing"]
    members = _members(name, classes)
    found = []
    for attribute in vars(kind):
        if attribute.startswith("_"):
            continue
        try:
            value = getattr(kind, attribute)
        except AttributeError:
            continue  # of another engine version
        where = f"{name}.{attribute}"
        if attribute not in members:
            found.append(f"fake: {where} is in no listing")
        elif inspect.isroutine(value) and isinstance(members[attribute], ast.FunctionDef):
            found += _parameter_drift(where, value, members[attribute], bound=not inspect.ismethod(value))
    return found


def _members(name: str, classes: dict[str, ast.ClassDef]) -> dict[str, ast.AST]:
    """Methods and attributes of a class with those it inherits."""
    members: dict[str, ast.AST] = {}
    for base in classes[name].bases:
        base_name = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(base_name, ast.Name) and base_name.id in classes:
            members |= _members(base_name.id, classes)
    for node in classes[name].body:
        if isinstance(node, ast.FunctionDef):
            members[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            members[node.target.id] = node
    return members


def _parameter_drift(where: str, function: Any, listing: ast.FunctionDef, *, bound: bool) -> list[str]:
    """Whether names, order, optionality and types of the parameters agree."""
    parameters = list(inspect.signature(function).parameters.values())[1 if bound else 0 :]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters) or listing.args.vararg:
        return []
    theirs = [arg for arg in listing.args.args if arg.arg not in ("self", "cls")]
    needed = len(theirs) - len(listing.args.defaults)
    mine = [p.name for p in parameters]
    if mine != [arg.arg for arg in theirs]:
        return [f"fake: {where}({', '.join(mine)}); the listing has ({', '.join(a.arg for a in theirs)})"]
    found = []
    for place, (parameter, arg) in enumerate(zip(parameters, theirs, strict=True)):
        optional = parameter.default is not parameter.empty
        if optional != (place >= needed):
            is_now = "optional" if optional else "needed"
            found.append(f"fake: {where}: {arg.arg} is {is_now}; not so in the listing")
        kind = parameter.annotation if isinstance(parameter.annotation, str) else ""
        expected = ast.unparse(arg.annotation) if arg.annotation else ""
        if kind not in ANY and expected not in ANY and not _fits(kind, expected):
            found.append(f"fake: {where}: {arg.arg} is {kind}; the listing has {expected}")
    return found


def _fits(kind: str, expected: str) -> bool:
    """Whether the fake asks for what the listing names, or for a part of it: the fake may be stricter."""
    wanted = _parts(ast.parse(expected, mode="eval").body)
    return _parts(ast.parse(widened_type(kind), mode="eval").body) <= wanted


def _parts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Union":
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return {part for each in inner for part in _parts(each)}
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "type":
        return {"type"}  # of what, only the type checker knows
    return {ast.unparse(node)}
