"""The menu **CSTalk** in the editor's main menu.

Start-up scripts run before that menu exists, so it is looked for at each tick until it is there. Entries are
fixed lines of Python; nothing from a name or a file goes into them.
"""

import unreal

from cstalk_lines_table import EMOTIONS, INTENSITIES

OWNER = "CSTalk"
PARENT = "LevelEditor.MainMenu"
_KEY = "_cstalk_menu"
"""On the `unreal` module: a reload of these scripts must not make a second menu."""

_NO_UNDO = " Undo does not take curves back; do it again instead."


def register_when_ready():
    """Make the menu at the first tick at which the main menu exists. Does nothing the second time."""
    if getattr(unreal, _KEY, None) is None:
        setattr(unreal, _KEY, Registration())


class Registration(object):
    """Waits for the main menu."""

    def __init__(self):
        self._handle = unreal.register_slate_post_tick_callback(self._on_tick)

    def _on_tick(self, seconds):
        if self._handle is None:
            return
        try:
            if not build():
                return
        except Exception as error:
            unreal.log_error("CSTalk: no menu, unexpected %s: %s" % (type(error).__name__, error))
        handle, self._handle = self._handle, None
        unreal.unregister_slate_post_tick_callback(handle)


def entries():
    """(section, name, label, tool tip, Python) of the menu's own entries."""
    call = "import cstalk_actions; cstalk_actions.%s"
    return (
        (
            "Convert",
            "manifest",
            "Convert selected sounds with the manifest",
            "Emotions as the CSV in cstalk_settings.json says." + _NO_UNDO,
            call % "convert_with_manifest()",
        ),
        ("Convert", "cancel", "Cancel", "Stop the conversion or import that is running.", call % "cancel()"),
        (
            "Files",
            "import",
            "Import curve files",
            "All *.curves.npz below 'import_folder' of cstalk_settings.json." + _NO_UNDO,
            call % "import_curve_files()",
        ),
        (
            "Files",
            "export",
            "Export selected Animator takes",
            "AnimSequences and MetaHuman performances, every frame, with sound.",
            call % "export_takes()",
        ),
        (
            "Help",
            "review",
            "Open last review page",
            "In the browser.",
            call % "open_review_page()",
        ),
        (
            "Help",
            "self_test",
            "Run self-test",
            "Makes three frames in /Game/CSTalk/SelfTest and reads them back." + _NO_UNDO,
            call % "self_test()",
        ),
    )


def emotion_entries():
    """(name, label, Python) of the submenu of emotions."""
    line = "import cstalk_actions; cstalk_actions.convert('%s', %g)"
    found = [("neutral", "Neutral", line % ("neutral", 1.0))]
    for emotion in EMOTIONS:
        for intensity in INTENSITIES:
            name = "%s_%d" % (emotion, round(100 * intensity))
            label = "%s, %d %%" % (emotion.capitalize(), round(100 * intensity))
            found.append((name, label, line % (emotion, intensity)))
    return found


def build() -> bool:
    """Make the menu; False while the main menu does not exist."""
    menus = unreal.ToolMenus.get()
    main = menus.find_menu(PARENT)
    if main is None:
        return False
    menu = main.add_sub_menu(OWNER, "CSTalk", "CSTalk", "CSTalk", "Speech to face curves")
    for section, label in (("Convert", "Convert"), ("Files", "Files"), ("Help", "Help")):
        menu.add_section(section, label)
    emotions = menu.add_sub_menu(
        OWNER,
        "Convert",
        "emotions",
        "Convert selected sounds",
        "In the background; the log tells how it goes.",
    )
    emotions.add_section("Emotions", "Emotion")
    for name, label, python in emotion_entries():
        _add(emotions, "Emotions", name, label, "Converts the selected SoundWaves." + _NO_UNDO, python)
    for section, name, label, tip, python in entries():
        _add(menu, section, name, label, tip, python)
    menus.refresh_all_widgets()
    return True


def _add(menu: "unreal.ToolMenu", section: str, name: str, label: str, tip: str, python: str) -> None:
    entry = unreal.ToolMenuEntry(name=name, type=unreal.MultiBlockType.MENU_ENTRY)
    entry.set_label(label)
    entry.set_tool_tip(tip)
    entry.set_string_command(unreal.ToolMenuStringCommandType.PYTHON, "", python)
    menu.add_menu_entry(section, entry)
