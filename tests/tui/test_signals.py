"""Signals to a dashboard on a real terminal: it ends when asked to, and stops for Ctrl+Z."""

import contextlib
import os
import platform
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import venv
from tests.terminal import Terminal, program, venvdash
from tests.waiting import waited

ALTERNATE, BACK = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def plain(home: Home) -> Home:
    venv(home.path / ".venvs" / "plain")
    return home


def handles(process: int, number: signal.Signals) -> bool:
    """Return whether a process has a handler of its own for a signal."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def writes(process: int) -> set[str]:
    """Return the calls of write(2) that threads of a process are in, as proc(5) shows them."""
    number = {"x86_64": "1", "aarch64": "64"}.get(platform.machine())
    if number is None:
        pytest.skip("needs to know the number of a system call")
    found = set()
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            words = (task / "syscall").read_text().split()
            if words[:2] == [number, "0x2"]:
                found.add(" ".join(words))
    return found


def blocked(process: int) -> bool:
    """Return whether a thread waits in the same call for a moment: nobody takes what it writes."""
    before = writes(process)
    time.sleep(0.5)
    return bool(before & writes(process))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_though_nobody_reads_what_it_draws(plain: Home, number: signal.Signals) -> None:
    """As behind a terminal that is stopped: the screen is larger than what the kernel keeps."""
    with venvdash(variables=plain.variables, cwd=plain.path, columns=1000, lines=300) as screen:
        waited(lambda: handles(screen.process.pid, number))
        waited(lambda: blocked(screen.process.pid))
        os.kill(screen.process.pid, number)
        assert screen.process.wait(30) == 1


_SHELL = """\
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    os.tcsetpgrp(0, os.getpgrp())
    print("JOB STOPPED", flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
"""


@contextlib.contextmanager
def dashboard(plain: Home) -> Iterator[Terminal]:
    """Run the dashboard under no shell; after ``q`` the terminal is as it was."""
    with venvdash(variables=plain.variables, cwd=plain.path, controlling=True) as screen:
        screen.read(lambda output: b"plain" in output)
        screen.drain(0.3)
        yield screen
        screen.press("q")
        assert screen.wait() == 0
        assert termios.tcgetattr(screen.master) == screen.modes


def shell(home: Home, *words: str) -> contextlib.AbstractContextManager[Terminal]:
    """Run a program as a shell with job control does: Return continues it."""
    command = [sys.executable, "-c", _SHELL, *words]
    return program(command, variables=home.variables, cwd=home.path, controlling=True)


def test_ctrl_z_stops_it_and_the_first_key_after_that_counts(plain: Home) -> None:
    with shell(plain, "-m", "venvdash") as screen:
        screen.read(lambda output: b"plain" in output)
        screen.drain(0.3)
        screen.press("\x1a")
        screen.read(lambda output: b"JOB STOPPED" in output)
        assert screen.output.rindex(BACK) > screen.output.rindex(ALTERNATE)
        before = len(screen.output)
        screen.press("\n")
        screen.read(lambda output: b"plain" in output[before:])
        assert ALTERNATE in screen.output[before:]
        screen.press("q")
        assert screen.wait() == 0
        assert screen.output.count(b"JOB STOPPED") == 1


def test_a_program_around_it_stops_with_it(plain: Home) -> None:
    """`uv run venvdash`: the shell waits for uv, and has to hear that it stopped."""
    around = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-m', 'venvdash']))"
    with shell(plain, "-c", around) as screen:
        screen.read(lambda output: b"plain" in output)
        screen.drain(0.3)
        screen.press("\x1a")
        screen.read(lambda output: b"JOB STOPPED" in output)
        assert b"JOB STOPPED" in screen.output
        before = len(screen.output)
        screen.press("\n")
        screen.read(lambda output: b"plain" in output[before:])
        screen.press("q")
        assert screen.wait() == 0


def test_where_no_shell_could_continue_it_nothing_stops(plain: Home) -> None:
    with dashboard(plain) as screen:
        screen.press("\x1a")
        screen.read(lambda output: output.count(ALTERNATE) == 2)
        screen.drain(0.3)


def test_being_continued_without_having_stopped_changes_nothing(plain: Home) -> None:
    """Textual took the terminal twice, its modes with it, and lost every second key."""
    with dashboard(plain) as screen:
        os.kill(screen.process.pid, signal.SIGCONT)
        screen.drain(0.3)
        assert screen.output.count(ALTERNATE) == 1
