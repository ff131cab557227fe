"""What a scan tells, as it goes. Values only: the scanner knows no screen."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from venvdash.model import Environment, NotEnvironment, Usage, Verdict
from venvdash.stores.base import Root


class Phase(StrEnum):
    """What a scan is doing."""

    STORES = "reading stores"
    PROJECTS = "searching projects"
    SIZES = "measuring"


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """A store's directory was looked at; ``exists`` is False where there is none."""

    root: Root
    real: Path
    exists: bool
    environments: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An environment was read."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in a store is no environment."""

    what: NotEnvironment


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict was reached or revised; ``final`` when the search for projects has ended."""

    environment: Path
    verdict: Verdict
    final: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """An environment was measured, or its figure revised."""

    environment: Path
    usage: Usage


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: ``total`` is 0 while unknown."""

    phase: Phase
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something could not be looked at; the scan goes on."""

    path: Path | None
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of every scan."""

    cancelled: bool
    seconds: float


Event = StoreSeen | Found | Oddity | Judged | Measured | Progress | Problem | Ended
