"""One more look before environments are offered as orphans: whether anything leads to them.

Searched are the candidates once more, and in bounded time all of HOME on its own file system,
hidden directories as well: a project may have been moved to where nobody keeps projects.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Facts, Presence
from venvdash.scanner import candidates, discover, projects
from venvdash.scanner.hints import Hints
from venvdash.scanner.pointers import Pointers, named, real
from venvdash.stores import registry
from venvdash.stores.base import Root
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.system.patience import Failed, Job, NotAnswering, Patient
from venvdash.text import short_path, visible

SECONDS = 30.0  # for HOME; half a million directories take about that long
NOTHING = "nothing leads to it"  # what the words on a search begin with
_PATIENCE = 10.0  # seconds for a part of it
_PART = 500  # directories between two looks at the clock
_ENTRIES = 50_000  # looked at in one directory
_NEVER_ENTERED = frozenset(["node_modules", "site-packages", "__pycache__", ".git", ".hg"])
_ENVIRONMENT = frozenset(discover.MARKS)
_CACHE = "CACHEDIR.TAG"  # https://bford.info/cachedir: what lies here can be made again


@dataclass(slots=True)
class Look:
    """What was found. ``leads`` says of an environment what leads to it, a sentence.

    ``directories`` were searched, ``unread`` could not be; ``stopped`` says why the search ended
    early, "" if it did not.
    """

    home: Path
    leads: dict[Path, str] = field(default_factory=dict)
    directories: int = 0
    unread: int = 0
    stopped: str = ""

    @property
    def said(self) -> str:
        """What was searched, to go on a sentence with."""
        text = f"{NOTHING} in {self.directories:,} directories, the places of projects"
        text += f" and all of {short_path(self.home, self.home)}"
        text += f" but {self.unread:,} that may not be read" if self.unread else ""
        return text + (f"; {self.stopped}" if self.stopped else "")


def second_look(
    machine: Machine,
    config: Config,
    environments: Sequence[Path],
    facts: Facts | None,
    cancelled: Callable[[], bool],
    *,
    seconds: float = SECONDS,
) -> Look:
    """Look for whatever leads to ``environments``, for so long at most. Raises nothing."""
    looking = _Looking(machine, config, environments, facts)
    patient = Patient(_PATIENCE, cancelled)
    end = time.monotonic() + seconds
    parts: list[Iterator[None]] = [looking.again(), looking.everywhere()]
    for part in parts:
        while not cancelled():
            if time.monotonic() > end:
                looking.look.stopped = f"the search ended after {seconds:g} seconds"
                return looking.look
            job = Job(machine.home, partial(_some, part))
            answers = patient.run([job])
            answer = next(answers, None)
            if isinstance(answer, NotAnswering | Failed):
                looking.look.stopped = "a directory did not answer, so that the search ended there"
                return looking.look
            if not answer:
                break
    if cancelled():
        looking.look.stopped = "the search was cancelled"
    return looking.look


def _some(part: Iterator[None]) -> int:
    return sum(1 for _ in islice(part, _PART))


class _Looking:
    def __init__(
        self, machine: Machine, config: Config, environments: Sequence[Path], facts: Facts | None
    ) -> None:
        self.look = Look(machine.home)
        self._machine, self._config = machine, config
        self._wanted = {real(os.fspath(path)): path for path in environments}
        self._places = facts.places if facts else {}
        self._mounts = Mounts.read()
        hints = Hints(machine, named(facts.environments.values()) if facts else None)
        self._pointers = Pointers(registry(), _roots(machine, config), hints)
        self._telling = self._pointers.telling | {projects.VENV, projects.PYTHON_ENVS}
        self._seen: set[str] = set()

    def again(self) -> Iterator[None]:
        """Search the candidates once more."""
        known = [p for p, at in self._places.items() if at.presence is not Presence.UNREACHABLE]
        wanted = candidates.Wanted(telling=self._pointers.telling)
        search = candidates.search(self._machine, self._config, known, wanted, mounts=self._mounts)
        for candidate in search:
            if not candidate.script:
                self._ask(os.fspath(candidate.path), candidate.has)
            yield
        self.look.directories = search.directories

    def everywhere(self) -> Iterator[None]:
        """Search all of HOME, the directories near to it first."""
        top = os.path.realpath(self._machine.home)
        pending = deque([top])
        while pending:
            directory = pending.popleft()
            yield
            try:
                names, inner = _listed(directory)
            except OSError as error:
                self.look.unread += not isinstance(error, FileNotFoundError | NotADirectoryError)
                continue
            if directory != top and (_ENVIRONMENT & names or _CACHE in names):
                continue
            self.look.directories += 1
            has = self._telling & names
            if has and directory not in self._seen:
                self._ask(directory, has)
            pending.extend(path for path in inner if path not in self._mounts.points)

    def _ask(self, directory: str, has: frozenset[str] | None) -> None:
        """Note whether a pointer in a directory leads to one of the environments."""
        self._seen.add(directory)
        if has is None or has & {projects.VENV, projects.PYTHON_ENVS}:
            for link in projects.links_of(directory):
                self._note(link.pointer, os.fspath(link.environment))
        for pointer in self._pointers.of(directory, has):
            self._note(pointer.file, pointer.real)

    def _note(self, pointer: Path, target: str) -> None:
        path = self._wanted.get(target)
        if path is not None:
            shown = short_path(pointer, self._machine.home)
            self.look.leads.setdefault(path, f"{visible(shown)} leads to it.")


def _listed(directory: str) -> tuple[frozenset[str], list[str]]:
    names, inner = [], []
    with os.scandir(directory) as listing:
        for entry in islice(listing, _ENTRIES):
            names.append(entry.name)
            if entry.name not in _NEVER_ENTERED and entry.is_dir(follow_symlinks=False):
                inner.append(entry.path)
    return frozenset(names), inner


def _roots(machine: Machine, config: Config) -> Mapping[str, Sequence[Root]]:
    """Return the existing directories of each store, links resolved."""
    found: dict[str, list[Root]] = {}
    for root in discover.roots(machine, config):
        branch = discover.resolve(root)
        if branch.exists:
            found.setdefault(root.store, []).append(replace(root, path=branch.real))
    return found
