"""The user's configuration: a TOML file that nobody needs to write."""

import dataclasses
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from venvdash.system import codec, toml_limits, trust
from venvdash.system.files import UnreadableError, read_regular, real
from venvdash.system.machine import Machine

_LIMIT = 256 * 1024  # bytes; a larger file is not a configuration
_MOST_DOTS, _DEEPEST = 8, 8  # in one key, and brackets inside brackets
_MOST = 10_000  # items of a list

THEMES = (  # of Textual
    *("textual-dark", "textual-light", "nord", "gruvbox", "catppuccin-mocha", "dracula"),
    *("tokyo-night", "monokai", "flexoki", "catppuccin-latte", "catppuccin-frappe"),
    *("catppuccin-macchiato", "solarized-light", "solarized-dark", "rose-pine"),
    *("rose-pine-moon", "rose-pine-dawn", "atom-one-dark", "atom-one-light"),
    *("ansi-dark", "ansi-light"),
)
SORTS = (  # as ``model.sorting`` has them
    *("name", "python", "size", "reclaimable", "cache", "used", "status", "kind"),
    *("packages", "files", "where", "note"),
)


class ConfigError(Exception):
    """The configuration cannot be used; the text says which line of it, and what it wants."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """What is wrong with the configuration: a sentence that names file, line and key.

    ``protects``: rules must delete nothing then, since a setting that protects may be lost.
    """

    message: str
    protects: bool = True

    def __str__(self) -> str:
        return self.message


def _setting(default: Any, about: str, example: str, **more: Any) -> Any:
    """Declare a setting: its default, what it does, and an example in TOML.

    ``kind`` reads it, ``what`` are its values in words. ``protects=False``: nothing is deleted
    because of its default.
    """
    return field(default=default, metadata={"about": about, "example": example, **more})


def _read_folder(value: object) -> str:
    """Return a path that means the same wherever venvdash is started."""
    path: str = _TEXT.read(value)
    home_or_variable = path == "~" or path.startswith(("~/", "~\\", "$"))
    if "\0" in path or not (home_or_variable or os.path.isabs(path)):
        raise ValueError(f"must be absolute, or begin with ~/ (not {path!r})")
    return path


_TEXT = codec.plain(_LIMIT)
_FOLDERS = codec.several(codec.Kind(_read_folder, str), _MOST)
_PATHS = {"kind": _FOLDERS, "what": "list of folders"}


def _is_no_root(path: str) -> bool:
    return os.path.normpath(path) not in ("/", "//")


_NO_ROOT = "a folder of environments, not the root of the file system"
_STORE = codec.checked(codec.checked(_TEXT, bool, "a folder"), _is_no_root, _NO_ROOT)
_DEFAULT_STORE = codec.checked(
    codec.Kind(lambda value: "" if value == "" else _read_folder(value), str), _is_no_root, _NO_ROOT
)


@dataclass(frozen=True, slots=True)
class ConfiguredStore:
    """A folder of environments that the user named, flat or mirroring ``base`` (HOME or /)."""

    path: str
    layout: str = "flat"
    base: str | None = None


@dataclass(frozen=True, slots=True)
class TrashSettings:
    """What becomes of deleted environments."""

    keep: float = _setting(
        7.0,
        "How many days a deleted environment stays in the trash before it is deleted permanently.",
        "keep = 30",
        kind=codec.number(36_500, "a number of days"),
        what="number of days from 0 to 36500",
    )


def _choice(*values: str) -> dict[str, Any]:
    return {
        "kind": codec.choice(values),
        "what": "one of " + ", ".join(f'`"{value}"`' for value in values),
        "protects": False,
    }


_FIRST = "at its first start; later it begins as you left it."


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """How the dashboard begins where nothing is remembered of it."""

    theme: str = _setting(
        "textual-dark",
        f"The colours of the dashboard {_FIRST}",
        'theme = "textual-light"',
        **_choice(*THEMES),
    )
    view: str = _setting(
        "all",
        f"The view of the dashboard {_FIRST}",
        'view = "orphans"',
        **_choice("all", "orphans", "unknown", "replaced", "other"),
    )
    sort: str = _setting(
        "name",
        f"The order of the dashboard's list {_FIRST}",
        'sort = "reclaimable"',
        **_choice(*SORTS),
    )


_STORES = codec.Codec(
    ConfiguredStore,
    sparse=True,
    closed=True,
    path=_STORE,
    layout=codec.choice(("flat", "mirrored")),
    base=_TEXT,
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings. ``path``: the file they came from, None where there is none.

    ``problems``: what is wrong with that file. Settings that cannot be read have their defaults.
    """

    stores: tuple[ConfiguredStore, ...] = _setting(
        (),
        "Folders of environments besides those of the supported tools. With `layout = "
        '"mirrored"`, the folder has the tree of `base` (`"/"` or `"~"`), so that the path of an '
        "environment names its project.",
        '[[stores]]\npath = "~/.cache/uv-venv"\nlayout = "mirrored"\nbase = "/"',
        kind=codec.several(_STORES.kind, _MOST),
        what="list of tables with `path`, `layout` and `base`",
    )
    store: str = _setting(
        "",
        "The folder for environments that are created or adopted without naming a place. Without "
        "it, that is `WORKON_HOME`, or `~/.virtualenvs` if it exists, or `~/.venvs`.",
        'store = "/scratch/$USER/venvs"',
        kind=_DEFAULT_STORE,
        what="a folder",
    )
    project_roots: tuple[str, ...] = _setting(
        (),
        "Folders in which projects are looked for besides the usual ones.",
        'project_roots = ["~/clients"]',
        **_PATHS,
    )
    search: tuple[str, ...] = _setting(
        (),
        "Further folders that are searched for projects before anything is pruned, such as network "
        "disks. If one is missing or empty, nothing is pruned.",
        'search = ["/srv/projects"]',
        **_PATHS,
    )
    skip: tuple[str, ...] = _setting(
        (),
        "Folders that are not searched before something is pruned, because no project lies there.",
        'skip = ["~/backups"]',
        **_PATHS,
    )
    records: bool = _setting(
        True,
        "Whether venvdash remembers which project an environment belongs to. With `false` it "
        "writes nothing, and rules delete nothing.",
        "records = false",
        kind=codec.FLAG,
        what="`true` or `false`",
    )
    project_link: str = _setting(
        "auto",
        "How a relink leads a project to its environment: by a link `.venv`, by a file of that "
        'name with the path, or not at all. `"auto"` makes a link where that is safe.',
        'project_link = "none"',
        **_choice("auto", "link", "file", "none"),
    )
    untested: bool = _setting(
        False,
        "Whether venvdash may change anything on a system where it was never run: it is tested on "
        "Linux alone. Elsewhere it only looks, and says so, until this is `true`.",
        "untested = true",
        kind=codec.FLAG,
        what="`true` or `false`",
        protects=False,
    )
    trash: TrashSettings = TrashSettings()
    dashboard: DashboardSettings = DashboardSettings()
    path: Path | None = None
    problems: tuple[ConfigProblem, ...] = ()

    @property
    def unsafe(self) -> str:
        """Why rules must delete nothing, a sentence; "" if all that protects could be read."""
        return next((one.message for one in self.problems if one.protects), "")


