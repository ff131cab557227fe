"""A relinking as a value, and what planning one and taking one apart have in common."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Swap
from venvdash.actions.safety import environment_state, file_swap, refusals
from venvdash.actions.table import Table
from venvdash.config import Config
from venvdash.model import (
    Action,
    Direction,
    Edit,
    EvidenceKind,
    Link,
    Place,
    Presence,
    Proposal,
    Row,
    Status,
)
from venvdash.stores import registry
from venvdash.stores.base import Store
from venvdash.stores.links import Assignment
from venvdash.system.files import UnreadableError
from venvdash.text import because, short_path

OF_A_TOOL = "It belongs to an installed tool, not to a project."
CAUGHT = (ChangedError, UnreadableError, OSError, ValueError)
"""What planning raises where an environment or a project cannot be read, or has changed."""

_LEVELS = 2  # directories that go with the last file in them


@dataclass(frozen=True)
class RelinkContext:
    """What is known besides: every environment, the projects' places, what refers to each."""

    table: Mapping[Path, Row]
    context: Context
    config: Config
    places: Mapping[Path, Place] = field(default_factory=dict)
    referenced: Callable[[Path], str] = lambda path: ""

    @classmethod
    def of(cls, table: Table) -> "RelinkContext":
        """Return what a table knows now."""
        places = table.facts.places if table.facts else {}
        return cls(table.rows, table.context(), table.config, places, table.referenced)


