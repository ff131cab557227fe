"""Faults for one child process: killed, or refused by the system, at one of its calls.

Only calls count that concern the world of the campaign and could change something, or read it.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.actions.crashing import NoProcesses
from venvdash.actions.delete import plan, shown_items
from venvdash.actions.relink import transaction
from venvdash.actions.relocate import rename
from venvdash.system import directory
from venvdash.system.processes import ProcessUses

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
# Audit events (PEP 578) of calls that change something, with how many paths they begin with.
_CHANGING = {
    "os.rename": 2,
    "os.remove": 1,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.link": 2,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.truncate": 1,
    "os.setxattr": 1,
}
_READING = {"os.listdir", "os.scandir"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_NEEDS_ROOM = {"open", "os.mkdir", "os.symlink", "os.link", "os.rename", "os.setxattr", "write"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at call number ``number``: an error, or death where ``error`` is None.

    ``lasting``: the error goes on until the process ends, as on a disk that is full.
    """

    number: int
    error: int | None = None
    lasting: bool = False

    @property
    def name(self) -> str:
        """``kill``, or the name of the error."""
        return "kill" if self.error is None else errno.errorcode[self.error]


class Injector:
    """Puts a fault into the calls of this process; ``calls`` counts those that could have it."""

    def __init__(self, fault: Fault, world: Path) -> None:
        self.fault, self.world = fault, os.fspath(world)
        self.calls = 0

    def install(self) -> None:
        """Do so, for the rest of this process's life."""
        # What libc is called for directly is not audited.
        setattr(directory, "_exclusive_rename", lambda: None)
        # Reading /proc opens hundreds of files; that is another module's affair.
        setattr(shown_items, "ProcessWatch", NoProcesses)
        for module in (plan, transaction, rename):
            setattr(module, "users", lambda paths: ProcessUses())
        for name in ("write", "fsync"):
            setattr(os, name, self._around(name, getattr(os, name)))
        sys.addaudithook(self._heard)

    def _around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(file: int, *given: Any) -> Any:
            if self._ours(f"/proc/self/fd/{file}"):
                self._met(name)
            return call(file, *given)

        return wrapped

    def _ours(self, link: str) -> bool:
        try:
            return os.readlink(link).startswith(self.world)
        except OSError:
            return False

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(given[2], int) and self._concerns(given[0]):
                self._met("open" if given[2] & _WRITES else "read")
        elif event in _CHANGING:
            if any(self._concerns(path) for path in given[: _CHANGING[event]]):
                self._met(event)
        elif event in _READING and self._concerns(given[0]):
            self._met("read")

    def _concerns(self, path: object) -> bool:
        """Return whether a path lies in the world; what is relative does, to an open directory."""
        if not isinstance(path, str | bytes):
            return False
        text = os.fsdecode(path)
        return text.startswith(self.world) or not text.startswith("/")

    def _met(self, what: str) -> None:
        fault = self.fault
        if fault.error == errno.ENOSPC and what not in _NEEDS_ROOM:
            return
        if fault.error is None and what == "read":
            return  # death while only reading is like death before the next change
        self.calls += 1
        if self.calls == fault.number and fault.error is None:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.calls == fault.number or (fault.lasting and self.calls > fault.number):
            assert fault.error is not None
            raise OSError(fault.error, os.strerror(fault.error))
