"""Environments that lie in their projects: no scan lists them, some commands read them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from venvdash.actions.table import Table
from venvdash.model import (
    Claim,
    Direction,
    EvidenceKind,
    Location,
    NotEnvironment,
    Row,
    Status,
    Verdict,
)
from venvdash.model.packaging import VENV_NAMES
from venvdash.scanner.projects import project_info
from venvdash.scanner.stages import linked_environments
from venvdash.system import reads
from venvdash.system.files import real
from venvdash.text import visible


def row_at(table: Table, path: Path, project: Path, why: str) -> Row | NotEnvironment:
    """Return the row of the environment at ``path`` (links resolved) that ``project`` uses.

    One that the table does not have is read and added. ``why`` says how the project uses it.
    """
    known = {real(row.path): row for row in table.rows.values()}
    if path in known:
        return known[path]
    inside = path.is_relative_to(real(project))
    location = Location.IN_PROJECT if inside else Location.LINKED
    read = linked_environments.read(path, table.machine.uid, location)
    if isinstance(read, NotEnvironment):
        return read
    claim = Claim(path, project, EvidenceKind.PROJECT_LINK, Direction.PROJECT, os.fspath(path))
    verdict = Verdict(Status.LINKED, visible(why), (project,), claim.how, (claim,))
    title = project_info.name_of(os.fspath(project)) or ""
    name = title or (project.name if path.name in VENV_NAMES else path.name)
    row = Row(read.environment, verdict, name, used=read.environment.used, here=True, title=title)
    table.rows[path] = row
    return row


def rows_of(table: Table, projects: Iterable[Path]) -> Iterator[Row]:
    """Yield the environments that lie in these projects; links and path files are none."""
    for project in dict.fromkeys(map(real, projects)):
        for name in sorted(VENV_NAMES):
            path = project / name
            if reads.islink(path) or not reads.lexists(path / "pyvenv.cfg"):
                continue
            row = row_at(table, path, project, f"`{name}` is an environment there")
            if isinstance(row, Row) and row.environment.location is Location.IN_PROJECT:
                yield row


def named(table: Table, text: str) -> Row | None:
    """Return the environment that lies in a project and that ``text`` is the path of."""
    path = Path(os.path.normpath(table.machine.expand(text)))
    if os.sep not in text or path.name not in VENV_NAMES:
        return None
    rows = rows_of(table, [path.parent])
    return next((row for row in rows if row.environment.entry.name == path.name), None)
