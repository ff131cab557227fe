"""Why an environment may not be deleted: asked for the plan, and again just before it is done.

In doubt the answer is a reason to leave it alone. Reasons are sentences for people.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.journals import rename_journal
from venvdash.actions.journals.trash_journal import JournalError
from venvdash.actions.journals.trash_journal import read as read_journal
from venvdash.actions.safety.environment_state import user_links
from venvdash.model import (
    Environment,
    Location,
    Record,
    Row,
    Status,
)
from venvdash.model.packaging import PROJECT_SIGNS
from venvdash.records import sidecar
from venvdash.stores.roots import Layout, Root
from venvdash.system import trust
from venvdash.system.directory import Directory
from venvdash.system.files import real
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts
from venvdash.text import because, short_path, visible

_SHOWN = 3  # names in a reason


def relinked(row: Row, context: Context) -> Iterator[str]:
    """Yield that the user has linked it to another project since it was listed."""
    record = sidecar.read(row.path, context.machine.uid)
    known = user_links(row.record) if row.record is not None else frozenset()
    if isinstance(record, Record) and not user_links(record) <= known:
        yield "It has been linked to another project since it was listed."


@dataclass(frozen=True)
class Neighbours:
    """What deleting some environments would do to others.

    Which lie ``inside`` each of their entries, and which were made from each (``heirs``), by path.
    """

    inside: Mapping[str, list[Row]]
    heirs: Mapping[str, list[Row]]

    @classmethod
    def of(cls, table: Mapping[Path, Row], rows: Iterable[Row]) -> "Neighbours":
        """Look at all known environments once, for what is in or from those of ``rows``."""
        wanted = {str(place) for row in rows for place in (row.path, row.environment.entry)}
        inside: dict[str, list[Row]] = defaultdict(list)
        heirs: dict[str, list[Row]] = defaultdict(list)
        bases: dict[Path, set[str]] = {}
        for path, row in table.items():
            for above in wanted.intersection(_above(str(path))):
                inside[above].append(row)
            base = row.environment.base
            if base is None or row.environment.target is not None:
                continue
            if base not in bases:
                places = {str(base), str(real(base))}
                bases[base] = wanted & {one for at in places for one in (at, *_above(at))}
            for above in bases[base]:
                heirs[above].append(row)
        return cls(inside, heirs)


def _above(path: str) -> Iterator[str]:
    """Yield the directories above an absolute path."""
    while (parent := os.path.dirname(path)) != path:
        yield parent
        path = parent


def refusal(
    row: Row,
    neighbours: Neighbours,
    context: Context,
    chosen: frozenset[Path],
    *,
    leaves: bool = False,
) -> str | None:
    """Return why the environment must not be deleted, None where nothing prevents it.

    ``neighbours`` knows all environments, ``chosen`` are the paths of those that go together.
    ``leaves``: one may lie in its project, since it was copied elsewhere. Who uses it, and what
    locks it, is not asked here.
    """
    leaves = leaves and row.environment.location is Location.IN_PROJECT
    return next(_refusals(row, neighbours, context, chosen, leaves=leaves), None)


def _refusals(
    row: Row,
    neighbours: Neighbours,
    context: Context,
    chosen: frozenset[Path],
    *,
    leaves: bool = False,
) -> Iterator[str]:
    entry = real_entry(row.environment)
    yield from protected(entry, row.environment, context)
    yield from _in_place(row, entry, neighbours, context, chosen, leaves)


def refusals_to_move(row: Row, table: Mapping[Path, Row], context: Context) -> Iterator[str]:
    """Yield why an environment must stay where it is; ``table`` holds every known one.

    Unlike one that another project links to, what lies in its own project may leave that.
    """
    leaves = row.environment.location is Location.IN_PROJECT
    neighbours = Neighbours.of(table, [row])
    yield from _refusals(row, neighbours, context, frozenset(), leaves=leaves)


def _in_place(
    row: Row,
    entry: Path,
    neighbours: Neighbours,
    context: Context,
    chosen: frozenset[Path],
    leaves: bool,
) -> Iterator[str]:
    environment = row.environment
    if row.verdict.status is Status.CHECKING:
        yield "The search for its project has not finished."
    if environment.target is not None:
        yield from unwritable(environment.entry)
        return
    yield from owned(environment, context.machine.uid)
    if not leaves:
        yield from in_project(environment, context.machine.home)
    yield from mounted(entry, context.mounts)
    yield from _inner(row, neighbours)
    yield from _based(row, neighbours, chosen)
    yield from unwritable(environment.entry)


def real_entry(environment: Environment) -> Path:
    """Return the entry with the links on the way to it resolved, itself as it is."""
    entry = environment.entry
    return Path(os.path.realpath(entry.parent)) / entry.name


def nothing_changes(machine: Machine, *, untested: bool) -> Iterator[str]:
    """Yield why nothing at all is changed here, and what to do instead.

    ``untested`` is the setting of that name, which allows changes on systems other than Linux.
    """
    yield from another_home(machine)
    if machine.untested_system and not untested:
        file = short_path(machine.config_file, machine.home)
        yield (
            f"venvdash was never run on {machine.untested_system}, so it changes nothing there: "
            f"write `untested = true` into {file} to allow it."
        )


def another_home(machine: Machine) -> Iterator[str]:
    """Yield why nothing is changed with another user's HOME, and what to do instead."""
    uid = machine.foreign_home
    if uid is None:
        return
    whose = f"HOME ({visible(machine.home)}) belongs to another user"
    name = trust.user_name(uid)
    if trust.unmapped(uid):
        yield f"{whose}, who does not exist in this container: run venvdash where that user exists."
    elif machine.uid == 0:
        yield (
            f"{whose}, {name}: run venvdash as that user, `sudo -H -u {name} venvdash`, "
            "or with your own HOME, `sudo -H venvdash`."
        )
    else:
        yield f"{whose}, {name}: run venvdash as that user, or set HOME to your own folder."


