"""The self-test of the editor scripts: three frames written and read back, and what this editor can do."""

from dataclasses import dataclass
from typing import Any

from cstalk_ue.unreal.jobs import JobResult
from cstalk_ue.unreal.session import EditorSession

_SECONDS = 180.0


@dataclass(frozen=True)
class SelfTest:
    """How a self-test went: whether it passed, and what it found, in sentences."""

    passed: bool
    sentences: tuple[str, ...]
    facts: dict[str, Any]


def self_test(session: EditorSession, *, skeleton: str = "", dry_run: bool = False) -> SelfTest:
    """Run the self-test in an editor. It writes /Game/CSTalk/SelfTest/CSTalk_SelfTest and nothing else.

    Raises:
        UnrealError: no editor can be used.
    """
    result = session.run("self_test", (), {"skeleton": skeleton}, timeout_seconds=_SECONDS, dry_run=dry_run)
    return SelfTest(result.ok, tuple(_sentences(result)), dict(result.report))


def _sentences(result: JobResult) -> list[str]:
    said = [str(item.get("message", "")) for item in result.items]
    if not result.items:
        said.append(result.stopped or result.message)
    facts = result.report
    if facts.get("python"):
        said.append(f"The editor is UE {facts.get('engine_version', '')} with Python {facts['python']}.")
    if facts.get("skeleton"):
        said.append(f"The face skeleton is {facts['skeleton']}.")
    apis = facts.get("apis")
    if isinstance(apis, dict):
        absent = sorted(str(name) for name, there in apis.items() if not there)
        said.append(f"{len(apis) - len(absent)} of {len(apis)} calls that differ between versions are there.")
        if absent:
            said.append(f"Not there: {', '.join(absent)}.")
    return [sentence for sentence in said if sentence]
