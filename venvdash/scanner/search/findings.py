"""The results of a search, and what follows for an environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from venvdash.model import Environment, SearchReport, Unsearched

AGAIN = "prune again, and let the search finish"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something uses an environment, or may be its project.

    ``place`` is the directory or script, None if unknown; ``reason`` a sentence with that path,
    safe to show. ``is_project``: the place may be the project; otherwise it only names the
    environment.
    """

    environment: Path
    place: Path | None
    reason: str
    is_project: bool = True

    @property
    def project(self) -> Path | None:
        """The place, if it may be the environment's project."""
        return self.place if self.is_project else None

    @property
    def news(self) -> str:
        """What it means for an orphan, in sentences."""
        return f"Its project was found. {self.reason}" if self.is_project else self.reason


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a search: the place being read, and the total of directories read."""

    place: Path
    directories: int


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of one search.

    ``hits``: for each environment what prevents its deletion. ``report`` is what was searched and
    what was not, ``described`` is what was searched, to follow "not found in …". ``ended``: every
    place was searched. ``searched_for`` are the environments, ``mounted`` the mount points of the
    disks at that time.
    """

    hits: Mapping[Path, Hit] = field(default_factory=dict)
    report: SearchReport = field(default_factory=SearchReport)
    ended: bool = False
    described: str = ""
    searched_for: frozenset[Path] = frozenset()
    mounted: frozenset[str] = frozenset()

    @property
    def unsearched(self) -> Sequence[Unsearched]:
        """The places that may contain a project and were not searched."""
        return self.report.unsearched

    def held(self, environment: Environment) -> str:
        """Return why an environment is held back, as a sentence; "" if it may be deleted."""
        hit = self.hits.get(environment.path)
        if hit is not None:
            return hit.reason
        if environment.path not in self.searched_for:
            return "Its project has not been searched for."
        for place in self.unsearched:
            if place.hides(environment.path):
                return f"{place.reason}. To delete it anyway: {place.release}"
        return "" if self.ended else f"The search did not finish. To delete it anyway: {AGAIN}"
