"""Copying, renaming and moving environments, as both faces do it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.events import Told
from venvdash.model import Proposal, Row

if TYPE_CHECKING:
    from venvdash.session.core import Session


def propose_copy(
    session: "Session", row: Row, name: str, *, root: Path | None = None, python: str | None = None
) -> Proposal:
    """Return what a copy called ``name``, in the store at ``root`` or its own, would be."""
    raise NotImplementedError


def propose_rename(session: "Session", row: Row, name: str) -> Proposal:
    """Return what giving it another name would do."""
    raise NotImplementedError


def propose_move(session: "Session", row: Row, root: Path) -> Proposal:
    """Return what moving it to the store at ``root`` would do."""
    raise NotImplementedError


def apply(session: "Session", proposal: Proposal, cancel: threading.Event) -> Iterator[Told]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    raise NotImplementedError
