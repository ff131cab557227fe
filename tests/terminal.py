"""A real terminal for a test: the program on a pty, every byte that it writes kept."""

import contextlib
import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.forkserver import VENVDASH, Started, start


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, process: Started, master: int, modes: list[Any]) -> None:
        self.process = process
        self.master = master
        self.modes = modes  # the terminal's before the program started
        self.output = b""

    def read(self, until: Callable[[bytes], bool], seconds: float = 30) -> bytes:
        """Read until the whole output fits, the program ends, or the time is up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not until(self.output):
            if not select.select([self.master], [], [], min(left, 0.1))[0]:
                if self.process.poll() is not None:
                    break
                continue
            if not self._take():
                break
        return self.output

    def _take(self) -> bool:
        """Read what is there; False when the other side is closed."""
        try:
            part = os.read(self.master, 65536)
        except OSError:
            return False
        self.output += part
        return bool(part)

    def drain(self, seconds: float) -> None:
        """Read until nothing comes for so long."""
        while select.select([self.master], [], [], seconds)[0]:
            if not self._take():
                return

    def press(self, keys: str) -> None:
        """Type something."""
        os.write(self.master, keys.encode())

    def wait(self, seconds: float = 30) -> int:
        """Read to the program's end and return its exit status."""
        self.read(lambda _: False, seconds)
        return self.process.wait(5)


def venvdash(
    *arguments: str,
    variables: Mapping[str, str],
    cwd: Path,
    columns: int = 80,
    lines: int = 24,
    controlling: bool = False,
) -> contextlib.AbstractContextManager[Terminal]:
    """Run venvdash on a terminal of that size."""
    return program(
        [*VENVDASH, *arguments],
        variables=variables,
        cwd=cwd,
        columns=columns,
        lines=lines,
        controlling=controlling,
    )


@contextlib.contextmanager
def program(
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    cwd: Path,
    columns: int = 80,
    lines: int = 24,
    controlling: bool = False,
) -> Iterator[Terminal]:
    """Run a program on a terminal of that size; it is killed when the test is done with it.

    ``controlling``: Ctrl+C typed there is a signal, as in a user's terminal, and so is its end;
    shells have job control.
    """
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    modes = termios.tcgetattr(slave)
    process = start(
        command,
        variables={**variables, "TERM": "xterm-256color"},
        cwd=cwd,
        streams=(slave, slave, slave),
        session=True,
        controlling=controlling,
    )
    os.close(slave)
    screen = Terminal(process, master, modes)
    try:
        yield screen
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        os.close(screen.master)


HOSTILE = (
    "[/red]",
    "[@click=app.quit]x[/]",
    "a\x1b]0;pwn\x07b",
    "x\u202etxt.exe",
    "two\nlines",
    "c1\x9b31mred",
    "z\u200bero",
)


_RAW = ("\x1b]0;pwn", "\x07", "\u202e", "\x9b", "\u200b", "two\nlines", "two\r\nlines")


def unsafe(output: bytes) -> list[str]:
    """Return what of the hostile names reached the terminal raw."""
    text = output.decode("utf-8", "surrogateescape")
    return [raw for raw in _RAW if raw in text]
