"""What moving an environment out of its project, or into it, would do. Changes nothing.

Both are relinks that rename: the journal, recovery and undo are those of ``actions.relink``. What
the project keeps in the place of the directory is what its tool says (``Store.outside``).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash import formats
from venvdash.actions import destinations
from venvdash.actions.adopt import git_index
from venvdash.actions.copy import copy_environment
from venvdash.actions.copy.copy_tree import extent, lacking
from venvdash.actions.destinations import Target, TargetError
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Content, Swap
from venvdash.actions.relink import gitignore, project_link
from venvdash.actions.relink.relink_changes import (
    CAUGHT,
    RelinkChanges,
    RelinkContext,
    missing,
    nothing_of,
    once,
    pointing,
    refusal_of,
    refused,
    short,
    store_of,
)
from venvdash.actions.relocate import rename
from venvdash.actions.relocate.plan import same_file_system
from venvdash.actions.safety import file_swap, project_links
from venvdash.actions.table import Table
from venvdash.model import Action, Edit, Location, Row
from venvdash.model.packaging import VENV_NAMES
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.scanner.projects import project_info, project_tools
from venvdash.scanner.stages import linked_environments
from venvdash.stores import default_store
from venvdash.stores.base import Store
from venvdash.stores.links import Assignment, Outside
from venvdash.stores.roots import Entry
from venvdash.system.cloud_folders import synced_by
from venvdash.system.files import read_text, real
from venvdash.text import visible

_POINTER_LIMIT = 8 * 1024  # bytes
_TO_TRASH = "Moves the original to the trash, from where it can be restored."


def leave(table: Table, row: Row, root: Path | None, entry: Path | None = None) -> RelinkChanges:
    """Return what moving the row's environment out of its project would change.

    ``root`` is the directory of environments that it goes to; without it the one in which its tool
    looks, or the default store. ``entry`` is where an earlier plan has put it. Raises nothing.
    """
    known = RelinkContext.of(table)
    project = real(row.environment.entry.parent)
    nothing = replace(nothing_of(row, project), action=Action.MOVE)
    try:
        for reason in (*_not_inside(row), *refused(row, known), *_git_has(row)):
            return replace(nothing, refusal=reason)
        leaving = _Leaving(table, _unbound(row, known), project, known)
        return leaving.made(root, entry)
    except TargetError as error:
        return replace(nothing, refusal=str(error))
    except CAUGHT as error:
        return replace(nothing, refusal=refusal_of(error))


def enter(table: Table, row: Row) -> RelinkChanges:
    """Return what moving the row's environment into its project would change. Raises nothing."""
    known = RelinkContext.of(table)
    projects = [real(path) for path in row.verdict.projects]
    nothing = replace(nothing_of(row, projects[0] if projects else None), action=Action.MOVE)
    try:
        for reason in (*_not_outside(row, projects), *refused(row, known)):
            return replace(nothing, refusal=reason)
        if row.environment.location is Location.LINKED:
            row = _unbound(row, known)
        return _entering(table, row, projects[0], known)
    except CAUGHT as error:
        return replace(nothing, refusal=refusal_of(error))


def _not_inside(row: Row) -> Iterator[str]:
    environment = row.environment
    if environment.location is not Location.IN_PROJECT:
        yield "It is not in a project."
    elif environment.entry.name not in VENV_NAMES:
        yield "It is not named like a project's environment (.venv, venv or env)."
    elif (environment.path / "conda-meta").is_dir():
        yield "Only conda or pixi can move it: its path is built into its files."


def _not_outside(row: Row, projects: list[Path]) -> Iterator[str]:
    if row.environment.location is Location.IN_PROJECT:
        yield "It is already in its project."
    elif not projects:
        yield "It has no project."
    elif len(projects) > 1:
        others = ", ".join(map(visible, projects))
        yield f"Several projects use it: {others}."
    elif row.environment.traits.script:
        yield "It belongs to a script, not to a directory."
    elif not projects[0].is_dir():
        yield f"Its project {visible(projects[0])} does not exist."


