"""What the entries of the CSTalk menu do. Each returns what it did, or would do, in plain words.

Nothing here opens a window: what goes wrong is one line in the editor's log. Writing curves is not undone by
Undo; doing it again restores them.
"""

import os

import unreal

import cstalk_ticker
from cstalk_convert import Editor, Import, conversion_of, curve_files, lines_of, selected_sounds
from cstalk_errors import ScriptError
from cstalk_job import do_one, wait_for_registry
from cstalk_job_file import complete_settings
from cstalk_settings import read_settings


def convert(emotion="neutral", intensity=1.0, dry_run=False):
    """Convert the selected sounds, all with one emotion."""
    return _said(lambda settings: _convert(settings, dry_run, emotion=emotion, intensity=intensity))


def convert_with_manifest(dry_run=False):
    """Convert those of the selected sounds that the manifest of the settings names, as it says."""

    def do(settings):
        if not settings["manifest"]:
            return "Put the path of a manifest into 'manifest' of cstalk_settings.json."
        return _convert(settings, dry_run, manifest=settings["manifest"])

    return _said(do)


def _convert(settings, dry_run, **how):
    lines = lines_of(selected_sounds(), settings, **how)
    if dry_run:
        return "Would convert %d sounds, the first to %s." % (len(lines), lines[0].asset)
    wait_for_registry(0.0)
    cstalk_ticker.run_in_ticks(conversion_of(lines, settings, _full(unreal.Paths.engine_dir())))
    return "%d sounds are being converted. The log tells how it goes." % len(lines)


def import_curve_files(dry_run=False):
    """Import all curve files below the settings' ``import_folder``.

    The folder stands in the settings because Python has no window to choose files with.
    """

    def do(settings):
        if not settings["import_folder"]:
            return "Put a folder of *.curves.npz into 'import_folder' of cstalk_settings.json."
        files = curve_files(settings["import_folder"], settings["destination"])
        if dry_run:
            return "Would import %d files, the first to %s." % (len(files), files[0][1])
        wait_for_registry(0.0)
        cstalk_ticker.run_in_ticks(Import(files, Editor(settings)))
        return "%d files are being imported. The log tells how it goes." % len(files)

    return _said(do)


def export_takes(dry_run=False):
    """Export the selected AnimSequences and performances for training."""

    def do(settings):
        import cstalk_export

        given = {"folder": settings["export_folder"], "skeleton": settings["skeleton"]}
        task = cstalk_export.Task(complete_settings(given, cstalk_export.SETTINGS), dry_run)
        results = [do_one(task, item) for item in task.items_of([])]
        bad = [
            "%s: %s" % (result["asset"], result["message"])
            for result in results
            if result["status"] != "done"
        ]
        for text in bad:
            unreal.log_error("CSTalk: %s" % text)
        verb = "Would export" if dry_run else "Exported"
        return "%s %d of %d takes to %s." % (
            verb,
            len(results) - len(bad),
            len(results),
            settings["export_folder"],
        )

    return _said(do)


def self_test(dry_run=False):
    """Make three frames, read them back, and say which calls this editor has."""

    def do(settings):
        import cstalk_selftest

        given = {"skeleton": settings["skeleton"]}
        task = cstalk_selftest.Task(complete_settings(given, cstalk_selftest.SETTINGS), dry_run)
        result = do_one(task, task.items_of([])[0])
        absent = [name for name, there in task.facts["apis"].items() if not there]
        return "Self-test %s: %s Not in this editor: %s." % (
            result["status"],
            result["message"],
            ", ".join(absent) or "nothing",
        )

    return _said(do)


def open_review_page(dry_run=False):
    """Open the page of the settings, or the newest one in the work folder."""

    def do(settings):
        page = settings["review_page"] or _newest_page(settings["work_folder"])
        if not page or not os.path.isfile(page):
            return "No review page. Make one with `cstalk-ue review`, and put its path into 'review_page'."
        if dry_run:
            return "Would open %s." % page
        import pathlib

        unreal.SystemLibrary.launch_url(pathlib.Path(page).resolve().as_uri())
        return "Opened %s." % page

    return _said(do)


def cancel(dry_run=False):
    """Stop what is running."""
    if dry_run:
        return "Would cancel." if cstalk_ticker.running() else "Nothing is running."
    return _said(lambda settings: "Cancelled." if cstalk_ticker.cancel() else "Nothing is running.")


def _said(do):
    """Run an action with the settings; log what it says, or what went wrong, and return that."""
    try:
        told = do(_project_settings())
    except ScriptError as error:
        unreal.log_error("CSTalk: %s" % error)
        return str(error)
    except Exception as error:
        told = "Unexpected %s: %.300s" % (type(error).__name__, error)
        unreal.log_error("CSTalk: %s" % told)
        return told
    unreal.log("CSTalk: %s" % told)
    return told


def _project_settings():
    """The settings, with this project's folders where they are empty."""
    settings = read_settings()
    saved = os.path.join(_full(unreal.Paths.project_saved_dir()), "CSTalk")
    settings["work_folder"] = settings["work_folder"] or saved
    settings["export_folder"] = settings["export_folder"] or os.path.join(saved, "Takes")
    return settings


def _full(path):
    return os.path.normpath(unreal.Paths.convert_relative_path_to_full(path))


def _newest_page(folder):
    pages = [
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(".html")
    ]
    return max(pages, key=os.path.getmtime) if pages else ""
