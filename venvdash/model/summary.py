"""What a list shows of one environment: light enough to be read back by the thousand."""

from pathlib import Path
from typing import NamedTuple

from venvdash.model.status import Flag, Location, Status


class Summary(NamedTuple):
    """One line of the list, with what the filter searches and what explains its status.

    Sizes are bytes, None where they are unknown; ``at_most``: ``reclaimable`` is an upper bound.
    ``packages`` and ``files`` count them, ``used`` is in seconds since the epoch. ``projects`` are
    directories, the one that is shown first; ``place`` is where a moved project is now.
    ``user_files`` says in words which files of the user's it holds. ``here``: it belongs to the
    project of the current directory. ``confirmed`` is False for what the last scan saw and the
    present one has not judged yet, ``gone`` True where the present one has not found it.
    """

    path: Path
    name: str
    status: Status
    reason: str = ""
    store: str = ""
    kind: str = ""
    python: str | None = None
    implementation: str | None = None
    location: Location = Location.CENTRAL
    flags: frozenset[Flag] = frozenset()
    packages: int = 0
    on_disk: int | None = None
    reclaimable: int | None = None
    at_most: bool = False
    cache_held: int | None = None
    files: int | None = None
    used: float | None = None
    projects: tuple[str, ...] = ()
    place: str | None = None
    note: str = ""
    user_files: str = ""
    here: bool = False
    confirmed: bool = True
    gone: bool = False

    @property
    def project(self) -> str | None:
        """The directory that is shown for its project: where that is now, or was."""
        return self.place or next(iter(self.projects), None)
