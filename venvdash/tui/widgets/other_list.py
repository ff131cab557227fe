"""The list of what was found beside environments: problems, other files, stores."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.cells import left, left_cut
from venvdash.tui.keys import ON_ENVIRONMENTS
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

if TYPE_CHECKING:
    from venvdash.model import NotEnvironment
    from venvdash.scanner.discovery.other_folders import EnvironmentFolder
    from venvdash.scanner.events import Problem, StoreSeen

PROBLEM, FOREIGN, STORE, FOLDER = "problem", "no environment", "store", "not a store"
_MARKS = {PROBLEM: "!", FOREIGN: "·", STORE: "▤", FOLDER: "+"}


class OtherThing(NamedTuple):
    """One line of the list: what it is, where, and the reason it is listed."""

    what: str
    path: Path | None
    reason: str


def why(seen: "StoreSeen") -> str:
    """Return in words why a store was searched, and what was found."""
    from venvdash.stores.roots import RootOrigin

    root = seen.root
    because = {
        RootOrigin.DEFAULT: f"the default folder of {root.store}",
        RootOrigin.VARIABLE: f"set by the variable {root.source}",
        RootOrigin.CONFIG: f"set in {root.source or 'the configuration'}",
    }[root.why]
    if seen.problem:
        found = seen.problem
    elif not seen.exists:
        found = "does not exist"
    elif seen.environments == 1:
        found = "contains 1 environment"
    else:
        found = f"contains {seen.environments} environments"
    return visible(f"{because}: {found}")


def folder_words(folder: "EnvironmentFolder", home: Path | None) -> str:
    """Return what a folder that is no store holds, and how to make it one."""
    from venvdash.session.suggested_stores import in_words  # only where there is one

    return f"{in_words(folder, home or Path('/'))}: press A to add it"


def things(
    problems: "Iterable[Problem]",
    oddities: "Iterable[NotEnvironment]",
    stores: "Iterable[StoreSeen]",
    folders: "Iterable[EnvironmentFolder]",
    home: Path | None,
) -> list[OtherThing]:
    """Return the lines of the list: what went wrong first, the stores last."""

    def said(sentence: str) -> str:
        return with_tilde(visible(sentence), home)

    return [
        *(OtherThing(PROBLEM, item.path, said(item.message)) for item in problems),
        *(OtherThing(FOLDER, item.path, folder_words(item, home)) for item in folders),
        *(OtherThing(FOREIGN, item.path, said(item.reason)) for item in oddities),
        *(OtherThing(STORE, seen.root.path, said(why(seen))) for seen in stores),
    ]


def _what(thing: OtherThing, width: int) -> Parts:
    style = "bad" if thing.what == PROBLEM else "plain"
    return ((left(f"{_MARKS[thing.what]} {thing.what}", width), style),)


def _reason(thing: OtherThing, width: int) -> Parts:
    return ((left(thing.reason, width), "muted"),)


class OtherList(LineTable[OtherThing]):
    """All that a scan found beside environments; nothing here is ever acted on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--bad", "table--muted", "table--plain"}
    unused_actions = ON_ENVIRONMENTS

    def __init__(self, home: Path | None, *, id: str) -> None:
        def path(thing: OtherThing, width: int) -> Parts:
            shown = short_path(thing.path, home) if thing.path is not None else "–"
            return ((left_cut(shown, width), "plain"),)

        columns: Sequence[Column[OtherThing]] = (
            Column("what", "What", 16, _what),
            Column("path", "Path", 20, path, grow=1),
            Column("reason", "Reason", 24, _reason, grow=1),
        )
        super().__init__(columns, lambda thing: thing, id=id)
