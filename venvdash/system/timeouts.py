"""Calls with a time limit: a dead network mount may block a thread for ever, never the program.

A thread blocked in the kernel cannot be stopped, only abandoned; so the jobs are in a queue, and a
thread that hangs in one is replaced by another that continues with the next.
"""

import contextvars
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from venvdash.system.foreground import give_way

T = TypeVar("T")

_TICK = 0.05  # seconds between two checks whether to stop
_BATCH = 0.01  # seconds between two batches of results
_SHORTEST = 0.25  # seconds; after a timeout the limit of the next jobs is reduced


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One call, and the path that it accesses."""

    path: Path
    call: Callable[[], T]


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A job that did not end within ``seconds``."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that raised an unexpected exception."""

    path: Path
    error: Exception


class _Turn(Generic[T]):
    """The state of one thread; after ``over`` is set it returns no more results.

    Results are passed in batches: waking the other thread for each one costs more than the job.
    """

    def __init__(self) -> None:
        self.over = False
        self.at: tuple[Path, float] | None = None
        self.pending: list[T | Failed] = []
        self._handed = 0.0

    def due(self) -> bool:
        """Return whether the next batch is due; the first one is due at once."""
        return time.monotonic() - self._handed >= _BATCH

    def take(self) -> list[T | Failed]:
        """Return the results since the last batch."""
        self._handed = time.monotonic()
        batch, self.pending = self.pending, []
        return batch


class TimedRunner:
    """Runs jobs in order on one thread at a time; abandons a job that hangs, not the rest."""

    def __init__(self, patience: float, cancelled: Callable[[], bool]) -> None:
        """Wait ``patience`` seconds for each job; stop soon after ``cancelled()`` is true."""
        self._patience = patience
        self._cancelled = cancelled

    def run(self, jobs: Iterable[Job[T]]) -> Iterator[T | TimedOut | Failed]:
        """Yield the results of the jobs in order; ends early only if cancelled."""
        line = deque(jobs)
        results: queue.SimpleQueue[tuple[_Turn[T], list[T | Failed], bool]] = queue.SimpleQueue()
        turn = self._start(line, results)
        try:
            while not self._cancelled():
                try:
                    whose, batch, done = results.get(timeout=_TICK)
                except queue.Empty:
                    given_up = self._hanging(turn)
                    if given_up:
                        yield from turn.take()
                        turn = self._start(line, results)
                        yield given_up
                    continue
                if whose is not turn:
                    continue  # it ended after its timeout
                yield from batch
                if done:
                    return
        finally:
            turn.over = True

    def _start(
        self,
        line: "deque[Job[T]]",
        results: "queue.SimpleQueue[tuple[_Turn[T], list[T | Failed], bool]]",
    ) -> "_Turn[T]":
        turn: _Turn[T] = _Turn()

        def work() -> None:
            while not turn.over:
                try:
                    job = line.popleft()
                except IndexError:
                    results.put((turn, turn.take(), True))
                    return
                give_way()
                turn.at = (job.path, time.monotonic())
                try:
                    result: T | Failed = job.call()
                except Exception as error:  # one failure must not end a scan
                    result = Failed(job.path, error)
                turn.at = None
                turn.pending.append(result)
                if turn.due() and not turn.over:
                    results.put((turn, turn.take(), False))

        # What the jobs read is noted as what the caller reads.
        run = partial(contextvars.copy_context().run, work)
        threading.Thread(target=run, name="venvdash-scan", daemon=True).start()
        return turn

    def _hanging(self, turn: "_Turn[T]") -> TimedOut | None:
        at = turn.at
        if at is None or time.monotonic() - at[1] < self._patience:
            return None
        turn.over = True
        seconds, self._patience = self._patience, max(self._patience / 4, _SHORTEST)
        return TimedOut(at[0], seconds)
