"""A real terminal: what a program writes to it, byte by byte."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.forkserver import start

_PAUSE = 0.05
_LOOK = 0.005  # seconds between two looks whether a program has done all that it can
_LOOKS = 3  # that find nothing
_LONGEST = 1.0  # seconds that one key is waited for

ESCAPE_DELAY = 0.02
"""Seconds that the programs wait for what else may begin with Esc; Textual's own are 0.1."""

_ESCAPE = 0.15  # seconds: Textual looks every 0.1 whether more follows in time
_ROOT = Path(__file__).parents[2]


def _variables() -> dict[str, str]:
    # pytest-xdist sets the two that would overrule the size of the terminal.
    others = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    return others | {"TERM": "xterm-256color"}


class Terminal:
    """Runs a program in a pseudo-terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._process = start(
            command,
            variables=_variables() | dict(variables or {}),
            cwd=_ROOT,
            streams=(slave, slave, slave),
            session=True,
        )
        os.close(slave)
        self.output = b""

    def read(self, seconds: float) -> bytes:
        """Read until the program pauses, for so long at most, and return what came."""
        before = len(self.output)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            quiet = _PAUSE if len(self.output) > before else left
            if not select.select([self._master], [], [], min(left, quiet))[0]:
                break
            try:
                self.output += os.read(self._master, 65536)
            except OSError:  # the program has ended
                break
        return self.output[before:]

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read until ``text`` has been written since the start; fail where it never is."""
        end = time.monotonic() + seconds
        while text.encode() not in self.output:
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"{text!r} never came: {self.output[-2000:]!r}")
            self.read(0.1)

    def send(self, keys: str) -> bytes:
        """Type and return what was written until the program waited for more.

        After Esc more time passes than the program waits for what else may begin with it.
        """
        typed, before = time.monotonic(), len(self.output)
        os.write(self._master, keys.encode())
        if keys == "\x1b":
            time.sleep(_ESCAPE)
        quiet = 0
        while quiet < _LOOKS and time.monotonic() < typed + _LONGEST:
            quiet = 0 if self.read(_LOOK) or self._works() else quiet + 1
        return self.output[before:]

    def _works(self) -> bool:
        """Return whether a thread of the program runs, or would on an idle machine."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        with contextlib.suppress(OSError):  # it has ended
            return any(") R" in task.read_text() for task in tasks)
        return False

    def send_each(self, *keys: str) -> None:
        """Type keys one after the other, and read what is written in answer to each."""
        for one in keys:
            self.send(one)

    def insist(self, keys: Sequence[str], text: str, seconds: float = 60) -> None:
        """Type keys, and again where they did not lead to ``text``; fail where they never do.

        On a busy machine Esc and the key after it may arrive as one.
        """
        end = time.monotonic() + seconds
        while text.encode() not in self.output and time.monotonic() < end:
            self.send_each(*keys)
        self.wait_for(text, 1)

    def quit(self) -> int:
        """Go back and quit until the program ends, and return its exit code.

        On a busy machine Esc and the key after it may arrive as one.
        """
        end = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):  # it ended between the two keys
                self.send("\x1b")
                self.send("q")
                if self._process.poll() is None:
                    self.send("y")  # it asks where something is under way
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGUSR1)  # it may tell where it hangs
            self.read(1)
            return self.kill()
        return self.close()

    def close(self) -> int:
        """Wait for the program's end and return its exit code."""
        end = time.monotonic() + 20
        while self._process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        return self.kill()

    def kill(self) -> int:
        """End the program at once, where it has not ended, and return its exit code."""
        self._process.kill()
        os.close(self._master)
        return self._process.wait()
