"""A run's folder: what it was begun with, so that nothing else is resumed in it by mistake.

RUN/
    run.json                       what the run is of: stage, settings, data set, correlation module
    settings.toml                  the settings, to be given to `--config`
    log.csv, tensorboard/, state/  see run_log.py and run_state.py
    config.json, model.safetensors the result, a checkpoint
    report.json                    its figures
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.config import toml_text
from cstalk_ue.errors import TrainingError
from cstalk_ue.storage import whole_file, write_json
from cstalk_ue.train.run_state import has_state
from cstalk_ue.train.settings import TrainingSettings

RUN_FORMAT = "cstalk-run/1"
RUN_FILE, SETTINGS_FILE, REPORT_FILE = "run.json", "settings.toml", "report.json"
_DIFFERENCES_SHOWN = 6


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        folder: holds the checkpoint; `load_checkpoint` or `load_correlation` reads it.
        report: what report.json says.
    """

    folder: Path
    report: Mapping[str, Any]


def open_run(folder: Path, about: Mapping[str, Any], settings: TrainingSettings, *, resume: bool) -> bool:
    """Begin a run in a folder, or check that the one in it is the same; tells if it has a state.

    Args:
        about: plain values that decide the run; compared when it is resumed.

    Raises:
        TrainingError: the folder holds another run, or one that `resume` was not given for.
        ExportError: it cannot be written.
    """
    path = folder / RUN_FILE
    about = json.loads(json.dumps({"format": RUN_FORMAT, **about}))
    if path.is_file() and resume:
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path}: cannot be read ({error}). Start another run folder.") from error
        differing = list(_differences(before, about))
        if differing:
            shown = "; ".join(differing[:_DIFFERENCES_SHOWN])
            more = (
                f" and {len(differing) - _DIFFERENCES_SHOWN} more"
                if len(differing) > _DIFFERENCES_SHOWN
                else ""
            )
            raise TrainingError(
                f"{folder}: holds another run: {shown}{more}. Give what it was begun with, or another folder."
            )
        return has_state(folder)
    if path.is_file() or has_state(folder):
        raise TrainingError(f"{folder}: already holds a run. Go on with --resume, or give another folder.")
    write_json(path, about)
    with whole_file(folder / SETTINGS_FILE) as temporary:
        temporary.write_text(toml_text(settings.to_mapping()), encoding="utf-8", newline="\n")
    return False


def open_on_main(
    accelerator: Any, folder: Path, about: Mapping[str, Any], settings: TrainingSettings, *, resume: bool
) -> bool:
    """`open_run` by the first process, for all of them."""
    goes_on = open_run(folder, about, settings, resume=resume) if accelerator.is_main_process else False
    accelerator.wait_for_everyone()
    return goes_on if accelerator.is_main_process else resume and has_state(folder)


def _differences(before: Any, now: Any, path: str = "") -> Any:
    """``key was A, is B`` for every plain value that differs."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif before != now:
        yield f"{path} was {before!r}, is {now!r}"
