"""Selected SoundWaves -> curves in the project: the steps of `cstalk_conversion`, done by this editor.

The sounds go to a work folder as WAV, our own Python converts them in the background, and the curves come
back through the same import as everything else.
"""

import os
import tempfile

import unreal

from cstalk_asset_path import plain_asset_path
from cstalk_conversion import Conversion, Line
from cstalk_errors import JobError
from cstalk_job_file import complete_settings
from cstalk_lines_table import read_emotions, write_table
from cstalk_process import Process, clean_environment
from cstalk_skeleton import path_of
from cstalk_sound import export_wav


def selected_sounds():
    """The SoundWaves that are selected in the content browser.

    Raises:
        JobError: none is.
    """
    sounds = list(unreal.EditorUtilityLibrary.get_selected_assets_of_class(unreal.SoundWave))
    if not sounds:
        raise JobError("No sound is selected. Select SoundWaves in the content browser.")
    return sounds


def lines_of(sounds, settings, emotion="neutral", intensity=1.0, manifest=""):
    """A line for each sound; with a manifest, only for the sounds it names.

    Raises:
        JobError: the manifest cannot be read or names none of the sounds.
    """
    wanted = read_emotions(manifest) if manifest else None
    lines = []
    for number, sound in enumerate(sounds, 1):
        each = wanted.get(sound.get_name().lower()) if wanted is not None else (emotion, "%g" % intensity)
        if each is not None:
            asset = plain_asset_path(settings["destination"], path_of(sound))
            lines.append(Line(path_of(sound), "line_%04d" % number, asset, each[0], each[1]))
    if not lines:
        raise JobError(
            "%s: names none of the %d selected sounds. Add them to its column 'file'."
            % (manifest, len(sounds))
        )
    return lines


def conversion_of(lines, settings, engine_folder):
    """The conversion of these lines, ready to tick.

    Raises:
        JobError: the settings do not say where our Python is.
    """
    if not os.path.isfile(settings["python"]):
        raise JobError(
            "Setting 'python' is %.200r, which is no file. Run `cstalk-ue unreal install` again."
            % settings["python"]
        )
    os.makedirs(settings["work_folder"], exist_ok=True)
    folder = tempfile.mkdtemp(prefix="convert_", dir=settings["work_folder"])
    environment = clean_environment(os.environ, engine_folder)

    def start(good):
        table = os.path.join(folder, "lines.csv")
        rows = [
            (os.path.join("sounds", line.file + ".wav"), line.file, line.emotion, line.intensity)
            for line in good
        ]
        write_table(table, rows)
        command = [settings["python"], "-m", "cstalk_ue", "predict", "--manifest", table]
        command += ["--output", os.path.join(folder, "curves"), "--model", settings["model"], "--json"]
        return Process(command, folder, environment)

    return Conversion(lines, folder, Editor(settings), start)


class Editor(object):
    """What a conversion asks of the editor. The line's messages go to the editor's log."""

    def __init__(self, settings):
        self.settings, self._importer = settings, None

    def export(self, sound, path):
        """Write the SoundWave of this path as WAV."""
        asset = unreal.EditorAssetLibrary.load_asset(sound)
        if not isinstance(asset, unreal.SoundWave):
            raise JobError("It is gone.")
        export_wav(asset, path)

    def write(self, file, asset):
        """Import one curve file; the result as of `cstalk_import`, and "failed" whatever goes wrong."""
        import cstalk_import
        import cstalk_job

        if self._importer is None:
            given = {"skeleton": self.settings["skeleton"], "tolerance": self.settings["tolerance"]}
            self._importer = cstalk_import.Task(complete_settings(given, cstalk_import.SETTINGS), False)
        return cstalk_job.do_one(self._importer, {"file": file, "asset": asset})

    def tell(self, text):
        unreal.log("CSTalk: %s" % text)

    def complain(self, text):
        unreal.log_error("CSTalk: %s" % text)


class Import(object):
    """Curve files into the project, one per tick.

    Args:
        files: (curve file, asset path) of each.
    """

    def __init__(self, files, editor):
        self._files, self._editor, self.results = list(files), editor, []

    def cancel(self):
        self._editor.tell("Cancelled; %d of %d files are looked at." % (len(self.results), len(self._files)))

    def tick(self):
        """Import the next file. Returns whether there are more."""
        file, asset = self._files[len(self.results)]
        result = self._editor.write(file, asset)
        self.results.append(result)
        if result["status"] not in ("done", "skipped"):
            self._editor.complain("%s: %s" % (asset, result["message"]))
        more = len(self.results) < len(self._files)
        if not more or len(self.results) % 10 == 0:
            self._editor.tell("%d of %d files are imported." % (self._good(), len(self._files)))
        return more

    def _good(self):
        return len([result for result in self.results if result["status"] in ("done", "skipped")])


def curve_files(folder, destination):
    """(file, asset path) of all curve files below a folder, the folders kept.

    Raises:
        JobError: there are none.
    """
    found = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        inside = os.path.relpath(parent, folder).replace(os.sep, "/")
        for name in sorted(names):
            if name.lower().endswith(".curves.npz"):
                asset = "%s/%s" % ("" if inside == "." else "/" + inside, name[: -len(".curves.npz")])
                found.append((os.path.join(parent, name), plain_asset_path(destination, asset)))
    if not found:
        raise JobError("%s: holds no *.curves.npz. Correct the setting 'import_folder'." % (folder or "''"))
    return found
