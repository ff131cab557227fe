"""Project directories that other tools have recorded: direnv, mise, editors, pixi, zoxide.

The paths need not exist. The formats are internal to the tools, so what does not fit is skipped.
Reads and lists are bounded.
"""

import os
import re
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from venvdash.scanner.discovery.editable_installs import file_url_path
from venvdash.scanner.projects.editor_settings import EDITORS, elements, sdks, settings_home
from venvdash.system import reads
from venvdash.system.files import UnreadableError, names_in, read_regular, read_text
from venvdash.system.machine import Machine

_ENTRIES = 5000  # of each index
_SMALL = 64 * 1024  # bytes of one small file
_LARGE = 8 * 1024 * 1024  # bytes of one database


def directories(machine: Machine) -> Iterator[tuple[str, str]]:
    """Yield (tool, directory) for each recorded directory. Raises nothing."""
    for tool, reader in (
        ("direnv", _direnv),
        ("mise", _mise),
        ("VS Code", _vscode),
        ("JetBrains", _jetbrains),
        ("pixi", _pixi),
        ("zoxide", _zoxide),
    ):
        for path in islice(reader(machine), _ENTRIES):
            if os.path.isabs(path) and "\0" not in path:
                yield tool, os.path.normpath(path)


def _direnv(machine: Machine) -> Iterator[str]:
    """Each file of ``direnv/allow`` holds the path of an allowed .envrc (direnv 2.x)."""
    for file in _files(machine.data_home / "direnv" / "allow"):
        text = (read_text(file, _SMALL) or "").rstrip("\n")
        if text:
            yield os.path.dirname(text)


def _mise(machine: Machine) -> Iterator[str]:
    """``tracked-configs`` holds links to configuration files (mise's state directory)."""
    state = machine.path_variable("MISE_STATE_DIR") or _state_home(machine) / "mise"
    for link in _files(state / "tracked-configs"):
        try:
            target = reads.readlink(link)
        except (OSError, ValueError):
            target = (read_text(link, _SMALL) or "").strip()  # Windows: the path as text
        directory = os.path.dirname(target)
        while os.path.basename(directory) in ("mise", ".mise", "conf.d", ".config"):
            directory = os.path.dirname(directory)
        if directory:
            yield directory


def _vscode(machine: Machine) -> Iterator[str]:
    """``workspaceStorage/*/workspace.json`` names the folder or workspace file as a URI."""
    import json  # not needed where no such editor is

    for editor in EDITORS:
        storage = settings_home(machine) / editor / "User" / "workspaceStorage"
        for directory in _files(storage):
            data = read_text(os.path.join(directory, "workspace.json"), _SMALL)
            try:
                content = json.loads(data) if data else None
            except (ValueError, RecursionError):
                continue
            if isinstance(content, dict):
                yield from _of_uri(content.get("folder"))
                workspace = content.get("workspace") or content.get("configuration")
                yield from (os.path.dirname(path) for path in _of_uri(workspace))


def _jetbrains(machine: Machine) -> Iterator[str]:
    """``options/recentProjects.xml`` and the projects of interpreters, of each product.

    ``$USER_HOME$`` stands for HOME.
    """
    yield from (sdk.project for sdk in sdks(machine) if sdk.project)
    for product in _files(settings_home(machine) / "JetBrains"):
        text = read_text(os.path.join(product, "options", "recentProjects.xml"), _LARGE)
        for _, attributes in elements(text or ""):
            for value in (attributes.get("key"), attributes.get("value")):
                path = (value or "").replace("$USER_HOME$", str(machine.home), 1)
                if os.path.isabs(path):
                    yield path


def _pixi(machine: Machine) -> Iterator[str]:
    """``workspaces.toml`` maps names to directories or manifests."""
    home = machine.path_variable("PIXI_HOME") or machine.home / ".pixi"
    text = read_text(home / "workspaces.toml", _SMALL) or ""
    # A pattern, unlike a TOML parser, cannot be made to take hours.
    for path in re.findall(r"=\s*[\"']((?:/|[A-Za-z]:)[^\"'\n]*)[\"']", text):
        yield os.path.dirname(path) if path.endswith(".toml") else path


def _zoxide(machine: Machine) -> Iterator[str]:
    """``db.zo`` (zoxide 0.9, version 3): bincode with fixed little-endian integers.

    u32 version, u64 count; then of each directory u64 length and path, f64 rank, u64 last visit.
    """
    data_dir = machine.path_variable("_ZO_DATA_DIR") or _data_home(machine) / "zoxide"
    try:
        data = read_regular(data_dir / "db.zo", _LARGE)
    except (OSError, UnreadableError):
        return
    if len(data) < 12 or struct.unpack_from("<I", data)[0] != 3:
        return
    count, at = struct.unpack_from("<Q", data, 4)[0], 12
    for _ in range(min(count, _ENTRIES)):
        if at + 8 > len(data):
            return
        length = struct.unpack_from("<Q", data, at)[0]
        end = at + 8 + length
        if end + 16 > len(data):
            return
        yield data[at + 8 : end].decode("utf-8", "surrogateescape")
        at = end + 16


def _of_uri(uri: object) -> Iterator[str]:
    path = file_url_path(uri) if isinstance(uri, str) else None
    if path is not None:
        yield path


def _files(directory: Path) -> list[str]:
    return [os.path.join(directory, name) for name in names_in(directory, _ENTRIES)]


def _state_home(machine: Machine) -> Path:
    given = machine.variable("XDG_STATE_HOME")
    if given and os.path.isabs(given):
        return Path(given)
    return machine.home / ".local" / "state"


def _data_home(machine: Machine) -> Path:
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    return machine.local_appdata if machine.platform == "win32" else machine.data_home
