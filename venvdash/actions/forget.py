"""Hiding that a project lacks its environment, until it has one again; undone from the history."""

from dataclasses import replace

from venvdash.actions.change_log import environment_of
from venvdash.actions.table import Table
from venvdash.model import Action, Row


class ForgetError(Exception):
    """It cannot be hidden; a sentence says why."""


def forget(table: Table, row: Row) -> None:
    """Do not list a project of ``table.missing`` any more. Raises ForgetError."""
    if not table.remembers:
        raise ForgetError("Records are turned off by --no-records or `records = false`.")
    change = table.change_log.begin(Action.FORGET, [environment_of(row)])
    if not table.change_log.finish(change, replace(change)):
        raise ForgetError(f"Cannot store that: {table.change_log.problem}.")
    table.missing.pop(row.path, None)
