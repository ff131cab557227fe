"""Following the process that frees the trash, for as long as somebody wants to know."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.delete import purge, purge_process
from venvdash.system.machine import Machine
from venvdash.text import visible

_LOOK = 0.05  # seconds between two looks at what other processes free
_QUIET = 3.0  # seconds without a sign of a purge that is to have begun
_UNTOLD = ("permanent deletion did not finish",)


@dataclass(frozen=True, slots=True)
class Freed:
    """How far the freeing of one directory of the trash is.

    ``freed``: bytes so far; None at the end of one that another process freed, which tells nobody.
    ``problem`` is a sentence on why it is still there when it has ``ended``.
    """

    path: Path
    freed: int | None
    ended: bool = False
    problem: str = ""


def free(paths: Sequence[Path], machine: Machine, *, spare: int = 0) -> Iterator[Freed]:
    """Free directories of the trash in another process, and report its progress.

    ``spare``: how many cores to leave to others. It goes on if nobody asks for what comes next.
    """
    if paths:
        yield from _Following(paths, machine, spare).run()


class _Following:
    def __init__(self, paths: Sequence[Path], machine: Machine, spare: int) -> None:
        self._waiting = dict.fromkeys(paths)
        self._theirs: set[Path] = set()  # what another process frees, or restores
        self._reports = purge_process.start_and_hear(list(self._waiting), machine, spare=spare)

    def run(self) -> Iterator[Freed]:
        """Tell of each path until all have ended."""
        next_look = time.monotonic() + _LOOK
        while self._waiting and self._reports is not None and not self._reports.over:
            report = self._reports.next(_LOOK)
            if report is not None:
                yield from self._heard(report)
            if self._theirs and time.monotonic() >= next_look:
                yield from self._gone(list(self._theirs))
                next_look = time.monotonic() + _LOOK
        yield from self._unheard()

    def _heard(self, report: purge_process.PurgeProgress) -> Iterator[Freed]:
        path = report.path
        if not report.ended:
            yield Freed(path, report.freed)
        elif not os.path.lexists(path):
            yield self._end(path, report.freed)
        elif report.busy:
            self._theirs.add(path)
        else:
            yield self._end(path, report.freed, report.problems or _UNTOLD)

    def _unheard(self) -> Iterator[Freed]:
        """Wait for those that are not reported: another process has them, or ours died."""
        quiet = time.monotonic()
        while True:
            before = len(self._waiting)
            yield from self._gone(list(self._waiting))
            if not self._waiting or self._reports is None:
                break
            if len(self._waiting) < before or any(map(purge.running, self._waiting)):
                quiet = time.monotonic()
            elif time.monotonic() > quiet + _QUIET:
                break
            time.sleep(_LOOK)
        for path in list(self._waiting):
            yield self._end(path, 0, purge.problems(path) or _UNTOLD)

    def _gone(self, paths: Sequence[Path]) -> Iterator[Freed]:
        for path in paths:
            if not os.path.lexists(path):
                yield self._end(path, None)

    def _end(self, path: Path, freed: int | None, problems: Sequence[str] = ()) -> Freed:
        self._waiting.pop(path, None)
        self._theirs.discard(path)
        problem = f"{visible(path)} still exists: {'; '.join(problems)}" if problems else ""
        return Freed(path, freed, True, problem)
