"""Runs the command of a sync, and says how far it is from what uv writes."""

import re
import threading
from collections.abc import Iterator

from venvdash.actions.context import Context
from venvdash.actions.events import ActionEvent, Output, Progressed
from venvdash.actions.process import uv
from venvdash.actions.sync.dry_run import DryRun

_STEP = re.compile(r"(Resolved|Prepared|Uninstalled|Installed) (\d+) packages?\b")
_WORK = re.compile(r"\s*(Building|Downloading) (\S+)")


def heard(dry_run: DryRun, context: Context, cancel: threading.Event) -> Iterator[ActionEvent]:
    """Run the command; yield what it says. Raises UvError, CancelledError."""
    made = dry_run.way
    total = sum(change.action != "uninstalled" for change in dry_run.packages)
    lines = uv.stream(
        made.program,
        made.words,
        environ=made.environ,
        cwd=made.cwd,
        log=context.log,
        variables=made.variables,
        cancel=cancel,
    )
    for line in lines:
        yield Output(line)
        step, work = _STEP.match(line), _WORK.match(line)
        if step:
            count = int(step[2])
            yield Progressed(step[1].lower(), count, max(total, count))
        elif work:
            yield Progressed(f"{work[1].lower()} {work[2]}")
