"""Environments that a project links to and that lie in no store.

Examples: a ``.venv`` link to another disk or into another UV_CACHE_DIR, or a folder that a
project's poetry.toml names. Anybody may have written such a file, so a target counts only if an
environment lies there. Once listed, it is listed as long as it exists, even if nothing links to
it any more.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from venvdash.model import Claim, Environment, EvidenceKind, Location, NotEnvironment, Record
from venvdash.model.packaging import PROJECT_SIGNS, VENV_NAMES
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.scanner.discovery.store_folders import OURS
from venvdash.scanner.events import EnvironmentFound, Event
from venvdash.scanner.evidence.project_links import LinkedFolder, ProjectLink, is_outside
from venvdash.scanner.stages.store_reading import problem_of
from venvdash.stores import of_name, registry
from venvdash.stores.roots import Entry, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner

_MOST = 2000  # such environments in one listing
_ENTRIES = 5000  # looked at in one folder


def root_of(prefix: Path) -> Root:
    """Return the root to use for an environment that lies in no store."""
    for store in registry():
        root = store.unconfigured_root(prefix)
        if root is not None:
            return root
    unnamed = prefix.name in VENV_NAMES and len(prefix.parts) > 2
    return Root(prefix.parent.parent if unnamed else prefix.parent, "folders", RootOrigin.PROJECT)


def read(
    prefix: Path, uid: int | None, location: Location = Location.LINKED
) -> Inspected | NotEnvironment:
    """Read the environment at ``prefix``, a path without links; see ``inspect`` for ``uid``.

    Nothing is ever written into one: other programs' folders are not venvdash's.
    """
    conda = location is Location.IN_PROJECT and reads.lexists(prefix / "conda-meta")  # pixi's
    if not (conda or reads.lexists(prefix / "pyvenv.cfg")):
        return NotEnvironment(prefix, "", "contains no pyvenv.cfg")
    root = root_of(prefix)
    store = of_name(root.store)
    entry = store.entry(prefix, root) if store else prefix
    inspected = inspect(Entry(prefix, entry), root, uid)
    if isinstance(inspected, NotEnvironment):
        return inspected
    environment = replace(
        inspected.environment,
        traits=replace(inspected.environment.traits, keeps_sidecar=False),
        location=location,
        sidecar=False,
    )
    return replace(inspected, environment=environment)


def _read_again(prefix: Path, uid: int | None) -> Inspected | NotEnvironment:
    """Read an environment that may no longer be linked, but not one inside its own project."""
    files = (prefix.parent / name for name in PROJECT_SIGNS)
    if prefix.name in VENV_NAMES and any(map(reads.lexists, files)):
        return NotEnvironment(prefix, "", "is inside its project")
    return read(prefix, uid)


_Read = Callable[[Path, int | None], Inspected | NotEnvironment]


class LinkedReader:
    """Adds the environments outside ``roots`` that projects link to, to ``environments``.

    ``new`` and ``claims`` are what the last ``take`` added. Each path is read once.
    """

    def __init__(
        self,
        environments: dict[Path, Environment],
        roots: Mapping[str, Sequence[Root]],
        uid: int | None,
        patient: TimedRunner,
    ) -> None:
        self._environments = environments
        self._roots = roots
        self._uid = uid
        self._patient = patient
        self._read: set[Path] = set()
        self._listed: set[Path] = set()
        self.found: list[Path] = []
        self.new: list[Environment] = []
        self.claims: list[Claim] = []

    def take(
        self, links_outside: Iterable[ProjectLink], folders: Iterable[LinkedFolder]
    ) -> Iterator[Event]:
        """Read the linked environments; one that does not respond is left out."""
        self.new, self.claims = [], []
        links_outside = list(links_outside)
        targets = [link.target for link in links_outside]
        for folder in folders:
            targets += self._in_folder(folder)
        yield from self._add(targets)
        self.claims += [link.claim for link in links_outside if link.target in self._environments]

    def recall(self, records: Mapping[Path, Record]) -> Iterator[Event]:
        """Read the environments that were listed as linked in an earlier scan."""
        self.new, self.claims = [], []
        # What lies in a store was read there.
        roots = tuple(
            f"{root.path}{os.sep}" for several in self._roots.values() for root in several
        )
        led = (
            path
            for path, record in records.items()
            if any(project.how is EvidenceKind.PROJECT_LINK for project in record.projects)
        )
        paths = [path for path in led if not os.fspath(path).startswith(roots)]
        yield from self._add(paths, _read_again)

    def _add(self, targets: Iterable[Path], reading: _Read = read) -> Iterator[Event]:
        known = self._environments
        new = [path for path in dict.fromkeys(targets) if path not in self._read | known.keys()]
        new = new[: _MOST - len(self.found)]
        self._read.update(new)
        for answer in self._patient.run(
            [Job(path, partial(reading, path, self._uid)) for path in new]
        ):
            if isinstance(answer, Inspected):
                known[answer.environment.path] = answer.environment
                self.found.append(answer.environment.path)
                self.new.append(answer.environment)
                self.claims += answer.claims
                yield EnvironmentFound(answer.environment)
            elif isinstance(answer, TimedOut | Failed):
                yield problem_of(answer)

    def _in_folder(self, folder: LinkedFolder) -> list[Path]:
        """Return what may be environments in a folder that is not a store, once per folder."""
        job = Job(folder.root.path, partial(self._entries, folder))
        return [
            path
            for answer in self._patient.run([job])
            if isinstance(answer, list)
            for path in answer
        ]

    def _entries(self, folder: LinkedFolder) -> list[Path]:
        place = reads.realpath(folder.root.path)
        stores = {os.fspath(root.path) for roots in self._roots.values() for root in roots}
        if place in stores or Path(place) in self._listed:
            return []
        if not is_outside(reads.realpath(folder.project), place):
            return []
        self._listed.add(Path(place))
        with reads.scandir(place) as listing:
            return [
                Path(entry.path)
                for entry in islice(listing, _ENTRIES)
                if not entry.name.startswith(OURS) and entry.is_dir(follow_symlinks=False)
            ]
