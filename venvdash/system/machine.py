"""The user's HOME, variables and system: the only module that reads ``os.environ``."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from venvdash.system import programs, reads, trust
from venvdash.system.clock import Moment, now
from venvdash.system.files import own_uid

_SYSTEMS = {"darwin": "macOS", "win32": "Windows"}
_BRACED = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True)
class AppFolders:
    """Where venvdash keeps its own files: settings, what it remembers, deleted environments."""

    config: Path
    state: Path
    data: Path

    @classmethod
    def of_platform(cls, platform: str) -> "AppFolders | None":
        """Return the folders of platformdirs on macOS and Windows, else None.

        Elsewhere ``Machine`` follows the XDG specification, with the same result: importing
        platformdirs takes longer than starting Python.
        """
        if platform not in ("darwin", "win32"):
            return None
        import platformdirs  # slow to import

        folders = platformdirs.PlatformDirs("venvdash", appauthor=False)
        return cls(folders.user_config_path, folders.user_state_path, folders.user_data_path)


@dataclass(frozen=True)
class Machine:
    """The user's HOME, variables and system; stores and tests use it instead of globals.

    ``platform`` is "linux", "darwin" or "win32" as in ``sys.platform``. ``clock`` returns the
    present moment. ``app_folders``: our own folders, None for those of the XDG specification.
    """

    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    platform: str = "linux"
    cwd: Path | None = None
    uid: int | None = None
    clock: Callable[[], Moment] = field(default=now, repr=False, compare=False)
    app_folders: AppFolders | None = None

    @classmethod
    def current(cls) -> "Machine":
        """Return the machine and user that this process runs as."""
        try:
            cwd: Path | None = Path.cwd()
        except OSError:  # the current directory was deleted
            cwd = None
        return cls(
            home=Path.home(),
            variables=dict(os.environ),
            platform=sys.platform,
            cwd=cwd,
            uid=own_uid(),
            app_folders=AppFolders.of_platform(sys.platform),
        )

    def variable(self, name: str) -> str | None:
        """Return the variable's value, None for an empty one, as in the XDG specification."""
        return self.variables.get(name) or None

    def path_variable(self, name: str) -> Path | None:
        """Return the path in a variable, ``~`` and ``$NAMES`` expanded, or None."""
        value = self.variable(name)
        return self.expand(value) if value else None

    def expand(self, text: str) -> Path:
        """Return the path that ``text`` names: ``~`` and ``$NAMES`` expanded, made absolute."""
        text = _BRACED.sub(lambda found: self.variables.get(found[1], found[0]), text)
        text = _dollar_names(text, self.variables)
        if text == "~" or text.startswith(("~/", "~\\")):
            text = str(self.home) + text[1:]
        path = Path(text)
        return path if path.is_absolute() else (self.cwd or self.home) / path

    def expand_from_home(self, text: str) -> Path:
        """Return the path ``text`` as ``expand`` does; a relative one starts at HOME.

        For settings that do not depend on the current directory.
        """
        return replace(self, cwd=None).expand(text)

    def program(self, name: str) -> Path | None:
        """Return the program of that name on PATH: see ``programs.on_path``."""
        return programs.on_path(name, self.variables)

    @property
    def untested_system(self) -> str | None:
        """The name of this system, such as "macOS", if nothing has been run on it; else None.

        venvdash is tested on Linux alone.
        """
        return None if self.platform == "linux" else _SYSTEMS.get(self.platform, self.platform)

    @cached_property
    def foreign_home(self) -> int | None:
        """The uid of another user who owns HOME (as with ``su -m``), None for the user's own.

        Then venvdash neither reads nor writes its files there, and changes nothing.
        """
        return trust.other_owner(self.home)

    @cached_property
    def cache_home(self) -> Path:
        """The directory of caches: XDG_CACHE_HOME, or its default on this system."""
        if self.platform == "win32":
            return self.local_appdata
        return self._xdg("XDG_CACHE_HOME", ".cache")

    @cached_property
    def data_home(self) -> Path:
        """The directory of data by the XDG rules, which uv follows on macOS too."""
        return self._xdg("XDG_DATA_HOME", ".local/share")

    @cached_property
    def config_home(self) -> Path:
        """The directory of configuration by the XDG rules."""
        return self._xdg("XDG_CONFIG_HOME", ".config")

    @cached_property
    def appdata(self) -> Path:
        """``%APPDATA%``."""
        return self.path_variable("APPDATA") or self.home / "AppData" / "Roaming"

    @cached_property
    def local_appdata(self) -> Path:
        """``%LOCALAPPDATA%``."""
        return self.path_variable("LOCALAPPDATA") or self.home / "AppData" / "Local"

    @cached_property
    def config_file(self) -> Path:
        """The user's settings: VENVDASH_CONFIG, or ``config.toml`` in our configuration folder."""
        given = self.path_variable("VENVDASH_CONFIG")
        return given or self._app_folders.config / "config.toml"

    @cached_property
    def state_directory(self) -> Path:
        """The folder of the index and other state: VENVDASH_STATE_DIR, or our state folder."""
        return self.path_variable("VENVDASH_STATE_DIR") or self._app_folders.state

    @property
    def data_directory(self) -> Path:
        """The folder of the user's data: deleted environments."""
        return self._app_folders.data

    @cached_property
    def in_container(self) -> bool:
        """Whether podman, docker or systemd-nspawn runs this process."""
        marks = ("/run/.containerenv", "/.dockerenv")
        return self.variable("container") is not None or any(map(reads.exists, marks))

    @cached_property
    def disks(self) -> Path:
        """The directory below which local disks are searched: VENVDASH_DISKS, or the root."""
        return self.path_variable("VENVDASH_DISKS") or Path(self.home.anchor or os.sep)

    @cached_property
    def _app_folders(self) -> AppFolders:
        return self.app_folders or AppFolders(
            config=self.config_home / "venvdash",
            state=self._xdg("XDG_STATE_HOME", ".local/state") / "venvdash",
            data=self.data_home / "venvdash",
        )

    def _xdg(self, name: str, default: str) -> Path:
        value = self.variable(name)
        # The specification: a relative path is invalid and ignored.
        return Path(value) if value and Path(value).is_absolute() else self.home / default


def _dollar_names(text: str, variables: Mapping[str, str]) -> str:
    out, rest = "", text
    while "$" in rest:
        before, rest = rest.split("$", 1)
        end = 0
        while end < len(rest) and (rest[end].isalnum() or rest[end] == "_"):
            end += 1
        name = rest[:end]
        out += before + (variables[name] if name and name in variables else "$" + name)
        rest = rest[end:]
    return out + rest
