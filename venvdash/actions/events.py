"""The events of all actions, from the first state to ``Finished``."""

from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Result, Row
from venvdash.model.status import State


@dataclass(frozen=True, slots=True)
class Output:
    """A line that a program wrote, raw as it came and without its newline."""

    line: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """The progress: ``doing`` in a word or two, ``total`` 0 if it is not known."""

    doing: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class RowChanged:
    """A row is new or knows more than before.

    ``settled``: its status will not change. ``measured``: its size is of this scan; before that
    it is the one remembered from the last, if any.
    """

    row: Row
    settled: bool = False
    measured: bool = False


@dataclass(frozen=True, slots=True)
class RowGone:
    """An environment that an earlier scan showed is not there any more."""

    path: Path


@dataclass(frozen=True, slots=True)
class RowState:
    """An environment of a plan came to another state; ``reason`` says why, where one may ask."""

    path: Path
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a plan is, or the emptying of the trash; ``freed`` and ``in_trash`` are bytes.

    ``freeing``: what has come into the trash is being freed, so that the one grows and the other
    shrinks; before that only ``done`` grows, and what comes into the trash.
    """

    done: int
    total: int
    freed: int
    in_trash: int
    freeing: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a deletion, a change, an undo, or an emptying of the trash.

    ``results``: one for each item, in the order of the plan. ``freed``: bytes given back so far;
    ``in_trash``: bytes that come back when the trash is emptied. ``cleaned``: the packages that
    uv took out of its cache. ``problems``: what else went wrong, a sentence each. ``notes``:
    what else there is to know, as that a tool may still list what is gone.
    """

    results: tuple[Result, ...]
    freed: int = 0
    in_trash: int = 0
    cleaned: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Searching:
    """Projects are searched for once more before a plan is carried out.

    ``directories`` were read so far, ``place`` is being searched.
    """

    place: Path
    directories: int


ActionEvent = (
    RowState | Output | Progressed | Searching | Tally | RowChanged | RowGone | Result | Finished
)
"""What a verb reports. ``Result`` ends one item within a verb; a face sees it in ``Finished``."""
