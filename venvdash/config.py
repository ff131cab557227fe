"""The user's configuration: a TOML file that nobody needs to write."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.system import codec, toml_limits, trust
from venvdash.system.files import UnreadableError, read_regular, real
from venvdash.system.machine import Machine

_LIMIT = 256 * 1024  # bytes; a larger file is not a configuration
_MOST_DOTS, _DEEPEST = 8, 8  # in one key, and brackets inside brackets
_MOST = 10_000  # items of a list


class ConfigError(Exception):
    """The configuration cannot be used; the text says which line of it, and what it wants."""


@dataclass(frozen=True, slots=True)
class ConfiguredStore:
    """A folder of environments that the user named, flat or mirroring ``base`` (HOME or /)."""

    path: str
    layout: str = "flat"
    base: str | None = None


@dataclass(frozen=True, slots=True)
class TrashSettings:
    """``keep``: the days that a deleted environment stays in the trash."""

    keep: float = 7.0


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, with their defaults.

    ``stores``: further folders of environments. ``project_roots``: where to look for projects
    besides the usual places. ``search``: further folders that are searched before a prune;
    ``skip``: folders that are not, because no project lies there. ``records``: whether venvdash
    may remember (False writes nothing).
    ``project_link``: how a project is led to its environment: by a link ``.venv``, by a file of
    that name with the path, not at all, or ("auto") as it can and should be.
    ``path``: the file they came from, None where there is none.
    """

    stores: tuple[ConfiguredStore, ...] = ()
    project_roots: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    records: bool = True
    trash: TrashSettings = TrashSettings()
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
        table = toml_limits.parse(data, dots=_MOST_DOTS, depth=_DEEPEST)
        return replace(_CODEC.read(table), path=path)
    except toml_limits.TomlError as error:
        reason = f"invalid TOML: {error.__cause__}" if error.__cause__ else error
        raise ConfigError(f"{path}: {reason}") from error
    except codec.CodecError as error:
        raise ConfigError(f"{path}: {error}") from error


def of(machine: Machine) -> Config:
    """Return the user's settings; the defaults with another user's HOME. Raises ConfigError."""
    given = machine.variable("VENVDASH_CONFIG")
    if machine.foreign_home is not None and not given:
        return Config()
    return load(machine.config_file)


def _read_folder(value: object) -> str:
    """Return a path that means the same wherever venvdash is started."""
    path: str = _TEXT.read(value)
    home_or_variable = path == "~" or path.startswith(("~/", "~\\", "$"))
    if "\0" in path or not (home_or_variable or os.path.isabs(path)):
        raise ValueError(f"must be absolute paths, or begin with ~/ (not {path!r})")
    return path


_TEXT = codec.plain(_LIMIT)
_FOLDERS = codec.several(codec.Kind(_read_folder, str), _MOST)
_STORE = codec.checked(
    codec.checked(_TEXT, bool, "a folder"),
    lambda path: os.path.normpath(path) not in ("/", "//"),
    "a folder of environments, not the root of the file system",
)
_STORES = codec.Codec(
    ConfiguredStore,
    sparse=True,
    closed=True,
    path=_STORE,
    layout=codec.choice(("flat", "mirrored")),
    base=_TEXT,
)
_TRASH = codec.Codec(
    TrashSettings, sparse=True, closed=True, keep=codec.number(36_500, "a number of days")
)
_CODEC = codec.Codec(
    Config,
    without=("path",),
    sparse=True,
    closed=True,
    stores=codec.several(_STORES.kind, _MOST),
    project_roots=_FOLDERS,
    search=_FOLDERS,
    skip=_FOLDERS,
    trash=_TRASH.kind,
    project_link=codec.choice(("auto", "link", "file", "none")),
)
