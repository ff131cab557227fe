"""The user's configuration: a TOML file that nobody needs to write."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from venvdash.system import trust
from venvdash.system.files import UnreadableError, read_regular, real
from venvdash.system.machine import Machine
from venvdash.system.toml_limits import bomb

_LIMIT = 256 * 1024  # bytes; a larger file is not a configuration
_MOST_DOTS, _DEEPEST = 8, 8  # in one key, and brackets inside brackets
_KEEP = 7.0  # days in the trash
_LINKS = ("auto", "link", "file", "none")
_LONGEST = 36_500
_FOLDERS = ("project_roots", "search", "skip")


class ConfigError(Exception):
    """The configuration cannot be used; the text says which line of it, and what it wants."""


@dataclass(frozen=True, slots=True)
class ConfiguredStore:
    """A folder of environments that the user named, flat or mirroring ``base`` (HOME or /)."""

    path: str
    layout: str = "flat"
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, with their defaults.

    ``stores``: further folders of environments. ``project_roots``: where to look for projects
    besides the usual places. ``search``: further folders that are searched before a prune;
    ``skip``: folders that are not, because no project lies there. ``records``: whether venvdash
    may remember (False writes nothing).
    ``trash_keep``: days that a deleted environment stays in the trash (``keep`` of ``[trash]``).
    ``project_link``: how a project is led to its environment: by a link ``.venv``, by a file of
    that name with the path, not at all, or ("auto") as it can and should be.
    ``path``: the file they came from, None where there is none.
    """

    stores: tuple[ConfiguredStore, ...] = ()
    project_roots: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    records: bool = True
    trash_keep: float = _KEEP
    project_link: str = "auto"
    path: Path | None = None


def load(path: Path) -> Config:
    """Read ``path``; a missing file gives the defaults.

    It may be a link, as managers of dotfiles make them; what it leads to must belong to the
    effective user or root. Raises ConfigError when it is there and cannot be read, trusted, parsed
    or understood.
    """
    try:
        if (owner := trust.other_owner(path)) is not None and os.path.lexists(path):
            raise ConfigError(
                f"{path}: belongs to another user ({trust.user_name(owner)}), so it is not read"
            )
        data = read_regular(real(path), _LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except (OSError, UnreadableError) as error:
        raise ConfigError(f"{path}: cannot be read: it {error}") from error
    return parse(data, path)


def parse(data: bytes, path: Path) -> Config:
    """Return the settings in ``data``, the content of ``path``. Raises ConfigError."""
    try:
        text = data.decode()
        if problem := bomb(text, dots=_MOST_DOTS, depth=_DEEPEST):
            raise ConfigError(f"{path}: {problem}")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: invalid TOML: {error}") from error
    return _checked(table, path)


def of(machine: Machine) -> Config:
    """Return the user's settings; the defaults with another user's HOME. Raises ConfigError."""
    given = machine.variable("VENVDASH_CONFIG")
    if machine.foreign_home is not None and not given:
        return Config()
    return load(machine.config_file)


def _checked(table: dict[str, Any], path: Path) -> Config:
    def wrong(key: str, wants: str) -> ConfigError:
        return ConfigError(f"{path}: `{key}` must be {wants}")

    known = {"stores", *_FOLDERS, "records", "trash", "project_link"}
    unknown = sorted(set(table) - known)
    if unknown:
        raise ConfigError(f"{path}: unknown setting: {', '.join(unknown)}")
    records = table.get("records", True)
    if not isinstance(records, bool):
        raise wrong("records", "true or false")
    folders = {key: _folders(table.get(key, []), partial(wrong, key)) for key in _FOLDERS}
    stores = table.get("stores", [])
    if not isinstance(stores, list) or not all(isinstance(item, dict) for item in stores):
        raise wrong("stores", "an array of [[stores]] tables")
    trash = table.get("trash", {})
    if not isinstance(trash, dict) or set(trash) - {"keep"}:
        raise wrong("trash", "a table with only the key keep")
    keep = trash.get("keep", _KEEP)
    if isinstance(keep, bool) or not isinstance(keep, int | float) or not 0 <= keep <= _LONGEST:
        raise wrong("trash.keep", f"a number of days from 0 to {_LONGEST}")
    link = table.get("project_link", "auto")
    if link not in _LINKS:
        raise wrong("project_link", f"one of {', '.join(_LINKS)}")
    return Config(
        stores=tuple(_store(item, wrong) for item in stores),
        **folders,
        records=records,
        trash_keep=float(keep),
        project_link=str(link),
        path=path,
    )


def _folders(value: Any, wrong: Callable[[str], ConfigError]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong("a list of folders")
    for item in value:
        if not _absolute(item):
            raise wrong(f"absolute paths, or begin with ~/ (not {item!r})")
    return tuple(value)


def _absolute(path: str) -> bool:
    """Return whether a path means the same wherever venvdash is started."""
    home_or_variable = path == "~" or path.startswith(("~/", "~\\", "$"))
    return "\0" not in path and (home_or_variable or os.path.isabs(path))


def _store(item: dict[str, Any], wrong: Any) -> ConfiguredStore:
    unknown = sorted(set(item) - {"path", "layout", "base"})
    if unknown:
        raise wrong("stores", f"tables of path, layout and base (not {', '.join(unknown)})")
    if not isinstance(item.get("path"), str) or not item["path"]:
        raise wrong("stores.path", "a folder")
    if os.path.normpath(item["path"]) in ("/", "//"):
        raise wrong("stores.path", "a folder of environments, not the root of the file system")
    if item.get("layout", "flat") not in ("flat", "mirrored"):
        raise wrong("stores.layout", '"flat" or "mirrored"')
    if not isinstance(item.get("base", ""), str):
        raise wrong("stores.base", "a folder")
    return ConfiguredStore(item["path"], item.get("layout", "flat"), item.get("base"))
