"""Unreal editors from outside, through the Python remote execution of the editor; standard library only.

    settings = client_settings(read_project_settings(uproject))
    node = choose_editor(find_editors(settings, seconds=5), "MyGame")
    with open_editor(node, settings) as editor:
        result = editor.run(command_for(scripts_folder, job), timeout_seconds=120)

There is no authentication in this protocol: any program on this machine can use an editor that has remote
execution enabled. We send to this machine only, and listen on 127.0.0.1.
"""

from cstalk_ue.unreal.advice import client_settings
from cstalk_ue.unreal.command import command_for, read_sentinel
from cstalk_ue.unreal.command_result import CommandResult, OutputLine
from cstalk_ue.unreal.discovery import EditorNode, UnrealEditors, choose_editor, find_editors, matches
from cstalk_ue.unreal.project_settings import ProjectSettings, find_uproject, read_project_settings
from cstalk_ue.unreal.remote_execution import EditorConnection, open_editor
from cstalk_ue.unreal.settings import RemoteExecutionSettings

__all__ = [
    "CommandResult",
    "EditorConnection",
    "EditorNode",
    "OutputLine",
    "ProjectSettings",
    "RemoteExecutionSettings",
    "UnrealEditors",
    "choose_editor",
    "client_settings",
    "command_for",
    "find_editors",
    "find_uproject",
    "matches",
    "open_editor",
    "read_project_settings",
    "read_sentinel",
]