def _git_has(row: Row) -> Iterator[str]:
    entry = real(row.environment.entry.parent) / row.environment.entry.name
    if git_index.tracks(entry):
        yield f"git tracks files in {visible(entry)}: it is part of the repository."


def _unbound(row: Row, known: RelinkContext) -> Row:
    """Return the row as a store would list it: what lies in a project is read without sidecar.

    Raises ChangedError.
    """
    environment, uid = row.environment, known.context.machine.uid
    root = linked_environments.root_of(environment.path)
    read = inspect(Entry(environment.path, environment.entry), root, uid)
    if not isinstance(read, Inspected):
        raise ChangedError("It is no longer an environment.")
    # Its project stays, even if nothing else lies in it.
    place = environment.entry.parent
    return replace(
        row, environment=replace(environment, traits=read.environment.traits, root=place)
    )


def tools_of(row: Row, project: Path, known: RelinkContext) -> list[Store]:
    """Return the stores of the tools that manage a project; without any, those that made it."""
    environment = row.environment
    made_by = {environment.store}
    if (environment.creator or "").startswith("uv"):
        made_by.add("uv")
    found = project_tools.of_project(project, known.context.machine, known.config, made_by)
    return [store_of(name) for name in (found.owners or sorted(made_by))]


@dataclass
class _Leaving:
    """One plan to move an environment out of its project, in the making."""

    table: Table
    row: Row
    project: Path
    known: RelinkContext

    def made(self, root: Path | None, entry: Path | None) -> RelinkChanges:
        """Return the whole. Raises ChangedError, TargetError, UnreadableError and OSError."""
        row, known, project = self.row, self.known, self.project
        tool, outside = self._outside()
        if outside.refusal:
            raise ChangedError(outside.refusal)
        wanted = self._wanted(tool, outside, root, entry)
        target = destinations.of_directory(self.table, wanted.entry.parent, known.context)
        for reason in rename.rename_refusals(row, wanted.entry, known.table, known.context):
            raise ChangedError(reason)
        far = not same_file_system(row, wanted.entry.parent, known.context)
        for reason in _far_refusals(row, wanted.entry, known, free=False) if far else ():
            raise ChangedError(reason)
        edits = [file_swap.of_edit(edit) for edit in self._tool_edits(tool, outside, wanted)]
        links = [] if outside.folder else [self._link(wanted)]
        found = once([*links, *edits])
        place = destinations.place_warnings(self.table, row, target, wanted.entry.name)
        synced, refers = self._synced(), _references(row, known, tools_of(row, project, known))
        copied = [_TO_TRASH] if far else []
        warns = (*copied, *synced, *(() if outside.folder else place), *refers)
        offers = tuple(self._offers(links))
        return RelinkChanges(
            row=row,
            project=project,
            entry=wanted.entry,
            prefix=wanted.prefix,
            swaps=found,
            made=missing(found, wanted),
            path_files=all(one.path_files for one in tools_of(row, project, known)),
            offers=offers,
            says=(*self._says(tool, outside, wanted, far), *map(self._shown_by_git, offers)),
            warns=warns,
            action=Action.MOVE,
            far=far,
        )

    def _outside(self) -> tuple[Store | None, Outside]:
        """Return the tool whose folder it goes to, if one has to; and what that one says."""
        if self.row.environment.entry.name != project_info.VENV:
            return None, Outside()  # no tool looks for that
        machine, config = self.known.context.machine, self.known.config
        tools = tools_of(self.row, self.project, self.known)
        answers = [(tool, tool.outside(self.project, machine, config)) for tool in tools]
        for tool, answer in answers:
            if answer.refusal:
                return tool, answer
        own = [one for one in answers if one[1].folder is not None]
        if own and len(answers) > 1:
            names = " and ".join(tool.name for tool in tools)
            return None, Outside(refusal=f"{names} both manage its project, and differ in that.")
        return own[0] if own else (None, Outside())

    def _wanted(
        self, tool: Store | None, outside: Outside, root: Path | None, entry: Path | None
    ) -> Assignment:
        machine, config = self.known.context.machine, self.known.config
        name = project_info.name_of(os.fspath(self.project)) or ""
        place = real(root or outside.folder or default_store.folder(machine, config))
        wanted = Assignment(
            environment=self.row.environment,
            entry=place,
            prefix=place,
            project=self.project,
            name=name,
            writes=False,
        )
        if tool is not None and outside.folder is not None:
            if place != real(outside.folder):
                where = short(outside.folder, machine.home)
                raise ChangedError(f"{tool.title} looks for it only in {where}.")
            there = replace(wanted.environment, entry=place / wanted.environment.entry.name)
            entry = tool.expected_entry(replace(wanted, environment=there))
            if entry is None:
                raise ChangedError(f"It is not known which name {tool.title} would look for.")
            wanted = replace(wanted, roots=tuple(tool.roots(machine, config)))
        if entry is None:
            entry = default_store.new_entry(place, name or self.project.name)
        return replace(wanted, entry=entry, prefix=entry)

    def _tool_edits(
        self, tool: Store | None, outside: Outside, wanted: Assignment
    ) -> Iterator[Edit]:
        """Yield the edits of files by which its own tool finds it in that tool's folder."""
        if tool is not None and outside.folder is not None:
            yield from tool.link_edits(wanted).edits

    def _link(self, wanted: Assignment) -> Swap:
        """Return the link that takes the place of the directory. Raises ChangedError."""
        setting = self.known.config.project_link
        if setting == "none":
            raise ChangedError('`project_link = "none"` is set, so the project would not find it.')
        path = self.project / self.row.environment.entry.name
        content = Content(os.fspath(wanted.prefix), link=setting != "file")
        return Swap(path, None, content)

    def _offers(self, links: list[Swap]) -> Iterator[Edit]:
        for swap in links:
            edit = gitignore.exclusion(swap.path, self.known.context.machine)
            if edit is not None:
                yield edit

    def _shown_by_git(self, offer: Edit) -> str:
        file = short(offer.path, self.known.context.machine.home)
        return f"git would show the link as a new file. {file} can exclude it."

    def _synced(self) -> Iterator[str]:
        service = synced_by(self.project, self.known.context.machine)
        if service:
            yield (
                f"{visible(service)} synchronises the project: the directory will also disappear "
                "on your other computers."
            )

    def _says(
        self, tool: Store | None, outside: Outside, wanted: Assignment, far: bool
    ) -> Iterator[str]:
        yield from _moved(self.row, wanted.entry, self.known, far)
        if tool is not None and outside.folder is not None:
            yield f"{tool.title} finds it there: no link is left in the project."


