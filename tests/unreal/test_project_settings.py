"""What a project's files say is read as the editor writes them, and never believed to be more than a hint."""

import sys

import pytest

from cstalk_ue.errors import UnrealError, UsageError
from cstalk_ue.unreal import client_settings, find_uproject, read_project_settings
from cstalk_ue.unreal.advice import things_to_check, warnings

SECTION = "[/Script/PythonScriptPlugin.PythonScriptPluginSettings]"


@pytest.fixture
def project(tmp_path):
    """A function that makes Game.uproject with these lines in its section."""

    def make(*lines, encoding="utf-8", newline="\n"):
        (tmp_path / "Game.uproject").write_text("{}")
        (tmp_path / "Config").mkdir(exist_ok=True)
        text = newline.join(["[Other]", "bRemoteExecution=False", "", SECTION, *lines, "", "[Last]", "x=1"])
        (tmp_path / "Config" / "DefaultEngine.ini").write_bytes(text.encode(encoding))
        return tmp_path / "Game.uproject"

    return make


def saved(uproject, platform, *lines):
    folder = uproject.parent / "Saved" / "Config" / platform
    folder.mkdir(parents=True)
    (folder / "Engine.ini").write_text("\n".join([SECTION, *lines]))


@pytest.mark.parametrize(
    ("encoding", "newline"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\r\n")]
)
def test_settings_are_read_in_every_encoding_the_editor_writes(project, encoding, newline):
    settings = read_project_settings(
        project(
            "; bRemoteExecution=False", "bRemoteExecution = True", "SomethingÜ=x",
            'RemoteExecutionMulticastGroupEndpoint="239.0.0.7:7000"',
            "RemoteExecutionMulticastBindAddress=0.0.0.0", "RemoteExecutionMulticastTtl=1",
            encoding=encoding, newline=newline,
        )
    )  # fmt: skip
    assert settings.enabled and settings.group_endpoint == settings.group == "239.0.0.7:7000"
    assert settings.bind_address == "0.0.0.0" and settings.ttl == 1 and settings.is_open_to_the_network


def test_a_project_that_says_nothing_has_it_off(project, tmp_path):
    settings = read_project_settings(project())
    assert not settings.enabled and settings.bind_address is None and settings.group == "239.0.0.1:6766"
    assert settings.likely_bind_address == "127.0.0.1" and not settings.is_open_to_the_network
    (tmp_path / "Config" / "DefaultEngine.ini").unlink()
    assert read_project_settings(tmp_path / "Game.uproject").files == ()


def test_the_last_of_two_lines_counts_and_keys_are_found_in_any_case(project):
    assert read_project_settings(project("bRemoteExecution=False", "BREMOTEEXECUTION=true")).enabled


def test_the_override_of_this_machine_counts_more(project, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    uproject = project("bRemoteExecution=True", "RemoteExecutionMulticastBindAddress=0.0.0.0")
    saved(uproject, "WindowsEditor", "RemoteExecutionMulticastBindAddress=127.0.0.1")
    saved(uproject, "LinuxEditor", "bRemoteExecution=False")
    settings = read_project_settings(uproject)
    assert settings.enabled and settings.bind_address == "127.0.0.1" and len(settings.files) == 2


@pytest.mark.parametrize(
    "line", ["RemoteExecutionMulticastGroupEndpoint=x", "RemoteExecutionMulticastTtl=-x", "=", "="]
)
def test_a_damaged_line_says_nothing(project, line):
    settings = read_project_settings(project(line))
    assert settings.group == "239.0.0.1:6766" and settings.ttl is None


def test_a_project_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnrealError, match="no such file"):
        read_project_settings(tmp_path / "No.uproject")


def test_a_project_is_found_by_its_file_or_folder_only_if_there_is_one(project, tmp_path):
    uproject = project()
    assert find_uproject(uproject) == find_uproject(tmp_path) == uproject
    assert find_uproject(tmp_path / "Config") is None and find_uproject(tmp_path / "gone") is None
    (tmp_path / "Second.uproject").write_text("{}")
    assert find_uproject(tmp_path) is None


# How we look for it

BIND = "RemoteExecutionMulticastBindAddress="


@pytest.mark.parametrize(
    ("platform", "line", "address"),
    [
        ("win32", BIND + "127.0.0.1", "127.0.0.1"), ("win32", BIND + "0.0.0.0", "0.0.0.0"),
        ("win32", "", "127.0.0.1"), ("linux", BIND + "127.0.0.1", "0.0.0.0"), ("linux", "", "0.0.0.0"),
        ("linux", BIND + "0.0.0.0", "0.0.0.0"), ("darwin", BIND + "127.0.0.1", "0.0.0.0"),
        ("linux", BIND + "192.168.1.9", "192.168.1.9"),
    ],
)  # fmt: skip
def test_the_projects_address_is_followed_where_it_can_work(project, monkeypatch, platform, line, address):
    monkeypatch.setattr(sys, "platform", platform)
    assert client_settings(read_project_settings(project(line))).bind_address == address


def test_what_is_asked_for_counts_more_than_the_project(project):
    files = read_project_settings(
        project(BIND + "0.0.0.0", "RemoteExecutionMulticastGroupEndpoint=239.0.0.7:7000")
    )
    assert client_settings(files).group == "239.0.0.7:7000"
    settings = client_settings(files, bind="192.168.1.9", group="239.1.1.1:99")
    assert settings.bind_address == "192.168.1.9" and settings.group == "239.1.1.1:99"


@pytest.mark.parametrize(
    "group", ["239.0.0.1", "239.0.0.1:", ":6766", "239.0.0.1:x", "1.2.3.4:5", "239.0.0.1:0", "a:1"]
)
def test_a_wrong_group_is_a_wrong_call(group):
    with pytest.raises(UsageError, match="--group"):
        client_settings(group=group)


# What to check


@pytest.mark.parametrize("platform", ["win32", "linux", "darwin"])
def test_nothing_the_files_say_is_passed_over(project, platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    files = read_project_settings(
        project(BIND + "10.0.0.1", "RemoteExecutionMulticastGroupEndpoint=239.0.0.7:7000")
    )
    text = " ".join(
        things_to_check(client_settings(group="239.0.0.1:6766", bind="10.0.0.2"), files, platform)
    )
    assert "remote execution is off" in text and "--group 239.0.0.7:7000" in text
    assert "is 10.0.0.1, ours is 10.0.0.2" in text


@pytest.mark.parametrize(
    ("platform", "bind", "says"),
    [
        ("linux", "0.0.0.0", "ip route add 239.0.0.1 dev lo"), ("linux", "127.0.0.1", "--bind 0.0.0.0"),
        ("darwin", "0.0.0.0", "macOS"), ("darwin", "127.0.0.1", "--bind 0.0.0.0"),
        ("win32", "0.0.0.0", "use 127.0.0.1"),
    ],
)  # fmt: skip
def test_each_system_has_its_note(platform, bind, says):
    checks = things_to_check(client_settings(bind=bind), None, platform)
    assert any(says in check for check in checks)
    assert any("Enable Remote Execution" in check for check in checks)
    assert any("Firewall" in check for check in checks) and any("dialog" in check for check in checks)


def test_windows_as_it_should_be_has_no_note():
    assert not any(
        "Windows" in check for check in things_to_check(client_settings(bind="127.0.0.1"), None, "win32")
    )


@pytest.mark.parametrize(("platform", "says"), [("win32", "Set it to 127.0.0.1"), ("linux", "firewall")])
def test_a_project_open_to_the_network_is_warned_of(project, platform, says):
    (warning,) = warnings(read_project_settings(project(BIND + "0.0.0.0")), platform)
    assert "anyone on this network can run code" in warning and says in warning
    assert warnings(None) == [] == warnings(read_project_settings(project(BIND + "127.0.0.1")))
    (warning,) = warnings(read_project_settings(project("RemoteExecutionMulticastTtl=1")))
    assert "TTL is 1" in warning
