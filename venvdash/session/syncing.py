"""Syncing through uv, as both faces do it."""

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from venvdash.actions.events import Told
from venvdash.model import Proposal, Row

if TYPE_CHECKING:
    from venvdash.session.core import Session


def propose(session: "Session", row: Row, extra: Sequence[str] = ()) -> Proposal:
    """Return what a sync would do; ``extra`` are further arguments for uv."""
    raise NotImplementedError


def apply(session: "Session", proposal: Proposal, cancel: threading.Event) -> Iterator[Told]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    raise NotImplementedError
