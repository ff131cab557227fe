"""Whether something uses an environment again that lies in the trash: the search, once more.

A project may come back after its environment was deleted: its disk is plugged in, a backup is
restored, a folder can be read again.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from venvdash.actions.journals import trash_journal
from venvdash.config import Config
from venvdash.model import Environment, Facts, Memory, Record, Relation, Status, Trashed
from venvdash.records import sidecar
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.discovery.inspection import inspect_moved
from venvdash.scanner.search import search
from venvdash.stores.roots import Entry, Root
from venvdash.system.directory import Directory
from venvdash.system.locks import lock_directory
from venvdash.system.machine import Machine

# The project of any other was there when it was deleted, so that finding it says nothing.
_LOST = (Status.ORPHAN, Status.UNKNOWN, Status.UNREACHABLE)
NOT_ENDED = "The search for its project did not finish."
_INSIDE = ("", ".venv")  # where the prefix lies in what a store calls an entry


def may_return(trashed: Trashed) -> bool:
    """Return whether the project of an environment in the trash was not found when it went."""
    return trashed.status in _LOST and not trashed.purging


def search_for(
    trash: Sequence[Trashed],
    machine: Machine,
    config: Config,
    *,
    limit: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[Path, str]:
    """Search everywhere for the projects of environments in the trash, those that ``may_return``.

    Return for each trash directory that must not be freed why, as the rest of a sentence: its
    project was found, or the search did not end. ``limit`` is in seconds. Raises nothing.
    """
    lost = {
        environment.path: (one, environment, record)
        for one in trash
        if may_return(one)
        for environment, record in _environment(one, machine, config)
    }
    if not lost:
        return {}
    environments = [environment for _, environment, _ in lost.values()]
    findings = search(
        machine,
        config,
        environments,
        _facts([(environment, record, one) for one, environment, record in lost.values()]),
        limit=limit,
        cancelled=cancelled,
    )
    reasons = {}
    for path, (one, _, _) in lost.items():
        hit = findings.hits.get(path)
        if hit is not None:
            reasons[one.path] = hit.reason
        elif not findings.ended:
            reasons[one.path] = NOT_ENDED
    return reasons


def note_searched(reasons: Mapping[Path, str]) -> None:
    """Note in trash directories that the search for their projects has ended. Raises nothing.

    ``reasons`` says for each what it has found, a sentence; "" for nothing.
    """
    for path, reason in reasons.items():
        with (
            suppress(OSError, trash_journal.JournalError),
            Directory(path) as box,
            lock_directory(box.handle) as lock,
        ):
            now = trash_journal.read(box)
            if now is not None and now.unsearched and not (lock.busy or now.purging):
                trash_journal.note_searched(box, now, reason.rstrip("."))


def _facts(lost: Sequence[tuple[Environment, Record | None, Trashed]]) -> Facts:
    """Return what is remembered of them: their projects by place, inode and birth."""
    memories, claimed = {}, {}
    for environment, record, one in lost:
        projects = [one.project] if one.project else []
        if record is not None:
            memories[environment.path] = Memory(record, Relation.SAME)
            projects += [project.path for project in record.projects]
        claimed[environment.path] = tuple(dict.fromkeys(projects))
    return Facts(environments={}, memories=memories, claimed=claimed)


def _environment(
    one: Trashed, machine: Machine, config: Config
) -> Iterator[tuple[Environment, Record | None]]:
    """Yield the environment that lies in a trash directory, with what its sidecar remembers.

    Nothing where another one has been made in its place, or none can be read.
    """
    if os.path.lexists(one.original):
        return
    root = _root_of(one, machine, config)
    for inside in _INSIDE:
        entry = Entry(one.path / inside, one.path)
        was = Entry(one.original / inside, one.original)
        environment = inspect_moved(entry, was, root)
        if environment is not None:
            record = sidecar.read(entry.prefix, machine.uid)
            yield environment, record if isinstance(record, Record) else None
            return


def _root_of(one: Trashed, machine: Machine, config: Config) -> Root:
    """Return the store's directory that it lay in; a plain folder where no store looks there."""
    within: Mapping[Path, Root] = {
        root.path: root
        for root in store_folders.roots(machine, config)
        if os.path.realpath(root.path) in map(str, one.original.parents)
    }
    if within:
        return max(within.values(), key=lambda root: len(root.path.parts))
    return Root(one.original.parent, "folders")