def protected(entry: Path, environment: Environment, context: Context) -> Iterator[str]:
    """Yield why nothing at this place is ever deleted."""
    yield from nothing_changes(context.machine, untested=context.untested)
    if entry.parent == entry or not entry.name:
        yield "It is the root of the file system."
    if entry in context.above_home:
        yield "It is your home directory, or contains it."
    if entry.name.startswith(".venvdash-"):
        yield "It belongs to venvdash: it is in the trash or being created."
    if environment.entry not in (environment.path, *environment.path.parents):
        yield "The directory to delete does not contain the environment."
    place = context.above_roots.get(entry)
    if place is None and entry in context.roots and not _is_one(context.roots[entry]):
        place = entry
    if place is not None:
        yield f"It is a store's directory, or contains one: {visible(place)}."
    own = context.above_own.get(entry)
    if own is not None and environment.target is None:
        yield f"venvdash is running from it ({visible(own)})."


def _is_one(roots: tuple[Root, ...]) -> bool:
    return all(root.layout is Layout.SINGLE for root in roots)


def owned(environment: Environment, uid: int | None) -> Iterator[str]:
    """Yield why it is not ours."""
    if uid is None:
        return
    for path in dict.fromkeys((environment.entry, environment.path)):
        try:
            owner = os.lstat(path).st_uid
        except OSError:
            continue
        if owner != uid:
            yield f"It belongs to another user (uid {owner})."


def in_project(environment: Environment, home: Path) -> Iterator[str]:
    """Yield the project in whose directory an environment outside all stores lies.

    The HOME directory is none, although people keep their settings in a repository there.
    """
    if environment.location is Location.CENTRAL:
        return
    entry = real_entry(environment)
    homes = {os.path.realpath(home), *map(str, Path(os.path.realpath(home)).parents)}
    for above in entry.parents:
        if str(above) not in homes and any(os.path.lexists(above / one) for one in PROJECT_SIGNS):
            yield f"It is inside a project: {short_path(above, home)}."
            return


def mounted(entry: Path, mounts: Mounts) -> Iterator[str]:
    """Yield what is mounted on ``entry`` (links resolved) or inside: it is not ours to delete."""
    if str(entry) in mounts.points:
        yield "A file system is mounted on it."
    for mount in mounts.below(entry):
        yield f"A file system is mounted inside it, at {visible(mount.point)}."


def unmakeable(entry: Path) -> Iterator[str]:
    """Yield why nothing can be put at ``entry``; directories on the way to it may be missing."""
    while not os.path.lexists(entry.parent):
        entry = entry.parent
    yield from unwritable(entry, "create anything in")


def unwritable(entry: Path, doing: str = "remove anything from") -> Iterator[str]:
    """Yield why nothing can be renamed in the directory of ``entry``."""
    parent = entry.parent
    if hasattr(os, "statvfs"):
        try:
            if os.statvfs(parent).f_flag & os.ST_RDONLY:
                yield "It is on a file system that is mounted read-only."
        except OSError as error:
            yield f"Cannot read its parent directory: {because(error)}."
            return
    if not os.access(parent, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
        yield f"You have no permission to {doing} {visible(parent)}."


_EFFECTIVE = os.access in os.supports_effective_ids


def marked(environment: Environment) -> Iterator[str]:
    """Yield what an earlier deletion has left in it, or what only looks so."""
    if environment.target is not None:
        return
    try:
        with Directory(environment.entry) as directory:
            yield from _journals(directory)
    except OSError as error:
        yield f"Cannot open it: {because(error)}."


def _journals(directory: Directory) -> Iterator[str]:
    """Yield which journals there are. Raises OSError."""
    name = "trash.toml"
    try:
        journal = read_journal(directory)
        if journal is not None and journal.inode == directory.status().st_ino:
            yield "An earlier deletion was interrupted and has not been cleaned up yet."
        name = rename_journal.NAME
        if rename_journal.read(directory) is not None:
            yield "An earlier rename was interrupted and has not been cleaned up yet."
    except JournalError as error:
        yield f"It contains a file {name} that {error}."


def _inner(row: Row, neighbours: Neighbours) -> Iterator[str]:
    """Yield what else lies inside and was not selected to be deleted."""
    entry = row.environment.entry
    inner = [other for other in neighbours.inside.get(str(entry), ()) if other.path != row.path]
    if inner:
        yield f"Other environments are inside it: {_named(inner)}."
    for project in row.verdict.projects:
        if project.is_relative_to(entry):
            yield f"Its project is inside it: {visible(project)}."


def _based(row: Row, neighbours: Neighbours, chosen: frozenset[Path]) -> Iterator[str]:
    """Yield who would lose its interpreter."""
    keep = {row.path, *chosen}
    heirs_by_path = {other.path: other for other in neighbours.heirs.get(str(row.path), ())}
    heirs = [other for path, other in heirs_by_path.items() if path not in keep]
    if heirs:
        yield f"Other environments use its Python: {_named(heirs)}."


def _named(rows: list[Row]) -> str:
    names = [visible(row.name) for row in rows[:_SHOWN]]
    more = len(rows) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def revived(row: Row, home: Path) -> Iterator[str]:
    """Yield the projects of an orphan that are there after all."""
    if row.verdict.status is not Status.ORPHAN:
        return
    for project in row.verdict.projects:
        if os.path.lexists(project):
            yield f"Its project exists again: {short_path(project, home)}."
