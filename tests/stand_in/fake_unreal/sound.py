"""SoundWave, and its export to a WAV file. Samples are kept as 16-bit PCM."""

from __future__ import annotations

import base64
import wave
from pathlib import Path
from typing import Any

from stand_in.fake_unreal.asset import Asset
from stand_in.fake_unreal.basics import Array, array_of
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.core import Object, StructBase
from stand_in.fake_unreal.world import current


@exposed
class SoundWaveCuePoint(StructBase):
    _private_init = True

    def __init__(self) -> None:
        pass


@exposed
class SoundBase(Asset):
    duration = Property("float", get=lambda self: len(self._pcm) / (2 * self._channels * self._rate))


@exposed
class SoundWave(SoundBase):
    """A recording."""

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._rate, self._channels, self._pcm = 48000, 1, b""

    def get_cue_points(self) -> Array[SoundWaveCuePoint]:
        return array_of(SoundWaveCuePoint, ())

    def _record(self) -> dict[str, Any]:
        pcm = base64.b64encode(self._pcm).decode("ascii")
        return {"rate": self._rate, "channels": self._channels, "pcm": pcm}

    def _restore(self, record: dict[str, Any]) -> None:
        self._rate, self._channels = record["rate"], record["channels"]
        self._pcm = base64.b64decode(record["pcm"])


@exposed
class Exporter(Object):
    _exports: type = Asset

    @classmethod
    def run_asset_export_task(cls, task: AssetExportTask) -> bool:
        return _export(task)

    @classmethod
    def run_asset_export_tasks(cls, export_tasks: Array[AssetExportTask]) -> bool:
        exported = [_export(task) for task in export_tasks]
        return all(exported)


@exposed
class SoundExporterWAV(Exporter):
    _exports = SoundWave


@exposed
class AssetExportTask(Object):
    object = Property("Object")
    exporter = Property("Exporter")
    filename = Property("str", "")
    selected = Property("bool", False)
    replace_identical = Property("bool", False)
    prompt = Property("bool", False)
    automated = Property("bool", False)
    use_file_archive = Property("bool", False)
    write_empty_files = Property("bool", False)
    options = Property("Object")
    errors = Property("Array[str]", lambda: array_of(str, ()))


def _export(task: AssetExportTask) -> bool:
    world, sound = current(), task.object
    if task.prompt or not task.automated:
        world.fault("an export task that is not automated opens a dialog")
        world.modal("Export")
        return False
    if not isinstance(sound, SoundWave) or not isinstance(task.exporter, SoundExporterWAV):
        world.log("Error", "LogExporter: Error: no exporter found for this object")
        return False
    if Path(task.filename).exists() and not task.replace_identical:
        world.log("Warning", f"LogExporter: Warning: {task.filename} exists")
        return False
    try:
        with wave.open(task.filename, "wb") as file:
            file.setnchannels(sound._channels)
            file.setsampwidth(2)
            file.setframerate(sound._rate)
            file.writeframes(sound._pcm)
    except OSError as error:
        world.log("Error", f"LogExporter: Error: {task.filename}: {error}")
        return False
    world.event("export", sound._package, file=task.filename)
    return True
