"""Runs what is measured, in processes with variables of their own, and reads what they used."""

import compileall
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tests.bench.measurement import Figures
from tests.bench.trees import Tree

ROOT = Path(__file__).parents[2]
# As users start it. (``python -m venvdash`` is what tests/forkserver.py forks.)
VENVDASH = str(Path(sys.executable).with_name("venvdash"))


class FailedError(Exception):
    """A program that is measured has failed, or is not available."""


def compile_all() -> None:
    """Write the bytecode of all that is measured: no run is to do it."""
    for folder in (sysconfig.get_path("purelib"), ROOT / "venvdash", ROOT / "tests"):
        compileall.compile_dir(str(folder), quiet=2, workers=0)


def timed(
    command: Sequence[str | Path],
    tree: Tree,
    *,
    variables: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Figures:
    """Return the seconds that a program takes, its CPU time with that of its child processes."""
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**tree.variables, **(variables or {})},
            cwd=cwd or tree.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip()
            raise FailedError(f"{command[0]} failed ({process.returncode}): {words[-500:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime}


def ours(tree: Tree, *arguments: str) -> Figures:
    """Return what a command of venvdash takes."""
    return timed([VENVDASH, *arguments], tree)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, its ended threads and its child processes until now."""
    total = 0.0
    with_children = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in with_children:
        try:
            ended = process.cpu_times()
            # clock_getcpuclockid(3): the process's own clock, to the nanosecond.
            total += time.clock_gettime((~process.pid << 3) | 2)
            total += ended.children_user + ended.children_system
        except (OSError, psutil.NoSuchProcess):  # it has just ended
            continue
    return total


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has had; 0 if it has ended.

    Not ``ru_maxrss``: a new process begins with that of the one which started it.
    """
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def peak_of_children(pid: int) -> int:
    """Return the sum of what the child processes that run now have had at most."""
    return sum(peak_bytes(child.pid) for child in psutil.Process(pid).children(recursive=True))
