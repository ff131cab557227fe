"""Processes that are killed, or whose calls fail, at a chosen point of an action."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from venvdash.actions.delete import shown_items
from venvdash.actions.relink import transaction
from venvdash.actions.relocate import rename
from venvdash.actions.safety import steps
from venvdash.model import Outcome, Result
from venvdash.system import directory
from venvdash.system.processes import ProcessUse, ProcessUses

# The calls that audit hooks are told of and that change something, or open something.
_CHANGING = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod"}


class NoProcesses:
    """Takes the place of ``ProcessWatch``: nothing is in use."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Look at nothing."""

    def users(self, path: Path) -> tuple[ProcessUse, ...]:
        return ()


def in_child(call: Callable[[], object]) -> int:
    """Run ``call`` in a child process, and return how it ended: a signal's number is negative."""
    child = os.fork()
    if child == 0:
        try:
            call()
        except BaseException:
            os._exit(70)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def killing(call: Callable[[], object], name: str) -> Callable[[], None]:
    """Return ``call`` made to kill its process once the step ``name`` has been done."""

    wanted = name

    def step(name: str) -> None:
        if name == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        steps.step = step
        call()

    return run


def killed_at(number: int, call: Callable[[], object]) -> int:
    """Run a call in a child that is killed when it has done so many steps; return how it ended."""
    left = number

    def step(name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        steps.step = step
        call()

    return in_child(run)


class _Fault:
    """Counts the calls that could change something; at one of them the process fails, or ends."""

    def __init__(self, number: int, *, kill: bool) -> None:
        self.left = number
        self.kill = kill

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _CHANGING:
            return
        self.left -= 1
        if self.left == 0:
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def with_fault(call: Callable[[], Result], number: int, *, kill: bool) -> int:
    """Run ``call`` in a child with that fault, and return how it ended.

    0 for done, 1 for another outcome, 2 for no fault, 3 for done with something to say.
    """

    def run() -> None:
        # What libc is called for directly is not audited.
        setattr(directory, "_exclusive_rename", lambda: None)
        # Reading /proc opens hundreds of files; that is another module's affair.
        setattr(shown_items, "ProcessWatch", NoProcesses)
        for module in (transaction, rename):
            setattr(module, "users", lambda paths: ProcessUses())
        fault = _Fault(number, kill=kill)
        sys.addaudithook(fault)
        result = call()
        if fault.left > 0:
            os._exit(2)
        done = 3 if result.reason else 0
        os._exit(done if result.outcome is Outcome.DONE else 1)

    return in_child(run)
