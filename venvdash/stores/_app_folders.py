"""Application folders as the library platformdirs defines them, for any HOME.

poetry, pdm and hatch use it (platformdirs 4.14, which follows XDG variables on macOS, too). The
library reads the variables of this process, so it cannot answer for another HOME.
"""

import os
from pathlib import Path
from typing import Literal

from venvdash.system.machine import Machine


def app_directory(
    machine: Machine,
    purpose: Literal["data", "config", "cache"],
    app: str,
    author: str = "",
    *,
    roaming: bool = False,
) -> Path:
    """Return ``user_data_dir(app)``, or ``user_config_dir``, ``user_cache_dir``.

    ``author`` is the folder above it on Windows, where ``roaming`` selects ``%APPDATA%``.
    """
    cache = purpose == "cache"
    if machine.platform == "win32":
        folder = machine.appdata if roaming else machine.local_appdata
        return folder.joinpath(author, app, *(["Cache"] if cache else []))
    given = os.path.isabs(machine.variable(f"XDG_{purpose.upper()}_HOME") or "")
    if machine.platform == "darwin" and not given:
        return machine.home / "Library" / ("Caches" if cache else "Application Support") / app
    folders = {"data": machine.data_home, "config": machine.config_home}
    return folders.get(purpose, machine.cache_home) / app
