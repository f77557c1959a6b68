"""What an editor says came of a command.

The editor sends back all that was printed in one go and cuts what is too long, so scripts print one line and
write their results to a file. Texts are kept as they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cstalk_ue.errors import EditorProtocolError


@dataclass(frozen=True)
class OutputLine:
    """Something the editor logged while it ran a command; `kind` is Info, Warning or Error."""

    kind: str
    text: str


@dataclass(frozen=True)
class CommandResult:
    """What came of a command; without success `result` is the traceback."""

    success: bool
    result: str
    output: tuple[OutputLine, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What was printed or logged, line by line."""
        return [line for entry in self.output for line in entry.text.splitlines()]


def read_result(data: Mapping[str, Any], name: str) -> CommandResult:
    """The result in the data of a message; `name` is of the project, for the error.

    Raises:
        EditorProtocolError: a part is missing.
    """
    success, result, output = data.get("success"), data.get("result"), data.get("output", [])
    if not isinstance(success, bool) or not isinstance(result, str) or not isinstance(output, list):
        raise EditorProtocolError(
            f"The answer of the editor of {name} lacks 'success', 'result' or 'output'. "
            "Is it an Unreal editor?"
        )
    lines = tuple(
        OutputLine(str(entry.get("type", "Info")), str(entry.get("output", "")))
        for entry in output
        if isinstance(entry, dict)
    )
    return CommandResult(success, result, lines)
