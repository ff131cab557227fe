"""The process that frees the trash: of low priority, outliving the terminal, telling how it goes.

It tells whoever started it over a pipe, and goes on as if nothing was if nobody listens any more:
a message that cannot be written at once is not written at all.

Two processes side by side are as quick as ``rm -rf``, also where most files have other links; but
no core is left cold for somebody who types meanwhile. Measured with two cores and 300,000 entries:
two processes make every key half as slow again, one does not.
"""

import contextlib
import json
import os
import queue
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import venvdash
from venvdash.actions.delete import freed_notes
from venvdash.actions.delete.purge import purge
from venvdash.actions.process.side_by_side import cores
from venvdash.system.machine import Machine

_PROCESSES = 2
_NICE = 10
_TICK = 0.2  # seconds between two messages on how far it is
_LONGEST = 4096  # bytes of a message; a pipe takes so many at once or not at all (PIPE_BUF)
# Where this very package lies: the child is ours wherever we run from.
_HOME = os.path.dirname(os.path.dirname(os.path.abspath(venvdash.__file__)))
# The process that we start ends at once, and its child belongs to nobody who could end it.
_START = (
    "import os, sys\n"
    "if hasattr(os, 'fork') and os.fork(): os._exit(0)\n"
    "sys.path.append(sys.argv[1])\n"
    "import venvdash.actions.delete.purge_process as purge_process\n"
    "purge_process.main(int(sys.argv[2]), int(sys.argv[3]))"
)
_children: "list[subprocess.Popen[bytes]]" = []  # Windows: they are not waited for


@dataclass(frozen=True, slots=True)
class PurgeProgress:
    """How far the freeing of one directory of the trash is.

    ``freed``: bytes that came back so far, without what deleting it had taken. ``ended``: there is
    no more to come of it. ``busy``: another process has it. ``problems``: why it is still there.
    """

    path: Path
    freed: int = 0
    ended: bool = False
    busy: bool = False
    problems: tuple[str, ...] = ()


class ProgressReports:
    """What a process that frees the trash tells, in the order in which it does."""

    def __init__(self, paths: Sequence[Path], pipe: IO[bytes]) -> None:
        self._paths = paths
        self._told: queue.SimpleQueue[PurgeProgress | None] = queue.SimpleQueue()
        self.over = False
        threading.Thread(target=self._listen, args=[pipe], name="freeing", daemon=True).start()

    def next(self, seconds: float) -> PurgeProgress | None:
        """Return the next one; None if none comes for so long, or if it was the last (``over``)."""
        with contextlib.suppress(queue.Empty):
            report = self._told.get(timeout=seconds)
            self.over = self.over or report is None
            return report
        return None

    def _listen(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                with contextlib.suppress(ValueError, LookupError, TypeError):
                    place, freed, ended, busy, problems = json.loads(line)
                    path = self._paths[place]
                    self._told.put(PurgeProgress(path, freed, ended, busy, tuple(problems)))
        self._told.put(None)


def start(paths: Sequence[Path], machine: Machine, expired: Sequence[Path] = ()) -> bool:
    """Free these directories of the trash in another process; return whether it started.

    Those of ``expired`` are freed as well unless something shows that they are used
    (``expiry``). Nobody waits for the process, so it leaves a core to others. It has a lower
    priority, no terminal, and goes on when we end. What another one is freeing it passes over. How
    it goes: ``purge.running``, whether the path is there, ``purge.problems``.
    """
    asked = [path for path in expired if path.is_absolute()]
    paths = [*asked, *(path for path in paths if path.is_absolute() and path not in expired)]
    output = subprocess.DEVNULL
    return not paths or _started(paths, machine, output, spare=1, asked=len(asked)) is not None


def start_and_hear(
    paths: Sequence[Path], machine: Machine, *, spare: int = 0
) -> ProgressReports | None:
    """Do as ``start``, and return what it will tell; None if it could not be started.

    ``spare``: how many cores to leave to others.
    """
    process = _started(paths, machine, subprocess.PIPE, spare=spare)
    return ProgressReports(paths, process.stdout) if process and process.stdout else None


def processes(spare: int) -> int:
    """Return how many processes are to free side by side so that ``spare`` cores are left."""
    return max(min(cores() - spare, _PROCESSES), 1)


def _started(
    paths: Sequence[Path], machine: Machine, output: int, *, spare: int, asked: int = 0
) -> "subprocess.Popen[bytes] | None":
    windows = sys.platform == "win32"
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, _HOME, str(processes(spare)), str(asked)],
            env=dict(machine.variables),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=flags,
            cwd=None if windows else "/",
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(b"".join(os.fsencode(path) + b"\0" for path in paths))
    except OSError:
        return None
    if windows:
        _children[:] = [child for child in _children if child.poll() is None] + [process]
    elif process.wait() != 0:
        if process.stdout:
            process.stdout.close()
        return None
    return process


def main(processes: int, asked: int = 0) -> None:
    """Free the directories whose paths stand on stdin, each ended by a NUL byte.

    Before any of the first ``asked`` is freed, it is asked whether something uses it.
    """
    _be_nice()
    teller = _Teller(sys.stdout.fileno())
    state = Machine.current().state_directory
    # A path without its end was cut off: whoever wrote it has died.
    paths = [Path(os.fsdecode(path)) for path in sys.stdin.buffer.read().split(b"\0")[:-1]]
    kept = {*paths[:asked]}.difference(_free_of_use(paths[:asked]))
    for place, path in enumerate(paths):
        if path in kept:
            continue
        teller.begin(place)
        if os.path.lexists(path):  # else somebody else has freed or restored it
            freed_notes.note(state, path)
        result = purge(path, processes=processes, tell=teller.tell)
        if not result.gone and not result.busy:
            freed_notes.forget(state, path)
        freed = max(result.freed_bytes - result.own_bytes, 0)
        teller.end(freed, result.busy, result.problems)


def _free_of_use(expired: Sequence[Path]) -> Sequence[Path]:
    if not expired:
        return ()
    from venvdash.actions.delete import expiry  # what frees at once needs none of it

    return expiry.free_of_use(expired)


def _be_nice() -> None:
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(_NICE)
    # Linux shares cores among sessions first, and niceness counts within one: sched(7), autogroup.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write(str(_NICE))


class _Teller:
    """Writes messages: a line of JSON each, with the place of the path that it is about."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._place = 0
        self._next = 0.0
        with contextlib.suppress(OSError, AttributeError):  # older Windows: its reader is quick
            if stat.S_ISFIFO(os.fstat(output).st_mode):
                os.set_blocking(output, False)

    def begin(self, place: int) -> None:
        """Tell of this one from now on."""
        self._place = place

    def tell(self, freed: int) -> None:
        """Report the progress, if there is any and the last report is not too recent."""
        now = time.monotonic()
        if freed and now >= self._next:
            self._next = now + _TICK
            self._write(freed, False, False, ())

    def end(self, freed: int, busy: bool, problems: Sequence[str]) -> None:
        """Tell what became of it."""
        self._write(freed, True, busy, problems)

    def _write(self, freed: int, ended: bool, busy: bool, problems: Sequence[str]) -> None:
        reported = list(problems)
        while True:
            line = json.dumps([self._place, freed, ended, busy, reported]).encode() + b"\n"
            if len(line) <= _LONGEST or not reported:
                break
            reported = reported[: len(reported) // 2]
        with contextlib.suppress(OSError):
            os.write(self._output, line)
