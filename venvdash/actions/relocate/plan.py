"""What a rename or a move would do; changes nothing."""

import os
from dataclasses import replace
from pathlib import Path

from venvdash.actions import destinations
from venvdash.actions.context import Context
from venvdash.actions.copy import copy_environment
from venvdash.actions.destinations import TargetError, leaving_warnings, place_warnings
from venvdash.actions.errors import words
from venvdash.actions.relocate import rename
from venvdash.actions.safety import project_links
from venvdash.actions.table import Table
from venvdash.model import (
    Action,
    Direction,
    Link,
    Proposal,
    Row,
)
from venvdash.text import visible


def propose_rename(table: Table, row: Row, name: str) -> Proposal:
    """Return what giving it another name would do."""
    context = table.context()
    proposal = Proposal(Action.RENAME, row)
    if reason := destinations.refused_name(name):
        return replace(proposal, refusal=reason)
    proposal = replace(proposal, place=row.environment.entry.with_name(name))
    proposal = _moving(table, row, proposal, context)
    target = destinations.of_environment(row.environment, context)
    sentence = f"Renames it to {visible(name)} and updates its scripts."
    says = (sentence, *proposal.says)
    warns = (*place_warnings(table, row, target, name), *proposal.warns)
    return proposal if proposal.refusal else replace(proposal, says=says, warns=warns)


def propose_move(table: Table, row: Row, root: Path) -> Proposal:
    """Return what moving it to the store at ``root`` would do."""
    context = table.context()
    proposal = Proposal(Action.MOVE, row)
    try:
        target = destinations.of_directory(table, root, context)
    except (TargetError, OSError, ValueError) as error:
        return replace(proposal, refusal=str(error))
    name = _plain_name(row)
    proposal = replace(proposal, place=target.root / name)
    if target.root == row.environment.entry.parent:
        return replace(proposal, refusal="It is already there.")
    proposal = _moving(table, row, proposal, context)
    if not proposal.refusal and not same_file_system(row, target.root, context):
        proposal = _moving_far(row, proposal, context)
    elif not proposal.refusal:
        sentence = f"Moves it to {visible(target.root / name)} and updates its scripts."
        proposal = replace(proposal, says=(sentence, *proposal.says))
    if proposal.refusal:
        return proposal
    warns = (
        *place_warnings(table, row, target, name),
        *leaving_warnings(table, row, target),
        *proposal.warns,
    )
    return replace(proposal, warns=warns)


def propose_back(table: Table, row: Row, action: Action, place: Path) -> Proposal:
    """Return what renaming or moving it back to ``place``, where it was before, would do."""
    context = table.context()
    proposal = _moving(table, row, Proposal(action, row, place=place), context)
    if proposal.refusal or same_file_system(row, place.parent, context):
        return proposal
    return _moving_far(row, proposal, context)


def _plain_name(row: Row) -> str:
    """Return what it is called elsewhere: its entry's name, its own where that is a tool's."""
    entry = row.environment.entry
    return row.environment.traits.name if entry.name in (".venv", "venv", "env") else entry.name


def _moving(table: Table, row: Row, proposal: Proposal, context: Context) -> Proposal:
    """Return the proposal with what holds of every change of place."""
    place = proposal.place or row.environment.entry
    try:
        for reason in rename.rename_refusals(row, place, table.rows, context):
            return replace(proposal, refusal=reason)
        led, files = project_links.changed_for(row, place)
    except (OSError, ValueError) as error:
        return replace(proposal, refusal=f"Cannot read it: {words(error)}.")
    says = [f"Updates {visible(change.path)} to the new path." for change in (*led, *files)]
    changed = {change.path for change in (*led, *files)}
    warns = [
        f"{visible(claim.source)} refers to its current path and is not updated."
        for claim in row.verdict.claims
        if claim.direction is Direction.PROJECT
        and claim.source
        and Path(claim.source) not in changed
    ]
    if reference := table.referenced(row.path):
        warns.append(f"This refers to its current path and is not updated: {visible(reference)}.")
    return replace(
        proposal,
        says=tuple(says),
        warns=tuple(dict.fromkeys(warns)),
        edits=files,
        links=tuple(Link(change.path, change.after or "") for change in led),
    )


def _moving_far(row: Row, proposal: Proposal, context: Context) -> Proposal:
    """Return the proposal to move to another file system: a copy, and the original deleted."""
    place = proposal.place or row.environment.entry
    reasons = [*copy_environment.copy_refusals(row, place, context, python=None)]
    if row.environment.path != row.environment.entry:
        reasons.append(
            "Its directory also contains files outside the environment: copy it instead."
        )
    if row.record is not None and row.record.pinned:
        reasons.append("It is pinned, so the original cannot be moved to the trash.")
    if reasons:
        return replace(proposal, refusal=reasons[0])
    sentence = f"Copies all files to {visible(place)}, on another file system, and updates them."
    warning = "Moves the original to the trash, from where it can be restored."
    return replace(proposal, says=(sentence, *proposal.says), warns=(warning, *proposal.warns))


def same_file_system(row: Row, root: Path, context: Context) -> bool:
    """Return whether a directory below ``root`` would lie on the file system of a row."""
    there = root
    while not os.path.lexists(there):
        there = there.parent
    same = os.stat(there).st_dev == os.lstat(row.environment.entry).st_dev
    return same and context.mounts.of(there) == context.mounts.of(row.environment.entry)
