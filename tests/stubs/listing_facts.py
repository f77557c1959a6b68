"""A check that a type checker cannot make: names of properties in quotes."""

import ast
import re
from pathlib import Path

_CALLS = ("get_editor_property", "set_editor_property")


def unknown_properties(stub: str, scripts: Path) -> list[str]:
    """Names given to `get_editor_property` and `set_editor_property` that no class of the stub has."""
    known = set(re.findall(r"^    def (\w+)\(self\)|^    (\w+): ", stub, re.M))
    known = {name for pair in known for name in pair}
    found = []
    for path in sorted(scripts.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            name = node.args[0]
            if node.func.attr not in _CALLS or not isinstance(name, ast.Constant) or name.value in known:
                continue
            found.append(f"{path.name}:{node.lineno}: no class has a property {name.value!r}")
    return found
