"""The identity of a process, which tells it from a later one with the same number."""

import os
from dataclasses import dataclass
from pathlib import Path

from venvdash.system.host import host_id

_BOOT = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process of one machine: its number, its start, and the boot of the system before that.

    The format of ``boot`` and ``started`` depends on the system; they are only compared.
    """

    host: str
    boot: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """Return this process."""
        return cls(host_id(), _boot(), os.getpid(), _started(os.getpid()) or "")

    def alive(self) -> bool:
        """Return whether it still runs, or may run on another machine."""
        if self.host != host_id():
            return True
        return self.boot == _boot() and _started(self.pid) == self.started


def _boot() -> str:
    try:
        return Path(_BOOT).read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def _started(pid: int) -> str | None:
    """Return when a process started, None if none has that number."""
    if os.path.exists("/proc/self/stat"):
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        # The name in parentheses may hold anything; the state is the first field behind it.
        fields = text[text.rfind(b")") + 2 :].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()  # proc(5): starttime
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
