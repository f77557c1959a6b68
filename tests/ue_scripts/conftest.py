"""The editor scripts, found by bare name as in the editor; and the fake editor to run them in."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from editor_scripts import forget_scripts


@pytest.fixture
def world(tmp_path) -> Iterator[Any]:
    """A fake editor in this process, its assets in a folder, one MetaHuman in the project."""
    from stand_in import fake_unreal

    yield fake_unreal.install(tmp_path / "project")
    forget_scripts()
    fake_unreal.uninstall()


@pytest.fixture
def send(world, tmp_path, capsys) -> Callable[..., dict]:
    """Run a job in the fake editor, and check what must hold for any: no dialog, no undo record, one line."""

    def send(task: str, items: Any = (), *, dry_run: bool = False, **settings: Any) -> dict:
        import cstalk_job

        number = len(list(tmp_path.glob("job_*")))
        folder = tmp_path / f"job_{number}"
        folder.mkdir()
        job = {"format": "cstalk-job/1", "task": task, "nonce": f"n{number}", "dry_run": dry_run}
        job |= {"result": str(folder / "result.json"), "items": list(items), "settings": settings}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        result = cstalk_job.run(str(folder / "job.json"))
        verdict = "ok" if result["ok"] else "error"
        assert capsys.readouterr().out == f"CSTALK-RESULT n{number} {verdict}\n"
        assert (world.modals, world.faults, world.undo_steps) == ([], [], 0)
        return result

    return send
