"""What is remembered of an environment's projects when the user says which, and which may be."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.relink_values import Relinking
from venvdash.model import (
    Direction,
    Environment,
    How,
    Presence,
    ProjectRecord,
    Record,
    Relation,
    Row,
    Status,
)
from venvdash.records import merge, sidecar
from venvdash.records.index import Index, index_path
from venvdash.scanner import places, projects
from venvdash.stores import registry
from venvdash.system.files import real
from venvdash.system.host import host_id
from venvdash.system.mounts import Mounts

if TYPE_CHECKING:
    from venvdash.session.core import Session

_MARKERS = ("pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "requirements.txt", ".git")
_MOST = 20


def record(session: "Session", row: Row) -> Record | None:
    """Return what is remembered of a row as its own: of a copy that is nothing."""
    memory = session.facts.memories.get(row.path) if session.facts else None
    return None if memory and memory.relation is Relation.COPY else row.record


def known(session: "Session", environment: Environment, paths: Sequence[Path]) -> Record | None:
    """Return what is remembered of an environment that lay at one of ``paths``."""
    for path in (environment.path, *paths):
        row = session.rows.get(path)
        if row is not None:
            return record(session, row)
    found = sidecar.read(environment.path, session.machine.uid)
    if isinstance(found, Record):
        return found
    index = Index.open(index_path(session.machine, host_id()), read_only=True)
    records = index.records()
    index.close()
    return next((records[path] for path in (environment.path, *paths) if path in records), None)


def after(
    wanted: Relinking, before: Sequence[ProjectRecord], mounts: Mounts
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
        said[path] = _seen(path, How.USER, by_path.get(path), mounts, now)
    for path in wanted.former if wanted.project is None else ():
        said[path] = _seen(path, How.DENIED, by_path.get(path), mounts, now)
    others = [one for one in before if one.path not in said]
    if not wanted.shared:
        others = [one if one.how is How.DENIED else replace(one, how=How.MENTION) for one in others]
    return merge.projects((*said.values(), *others))


def _seen(
    path: Path, how: How, before: ProjectRecord | None, mounts: Mounts, now: float
) -> ProjectRecord:
    """Return what to remember of a project; of one that is gone what was known of it."""
    place = places.look(path, mounts)
    if place.presence is not Presence.PRESENT:
        known = before or ProjectRecord(path, how, first_seen=now)
        return replace(known, how=how, last_seen=now)
    found = projects.read(path)
    return places.record_of(
        place, how, mounts, now=now, host=host_id(), name=found.name, git=found.git, before=before
    )


def candidates(session: "Session", row: Row) -> list[Path]:
    """Return directories that the row may belong to, the likeliest first.

    Where a moved project was found; where evidence leads; projects of its name, those without an
    environment first; the project of the current directory. Nothing is searched for.
    """
    facts = session.facts
    present = {
        path
        for path, place in (facts.places if facts else {}).items()
        if place.presence is Presence.PRESENT
    }
    own = set(map(real, row.verdict.projects if row.verdict.status is Status.LINKED else ()))
    found: dict[Path, None] = {}
    for path in (*_found_again(session, row), *_named(row, present), *_alike(session, row)):
        found.setdefault(path, None)
    here = _here(session)
    if here is not None and not row.environment.traits.script:
        found.setdefault(here, None)
    return [path for path in found if real(path) not in own][:_MOST]


def _found_again(session: "Session", row: Row) -> Iterator[Path]:
    if row.verdict.place is not None:
        yield row.verdict.place
    sightings = session.facts.sightings if session.facts else {}
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


def _alike(session: "Session", row: Row) -> Iterator[Path]:
    """Yield the projects that are called as the environment's name says, unprovided ones first."""
    traits = row.environment.traits
    store = next(one for one in registry() if one.name == row.environment.store)
    wanted = {traits.project_name, store.name_part(traits.name)} - {None, ""}
    provided = {
        real(project)
        for other in session.rows.values()
        if other.verdict.status is Status.LINKED
        for project in other.verdict.projects
    }
    found = [
        path
        for path, name in session.known_projects()
        if {store.name_part(path.name), store.name_part(name)} & wanted
    ]
    yield from sorted(found, key=lambda path: (real(path) in provided, str(path)))


def _here(session: "Session") -> Path | None:
    """Return the project of the current directory."""
    cwd = session.machine.cwd
    for directory in (cwd, *cwd.parents) if cwd else ():
        if directory == session.machine.home:
            return None
        if any(os.path.lexists(directory / marker) for marker in _MARKERS):
            return directory
    return None
