"""ToolMenus: menus by name, their sections and entries. The main menu exists a few ticks after the start."""

from __future__ import annotations

import sys
from typing import Any

from stand_in.fake_unreal.basics import Name, Text
from stand_in.fake_unreal.binding import Property, exposed, versions
from stand_in.fake_unreal.core import Object, StructBase
from stand_in.fake_unreal.enums import (
    MultiBlockType,
    MultiBoxType,
    ToolMenuInsertType,
    ToolMenuSectionAlign,
    ToolMenuStringCommandType,
    UserInterfaceActionType,
)
from stand_in.fake_unreal.world import current

BUILT_IN = (
    "LevelEditor.MainMenu",
    "LevelEditor.MainMenu.File",
    "LevelEditor.MainMenu.Tools",
    "LevelEditor.MainMenu.Window",
    "ContentBrowser.AssetContextMenu",
    "ContentBrowser.AssetContextMenu.SoundWave",
    "ContentBrowser.AssetContextMenu.AnimSequence",
)
"""Menus that the editor makes itself, when its window opens."""


@exposed
class ToolMenuOwner(StructBase):
    def __init__(self, name: Name = "None") -> None:  # type: ignore[assignment]
        self._owner = str(name)


@exposed
class ToolMenuInsert(StructBase):
    name = Property("Name", Name)
    position = Property("ToolMenuInsertType", ToolMenuInsertType.DEFAULT)

    def __init__(
        self,
        name: Name = "None",  # type: ignore[assignment]
        position: ToolMenuInsertType = ToolMenuInsertType.DEFAULT,
    ) -> None:
        self.name, self.position = name, position


@exposed
class ToolMenuContext(StructBase):
    def __init__(self) -> None:
        pass


@exposed
class ToolMenuEntryScript(Object):
    """An entry that is an object; scripts override `execute`, `can_execute`, `get_label`."""

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._where = ("", "", "", "")
        self._label = self._tip = ""

    def init_entry(
        self,
        owner_name: Name,
        menu: Name,
        section: Name,
        name: Name,
        label: Text = "",  # type: ignore[assignment]
        tool_tip: Text = "",  # type: ignore[assignment]
    ) -> None:
        self._where = (str(owner_name), str(menu), str(section), str(name))
        self._label, self._tip = str(label), str(tool_tip)

    def register_menu_entry(self) -> None:
        menu = ToolMenus().extend_menu(self._where[1])
        menu.add_menu_entry_object(self)

    def execute(self, context: ToolMenuContext) -> None:
        pass

    def can_execute(self, context: ToolMenuContext) -> bool:
        return True

    def get_label(self, context: ToolMenuContext) -> Text:
        return Text(self._label)

    def get_tool_tip(self, context: ToolMenuContext) -> Text:
        return Text(self._tip)


@exposed
class ToolMenuEntry(StructBase):
    name = Property("Name", Name)
    owner = Property("ToolMenuOwner", ToolMenuOwner)
    type = Property("MultiBlockType", MultiBlockType.NONE)
    user_interface_action_type = Property("UserInterfaceActionType", UserInterfaceActionType.NONE)
    tutorial_highlight_name = Property("Name", Name)
    insert_position = Property("ToolMenuInsert", ToolMenuInsert)
    should_close_window_after_menu_selection = Property("bool", False)
    script_object = Property("ToolMenuEntryScript")
    style_name_override = Property("Name", Name)

    def __init__(
        self,
        name: Name = "None",  # type: ignore[assignment]
        owner: ToolMenuOwner = None,  # type: ignore[assignment]
        type: MultiBlockType = MultiBlockType.NONE,
        user_interface_action_type: UserInterfaceActionType = UserInterfaceActionType.NONE,
        tutorial_highlight_name: Name = "None",  # type: ignore[assignment]
        insert_position: ToolMenuInsert = None,  # type: ignore[assignment]
        should_close_window_after_menu_selection: bool = False,
        script_object: ToolMenuEntryScript = None,  # type: ignore[assignment]
        style_name_override: Name = "None",  # type: ignore[assignment]
    ) -> None:
        self.name, self.type, self.script_object = name, type, script_object
        self._label = self._tip = self._command = ""
        self._kind: Any = None

    def set_label(self, label: Text) -> None:
        self._label = str(label)

    def set_tool_tip(self, tool_tip: Text) -> None:
        self._tip = str(tool_tip)

    def get_label(self) -> Text:
        return Text(self._label)

    def get_tool_tip(self) -> Text:
        return Text(self._tip)

    def set_string_command(self, type: ToolMenuStringCommandType, custom_type: Name, string: str) -> None:
        self._kind, self._command = type, string


