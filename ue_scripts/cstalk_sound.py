"""SoundWave -> WAV file, through the editor's own exporter and without its dialogs."""

import os

import unreal

from cstalk_errors import ItemError


def export_wav(sound: "unreal.SoundWave", path: str) -> str:
    """Write the sound to this file and return its path.

    Raises:
        ItemError: the editor writes nothing.
    """
    task = unreal.AssetExportTask()
    task.object = sound
    task.filename = path
    task.exporter = unreal.SoundExporterWAV()
    task.automated = True
    task.prompt = False
    task.replace_identical = True
    if not unreal.Exporter.run_asset_export_task(task) or not os.path.isfile(path):
        raise ItemError(
            "%s could not be exported to %s. Import its sound again, or choose another folder."
            % (sound.get_path_name(), path)
        )
    return path
