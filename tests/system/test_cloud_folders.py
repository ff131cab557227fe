"""Folders of sync services, told by what those leave on the disk."""

import json
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.system.cloud_folders import synced_by
from venvdash.system.machine import Machine


def _project(home: Home, place: str) -> Path:
    path = home.path / place / "code" / "app"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("place", "service"),
    [
        ("Dropbox", "Dropbox"),
        ("Dropbox (Personal)", "Dropbox"),
        ("OneDrive", "OneDrive"),
        ("OneDrive - Company", "OneDrive"),
        ("Google Drive", "Google Drive"),
        ("Nextcloud", "Nextcloud"),
        ("Library/Mobile Documents", "iCloud"),
        ("Library/CloudStorage/Box-Box", "Box"),
        ("Library/CloudStorage/OneDrive-Personal", "OneDrive"),
        ("code", ""),
        ("Dropboxes", ""),
        ("code/dropbox", ""),
        ("code/OneDrive", ""),
        ("Boxes", ""),
    ],
)
def test_by_their_names(home: Home, place: str, service: str) -> None:
    assert synced_by(_project(home, place), home.machine()) == service


@pytest.mark.parametrize(
    ("mark", "service"),
    [
        (".stfolder", "Syncthing"),
        (".dropbox", "Dropbox"),
        ("._sync_0123456789ab.db", "Nextcloud"),
        (".sync_0123456789ab.db", "Nextcloud"),
        (".nextcloudsync.log", "Nextcloud"),
        (".git", ""),
    ],
)
def test_by_what_they_keep_in_them(home: Home, mark: str, service: str) -> None:
    project = _project(home, "mine")
    (home.path / "mine" / mark).touch()
    assert synced_by(project, home.machine()) == service


def test_the_settings_in_home_make_no_synced_folder_of_it(home: Home) -> None:
    (home.path / ".dropbox").mkdir()
    (home.path / ".mega").mkdir()
    assert synced_by(_project(home, "code"), home.machine()) == ""


def test_by_their_own_settings(home: Home) -> None:
    box, cloud = _project(home, "box"), _project(home, "cloud")
    machine = home.machine()
    assert synced_by(box, machine) == synced_by(cloud, machine) == ""
    info = home.path / ".dropbox" / "info.json"
    info.parent.mkdir()
    info.write_text(json.dumps({"personal": {"path": str(home.path / "box")}}))
    config = home.path / ".config" / "Nextcloud" / "nextcloud.cfg"
    config.parent.mkdir(parents=True)
    config.write_text(f"[Accounts]\n0\\Folders\\1\\localPath={home.path}/cloud/\n")
    assert synced_by(box, machine) == "Dropbox"
    assert synced_by(cloud, machine) == "Nextcloud"
    assert synced_by(home.path / "code", machine) == ""


@pytest.mark.parametrize("text", ["", "[", "[]", '{"personal": 1}', '{"p": {"path": "a"}}', "\0"])
def test_damaged_settings_say_nothing(home: Home, text: str) -> None:
    (home.path / ".dropbox").mkdir()
    (home.path / ".dropbox" / "info.json").write_text(text)
    assert synced_by(_project(home, "code"), home.machine()) == ""


def test_a_root_is_not_made_synced_by_a_setting(home: Home) -> None:
    config = home.path / ".config" / "Nextcloud" / "nextcloud.cfg"
    config.parent.mkdir(parents=True)
    config.write_text("0\\Folders\\1\\localPath=/\n")
    assert synced_by(_project(home, "code"), home.machine()) == ""


def test_variables_on_windows(home: Home) -> None:
    project = _project(home, "drive")
    variables = {"OneDriveCommercial": str(home.path / "drive")}
    assert synced_by(project, Machine(home.path, variables, "win32")) == "OneDrive"
    assert synced_by(project, Machine(home.path, variables, "linux")) == ""
