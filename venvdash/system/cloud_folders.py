"""Folders that a service syncs to other computers, on which a link would be broken.

Recognised by files of the services; no network is used. Source: Dropbox's
``info.json`` and ``.dropbox``, Nextcloud's and ownCloud's configuration and journals, Syncthing's
``.stfolder``, macOS's ``CloudStorage`` and ``Mobile Documents``, OneDrive's variables on Windows.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from venvdash.system.files import read_text, real
from venvdash.system.machine import Machine

_LIMIT = 256 * 1024  # bytes of a service's configuration
# The services' names of their folder in HOME, which may be followed by " (Work)" or " - Company".
_NAMES = {
    "Dropbox": "Dropbox",
    "OneDrive": "OneDrive",
    "Google Drive": "Google Drive",
    "GoogleDrive": "Google Drive",
    "My Drive": "Google Drive",
    "Nextcloud": "Nextcloud",
    "ownCloud": "ownCloud",
    "iCloudDrive": "iCloud",
    "iCloud Drive": "iCloud",
    "Box": "Box",
    "Box Sync": "Box",
    "pCloudDrive": "pCloud",
    "MEGA": "MEGA",
    "MEGAsync": "MEGA",
    "Proton Drive": "Proton Drive",
    "Seafile": "Seafile",
    "SynologyDrive": "Synology Drive",
    "Sync": "a sync service",
    "Tresorit": "Tresorit",
    "Yandex.Disk": "Yandex.Disk",
}
_SUFFIX = re.compile(r"(?: \(.*\)| - .*)?\Z", re.DOTALL)
_MARKS = {
    ".dropbox": "Dropbox",
    ".dropbox.cache": "Dropbox",
    ".stfolder": "Syncthing",
    ".owncloudsync.log": "Nextcloud",
    ".nextcloudsync.log": "Nextcloud",
    ".tmp.drivedownload": "Google Drive",
    ".mega": "MEGA",
}
_JOURNAL = re.compile(r"\.(?:_sync|sync)_[0-9a-f]+\.db")  # Nextcloud's and ownCloud's
_VARIABLES = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")
_LOCAL_PATH = re.compile(r"^[^=\n]*\\localPath=(.+)$", re.MULTILINE)
_CLIENTS = {"Nextcloud/nextcloud.cfg": "Nextcloud", "ownCloud/owncloud.cfg": "ownCloud"}


def synced_by(path: Path, machine: Machine) -> str:
    """Return the service that syncs ``path`` (links resolved), "" for none.

    Reads the directories above it, and a few small files in HOME. Raises nothing.
    """
    above = (path, *path.parents)
    for place, service in _places(machine):
        if place in above:
            return service
    for directory in above:
        service = _by_name(directory, machine) or _by_mark(directory, machine)
        if service:
            return service
    return ""


def _places(machine: Machine) -> Iterator[tuple[Path, str]]:
    """Yield the folders in the services' own settings."""
    library = real(machine.home) / "Library"
    yield library / "Mobile Documents", "iCloud"
    for name in _VARIABLES:
        given = machine.variable(name) if machine.platform == "win32" else None
        if given:
            yield real(Path(given)), "OneDrive"
    for text in _texts(machine.home / ".dropbox" / "info.json"):
        for account in _json(text).values():
            place = account.get("path") if isinstance(account, dict) else None
            if isinstance(place, str) and os.path.isabs(place) and "\0" not in place:
                yield real(Path(place)), "Dropbox"
    for file, service in _CLIENTS.items():
        for text in _texts(machine.config_home / file):
            for place in _LOCAL_PATH.findall(text):
                if os.path.isabs(place) and len(Path(place).parts) > 1:
                    yield real(Path(place.rstrip("/"))), service


def _by_name(directory: Path, machine: Machine) -> str:
    """Return the service whose usual name and location the directory has."""
    home, parent = real(machine.home), directory.parent
    if parent == home / "Library" / "CloudStorage":
        return directory.name.partition("-")[0]
    if parent != home and parent != Path(directory.anchor):
        return ""
    for name, service in _NAMES.items():
        if directory.name.startswith(name) and _SUFFIX.match(directory.name, len(name)):
            return service
    return ""


def _by_mark(directory: Path, machine: Machine) -> str:
    """Return the service whose files are in the directory; HOME has its settings, too."""
    if directory in (real(machine.home), Path(directory.anchor)):
        return ""
    for mark, service in _MARKS.items():
        if os.path.lexists(directory / mark):
            return service
    try:
        with os.scandir(directory) as listing:
            journal = any(_JOURNAL.fullmatch(entry.name) for entry in listing)
    except OSError:
        return ""
    return "Nextcloud" if journal else ""


def _texts(file: Path) -> Iterator[str]:
    text = read_text(real(file), _LIMIT)
    if text is not None:
        yield text


def _json(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