def _codec(cls: type[Any], **kinds: codec.Kind) -> codec.Codec[Any]:
    declared = {one.name: one.metadata["kind"] for one in dataclasses.fields(cls) if one.metadata}
    return codec.Codec(
        cls, without=("path", "problems"), sparse=True, closed=True, **declared, **kinds
    )


TABLES = {"trash": _codec(TrashSettings), "dashboard": _codec(DashboardSettings)}
"""The tables of the file, each with settings."""

CODEC: codec.Codec[Config] = _codec(Config, **{name: table.kind for name, table in TABLES.items()})


def load(path: Path) -> Config:
    """Read ``path``; a missing file gives the defaults.

    It may be a link, as managers of dotfiles make them; what it leads to must belong to the
    effective user or root. What cannot be read, trusted, parsed or understood is among the
    problems, and has its default.
    """
    try:
        data = read(path)
        return replace(CODEC.read(_parsed(data, path)), path=path)
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except ConfigError as error:
        message = f"{error} All settings have their defaults, and no records are written."
        return Config(path=path, records=False, problems=(ConfigProblem(message),))
    except codec.CodecError:
        from venvdash.config.mistakes import understood

        return understood(_parsed(data, path), data.decode(), path)


def read(path: Path) -> bytes:
    """Return what is in the file. Raises ConfigError, and OSError where there is none."""
    try:
        if (owner := trust.other_owner(path)) is not None and os.path.lexists(path):
            raise ConfigError(
                f"{path}: belongs to another user ({trust.user_name(owner)}), so it is not read."
            )
        return read_regular(real(path), _LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, UnreadableError) as error:
        raise ConfigError(f"{path}: cannot be read: it {error}.") from error


def parse(data: bytes, path: Path) -> Config:
    """Return the settings in ``data``, the content of ``path``. Raises ConfigError."""
    try:
        return replace(CODEC.read(_parsed(data, path)), path=path)
    except codec.CodecError as error:
        raise ConfigError(f"{path}: {error}") from error


def _parsed(data: bytes, path: Path) -> dict[str, Any]:
    try:
        return toml_limits.parse(data, dots=_MOST_DOTS, depth=_DEEPEST)
    except toml_limits.TomlError as error:
        reason = f"invalid TOML: {error.__cause__}" if error.__cause__ else f"it {error}"
        raise ConfigError(f"{path}: {reason}.") from error


def of(machine: Machine) -> Config:
    """Return the user's settings; the defaults with another user's HOME."""
    given = machine.variable("VENVDASH_CONFIG")
    if machine.foreign_home is not None and not given:
        return Config()
    return load(machine.config_file)
