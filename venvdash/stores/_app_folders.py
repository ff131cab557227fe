"""Where applications keep their own files, as the library platformdirs gives them.

poetry, pdm and hatch ask it (platformdirs 4.14, which follows XDG variables on macOS, too). It
reads the process's own variables, so it cannot be asked for another HOME.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from venvdash.stores.base import Root, Why
from venvdash.system.machine import Machine

_XDG = {"XDG_DATA_HOME": ".local/share", "XDG_CACHE_HOME": ".cache"}


def data_directory(machine: Machine, app: str, author: str = "") -> Path:
    """Return ``user_data_dir(app)``; ``author`` stands before it on Windows."""
    if machine.platform == "win32":
        return machine.local_appdata.joinpath(author, app)
    return _unix(machine, "XDG_DATA_HOME", "Application Support", machine.data_home) / app


def config_directory(
    machine: Machine, app: str, author: str = "", *, roaming: bool = False
) -> Path:
    """Return ``user_config_dir(app)``; ``author`` stands before it on Windows."""
    if machine.platform == "win32":
        folder = machine.appdata if roaming else machine.local_appdata
        return folder.joinpath(author, app)
    return _unix(machine, "XDG_CONFIG_HOME", "Application Support", machine.config_home) / app


def cache_directory(machine: Machine, app: str) -> Path:
    """Return ``user_cache_dir(app)`` without an author."""
    if machine.platform == "win32":
        return machine.local_appdata / app / "Cache"
    return _unix(machine, "XDG_CACHE_HOME", "Caches", machine.cache_home) / app


def with_default(chosen: Root | None, default: Root) -> Iterator[Root]:
    """Yield where the tool puts environments now, and where it did before it was told to.

    Some tools write the default into their configuration; then it still is the default.
    """
    if chosen is not None and chosen.path != default.path:
        yield chosen
    yield default


def by_default(machine: Machine, path: Path, store: str, variable: str, depth: int = 1) -> Root:
    """Return the root at a default place, which the XDG ``variable`` may have moved."""
    given = machine.variable(variable) if machine.platform != "win32" else None
    usual = machine.home / _XDG[variable]
    if given and path.is_relative_to(given) and not path.is_relative_to(usual):
        return Root(path, store, Why.VARIABLE, variable, depth=depth)
    return Root(path, store, depth=depth)


def from_home(machine: Machine, text: str) -> Path:
    """Return a path as ``Path(text).expanduser()`` gives it: ``$`` means itself.

    A relative one is meant from the current directory.
    """
    if text == "~" or text.startswith(("~/", "~\\")):
        text = os.fspath(machine.home) + text[1:]
    return (machine.cwd or machine.home) / text


def _unix(machine: Machine, variable: str, library: str, xdg: Path) -> Path:
    given = os.path.isabs(machine.variable(variable) or "")
    if machine.platform == "darwin" and not given:
        return machine.home / "Library" / library
    return xdg
