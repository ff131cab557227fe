"""What saying that an environment belongs to no project would change. Changes nothing."""

from dataclasses import replace
from pathlib import Path

from venvdash.actions.relink.relink_changes import (
    CAUGHT,
    RelinkChanges,
    RelinkContext,
    answers,
    emptied,
    nothing_of,
    once,
    pointing,
    refusal_of,
    refused,
    removed,
    short,
    store_of,
)
from venvdash.actions.safety import file_swap, project_links
from venvdash.model import EvidenceKind, Presence, Row
from venvdash.scanner.discovery import store_folders
from venvdash.stores.base import Store
from venvdash.stores.links import Assignment
from venvdash.system.files import real
from venvdash.text import visible


def plan_unlink(row: Row, known: RelinkContext) -> RelinkChanges:
    """Return what unlinking the row would change.

    Raises nothing: what prevents it is the ``refusal``.
    """
    nothing = nothing_of(row, None)
    try:
        for reason in refused(row, known):
            return replace(nothing, refusal=reason)
        return _made(nothing, known)
    except CAUGHT as error:
        return replace(nothing, refusal=refusal_of(error))


def _made(nothing: RelinkChanges, known: RelinkContext) -> RelinkChanges:
    row, home = nothing.row, known.context.machine.home
    store = store_of(row.environment.store)
    named = _projects(row)
    if not named:
        return replace(nothing, refusal="It does not belong to a known project.")
    fixed = [path for path in named if _found_by_place(path, row, store, known)]
    former = tuple(path for path in named if path not in fixed)
    if not former:
        return replace(
            nothing,
            refusal=f"{store.title} derives the name "
            f"{visible(row.environment.entry.name)} from {short(named[0], home)}, so it cannot be "
            "unlinked. Rename it, or link it to another project.",
        )
    wanted = Assignment(
        environment=row.environment,
        entry=nothing.entry,
        prefix=nothing.prefix,
        roots=tuple(store_folders.roots_of(store, known.context.machine, known.config)),
        former=tuple(path for path in former if answers(known.places.get(path))),
        shared=bool(fixed),
    )
    linking = store.link_edits(wanted)
    leading, files = project_links.links_to(row)
    gone = [*map(file_swap.of_link, leading), *map(file_swap.of_edit, files)]
    gone = [swap for swap in gone if real(swap.path.parent) not in map(real, fixed)]
    swapped = once([*gone, *map(file_swap.of_edit, linking.edits)])
    sentences = [f"It will no longer belong to {short(path, home)}." for path in former]
    sentences += [removed(swap, home) for swap in gone if swap.before and swap.before.link]
    sentences += [
        f"It will still belong to {short(path, home)}, because of its path." for path in fixed
    ]
    sentences += [
        f"{short(file, home)} refers to it and is left unchanged."
        for file in pointing(row, former)
        if file not in {swap.path for swap in swapped}
    ]
    return replace(
        nothing,
        shared=bool(fixed),
        former=former,
        swaps=swapped,
        empty=emptied(swapped, wanted),
        lock=linking.lock,
        says=tuple(dict.fromkeys(sentences)),
    )


def _projects(row: Row) -> list[Path]:
    """Return what it belongs to, and what it is remembered to have belonged to."""
    if not row.verdict.projects:
        return []
    known = [
        p.path
        for p in (row.record.projects if row.record else ())
        if p.how is not EvidenceKind.DENIED
    ]
    return list(dict.fromkeys([*row.verdict.projects, *known]))


def _found_by_place(project: Path, row: Row, store: Store, known: RelinkContext) -> bool:
    """Whether the tool finds it for that project by its name or place, linked or not."""
    place = known.places.get(project)
    if place is not None and place.presence is Presence.ABSENT:
        return False
    mirrored = any(
        c.how is EvidenceKind.MIRROR and c.project == project for c in row.verdict.claims
    )
    return mirrored or store.fits(row.environment, project)
