"""The list of what was reported, and of the commands that were run."""

import time
from pathlib import Path
from typing import ClassVar

from venvdash.actions.process.run_log import Run
from venvdash.text import short_path, visible
from venvdash.tui.cells import left, right
from venvdash.tui.notices import Notice
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

Entry = Run | Notice

_LONG = 24  # cells of a word of which the list shows only the end


def ending(run: Run) -> str:
    """Return in a word or two how a run ended."""
    if run.running:
        return "running"
    if run.status is None:
        return "not started"
    if run.status < 0:
        return f"signal {-run.status}"
    return f"failed: {run.status}" if run.status else "ok"


def abridged(run: Run, home: Path | None) -> str:
    """Return a command without its variables, with only the end of long words.

    Commands usually differ after the paths in them.
    """
    words = [Path(run.command[0]).name]
    for word in run.command[1:]:
        shown = short_path(Path(word), home) if word.startswith("/") else visible(word)
        words.append(shown if len(shown) <= _LONG else f"…{shown[1 - _LONG :]}")
    return " ".join(words)


def _when(entry: Entry, width: int) -> Parts:
    at = entry.at if isinstance(entry, Notice) else entry.began
    return ((right(time.strftime("%H:%M:%S", time.localtime(at)), width), "muted"),)


def _took(entry: Entry, width: int) -> Parts:
    if isinstance(entry, Notice):
        return ((" " * width, "muted"),)
    seconds = time.time() - entry.began if entry.seconds is None else entry.seconds
    return ((right(f"{max(seconds, 0):.1f} s", width), "muted"),)


def _ending(entry: Entry, width: int) -> Parts:
    if isinstance(entry, Notice):
        return ((" " * width, "muted"),)
    return ((left(ending(entry), width), "plain" if entry.status == 0 else "bad"),)


def entry_key(entry: Entry) -> tuple[str, int]:
    """Return what identifies an entry."""
    return "message" if isinstance(entry, Notice) else "command", entry.number


class LogList(LineTable[Entry]):
    """Messages and commands, one a line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--plain", "table--muted", "table--bad"}

    def __init__(self, home: Path | None, *, id: str) -> None:
        def what(entry: Entry, width: int) -> Parts:
            if isinstance(entry, Notice):
                words = f"{'!' if entry.severe else '·'} {entry.text}"
                return ((left(words, width), "bad" if entry.severe else "plain"),)
            sign = "…" if entry.running else "✗" if entry.status else "$"
            sign = "!" if entry.status is None and not entry.running else sign
            words = visible(abridged(entry, home))
            return ((left(f"{sign} {words}", width), "bad" if sign in "✗!" else "plain"),)

        columns = (
            Column("what", "Message or command", 24, what, grow=1),
            Column("when", "At", 8, _when, numeric=True, since=50),
            Column("took", "Took", 8, _took, numeric=True, since=60),
            Column("ending", "Ended", 11, _ending),
        )
        super().__init__(columns, entry_key, id=id)