def _moved(row: Row, entry: Path, known: RelinkContext, far: bool) -> Iterator[str]:
    """Yield how it gets to its new place, and how many bytes that takes and frees."""
    place, usage = short(entry, known.context.machine.home), row.usage
    if not far:
        size = f" ({formats.size(usage.on_disk)}, nothing is copied)" if usage else ""
        yield f"Moves it to {place} and updates its scripts{size}."
        return
    yield f"Copies all files to {place}, on another file system, and updates them."
    if usage:
        kept = f"; uv's cache keeps {formats.size(usage.cache_held)}" if usage.cache_held else ""
        yield (
            f"Takes {formats.size(usage.on_disk)} there, and frees "
            f"{formats.reclaimable(usage)} here once the trash is emptied{kept}."
        )


def _far_refusals(row: Row, entry: Path, known: RelinkContext, *, free: bool) -> Iterator[str]:
    """Yield why it cannot be copied to another file system. Raises OSError."""
    reasons = copy_environment.copy_refusals(row, entry, known.context, python=None, free=free)
    yield from reasons
    if row.environment.path != row.environment.entry:
        yield "Its directory also contains files outside the environment: copy it instead."
    if row.record is not None and row.record.pinned:
        yield "It is pinned, so the original cannot be moved to the trash."
    there = next(above for above in entry.parents if os.path.lexists(above))
    needed = extent(row.environment.path)
    if reason := lacking(there, needed.entries, needed.size):
        yield reason


