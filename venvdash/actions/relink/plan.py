"""What linking an environment to a project would change. Changes nothing.

A tool finds an environment by a file that it keeps, by a link in the project, or by a name made
from the project's path: whatever its store says is made so. What is somebody else's in the place of
a link or file is a reason to leave all as it is.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Swap
from venvdash.actions.prefix import repair
from venvdash.actions.relink import gitignore, project_link
from venvdash.actions.relink.expected_name import expected
from venvdash.actions.relink.relink_changes import (
    CAUGHT,
    RelinkChanges,
    RelinkContext,
    answers,
    emptied,
    missing,
    nothing_of,
    once,
    pointing,
    refusal_of,
    refused,
    removed,
    sentence,
    short,
    store_of,
)
from venvdash.actions.relocate import rename
from venvdash.actions.safety import file_swap, project_links
from venvdash.model import Edit, Place, Presence, Row
from venvdash.model.packaging import VENV_NAMES
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.projects import presence, project_info
from venvdash.stores.base import normalised
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.system.files import real
from venvdash.system.timeouts import Job, TimedRunner
from venvdash.text import visible

_PATIENCE = 10.0  # seconds for a directory that may lie on a dead server


def plan(row: Row, project: Path, known: RelinkContext, *, shared: bool = False) -> RelinkChanges:
    """Return what linking the row to ``project`` would change; with ``shared`` beside its own.

    Raises nothing: what prevents it is the ``refusal``.
    """
    nothing = replace(nothing_of(row, project), shared=shared)
    try:
        for reason in refused(row, known):
            return replace(nothing, refusal=reason)
        place = place_of(project, row.environment.traits.script, known.context)
        for reason in unfit(place, row, known):
            return replace(nothing, refusal=reason)
        return _Plan(row, place.real or project, known, shared).made()
    except CAUGHT as error:
        return replace(nothing, refusal=refusal_of(error))


class _Plan:
    """One plan in the making."""

    def __init__(self, row: Row, project: Path, known: RelinkContext, shared: bool) -> None:
        self.row, self.known, self.shared = row, known, shared
        environment = row.environment
        self.home = known.context.machine.home
        self.store = store_of(environment.store)
        self.says: list[str] = []
        self.warns: list[str] = []
        folder = project.parent if environment.traits.script else project
        self.hindrance = project_link.hindrance(folder, environment, known.context, known.config)
        self.wanted = Assignment(
            environment=environment,
            entry=environment.entry,
            prefix=environment.path,
            roots=tuple(store_folders.roots_of(self.store, known.context.machine, known.config)),
            project=project,
            name=project_info.name_of(os.fspath(project)) or "",
            former=() if shared else _former(row, project, known),
            shared=shared,
            writes=not self.hindrance,
        )

    def made(self) -> RelinkChanges:
        """Return the whole. Raises ChangedError, UnreadableError and OSError."""
        if not self.shared:
            self._rename()
        wanted, project = self.wanted, self.wanted.project
        linking = self.store.link_edits(wanted)
        own = [file_swap.of_edit(edit) for edit in linking.edits]
        leads, sources = list(self._links()), tuple(self._sources())
        swaps = once([*leads, *own])
        self._explain(linking, leads)
        for old, new in sources:
            if any(repair.sources(self.row.path, old, new)):
                self.says.append("Updates editable installs to the project's new path.")
        self._warn(swaps)
        return RelinkChanges(
            row=self.row,
            project=project,
            entry=wanted.entry,
            prefix=wanted.prefix,
            shared=self.shared,
            former=wanted.former,
            swaps=swaps,
            sources=sources,
            made=missing(swaps, wanted),
            empty=emptied(swaps, wanted),
            lock=linking.lock,
            path_files=self.store.path_files,
            offers=self._offers(swaps),
            says=tuple(self.says),
            warns=tuple(self.warns),
        )

    def _rename(self) -> None:
        """Find out whether its entry has to get the name that the tool looks for."""
        environment, known = self.row.environment, self.known
        name = expected(self.store, self.wanted, known.context)
        entry, project = name.entry, name.project
        if project is not None and project != self.wanted.project:
            self.says.append(f"The project belongs to the workspace {short(project, self.home)}.")
            former = _former(self.row, project, known)
            self.wanted = replace(self.wanted, project=project, former=former)
        if name.words:
            self.warns.append(sentence(name.words))
        if entry is None or entry == environment.entry:
            return
        title = self.store.title
        if not self.store.movable:
            raise ChangedError(
                "Its path is built into its files, so it cannot be renamed: recreate "
                f"it there with {title}."
            )
        if os.path.lexists(entry):
            raise ChangedError(
                f"That project already has an environment in this store ({title}): "
                f"{visible(entry.name)}. Link that one, or delete it first."
            )
        for reason in rename.rename_refusals(self.row, entry, known.table, known.context):
            raise ChangedError(reason)
        prefix = entry / environment.path.relative_to(environment.entry)
        self.wanted = replace(self.wanted, entry=entry, prefix=prefix)

    def _links(self) -> Iterator[Swap]:
        """Yield what becomes of the links and path files that lead to it, or shall."""
        wanted, row = self.wanted, self.row
        name = self.store.link_name(row.environment)
        config, project = self.known.config.project_link, wanted.project
        new = project / name if project is not None and name and wanted.writes else None
        if new is not None and config != "none":
            table = self.known.table.values()
            file = config == "file" and self.store.path_files
            swap, lost = project_link.leading(
                new, row, wanted.prefix, table, self.known.context, file=file
            )
            if lost:
                self.warns.append(lost)
            if swap is not None:
                yield swap
        leading, files = project_links.links_to(row)
        for swap in (*map(file_swap.of_link, leading), *map(file_swap.of_edit, files)):
            if swap.path != new:
                yield from self._followed(swap)

    def _sources(self) -> Iterator[tuple[Path, Path]]:
        """Yield the gone project that has moved, and the one that it is now."""
        project = self.wanted.project
        for old in self.wanted.former if project is not None else ():
            place = self.known.places.get(old)
            gone = place is not None and place.presence is Presence.ABSENT
            if gone and project is not None and self._is_moved(old, project):
                yield old, project

    def _is_moved(self, old: Path, project: Path) -> bool:
        """Whether the gone project is the one at ``project``: found there, or of the same name."""
        place = self.row.verdict.place
        if place is not None and real(place) == project:
            return True
        own, url = normalised(self.wanted.name), old.as_uri()
        installed = [one for one in self.row.environment.packages if one.editable]
        return any(one.origin == url and normalised(one.name) == own for one in installed)

    def _followed(self, swap: Swap) -> Iterator[Swap]:
        """Yield the change of a link that points there: removed, or pointed to the new place."""
        folder = real(swap.path.parent)
        if folder == self.wanted.project:
            if not self.wanted.writes:
                if self.wanted.prefix != self.row.environment.path:
                    self._stays(swap)
                return
        elif not self.shared:
            yield swap
            return
        if self.wanted.prefix != self.row.environment.path and swap.before is not None:
            after = replace(swap.before, text=os.fspath(self.wanted.prefix))
            yield replace(swap, after=after)

    def _stays(self, swap: Swap) -> None:
        if project_link.unwritable(swap.path.parent):
            raise ChangedError(
                f"{visible(swap.path)} points to its current name and cannot be changed."
            )
        self.warns.append(f"{short(swap.path, self.home)} will still point to its old path.")

    # In words.

    def _explain(self, linking: LinkEdits, leads: list[Swap]) -> None:
        wanted, home = self.wanted, self.home
        project = short(wanted.project, home)
        others = [short(path, home) for path in self.row.verdict.projects] if self.shared else []
        beside = f", beside {', '.join(others)}" if others else ""
        sentences = [f"It will belong to {project}{beside}."]
        if wanted.entry != self.row.environment.entry:
            sentences.append(
                "Renames its directory to "
                f"{visible(os.path.relpath(wanted.entry, self.row.environment.root))}, "
                "the name that its tool looks for, and updates its scripts."
            )
        elif self.shared and self.row.environment.traits.digest is not None:
            sentences.append(
                f"{self.store.title} finds an environment by the path of a single project: "
                "configure this project to use it."
            )
        sentences += [removed(swap, home) for swap in leads if swap.after is None]
        sentences += linking.notes
        if self.hindrance:
            sentences.append(self.hindrance)
        self.says = [*sentences[:1], *self.says, *sentences[1:]]

    def _warn(self, swaps: tuple[Swap, ...]) -> None:
        row, wanted = self.row, self.wanted
        for path in wanted.former:
            place = self.known.places.get(path)
            there = place is not None and place.presence is Presence.PRESENT
            if there and path in row.verdict.projects:
                self.warns.append(
                    f"It will no longer belong to {short(path, self.home)}, which still exists."
                )
        for swap in swaps:
            self.warns += self._replaced(swap)
        if wanted.entry == row.environment.entry:
            return
        changed = {swap.path for swap in swaps}
        for file in pointing(row, [claim.project for claim in row.verdict.claims]):
            if file not in changed and file.name not in VENV_NAMES:
                self.warns.append(f"{short(file, self.home)} refers to its current path.")
        if refers := self.known.referenced(row.path):
            self.warns.append(f"{refers} refers to its current path and must be updated by hand.")
        here = real(row.path)
        for other in self.known.table.values():
            if other.environment.target == here:
                self.warns.append(f"{short(other.path, self.home)} is a link to its old path.")

    def _replaced(self, swap: Swap) -> Iterator[str]:
        """Yield what a file of the tool's in the project named, if that was something else."""
        before, project = swap.before, self.wanted.project
        if before is None or before.link or swap.after is None or project is None:
            return
        if swap.path.parent != project or swap.path.name not in self.store.pointers:
            return
        led = self.store.pointer_targets(swap.path, before.text, self.wanted.roots)
        leads = [real(project / path) for path in led]
        if real(self.row.path) in leads:
            return
        if swap.path.name in VENV_NAMES:
            there = [path for path in leads if os.path.lexists(path)]
            table = self.known.table.values()
            lost = project_link.replaced(swap.path, there, table, self.known.context)
            yield from [lost] if lost else ()
            return
        text = " ".join(before.text.split())
        yield f"Replaces the content of {swap.path.name} there: {visible(text, 200)}."

    def _offers(self, swaps: tuple[Swap, ...]) -> tuple[Edit, ...]:
        """Return how git is kept from showing what is made, if it would."""
        for swap in swaps:
            if swap.before is None and swap.path.name in VENV_NAMES:
                edit = gitignore.exclusion(swap.path, self.known.context.machine)
                if edit is not None:
                    self.says.append(
                        f"git would show {swap.path.name} as a new file, because a pattern "
                        "with a trailing slash only matches directories. "
                        f"{short(edit.path, self.home)} can exclude it."
                    )
                    return (edit,)
        return ()


