"""What a search found, what it could not search, and what follows for an environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Environment, SearchReport, Unsearched

AGAIN = "prune again, and let the search finish"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something uses an environment, or may be its project.

    ``place`` is the directory or script where it was found, None where no place is known;
    ``reason`` a sentence with that path, fit to show. ``is_project``: that place may be its
    project; what merely names the environment is not.
    """

    environment: Path
    place: Path | None
    reason: str
    is_project: bool = True

    @property
    def project(self) -> Path | None:
        """The place, where it may be the environment's project."""
        return self.place if self.is_project else None

    @property
    def news(self) -> str:
        """What it means for one that was an orphan, in sentences."""
        return f"Its project was found. {self.reason}" if self.is_project else self.reason


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: which place it reads, and how many directories it has read in all."""

    place: Path
    directories: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What one search found.

    ``hits``: for each environment what prevents taking it. ``report`` is what was searched
    and what was not, ``described`` the former as the rest of a sentence that begins "not found in
    …". ``ended`` says that every place was searched that should be. ``searched_for`` are the
    environments that were asked about, ``mounted`` the mount points of the disks that were there.
    """

    hits: Mapping[Path, Hit] = field(default_factory=dict)
    report: SearchReport = field(default_factory=SearchReport)
    ended: bool = False
    described: str = ""
    searched_for: frozenset[Path] = frozenset()
    mounted: frozenset[str] = frozenset()

    @property
    def unsearched(self) -> Sequence[Unsearched]:
        """The places that could hide a project and were not searched."""
        return self.report.unsearched

    def held(self, environment: Environment) -> str:
        """Return why an environment is held, as a sentence; "" where it may be taken."""
        hit = self.hits.get(environment.path)
        if hit is not None:
            return hit.reason
        if environment.path not in self.searched_for:
            return "Its project has not been searched for."
        for place in self.unsearched:
            if place.hides(environment.path):
                return f"{place.reason}. To delete it anyway: {place.release}"
        return "" if self.ended else f"The search did not finish. To delete it anyway: {AGAIN}"
