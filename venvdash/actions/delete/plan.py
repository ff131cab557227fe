"""Plans: what would be deleted and what not, and why. Reads, and changes nothing."""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.delete import trash_folder
from venvdash.actions.errors import ChangedError
from venvdash.actions.process import tool_commands
from venvdash.actions.safety import project_links, refusals
from venvdash.actions.safety.environment_state import States
from venvdash.actions.safety.git_state import git_states
from venvdash.actions.safety.in_use import busy
from venvdash.model import (
    Action,
    Item,
    Location,
    Package,
    Plan,
    Refusal,
    Removal,
    Row,
    Status,
    TrashFolder,
)
from venvdash.model.packaging import canonical_name
from venvdash.system import overlayfs, responsiveness
from venvdash.system.files import read_text
from venvdash.system.processes import users
from venvdash.text import because, visible

__all__ = ["Context", "plan_delete"]

_LOCKFILES = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "pixi.lock")
_LOCKFILE_LIMIT = 16 * 1024 * 1024  # bytes
_SEEDS = frozenset({"pip", "setuptools", "wheel"})
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OWN_FILES = "it contains your own files"
UNKNOWN_FILES = "venvdash cannot check whether it contains your own files"
_LATELY = 14 * 86400.0  # seconds


def plan_delete(
    rows: Sequence[Row],
    table: Mapping[Path, Row],
    context: Context,
    states: States | None = None,
    *,
    leaves: bool = False,
) -> Plan:
    """Return what deleting ``rows`` would do; what must not be deleted is refused with a reason.

    ``leaves``: as ``refusals.refusal``.

    ``table`` holds every known environment. ``states`` remembers what each of ``rows`` is. The sums
    of bytes are left at 0: they are of the union, which the caller measures
    (``dataclasses.replace``). Raises nothing.
    """
    rows = list({row.path: row for row in rows}.values())
    states = states or States(context)
    chosen = frozenset(row.path for row in rows)
    neighbours = refusals.Neighbours.of(table, rows)
    seen = users([row.environment.entry for row in rows if row.environment.target is None])
    silent = frozenset(
        responsiveness.unresponsive(
            folder
            for row in rows
            for folder in (*project_links.folders(row), *row.verdict.projects)
        )
    )
    items, refused = [], []
    for row in rows:
        try:
            reason = refusals.refusal(row, neighbours, context, chosen, leaves=leaves)
            if reason is None:
                states.first(row)
                reason = next(refusals.marked(row.environment), None)
            if reason is None:
                reason = busy(row, seen.uses.get(row.environment.entry, ()))
            if reason is None:
                items.append(_item(row, context, silent))
                continue
        except (ChangedError, tool_commands.ToolError) as error:
            reason = str(error)
        except (OSError, ValueError) as error:
            reason = f"Cannot read it: {because(error)}."
        refused.append(Refusal(row.path, row.name, reason))
    with_git = tuple(_with_git(items, context))
    return Plan(Action.DELETE, with_git, tuple(refused), unreadable=seen.unreadable)


def _with_git(items: Sequence[Item], context: Context) -> Iterator[Item]:
    """Yield the items with what git says of the projects that lose them, and of their links."""
    linked = [item for item in items if item.row.verdict.status is Status.LINKED]
    concerned = [item for item in items if item.links or item.edits or item in linked]
    paths = [path for item in concerned for path in _changed_with(item)]
    projects = [project for item in linked for project in item.row.verdict.projects]
    states = git_states(paths, context.machine, projects) if concerned else ()
    for item in items:
        own = {path.parent for path in _changed_with(item)} | set(item.row.verdict.projects)
        git = tuple(state for state in states if state.directory in own)
        yield replace(item, git=git) if git else item


def _changed_with(item: Item) -> list[Path]:
    return [link.path for link in item.links] + [edit.path for edit in item.edits]


def _item(row: Row, context: Context, silent: frozenset[Path]) -> Item:
    """Return the row with all that goes with it. Raises ChangedError and ToolError."""
    entry = refusals.real_entry(row.environment)
    if row.environment.target is not None:
        return Item(row, how=Removal.UNLINK, folder=_folder(row, entry, context))
    here, edits = project_links.links_to(row, silent=silent)
    for path in (*(link.path for link in here), *(edit.path for edit in edits)):
        if not project_links.removable(path):
            raise ChangedError(
                f"You have no permission to remove its project's link {visible(path)}."
            )
    how, command = Removal.TRASH, ""
    if tool_commands.needs_tool(row.environment):
        command = tool_commands.command(row.environment, context.machine).shown
        how = Removal.TOOL
    elif overlayfs.renamable(row.environment.entry, context.mounts) is False:
        how = Removal.IN_PLACE
    folder = _folder(row, entry, context) if how is Removal.TRASH else None
    only_here, confirm = tuple(_only_here(row, silent)), _confirm(row, entry, context)
    return Item(row, only_here, edits, here, how, confirm, folder, command=command)


def _folder(row: Row, entry: Path, context: Context) -> TrashFolder:
    stores = context.stores(row.environment)
    return trash_folder.choose(entry.parent, stores, context.machine)


def _confirm(row: Row, entry: Path, context: Context) -> str:
    """Return why the environment's name must be typed, "" where a yes will do."""
    if context.mounts.shared(entry) and used_lately(row):
        return "it was used in the last 14 days, and processes on other computers cannot be checked"
    if row.environment.location is not Location.CENTRAL:
        return "it is outside all stores, and only a project points to it"
    if row.verdict.status is Status.UNREACHABLE:
        return "venvdash cannot tell whether its project still exists"
    if row.record is not None and row.record.pinned:
        return "it is pinned"
    usage = row.usage
    if usage is None or usage.user_files is None:
        return UNKNOWN_FILES
    if usage.user_files.count:
        return OWN_FILES
    return ""


def used_lately(row: Row) -> bool:
    """Return whether it may have been used in the last 14 days."""
    return row.used is None or row.used > time.time() - _LATELY


def _only_here(row: Row, silent: frozenset[Path]) -> Iterator[Package]:
    """Yield the packages that could not be installed again as they are.

    Those from a local directory or file, and those that no lockfile of the living project names.
    """
    locked = _locked_names(row, silent)
    for package in row.environment.packages:
        if package.editable:
            inside = package.origin is not None and str(row.environment.entry) in package.origin
            if inside:  # a checkout within the environment, with whatever was changed in it
                yield package
            continue
        local = package.origin is not None and package.origin.startswith("file:")
        unnamed = locked is not None and canonical_name(package.name) not in locked | _SEEDS
        if local or unnamed:
            yield package


def _locked_names(row: Row, silent: frozenset[Path]) -> frozenset[str] | None:
    """Return every word in the lockfiles of its projects; None where there is no lockfile."""
    names: set[str] = set()
    any_lockfile = False
    for project in row.verdict.projects:
        for name in _LOCKFILES if project not in silent and os.path.isdir(project) else ():
            text = read_text(os.path.join(project, name), _LOCKFILE_LIMIT)
            if text is not None:
                any_lockfile = True
                names.update(canonical_name(word) for word in _WORD.findall(text))
    return frozenset(names) if any_lockfile else None
