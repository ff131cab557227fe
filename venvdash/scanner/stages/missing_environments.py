"""The last stage of a search for projects: whose environment is gone, and would be used.

Either the project's `.venv` names a place without an environment, or a record says that one was
there and the project's tool would use that place again. ``uv cache prune`` leaves such projects, a
wiped disk, and another computer that shares HOME but not the disk of the environments.
"""

import os
from collections.abc import Generator, Iterable, Mapping
from functools import partial
from pathlib import Path

from venvdash.model import (
    EvidenceKind,
    MissingEnvironment,
    Presence,
    ProjectRecord,
    ProjectTools,
    Record,
    Status,
    Verdict,
)
from venvdash.model.packaging import PROJECT_FILES
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.events import Event
from venvdash.scanner.evidence.project_links import ProjectLink, is_outside
from venvdash.scanner.projects import presence, project_tools
from venvdash.scanner.stages.scan_state import ScanState
from venvdash.scanner.stages.store_reading import answers
from venvdash.stores.roots import Root
from venvdash.system import reads
from venvdash.system.timeouts import Job
from venvdash.text import visible

_HINTS = (EvidenceKind.MENTION, EvidenceKind.DENIED)


def find(
    state: ScanState, verdicts: Mapping[Path, Verdict]
) -> Generator[Event, None, tuple[MissingEnvironment, ...]]:
    """Return the environments that living projects lack, one for each project."""
    gone = [record for path, record in state.saved.records.items() if path not in verdicts]
    if not (gone or state.dangling):
        return ()
    served = {
        project
        for verdict in verdicts.values()
        if verdict.status in (Status.LINKED, Status.CHECKING)
        for project in verdict.projects
    }
    links = {link.project: link for link in state.dangling if link.project not in served}
    recorded = _recorded(gone, served | links.keys())
    if not (links or recorded):
        return ()
    roots = store_folders.roots(state.machine, state.config)
    jobs = [Job(link.project, partial(_of_link, state, link, roots)) for link in links.values()]
    jobs += [
        Job(project, partial(_of_record, state, known, record, roots))
        for project, (known, record) in recorded.items()
    ]
    found = yield from answers(state.patient, jobs)
    return tuple(one for one in found if one is not None)


def _recorded(
    gone: Iterable[Record], without: set[Path]
) -> dict[Path, tuple[ProjectRecord, Record]]:
    """Return for each project the one that was seen last of its environments that are gone."""
    newest: dict[Path, tuple[ProjectRecord, Record]] = {}
    for record in gone:
        for known in record.projects:
            if known.how in _HINTS or known.path in without:
                continue
            before = newest.get(known.path)
            if before is None or before[1].last_seen < record.last_seen:
                newest[known.path] = known, record
    return newest


def _of_link(
    state: ScanState, link: ProjectLink, roots: Iterable[Root]
) -> MissingEnvironment | None:
    """Return what a project's `.venv` names, if that can be judged to be gone."""
    if not any(reads.lexists(link.project / name) for name in PROJECT_FILES):
        return None
    there = _vacant(state, link.target)
    if there is None:
        return None
    return MissingEnvironment(
        link.target,
        link.project,
        f"{visible(link.pointer)} points to {visible(link.target)}, where {there} now.",
        _store_of(link.target, roots),
        link.pointer,
        state.saved.records.get(link.target),
    )


def _of_record(
    state: ScanState, known: ProjectRecord, record: Record, roots: Iterable[Root]
) -> MissingEnvironment | None:
    """Return an environment that was a project's, if its tool would use that place again."""
    path, project = record.path, known.path
    store = _store_of(path, roots)
    if not (store and is_outside(os.fspath(project), os.fspath(path))):
        return None
    if not reads.isdir(project) or state.presence(project) in (
        Presence.ABSENT,
        Presence.UNREACHABLE,
    ):
        return None
    tools = project_tools.of_project(project, state.machine, state.config, {store})
    there = _vacant(state, path) if _would_use(tools, store, path) else None
    if there is None:
        return None
    tool = tools.uses[store].tool
    reason = f"{tool} kept its environment at {visible(path)}, where {there} now."
    return MissingEnvironment(path, project, reason, store, record=record)


def _would_use(tools: ProjectTools, store: str, path: Path) -> bool:
    """Return whether the tool of a store has no environment for a project, and would use this one.

    With another interpreter it may use another name in the same directory.
    """
    if any(use.exists or use.deletes for use in tools.uses.values()):
        return False
    use = tools.uses.get(store)
    if use is None:
        return False
    return use.environment is None or use.environment.parent == path.parent


def _vacant(state: ScanState, path: Path) -> str | None:
    """Return that nothing is at a path, in words; None where something may be.

    An empty directory counts as nothing.
    """
    try:
        with reads.scandir(path) as entries:
            return None if next(entries, None) is not None else "an empty directory is"
    except (FileNotFoundError, NotADirectoryError):
        place = presence.look(path, state.mounts)
        doubtful = place.presence is Presence.UNREACHABLE
        return f"nothing is ({place.reason})" if doubtful else "nothing is"
    except (OSError, ValueError):
        return None


def _store_of(path: Path, roots: Iterable[Root]) -> str:
    """Return the store that has a directory above a path, "" for none."""
    above = {*path.parents}
    return next(
        (
            root.store
            for root in roots
            if root.path in above or Path(reads.realpath(root.path)) in above
        ),
        "",
    )
