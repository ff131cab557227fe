"""Saying which project an environment belongs to, as both faces do it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.events import Told
from venvdash.model import Proposal, Row

if TYPE_CHECKING:
    from venvdash.session.core import Session


def propose(session: "Session", row: Row, project: Path, *, share: bool = False) -> Proposal:
    """Return what linking to ``project`` would do; with ``share`` beside its present ones."""
    raise NotImplementedError


def propose_unlink(session: "Session", row: Row) -> Proposal:
    """Return what taking the link away would do."""
    raise NotImplementedError


def offered(session: "Session", row: Row) -> list[Path]:
    """Return directories that it may belong to, the likeliest first."""
    raise NotImplementedError


def apply(session: "Session", proposal: Proposal, cancel: threading.Event) -> Iterator[Told]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    raise NotImplementedError
