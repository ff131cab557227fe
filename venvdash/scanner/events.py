"""The events of a scan, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model import (
    Environment,
    Facts,
    MissingEnvironment,
    NotEnvironment,
    ProjectRecord,
    Usage,
    Verdict,
)
from venvdash.records.descriptions import Descriptions
from venvdash.records.inspections import Inspections
from venvdash.scanner.evidence.references import Reference
from venvdash.stores.roots import Root
from venvdash.system.reads import Reads

if TYPE_CHECKING:
    from venvdash.scanner.usage.usage_index import UsageIndex


class Phase(StrEnum):
    """A phase of a scan."""

    STORES = "reading stores"
    PROJECTS = "searching projects"
    SIZES = "measuring"


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """A store's directory was read; ``exists`` is False if there is none."""

    root: Root
    real: Path
    exists: bool
    environments: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StoresListed:
    """All stores were listed; ``reads`` is everything that the list depends on."""

    reads: Reads


@dataclass(frozen=True, slots=True)
class EnvironmentFound:
    """An environment was read."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class InspectionsChanged:
    """All stores were read, and not all as the last scan read them.

    ``inspections`` is what the next scan need not read again.
    """

    inspections: Inspections


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """An entry of a store is not an environment."""

    what: NotEnvironment


@dataclass(frozen=True, slots=True)
class VerdictsDecided:
    """Verdicts over the whole table; ``final`` when the search for projects has ended.

    ``facts`` is what they were decided on, ``names`` what projects call themselves, ``activity``
    when they were last worked on (seconds since the epoch), ``descriptions`` what they say they
    are, by path. ``projects``: for each environment the
    living projects that it belongs to, as they are to be remembered. ``references``: what else
    names it, once that was looked for. ``searched_by_source``: how many directories were searched
    for projects because of what ("zoxide", "home folders" …). ``missing``: the environments that
    living projects lack.
    """

    verdicts: Mapping[Path, Verdict]
    facts: Facts
    final: bool
    names: Mapping[Path, str] = field(default_factory=dict)
    activity: Mapping[Path, float] = field(default_factory=dict)
    descriptions: Descriptions = field(default_factory=dict)
    projects: Mapping[Path, tuple[ProjectRecord, ...]] = field(default_factory=dict)
    references: Mapping[Path, tuple[Reference, ...]] = field(default_factory=dict)
    searched_by_source: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[MissingEnvironment, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """An environment was measured, or its usage was updated.

    ``note`` is its packed footprint, to measure it faster the next time; None if unchanged.
    """

    environment: Path
    usage: Usage
    note: bytes | None = None


@dataclass(frozen=True, slots=True)
class UsageIndexed:
    """All environments were measured; ``usage_index`` knows what any selection of them frees."""

    usage_index: "UsageIndex"


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a phase; ``total`` is 0 while unknown."""

    phase: Phase
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something could not be read; the scan continues."""

    path: Path | None
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of every scan."""

    cancelled: bool
    seconds: float


Event = (
    StoreSeen
    | StoresListed
    | EnvironmentFound
    | InspectionsChanged
    | SkippedEntry
    | VerdictsDecided
    | Measured
    | UsageIndexed
    | Progress
    | Problem
    | Ended
)
