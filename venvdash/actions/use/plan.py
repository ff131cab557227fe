"""What it would change if a project used an environment from now on. Changes nothing.

It is a relink that keeps the other projects and writes only `.venv`: journal, recovery and undo are
those of ``actions.relink``. The environment keeps its name and place, so a tool that looks for
another name would not find it: see ``relink.followed``.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from venvdash.actions.errors import ChangedError
from venvdash.actions.relink import followed, gitignore, project_link
from venvdash.actions.relink import plan as relink_plan
from venvdash.actions.relink.relink_changes import (
    CAUGHT,
    RelinkChanges,
    RelinkContext,
    nothing_of,
    refusal_of,
    refused,
    short,
)
from venvdash.actions.table import Table
from venvdash.actions.use.conflict import Conflict, conflict
from venvdash.model import Action, Location, Row
from venvdash.scanner.projects import project_info, workspaces
from venvdash.system.files import real
from venvdash.text import counted, visible

_SHOWN = 8  # packages in a sentence


def plan(table: Table, row: Row, project: Path) -> RelinkChanges:
    """Return what would change if ``project`` used the row's environment. Raises nothing."""
    known = RelinkContext.of(table)
    nothing = replace(nothing_of(row, project), shared=True, action=Action.USE)
    try:
        for reason in (*_unusable(row), *refused(row, known)):
            return replace(nothing, refusal=reason)
        place = relink_plan.place_of(project, False, known.context)
        for reason in relink_plan.unfit(place, row, known):
            return replace(nothing, refusal=reason)
        used_in = place.real or project
        used_in = workspaces.root_of(used_in) or used_in
        return _planned(table, replace(nothing, project=used_in), used_in, known)
    except CAUGHT as error:
        return replace(nothing, refusal=refusal_of(error))


def _unusable(row: Row) -> Iterator[str]:
    """Yield why no other project can use an environment."""
    if row.environment.traits.script:
        yield "It belongs to a script."
    if row.environment.location is Location.IN_PROJECT:
        yield "It lies in a project: move it out first, with `venvdash adopt`."


def _planned(
    table: Table, nothing: RelinkChanges, project: Path, known: RelinkContext
) -> RelinkChanges:
    """Return the whole. Raises ChangedError and OSError."""
    row, context, config = nothing.row, known.context, known.config
    if reason := followed.obstacle(table, project):
        raise ChangedError(reason)
    if config.project_link == "none":
        raise ChangedError("`project_link` of the configuration is none, so nothing can be linked.")
    if reason := project_link.hindrance(project, row.environment, context, config):
        raise ChangedError(f"{reason} Its tool would not find the environment.")
    link = project / project_info.VENV
    if os.path.isdir(link) and not os.path.islink(link):
        raise ChangedError(
            f"{visible(link)} is a directory: move it out with `venvdash adopt`, or delete it."
        )
    swap, lost = project_link.leading(
        link, row, row.path, table.rows.values(), context, file=config.project_link == "file"
    )
    others = [path for path in row.verdict.projects if real(path) != project and path.is_dir()]
    found = conflict(table, row, project, others)
    exclusion = gitignore.exclusion(link, context.machine) if swap and not swap.before else None
    return replace(
        nothing,
        swaps=(swap,) if swap is not None else (),
        offers=(exclusion,) if exclusion is not None else (),
        says=tuple(_says(project, others, lost, known)),
        warns=tuple(_warns(row, found, known)),
        refusal=found.refusal,
    )


def _says(project: Path, others: list[Path], lost: str, known: RelinkContext) -> Iterator[str]:
    home = known.context.machine.home
    beside = f", as {' and '.join(short(path, home) for path in others)} does" if others else ""
    yield f"{short(project, home)} uses it from now on{beside}."
    if lost:
        yield f"{lost} That one stays."


def _warns(row: Row, found: Conflict, known: RelinkContext) -> Iterator[str]:
    home = known.context.machine.home
    if row.environment.traits.volatile:
        yield "It is in uv's cache: `uv cache prune` would delete it."
    for loses in found.removed:
        some = ", ".join(visible(name, 64) for name in loses.packages[:_SHOWN])
        more = len(loses.packages) - _SHOWN
        names = some + (f" and {more} more" if more > 0 else "")
        needed = f", which {short(loses.needed_by, home)} needs" if loses.needed_by else ""
        count = counted(len(loses.packages), "package")
        yield f"`uv sync` in {short(loses.project, home)} uninstalls {count}{needed}: {names}."
    if found.removed:
        yield (
            "`venvdash sync` and `uv sync --inexact` keep them. To use a copy instead, add --copy."
        )
