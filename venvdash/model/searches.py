"""What a search for projects read and what it skipped, as plans show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NotEntered:
    """Places of one kind that a search leaves out by design.

    ``what`` they are, in a plural ("snapshots"), how many there are, and the first of them.
    """

    what: str
    count: int
    paths: tuple[Path, ...] = ()


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
class SearchReport:
    """What one search read: ``places`` to their ends, ``directories`` in all.

    ``kinds`` are names of folders that are never entered, ``not_entered`` what else is left out by
    design, ``unsearched`` what should have been searched.
    """

    directories: int = 0
    places: Sequence[Path] = ()
    kinds: Sequence[str] = ()
    not_entered: Sequence[NotEntered] = ()
    unsearched: Sequence[Unsearched] = ()
