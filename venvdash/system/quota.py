"""The user's own quotas, as `quota` of the quota tools prints them.

Its columns, here with ``--no-wrap --raw-grace --show-mntpoint --hide-device`` (quota(1)): where the
file system is mounted, then blocks of 1 KiB in use, the soft limit, the hard limit and the grace
time, and the same for files. A `*` follows what exceeds its soft limit or has reached the hard one;
a limit of 0 is none.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from venvdash.system.machine import Machine

_OPTIONS = (
    *("--no-wrap", "--raw-grace", "--quiet-refuse", "--show-mntpoint", "--hide-device"),
    "--filesystem-list",
)
_SECONDS = 2.0  # a server of a network disk may not answer
_MOST = 64 * 1024  # characters that are read
_BLOCK = 1024  # bytes
_LONGEST = 4500  # characters of a line
_FIGURES = r"\s+(\d{1,20})(\*?)\s+(\d{1,20})\s+(\d{1,20})\s+\d{1,20}"
_LINE = re.compile(rf"\s*/.*?{_FIGURES}{_FIGURES}\s*")


class Quota(NamedTuple):
    """What a user has in use and may have, in bytes or files.

    ``total`` is the hard limit, or the soft one if there is no other or it is exceeded: it becomes
    a hard one when the grace time is over.
    """

    used: int
    total: int

    @property
    def free(self) -> int:
        """What is left."""
        return max(self.total - self.used, 0)


class Quotas(NamedTuple):
    """A user's quotas on one file system, None for what is not limited."""

    space: Quota | None
    files: Quota | None


def ask(machine: Machine, mount: Path) -> Quotas | None:
    """Return the user's quotas on the file system at a mount point; None where there are none.

    It starts a program, and takes two seconds at most.
    """
    program = machine.program("quota")
    if program is None or os.name != "posix":
        return None
    try:
        return parse(_output([os.fspath(program), *_OPTIONS, os.fspath(mount)], machine.variables))
    except OSError:
        return None


def parse(text: str) -> Quotas | None:
    """Return the quotas in the first line that has any."""
    for line in text[:_MOST].splitlines():
        match = _LINE.fullmatch(line) if len(line) <= _LONGEST else None
        if match is not None:
            figures = match.groups()
            quotas = Quotas(_quota(*figures[:4], unit=_BLOCK), _quota(*figures[4:]))
            if any(quotas):
                return quotas
    return None


def _quota(used: str, over: str, soft: str, hard: str, *, unit: int = 1) -> Quota | None:
    exceeded = over and int(soft) and int(used) > int(soft)
    total = int(soft) if exceeded else int(hard) or int(soft)
    return Quota(int(used) * unit, total * unit) if total else None


def _output(command: list[str], variables: Mapping[str, str]) -> str:
    """Return what a program prints, "" where it takes too long."""
    process = subprocess.Popen(
        command,
        cwd="/",
        env={**variables, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.communicate(timeout=_SECONDS)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_SECONDS / 10)  # one that waits for a disk stays a while
        return ""