@exposed
class ToolMenu(Object):
    menu_name = Property("Name", Name)
    menu_parent = Property("Name", Name)

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._label, self._owner = "", ""
        self._sections: list[str] = []
        self._entries: dict[str, Any] = {}
        self._submenus: list[str] = []

    def add_sub_menu(
        self,
        owner: Name,
        section_name: Name,
        name: Name,
        label: Text,
        tool_tip: Text = "",  # type: ignore[assignment]
    ) -> ToolMenu:
        full = f"{self.menu_name}.{name}"
        menu = _menu(full)
        menu._label, menu._owner = str(label), str(owner)
        if full not in self._submenus:
            self._submenus.append(full)
        return menu

    @versions(until=(5, 5))
    def add_section(
        self,
        section_name: Name,
        label: Text = "",  # type: ignore[assignment]
        insert_name: Name = "None",  # type: ignore[assignment]
        insert_type: ToolMenuInsertType = ToolMenuInsertType.DEFAULT,
    ) -> None:
        self._sections.append(str(section_name))

    def add_menu_entry(self, section_name: Name, args: ToolMenuEntry) -> None:
        if args.type is MultiBlockType.NONE:
            current().fault(f"menu entry {args.name}: type is not set, so nothing shows")
        if args.name.is_none():
            current().fault(f"menu {self.menu_name}: an entry without a name")
        if str(args.name) in self._entries:
            current().log("Warning", f"LogToolMenus: Warning: {self.menu_name}: {args.name} is there already")
        self._entries[str(args.name)] = args

    def add_menu_entry_object(self, object: ToolMenuEntryScript) -> None:
        self._entries[object._where[3]] = object


def _add_section_56(
    self: ToolMenu,
    section_name: Name,
    label: Text = "",  # type: ignore[assignment]
    insert_name: Name = "None",  # type: ignore[assignment]
    insert_type: ToolMenuInsertType = ToolMenuInsertType.DEFAULT,
    alignment: ToolMenuSectionAlign = ToolMenuSectionAlign.DEFAULT,
) -> None:
    self._sections.append(str(section_name))


vars(ToolMenu)["add_section"].also(_add_section_56, since=(5, 6))


@exposed
class ToolMenus(Object):
    @classmethod
    def get(cls) -> ToolMenus:
        return cls()

    def find_menu(self, name: Name) -> ToolMenu:
        return current().menus.get(str(name)) or (_menu(str(name)) if _is_built(str(name)) else None)  # type: ignore[return-value]

    def is_menu_registered(self, name: Name) -> bool:
        return self.find_menu(name) is not None

    def extend_menu(self, name: Name) -> ToolMenu:
        return _menu(str(name))

    def register_menu(
        self,
        name: Name,
        parent: Name = "None",  # type: ignore[assignment]
        type: MultiBoxType = MultiBoxType.MENU,
        warn_if_already_registered: bool = True,
    ) -> ToolMenu:
        if warn_if_already_registered and str(name) in current().menus:
            current().log("Warning", f"LogToolMenus: Warning: menu {name} is registered already")
        return _menu(str(name))

    def remove_menu(self, menu_name: Name) -> None:
        current().menus.pop(str(menu_name), None)

    def remove_entry(self, menu_name: Name, section: Name, name: Name) -> None:
        menu = current().menus.get(str(menu_name))
        if menu is not None:
            menu._entries.pop(str(name), None)

    def unregister_owner_by_name(self, owner_name: Name) -> None:
        for name, menu in list(current().menus.items()):
            if menu._owner == str(owner_name):
                del current().menus[name]

    def refresh_all_widgets(self) -> None:
        current().event("menus", f"{len(current().menus)} menus")

    def refresh_menu_widget(self, name: Name) -> bool:
        return str(name) in current().menus


def _is_built(name: str) -> bool:
    return name in BUILT_IN and current().ticks >= int(current().behaviours.get("menu-ticks") or 3)


def _menu(name: str) -> Any:
    menus = current().menus
    if name not in menus:
        menus[name] = ToolMenu(name=name.rpartition(".")[2])
        menus[name].menu_name = name
    return menus[name]


def press(menu: str, entry: str) -> Any:
    """Choose an entry as a person does: its command runs, and dialogs it opens are clicked away."""
    world = current()
    chosen = world.menus[menu]._entries[entry]
    world.person = True
    try:
        if isinstance(chosen, ToolMenuEntryScript):
            return chosen.execute(ToolMenuContext())
        if chosen._kind is not ToolMenuStringCommandType.PYTHON:
            world.fault(f"menu entry {entry}: no Python command")
            return None
        exec(compile(chosen._command, "<string>", "exec"), world.console_names)
        return None
    finally:
        world.person = False
        sys.stdout.flush()


def listed() -> dict[str, list[str]]:
    """Every menu with the labels of its entries."""
    return {
        name: [_label_of(entry) for entry in menu._entries.values()] for name, menu in current().menus.items()
    }


def _label_of(entry: Any) -> str:
    return str(
        entry.get_label(ToolMenuContext()) if isinstance(entry, ToolMenuEntryScript) else entry.get_label()
    )
