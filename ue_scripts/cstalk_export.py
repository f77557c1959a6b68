"""Task ``export_takes``: AnimSequences and Animator performances -> one dump per take, and its sound as WAV.

Without items, takes what is selected in the content browser. Every frame gets its value from the editor where
the asset has fewer keys than frames, since how it joins them is not to be read from Python.
"""

import os

import unreal

import cstalk_performance
from cstalk_asset_path import package_of, split_asset_path
from cstalk_dump import RAW, dump_of, on_frames
from cstalk_errors import ItemError, JobError
from cstalk_job_file import text_of
from cstalk_names import file_name
from cstalk_result import write_json
from cstalk_sequence import rate_of, read_curves
from cstalk_skeleton import find_skeleton, path_of
from cstalk_sound import export_wav

SETTINGS = {
    "folder": "",  # where the dumps go; made if it is not there
    "skeleton": "",  # path of the face skeleton, for performances; "" searches
    "package_path": "/Game/CSTalk/Export",  # where performances leave their sequences
    "audio": True,  # write the sound beside the dump where the take knows it
    "roots": ["/Game"],
}


class Task(object):
    """One job of takes; the skeleton is looked for once, when a performance needs it."""

    def __init__(self, settings, dry_run):
        self.settings, self.dry_run, self._skeleton, self._taken = settings, dry_run, None, set()
        if not os.path.isabs(settings["folder"]):
            raise JobError(
                "Setting 'folder' is %.100r; expected a full path." % settings["folder"], "bad_job"
            )
        split_asset_path(settings["package_path"] + "/a", settings["roots"])

    def items_of(self, items):
        return items or [{"asset": path_of(asset)} for asset in selected_takes()]

    def report(self):
        return None

    def do(self, item):
        """Dump one take. Returns the fields of its result."""
        path = package_of(text_of(item, "asset"))
        if not unreal.EditorAssetLibrary.does_asset_exist(path):
            raise ItemError("%s is not there. Correct the path." % ascii(path))
        asset = unreal.EditorAssetLibrary.load_asset(path)
        performance = cstalk_performance.as_performance(asset)
        sequence = asset if isinstance(asset, unreal.AnimSequence) else None
        if performance is None and sequence is None:
            raise ItemError(
                "%s is a %s; expected an AnimSequence or a MetaHuman performance. "
                "Enable the MetaHuman Animator plugin if it is one." % (path, type(asset).__name__)
            )
        name = file_name(text_of(item, "name") or asset.get_name(), self._taken)
        file = os.path.join(self.settings["folder"], name + ".json")
        result = {"name": name, "asset": path, "file": file, "audio": ""}
        if self.dry_run:
            return dict(result, status="done", message="Would write %s." % file)
        os.makedirs(self.settings["folder"], exist_ok=True)
        if performance is not None:
            self._skeleton = self._skeleton or find_skeleton(self.settings["skeleton"])
            folder = self.settings["package_path"]
            sequence = cstalk_performance.exported_sequence(performance, self._skeleton, folder)
        sound = self._sound(item, performance)
        if sound is not None:
            result["audio"] = export_wav(sound, os.path.join(self.settings["folder"], name + ".wav"))
        assert sequence is not None
        curves, frames, fps = dense_curves(sequence)
        metadata = {
            "asset": path,
            "source": type(asset).__name__,
            "audio": os.path.basename(result["audio"]),
            "playLengthSeconds": float(sequence.get_play_length()),
            "engineVersion": str(unreal.SystemLibrary.get_engine_version()),
        }
        write_json(file, dump_of(curves, frames, fps, metadata))
        told = "Wrote %d curves of %d frames at %g fps." % (len(curves), frames, fps)
        return dict(result, status="done", message=told, frames=frames, fps=fps, curves=len(curves))

    def _sound(self, item, performance):
        """The SoundWave of a take: the one the item names, else the performance's own."""
        named = package_of(text_of(item, "sound"))
        if not self.settings["audio"]:
            return None
        if not named:
            return cstalk_performance.sound_of(performance) if performance else None
        exists = unreal.EditorAssetLibrary.does_asset_exist(named)
        sound = unreal.EditorAssetLibrary.load_asset(named) if exists else None
        if not isinstance(sound, unreal.SoundWave):
            raise ItemError("%s is no SoundWave. Correct the path." % ascii(named))
        return sound


def selected_takes():
    """The takes that are selected in the content browser.

    Raises:
        JobError: none is.
    """
    found = [
        asset
        for asset in unreal.EditorUtilityLibrary.get_selected_assets()
        if isinstance(asset, unreal.AnimSequence) or cstalk_performance.as_performance(asset)
    ]
    if not found:
        raise JobError("No take is selected. Select AnimSequences or MetaHuman performances.", "bad_job")
    return found


def dense_curves(sequence: "unreal.AnimSequence"):
    """Name -> one value per frame (none where there are no keys); number of frames; frames per second.

    Raises:
        ItemError: it is no facial animation.
    """
    numerator, denominator = rate_of(sequence)
    fps = numerator / denominator
    frames = int(sequence.data_model_interface.get_number_of_keys())
    read = read_curves(sequence)
    if not any(name.startswith(RAW) for name in read):
        raise ItemError(
            "%s has no CTRL_expressions curves among its %d. Choose a take that MetaHuman Animator solved."
            % (sequence.get_path_name(), len(read))
        )
    curves = {}
    value_at = unreal.AnimationLibrary.get_float_value_at_time
    for name, times, values in read.values():
        if len(times) and not on_frames(times, frames, fps):
            values = [value_at(sequence, name, frame / fps) for frame in range(frames)]
        curves[name] = values
    return curves, frames, fps
