"""Why an environment cannot be changed just now: a lock, or a process that uses it."""

from collections.abc import Sequence

from venvdash.model import (
    Row,
)
from venvdash.system.locks import environment_locked
from venvdash.system.processes import ProcessUse
from venvdash.text import visible

_SHOWN = 3  # processes in a reason


def busy(row: Row, uses: Sequence[ProcessUse]) -> str | None:
    """Return why it cannot go now: it is locked, or in use. Raises OSError."""
    if row.environment.target is not None:
        return None
    if environment_locked(row.environment.path):
        return "It is locked because uv is using it."
    return in_use(uses)


def in_use(uses: Sequence[ProcessUse]) -> str | None:
    """Return who uses an environment, a sentence; None for nobody."""
    if not uses:
        return None
    shown = [f"pid {use.pid} ({visible(use.name)}) {use.how}" for use in uses[:_SHOWN]]
    more = f", and {len(uses) - len(shown)} more" if len(uses) > len(shown) else ""
    return f"It is in use: {', '.join(shown)}{more}."