@dataclass(frozen=True, slots=True)
class RelinkChanges:
    """All that it would change; ``project`` is None where it is to belong to none.

    ``entry`` and ``prefix`` are where it will be, ``former`` the projects that it leaves. Of
    ``sources`` each is a source tree that has moved, and where it is now. ``made``
    are directories to be made before the ``swaps``, ``empty`` those to be removed after them.
    ``gives_way`` are links and path files that have the name that its entry gets: they are removed
    before it is renamed. ``action`` is what the user asked for; without it a relink or an unlink.
    ``far``: the entry is on another file system, so that it is copied there.
    ``lock`` is the tool's own. ``path_files``: a file may take the place of a link that cannot be
    made. ``offers`` may be done as well, if that is asked for.
    """

    row: Row
    project: Path | None
    entry: Path
    prefix: Path
    shared: bool = False
    former: tuple[Path, ...] = ()
    gives_way: tuple[Swap, ...] = ()
    swaps: tuple[Swap, ...] = ()
    sources: tuple[tuple[Path, Path], ...] = ()
    made: tuple[Path, ...] = ()
    empty: tuple[Path, ...] = ()
    lock: Path | None = None
    path_files: bool = True
    offers: tuple[Edit, ...] = ()
    says: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()
    refusal: str = ""
    action: Action | None = None
    far: bool = False

    @property
    def renamed(self) -> bool:
        """Whether its entry gets another name."""
        return self.entry != self.row.environment.entry

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The files that are written or removed."""
        edits = []
        for swap in (*self.gives_way, *self.swaps):
            before, after = swap.before, swap.after
            if not (before and before.link) and not (after and after.link):
                edits.append(
                    Edit(swap.path, before.text if before else None, after.text if after else None)
                )
        return tuple(edits)

    @property
    def links(self) -> tuple[Link, ...]:
        """The links that are made."""
        return tuple(
            Link(swap.path, swap.after.text)
            for swap in self.swaps
            if swap.after is not None and swap.after.link
        )

    @property
    def proposal(self) -> Proposal:
        """What of it is shown."""
        return Proposal(
            action=self.action or (Action.UNLINK if self.project is None else Action.RELINK),
            row=self.row,
            says=self.says,
            warns=self.warns,
            refusal=self.refusal,
            place=self.entry,
            project=self.project,
            edits=self.edits,
            links=self.links,
            offers=self.offers,
            shared=self.shared,
        )

    def taking(self, offers: Sequence[Edit]) -> "RelinkChanges":
        """Return it with these of its offers among what is done."""
        taken = tuple(map(file_swap.of_edit, offers))
        missing = [edit.path.parent for edit in offers if not os.path.lexists(edit.path.parent)]
        return replace(
            self,
            swaps=(*self.swaps, *taken),
            made=(*self.made, *missing),
            offers=tuple(edit for edit in self.offers if edit not in offers),
        )


def nothing_of(row: Row, project: Path | None) -> RelinkChanges:
    """Return a relinking that changes nothing yet."""
    return RelinkChanges(row, project, row.environment.entry, row.environment.path)


def refusal_of(error: Exception) -> str:
    """Return why nothing can be planned, a sentence; ``error`` is one of ``CAUGHT``."""
    if isinstance(error, ChangedError | UnreadableError):
        return sentence(str(error))
    return f"Cannot read it: {because(error)}."


def refused(row: Row, known: RelinkContext) -> Iterator[str]:
    """Yield why its project cannot be changed. Raises ChangedError."""
    environment = row.environment
    context = known.context
    yield from refusals.nothing_changes(context.machine, untested=context.untested)
    if environment.target is not None:
        yield "It is a link to another environment: relink that one instead."
    if environment.traits.tool:
        yield OF_A_TOOL
    if row.verdict.status is Status.CHECKING:
        yield "The search for its project has not finished."
    yield from refusals.owned(environment, known.context.machine.uid)
    yield from refusals.marked(environment)
    environment_state.look(row, known.context)


def answers(place: Place | None) -> bool:
    """Whether a place could be looked at when everything was."""
    return place is not None and place.presence is not Presence.UNREACHABLE


def store_of(name: str) -> Store:
    """Return the store of that name."""
    return next(store for store in registry() if store.name == name)


def once(swaps: list[Swap]) -> tuple[Swap, ...]:
    """Return one swap for each path, the last that is said of it, without those that do nothing."""
    by_path = {swap.path: swap for swap in swaps}
    return tuple(swap for swap in by_path.values() if swap.before != swap.after)


def missing(swaps: tuple[Swap, ...], wanted: Assignment) -> tuple[Path, ...]:
    """Return the directories to be made for it, and for files of its tool, the outermost first."""
    made = [wanted.entry]
    made += [one.path for one in swaps if one.after and not _known_place(one.path, wanted)]
    missing: dict[Path, None] = {}
    for path in made:
        above = [folder for folder in path.parents if not os.path.lexists(folder)]
        missing.update(dict.fromkeys(reversed(above)))
    return tuple(missing)


def emptied(swaps: tuple[Swap, ...], wanted: Assignment) -> tuple[Path, ...]:
    """Return the directories in which nothing but what is removed lies, the innermost first."""
    empty: list[Path] = []
    for swap in swaps:
        if swap.after is not None or _known_place(swap.path, wanted):
            continue
        child = swap.path
        for folder in swap.path.parents[:_LEVELS]:
            if os.listdir(folder) != [child.name]:
                break
            empty.append(folder)
            child = folder
    return tuple(empty)


def _known_place(path: Path, wanted: Assignment) -> bool:
    """Whether it lies in a project, or in the environment: those are there, and stay."""
    places = (wanted.prefix, wanted.entry, wanted.project, *wanted.former)
    return any(place is not None and path.is_relative_to(place) for place in places)


def short(path: Path | None, home: Path) -> str:
    """Return a path fit to show, "" for none."""
    return short_path(path, home) if path is not None else ""


def removed(swap: Swap, home: Path) -> str:
    """Return that a link or file goes, as a sentence."""
    return f"Removes {short(swap.path, home)}."


def pointing(row: Row, projects: Collection[Path]) -> list[Path]:
    """Return the files in these projects that lead to the row's environment, as it is known."""
    found = [
        Path(claim.source)
        for claim in row.verdict.claims
        if claim.how is EvidenceKind.PROJECT_LINK
        and claim.direction is Direction.PROJECT
        and claim.project in projects
    ]
    return list(dict.fromkeys(found))


def sentence(text: str) -> str:
    """Return a text with a full stop."""
    return text if text.endswith(".") else f"{text}."