def place_of(project: Path, script: bool, context: Context) -> Place:
    """Look at a project, for a while: it may lie on a server that is gone."""
    job = Job(project, lambda: presence.look(project, context.mounts, script=script))
    for answer in TimedRunner(_PATIENCE, lambda: False).run([job]):
        if isinstance(answer, Place):
            return answer
    return Place(project, Presence.UNREACHABLE, f"{visible(project)} does not respond")


def unfit(place: Place, row: Row, known: RelinkContext) -> Iterator[str]:
    """Yield why the directory (or script) at ``place`` cannot be its project."""
    environment, uid = row.environment, known.context.machine.uid
    if place.presence is not Presence.PRESENT or place.real is None:
        yield sentence(place.reason or f"{visible(place.path)} does not exist")
        return
    owner = os.stat(place.real).st_uid
    if uid is not None and owner != uid:
        yield f"{visible(place.path)} belongs to another user (uid {owner})."
    entry = real(environment.entry)
    if entry == place.real or entry in place.real.parents:
        yield "The project is inside the environment."
    for root in known.context.roots:
        if place.real == root:
            yield f"{visible(place.path)} is a store's directory."
    text = os.fspath(place.real)
    if visible(text, len(text)) != text:
        yield "Its path contains characters that cannot be written to a tool's files."


def _former(row: Row, project: Path, known: RelinkContext) -> tuple[Path, ...]:
    """Return the projects that it has and leaves, except those that cannot be read."""
    projects = dict.fromkeys(row.verdict.projects)
    projects.update((p.path, None) for p in (row.record.projects if row.record else ()))
    return tuple(
        path for path in projects if answers(known.places.get(path)) and real(path) != project
    )