def _references(row: Row, known: RelinkContext, tools: list[Store]) -> Iterator[str]:
    """Yield what refers to its current path and is not updated.

    What its tools find it by has been looked at.
    """
    home = known.context.machine.home
    names = VENV_NAMES.union(*(tool.pointers for tool in tools))
    for file in pointing(row, [claim.project for claim in row.verdict.claims]):
        if file.name not in names:
            yield f"{short(file, home)} refers to its current path."
    if refers := known.referenced(row.path):
        yield f"{refers} refers to its current path and must be updated by hand."


def _entering(table: Table, row: Row, project: Path, known: RelinkContext) -> RelinkChanges:
    machine, environment = known.context.machine, row.environment
    entry = project / project_info.VENV
    tools = tools_of(row, project, known)
    reasons = [tool.inside(project, machine, known.config) for tool in tools]
    if environment.path != environment.entry:
        reasons.append("Its directory also contains files outside the environment.")
    if git_index.tracks(entry):
        reasons.append(f"git tracks {visible(entry)}: it is part of the repository.")
    given, others = _giving_way(row, entry)
    renaming = rename.rename_refusals(row, entry, known.table, known.context, free=bool(given))
    for reason in filter(None, (project_link.unwritable(project), *reasons, *renaming)):
        raise ChangedError(reason)
    far = not same_file_system(row, project, known.context)
    for reason in _far_refusals(row, entry, known, free=bool(given)) if far else ():
        raise ChangedError(reason)
    pointers = [swap for tool in tools for swap in _pointers(tool, row, entry)]
    leaves = environment.store not in [tool.name for tool in tools]
    target = Target(project, None)
    left = destinations.leaving_warnings(table, row, target) if leaves else ()
    takes = [f"It replaces the {entry.name} that points to it."] if given else []
    service = synced_by(project, machine)
    synced = f"{visible(service)} synchronises the project, and will upload it."
    return RelinkChanges(
        row=row,
        project=project,
        entry=entry,
        prefix=entry,
        gives_way=given,
        swaps=once([*others, *pointers]),
        says=(*_moved(row, entry, known, far), *takes),
        warns=(
            *([_TO_TRASH] if far else []),
            *([synced] if service else []),
            *left,
            *_references(row, known, tools),
        ),
        action=Action.MOVE,
        far=far,
    )


def _giving_way(row: Row, entry: Path) -> tuple[tuple[Swap, ...], list[Swap]]:
    """Return the link or path file whose place it takes, and other links to it, led to that place.

    Raises OSError.
    """
    links, files = project_links.links_to(row, strict=True)
    found = [*map(file_swap.of_link, links), *map(file_swap.of_edit, files)]
    given = tuple(swap for swap in found if swap.path == entry)
    others = [
        replace(swap, after=replace(swap.before, text=os.fspath(entry)))
        for swap in found
        if swap.path != entry and swap.before is not None
    ]
    return given, others


def _pointers(tool: Store, row: Row, entry: Path) -> Iterator[Swap]:
    """Yield the tool's own files in the project that name the environment's present path."""
    old = os.fspath(row.environment.path)
    for name in tool.own_pointers:
        path = entry.parent / name
        text = None if name in VENV_NAMES else read_text(path, _POINTER_LIMIT)
        if text is not None and old in text:
            yield Swap(path, Content(text), Content(text.replace(old, os.fspath(entry))))
