"""What a search found, what it could not search, and what follows for an environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Environment

AGAIN = "prune again, and let the search end"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something uses an environment, or may be its project.

    ``project`` is where it was found, ``reason`` a sentence with that path, fit to show.
    """

    environment: Path
    project: Path | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A place that could hide a project and was not searched.

    ``reason`` says why, as the rest of a sentence that begins with the path; ``release`` is the
    one line that would let prune go on: a configuration line, an option, a command.
    ``environments`` are those whose projects it could hide, None for any.
    """

    path: Path
    reason: str
    release: str
    environments: frozenset[Path] | None = None

    def hides(self, environment: Path) -> bool:
        """Return whether the project of an environment may lie there."""
        return self.environments is None or environment in self.environments


@dataclass(frozen=True, slots=True)
class NotEntered:
    """What is left out by design: ``what`` it is, in a word or two, and one example of it."""

    path: Path
    what: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: which place it reads, and how many directories it has read in all."""

    place: Path
    directories: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What one search found.

    ``hits``: for each environment what stands against taking it. ``ended`` says that every place
    was searched that should be, ``described`` what was searched, as the rest of a sentence that
    begins "not found in …". ``searched_for`` are the environments that were asked about,
    ``mounted`` the mount points of the disks that were there.
    """

    hits: Mapping[Path, Hit] = field(default_factory=dict)
    unsearched: tuple[Unsearched, ...] = ()
    not_entered: tuple[NotEntered, ...] = ()
    directories: int = 0
    ended: bool = False
    described: str = ""
    searched_for: frozenset[Path] = frozenset()
    mounted: frozenset[str] = frozenset()

    def held(self, environment: Environment) -> str:
        """Return why an environment is held, as a sentence; "" where it may be taken."""
        hit = self.hits.get(environment.path)
        if hit is not None:
            return hit.reason
        if environment.path not in self.searched_for:
            return "Its project was not searched for."
        for place in self.unsearched:
            if place.hides(environment.path):
                return f"{place.reason}. To release it: {place.release}"
        return "" if self.ended else f"The search did not end. To release it: {AGAIN}"
