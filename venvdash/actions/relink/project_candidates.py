"""What is remembered of an environment's projects when the user says which, and which may be."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.actions.relink.relink_changes import RelinkChanges
from venvdash.actions.table import Table
from venvdash.model import (
    Direction,
    EvidenceKind,
    Presence,
    ProjectRecord,
    Row,
    Status,
)
from venvdash.model.packaging import PROJECT_SIGNS
from venvdash.records import merge
from venvdash.scanner.projects import presence, project_info
from venvdash.stores import registry
from venvdash.system.files import real
from venvdash.system.host import host_id
from venvdash.system.mounts import Mounts

_MOST = 20


def after(
    wanted: RelinkChanges, before: Sequence[ProjectRecord], mounts: Mounts
) -> tuple[ProjectRecord, ...]:
    """Return the projects to remember once that is done; ``before`` are those until now.

    What the user links is proven by that, what he unlinks denied. What else it belonged to is only
    a mention then, unless it is shared.
    """
    now, by_path = time.time(), {one.path: one for one in before}
    said: dict[Path, ProjectRecord] = {}
    chosen = [] if wanted.project is None else [wanted.project]
    if wanted.shared and wanted.project is not None:
        chosen += [path for path in wanted.row.verdict.projects if real(path) not in chosen]
    for path in chosen:
        said[path] = _seen(path, EvidenceKind.USER, by_path.get(path), mounts, now)
    for path in wanted.former if wanted.project is None else ():
        said[path] = _seen(path, EvidenceKind.DENIED, by_path.get(path), mounts, now)
    others = [one for one in before if one.path not in said]
    if not wanted.shared:
        others = [
            one if one.how is EvidenceKind.DENIED else replace(one, how=EvidenceKind.MENTION)
            for one in others
        ]
    return merge.projects((*said.values(), *others))


def _seen(
    path: Path, how: EvidenceKind, before: ProjectRecord | None, mounts: Mounts, now: float
) -> ProjectRecord:
    """Return what to remember of a project; of one that is gone what was known of it."""
    place = presence.look(path, mounts)
    if place.presence is not Presence.PRESENT:
        known = before or ProjectRecord(path, how, first_seen=now)
        return replace(known, how=how, last_seen=now)
    directory = os.fspath(path)
    name, git = project_info.name_of(directory), project_info.fingerprint(directory)
    return presence.record_of(
        place, how, mounts, now=now, host=host_id(), name=name, git=git, before=before
    )


def candidates(table: Table, row: Row) -> list[Path]:
    """Return directories that the row may belong to, the likeliest first.

    Where a moved project was found; where evidence leads; projects of its name, those without an
    environment first; the project of the current directory. Nothing is searched for.
    """
    facts = table.facts
    present = {
        path
        for path, place in (facts.places if facts else {}).items()
        if place.presence is Presence.PRESENT
    }
    own = set(map(real, row.verdict.projects if row.verdict.status is Status.LINKED else ()))
    projects: dict[Path, None] = {}
    for path in (*_found_again(table, row), *_named(row, present), *_alike(table, row)):
        projects.setdefault(path, None)
    here = _here(table)
    if here is not None and not row.environment.traits.script:
        projects.setdefault(here, None)
    return [path for path in projects if real(path) not in own][:_MOST]


def _found_again(table: Table, row: Row) -> Iterator[Path]:
    if row.verdict.place is not None:
        yield row.verdict.place
    sightings = table.facts.sightings if table.facts else {}
    for project in row.verdict.projects:
        for sighting in sightings.get(project, ()):
            yield sighting.place


def _named(row: Row, present: Iterable[Path]) -> Iterator[Path]:
    """Yield the projects that its claims name, what proves something first."""
    there = set(present)
    claims = sorted(row.verdict.claims, key=lambda claim: (not claim.proves, claim.how.value))
    for claim in claims:
        if claim.project in there or claim.direction is Direction.PROJECT:
            yield claim.project


def _alike(table: Table, row: Row) -> Iterator[Path]:
    """Yield the projects that are called as the environment's name says, unprovided ones first."""
    traits = row.environment.traits
    store = next(one for one in registry() if one.name == row.environment.store)
    wanted = {traits.project_name, store.name_part(traits.name)} - {None, ""}
    provided = {
        real(project)
        for other in table.rows.values()
        if other.verdict.status is Status.LINKED
        for project in other.verdict.projects
    }
    projects = [
        path
        for path, name in table.known_projects()
        if {store.name_part(path.name), store.name_part(name)} & wanted
    ]
    yield from sorted(projects, key=lambda path: (real(path) in provided, str(path)))


def _here(table: Table) -> Path | None:
    """Return the project of the current directory."""
    cwd = table.machine.cwd
    for directory in (cwd, *cwd.parents) if cwd else ():
        if directory == table.machine.home:
            return None
        if any(os.path.lexists(directory / marker) for marker in PROJECT_SIGNS):
            return directory
    return None
