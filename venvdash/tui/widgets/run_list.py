"""The list of the commands that were run."""

import time
from pathlib import Path
from typing import ClassVar

from venvdash.actions.process.run_log import Run
from venvdash.text import short_path, visible
from venvdash.tui.cells import left, right
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

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


def _when(run: Run, width: int) -> Parts:
    return ((right(time.strftime("%H:%M:%S", time.localtime(run.began)), width), "muted"),)


def _took(run: Run, width: int) -> Parts:
    seconds = time.time() - run.began if run.seconds is None else run.seconds
    return ((right(f"{max(seconds, 0):.1f} s", width), "muted"),)


def _ending(run: Run, width: int) -> Parts:
    return ((left(ending(run), width), "plain" if run.status == 0 else "bad"),)


class RunList(LineTable[Run]):
    """The commands, one a line, keyed by their number."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--plain", "table--muted", "table--bad"}

    def __init__(self, home: Path | None, *, id: str) -> None:
        def command(run: Run, width: int) -> Parts:
            sign = "…" if run.running else "✗" if run.status else "✓" if run.status == 0 else "!"
            words = visible(abridged(run, home))
            return ((left(f"{sign} {words}", width), "bad" if sign in "✗!" else "plain"),)

        columns = (
            Column("command", "Command", 24, command, grow=1),
            Column("when", "At", 8, _when, numeric=True, since=50),
            Column("took", "Took", 8, _took, numeric=True, since=60),
            Column("ending", "Ended", 11, _ending),
        )
        super().__init__(columns, lambda run: run.number, id=id)
