"""Running other people's programs: what they write is heard as it comes, and they end wholly.

A program gets a session, and so a process group, of its own: what it starts belongs to it and ends
with it; Ctrl+C in our terminal reaches it only through us; and it cannot ask anything on that
terminal. It reads nothing and never sees a terminal.
"""

import contextlib
import os
import queue
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_LOOK = 0.1  # seconds between two looks at who might want it to end
_NAP = 0.02  # … and at whether it has ended
_PATIENCE = 2.0  # seconds between two ways of ending it, each ruder than the one before
_SILENCE = 1.0  # seconds that an ended program's pipe is listened to while somebody holds it
_CHUNK = 65536  # bytes
_AHEAD = 16  # chunks read ahead where threads must read
_LAST = 64  # chunks that are kept of what it writes while it is being stopped

# Ctrl+C, as a terminal would send it, before what leaves no time to tidy up.
if sys.platform == "win32":
    _WAYS = (signal.CTRL_BREAK_EVENT, signal.SIGTERM)
else:
    _WAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)

Heard = list[tuple[int, bytes]]


class CancelledError(Exception):
    """It was to end before it was done, and nothing of it runs any more."""


class Program:
    """A program that runs. Use it as a context manager: what is left at its end is stopped.

    ``merged``: what it writes to stderr comes with stdout, in order. Raises OSError or ValueError
    where it cannot be started.
    """

    def __init__(
        self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, merged: bool = False
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            bufsize=0,
        )
        given = [self._process.stdout, self._process.stderr]
        self._pipes = _Pipes([pipe for pipe in given if pipe])

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._pipes.close()

    @property
    def status(self) -> int | None:
        """The exit status, negative where a signal ended it; None while it runs."""
        return self._process.returncode

    def listen(
        self, cancel: threading.Event | None = None, timeout: float | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Yield what it writes as it comes, with 0 for stdout and 1 for stderr, until its end.

        Raises CancelledError soon after ``cancel`` is set, TimeoutError after ``timeout``
        seconds; it still runs then.
        """
        end = None if timeout is None else time.monotonic() + timeout
        silent = 0.0
        while True:
            heard = self._pipes.read(_LOOK)
            yield from heard or ()
            if self._process.poll() is None:
                self._due(cancel, end)
                if heard is None:  # it has closed its output, and goes on
                    time.sleep(_LOOK)
            elif heard is None:
                return
            elif not heard:
                # It has ended; what it left, or somebody outside, holds the pipe.
                silent = silent or time.monotonic()
                if time.monotonic() - silent > _SILENCE:
                    return

    def _due(self, cancel: threading.Event | None, end: float | None) -> None:
        if cancel is not None and cancel.is_set():
            raise CancelledError
        if end is not None and time.monotonic() > end:
            raise TimeoutError

    def stop(self) -> Heard:
        """End it and all that it started, politely first; return what it still wrote.

        Nothing happens where it has ended by itself.
        """
        heard: deque[tuple[int, bytes]] = deque(maxlen=_LAST)
        if self._process.returncode is not None:
            return []
        family = _Family(self._process.pid)
        try:
            for way in _WAYS:
                family.send(way)
                until = time.monotonic() + _PATIENCE
                while (running := family.running()) and time.monotonic() < until:
                    said = self._pipes.read(_NAP)  # a full pipe would keep it from ending
                    heard += said or []
                    if said is None:
                        time.sleep(_NAP)
                if not running:
                    break
        finally:
            family.send(_WAYS[-1])
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a dead file system
                self._process.wait(_PATIENCE)
        return [*heard, *(self._pipes.read(0) or [])]


class _Family:
    """A program with all that it started and that has not left its session.

    The program itself is not waited for meanwhile: as long as it is there, if only as a zombie,
    no other can have its number.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._started = [] if os.name == "posix" else _descendants(pid)

    def send(self, number: int) -> None:
        """Send a signal, as a terminal does: to the group; the rude ones to everybody."""
        with contextlib.suppress(OSError):  # it has just ended
            if os.name == "posix":
                os.killpg(self._pid, number)
            else:
                os.kill(self._pid, number)
        if number != _WAYS[0]:
            for pid in self._members():  # ninja, as one, gives each compiler a group of its own
                with contextlib.suppress(OSError):
                    os.kill(pid, number)

    def running(self) -> bool:
        """Return whether any of them still runs."""
        return next(self._members(), None) is not None

    def _members(self) -> Iterator[int]:
        import psutil  # slow to import, and rarely needed

        candidates = psutil.pids() if os.name == "posix" else [*self._started, self._pid]
        for pid in candidates:
            with contextlib.suppress(OSError, psutil.Error):  # ended, or somebody else's
                if os.name == "posix" and os.getsid(pid) != self._pid:
                    continue
                if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                    yield pid


def _descendants(pid: int) -> list[int]:
    """Return what a process started; Windows keeps no groups that could be ended."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


class _Selected:
    """What comes through pipes, where the system can wait for them."""

    def __init__(self, pipes: Sequence[IO[bytes]]) -> None:
        self._pipes = pipes
        self._selector = selectors.DefaultSelector()
        for number, pipe in enumerate(pipes):
            self._selector.register(pipe, selectors.EVENT_READ, number)

    def read(self, seconds: float) -> Heard | None:
        """Return what came, nothing if that takes longer; None when all pipes are closed."""
        if not self._selector.get_map():
            return None
        heard = []
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, _CHUNK)
            if data:
                heard.append((int(key.data), data))
            else:
                self._selector.unregister(key.fileobj)
        return heard

    def close(self) -> None:
        """Let go of the pipes."""
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()


class _Fed:
    """The same for Windows, which cannot wait for pipes: a thread reads each."""

    def __init__(self, pipes: Sequence[IO[bytes]]) -> None:
        self._open = len(pipes)
        self._queue: queue.Queue[tuple[int, bytes]] = queue.Queue(_AHEAD)
        self._closed = threading.Event()
        for number, pipe in enumerate(pipes):
            threading.Thread(target=self._feed, args=(number, pipe), daemon=True).start()

    def read(self, seconds: float) -> Heard | None:
        if not self._open:
            return None
        try:
            number, data = self._queue.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            return []
        if data:
            return [(number, data)]
        self._open -= 1
        return []

    def close(self) -> None:
        """Let the threads end: at once, or where somebody still holds a pipe, when he does."""
        self._closed.set()

    def _feed(self, number: int, pipe: IO[bytes]) -> None:
        data = b"first"
        while data and not self._closed.is_set():
            data = pipe.read(_CHUNK) or b""
            while not self._closed.is_set():
                with contextlib.suppress(queue.Full):
                    self._queue.put((number, data), timeout=_LOOK)
                    break
        pipe.close()


_Pipes = _Fed if os.name == "nt" else _Selected
