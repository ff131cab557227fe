"""venvlink: named environments of the standard library's venv, reached through proxies in projects.

Source: venvlink 0.5.0 (https://github.com/fohrloop/venvlink), whose command runs on Windows only;
its functions were run on Linux.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores._paths import literally
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.config_files import config_text
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

_SETTINGS = ".venvlinkrc"
_PROXY = "venv/Scripts/Activate.ps1"
_MARK = "[venvlink]"
_CALL = re.compile(r"^[ \t]*& '(?P<venv>[^\r\n]+)[\\/]Scripts[\\/]Activate\.ps1'[ \t]*$", re.M)


class VenvlinkStore(Store):
    """Environments in ``venv_folder`` of ``~/.venvlinkrc``, shared by name among projects.

    They hold no trace of venvlink or of a project. A project has a directory ``venv`` that is no
    environment: its ``Scripts/Activate.ps1`` calls that of the real one.
    """

    name = "venvlink"
    kinds = (Kind("venvlink", "environment made by venvlink"),)
    rank = 70
    tested_with = "venvlink 0.5.0 (its functions)"
    pointers = (_PROXY,)

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the configured folder; venvlink writes the settings before anything else."""
        file = machine.home / _SETTINGS
        folder = _folder(config_text(file))
        if folder is not None:
            yield Root(literally(machine, folder), self.name, RootOrigin.CONFIG, str(file))

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment that the standard library made in its folder."""
        if reading.root.store != self.name or reading.cfg.keys() & {"uv", "virtualenv"}:
            return None
        return Traits(kind="venvlink", name=reading.entry.name)

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environment whose script the proxy calls."""
        match = _CALL.search(text) if _MARK in text else None
        if match and "\0" not in match["venv"]:
            yield Path(match["venv"])


def _folder(text: str | None) -> str | None:
    """Return ``venv_folder`` as venvlink reads it, without quotes at its ends."""
    if text is None:
        return None
    import configparser  # few users have such a file

    settings = configparser.ConfigParser()
    try:
        settings.read_string(text)
        folder = settings["general"]["venv_folder"].strip('"').strip("'")
    except (configparser.Error, KeyError, ValueError):
        return None
    return folder if folder and "\0" not in folder else None


STORE = VenvlinkStore()
