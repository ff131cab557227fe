"""Roots: the directories in which tools keep environments."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class RootOrigin(StrEnum):
    """What makes a directory a root."""

    DEFAULT = "default"
    VARIABLE = "variable"
    CONFIG = "config"
    PROJECT = "project"


class Layout(StrEnum):
    """How environments lie below a root."""

    FLAT = "flat"  # root/NAME
    MIRRORED = "mirrored"  # root/path/to/project[/.venv]
    SINGLE = "single"  # the root itself is an environment that a registry lists


@dataclass(frozen=True, slots=True)
class Root:
    """A directory that may hold environments.

    ``source`` is the variable or configuration file that names it. ``base`` is the directory whose
    tree a mirrored root mirrors; if ``base_certain`` is False it may also be ``/``. ``depth`` is
    how many levels below a flat root an environment may lie. ``pointer`` is the name of the file
    that names the project, if the user's settings change it, or the path of the tool's registry.
    """

    path: Path
    store: str
    why: RootOrigin = RootOrigin.DEFAULT
    source: str = ""
    layout: Layout = Layout.FLAT
    base: Path | None = None
    depth: int = 1
    base_certain: bool = True
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A directory that may be an environment: its prefix, and what is deleted with it.

    Entries are listed without opening them; whether they are environments is read later.
    """

    prefix: Path
    entry: Path
