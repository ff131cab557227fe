"""The log of commands: what was run for the user, and what it said.

``actions`` is the only room that starts other people's programs, and each that it starts is
recorded. A log belongs to the session, which hands it down; nothing of it is kept on disk, and no
credentials come into it.
"""

import os
import shlex
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.text import redact

RUNS = 100  # that a log remembers
LINES = 2000  # of one run, the last ones
BYTES = 128 * 1024  # … and characters, about
LONGEST = 4096  # characters of one line


def typed(command: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
    """Return a command as one would type it: variables first, the program without its folder.

    Without credentials; else raw: nothing in it was made fit to show.
    """
    words = [f"{key}={shlex.quote(value)}" for key, value in (variables or {}).items()]
    program = os.path.basename(command[0]).removesuffix(".exe")
    return redact(" ".join([*words, shlex.quote(program), *map(shlex.quote, command[1:])]))


@dataclass(frozen=True, slots=True)
class Run:
    """One program that was started: a snapshot, which does not change.

    ``number`` counts from 1 in one log. ``variables`` were set for it besides those of the user.
    ``began`` is the time, ``seconds`` how long it took, None while it runs. ``status`` is its exit
    status (of one ended by a signal that number, negative), None while it runs and where it could
    not be started. ``lines`` are the last that it wrote, raw as they came; ``dropped`` counts
    those before them.
    """

    number: int
    command: tuple[str, ...]
    cwd: Path
    began: float
    variables: Mapping[str, str]
    seconds: float | None = None
    status: int | None = None
    lines: tuple[str, ...] = ()
    dropped: int = 0

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.seconds is None

    @property
    def shown(self) -> str:
        """The command as one would type it, raw."""
        return typed(self.command, self.variables)


class Recording:
    """A run that is being recorded: add its lines while it runs, then its end."""

    def __init__(self, log: "Log", run: Run) -> None:
        self._log = log
        self._run = run
        self._lines: deque[str] = deque()
        self._size = 0
        self._dropped = 0
        self._clock = time.monotonic()

    def line(self, text: str) -> None:
        """Record a line of output, without its newline."""
        text = redact(text)
        text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        with self._log.lock:
            self._lines.append(text)
            self._size += len(text) + 1
            while self._size > BYTES or len(self._lines) > LINES:
                self._size -= len(self._lines.popleft()) + 1
                self._dropped += 1
            self._log.changes += 1

    def lines(self, text: str) -> None:
        """Record a whole output."""
        for line in text.split("\n")[-LINES - 1 :]:
            if line:
                self.line(line)

    def ended(self, status: int | None) -> None:
        """Record that it ended; only the first call counts."""
        with self._log.lock:
            if self._run.running:
                seconds = time.monotonic() - self._clock
                self._run = replace(self._snapshot(), seconds=seconds, status=status)
                self._lines.clear()
                self._log.changes += 1

    def run(self) -> Run:
        """Return how it stands now."""
        with self._log.lock:
            return self._snapshot() if self._run.running else self._run

    def _snapshot(self) -> Run:
        return replace(self._run, lines=tuple(self._lines), dropped=self._dropped)


class Log:
    """The last ``RUNS`` programs that were started. Any thread may write and read it.

    ``changes`` grows with everything that is recorded, so that a reader knows whether to look.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changes = 0
        self._recordings: deque[Recording] = deque(maxlen=RUNS)
        self._count = 0

    def begin(
        self,
        command: Sequence[str | Path],
        cwd: Path,
        variables: Mapping[str, str] | None = None,
    ) -> Recording:
        """Record that a program is started, and return where to tell what it does."""
        words = tuple(redact(os.fspath(word)) for word in command)
        given = {name: redact(value) for name, value in (variables or {}).items()}
        with self.lock:
            self._count += 1
            self.changes += 1
            run = Run(self._count, words, cwd, time.time(), given)
            recording = Recording(self, run)
            self._recordings.append(recording)
        return recording

    def runs(self) -> tuple[Run, ...]:
        """Return all that are remembered as they stand now, the oldest first."""
        with self.lock:
            return tuple(recording.run() for recording in self._recordings)
