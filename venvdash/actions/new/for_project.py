"""What creating an environment for a project would do. Changes nothing.

The first is linked from the project's `.venv` and synced. A further one has a label and is only
recorded as the project's: it is called ``<project>--<label>``, and shown as ``project/label``.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from venvdash.actions import destinations
from venvdash.actions.context import Context
from venvdash.actions.destinations import Target, TargetError
from venvdash.actions.errors import ChangedError, words
from venvdash.actions.new.plan import NewEnvironment, absolute, interpreter, planned, unfit_place
from venvdash.actions.new.requirements import RequirementError
from venvdash.actions.relink import followed, project_link
from venvdash.actions.relink import plan as relink_plan
from venvdash.actions.relink.relink_changes import RelinkContext
from venvdash.actions.safety import refusals
from venvdash.actions.sync.command import (
    CannotSyncError,
    SyncCommand,
    SyncKind,
    UntrustedError,
    command_to_create,
)
from venvdash.actions.sync.dry_run import DryRun, of_creation
from venvdash.actions.table import Table
from venvdash.model import Action, Edit, Link, Proposal, Row
from venvdash.scanner.projects import project_info, workspaces
from venvdash.stores import default_store
from venvdash.text import short_path, visible


def propose(table: Table, wanted: NewEnvironment, project: Path) -> Proposal:
    """Return what creating an environment for the project at ``project`` would do.

    Raises nothing.
    """
    name = project_info.name_of(os.fspath(project)) or project.name
    store = wanted.root or default_store.folder(table.machine, table.config)
    shown = f"{name}/{wanted.label}" if wanted.label else name
    proposal = Proposal(
        Action.NEW, planned(shown, store, project), python=wanted.python, project=project
    )
    try:
        return _Plan(table, wanted, proposal).made()
    except (TargetError, RequirementError, ChangedError) as error:
        return replace(proposal, refusal=str(error))
    except UntrustedError as error:
        return replace(proposal, refusal=str(error), distrusted=error.project)
    except CannotSyncError as error:
        return replace(proposal, refusal=str(error))
    except (OSError, ValueError) as error:
        return replace(proposal, refusal=f"Cannot read it: {words(error)}.")


class _Plan:
    """One plan in the making."""

    def __init__(self, table: Table, wanted: NewEnvironment, proposal: Proposal) -> None:
        self.table, self.wanted, self.proposal = table, wanted, proposal
        self.context: Context = table.context()
        self.known = RelinkContext.of(table)
        self.home = table.machine.home
        self.python = absolute(wanted.python, table)

    def made(self) -> Proposal:
        """Return the whole. Raises what ``propose`` handles."""
        for reason in refusals.nothing_changes(self.table.machine, untested=self.context.untested):
            raise ChangedError(reason)
        project = self._project()
        target = destinations.of_directory(
            self.table,
            self.wanted.root or default_store.folder(self.table.machine, self.table.config),
            self.context,
        )
        place = self._place(target, project)
        for reason in unfit_place(place, self.context):
            raise ChangedError(reason)
        row = self._row(place, target, project)
        link = None if self.wanted.label else self._link(row, project)
        interpreter(self.python, self.context)
        found = self._packages(project, place)
        text = os.fspath(place)
        as_file = link is not None and self.table.config.project_link == "file"
        return replace(
            self.proposal,
            row=row,
            place=place,
            project=project,
            python=self.python,
            says=tuple(self._says(found, project)),
            warns=tuple(destinations.place_warnings(self.table, row, target, row.name)),
            commands=self._commands(found, place),
            packages=found.packages,
            links=(Link(link, text),) if link and not as_file else (),
            edits=(Edit(link, None, text),) if link and as_file else (),
        )

    def _project(self) -> Path:
        """Return the project, links resolved, or the root of its workspace."""
        given, row = self.proposal.project, self.proposal.row
        assert given is not None
        place = relink_plan.place_of(given, False, self.context)
        for reason in relink_plan.unfit(place, row, self.known):
            raise ChangedError(reason)
        real = place.real or given
        if not real.is_dir():
            raise ChangedError(f"{visible(real)} is not a directory.")
        return workspaces.root_of(real) or real

    def _place(self, target: Target, project: Path) -> Path:
        name = project_info.name_of(os.fspath(project)) or project.name
        if not self.wanted.label:
            return default_store.new_entry(target.root, name)
        if reason := destinations.refused_name(self.wanted.label):
            raise ChangedError(reason)
        return default_store.further_entry(target.root, name, self.wanted.label)

    def _row(self, place: Path, target: Target, project: Path) -> Row:
        row = planned(place.name, target.root, project)
        return replace(row, name=self.proposal.row.name)

    def _link(self, row: Row, project: Path) -> Path:
        """Return the link to be made. Raises ChangedError if it cannot be, or would be undone."""
        if self.table.config.project_link == "none":
            raise ChangedError(
                "`project_link` of the configuration is none, so uv would not find it. Use "
                "`venvdash new NAME`."
            )
        if reason := followed.obstacle(self.table, project, only_uv=True):
            raise ChangedError(reason)
        if reason := project_link.hindrance(
            project, row.environment, self.context, self.table.config
        ):
            raise ChangedError(f"{reason} uv would not find the environment.")
        link = project / project_info.VENV
        there = os.path.isdir(link)
        if not there:
            rows = self.table.rows.values()
            leads = (link, row, row.path, rows, self.context)
            there = bool(project_link.leading(*leads, file=False)[1])
        if there:
            shown = short_path(os.path.realpath(link), self.home)
            raise ChangedError(
                f"{short_path(project, self.home)} has an environment already, {shown}. For a "
                f"further one run `venvdash new {visible(row.name)}/LABEL`."
            )
        return link

    def _packages(self, project: Path, place: Path) -> DryRun:
        way = replace(command_to_create(project, place, self.context), python=self.python)
        if way.sort is SyncKind.REQUIREMENTS:
            return DryRun(way, known=False)
        return of_creation(way, place, self.context.log)

    def _says(self, found: DryRun, project: Path) -> Iterator[str]:
        shown = short_path(project, self.home)
        if self.wanted.label:
            yield f"It will belong to {shown}, which goes on using its present environment."
        else:
            yield f"It will belong to {shown}."
        if found.python:
            yield f"Uses Python {found.python}."
        if found.lock is not None:
            does = "Updates" if found.lock_exists else "Creates"
            yield f"{does} {short_path(found.lock, self.home)}."

    def _commands(self, found: DryRun, place: Path) -> tuple[tuple[str, ...], ...]:
        way: SyncCommand = found.way
        if way.sort is SyncKind.PROJECT:
            return (way.command,)
        python = ("--python", self.python) if self.python else ()
        return (("uv", "venv", *python, str(place)), replace(way, python=str(place)).command)
