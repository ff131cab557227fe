"""Calls that may never come back: a dead network mount holds a thread for ever, never the program.

A thread blocked in the kernel cannot be stopped, only left behind; so the work is a line of jobs,
and a thread that hangs on one is replaced by another that takes up the next.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

_TICK = 0.05  # seconds between two looks at whether to stop
_BATCH = 0.01  # seconds between two hand-overs of results
_SHORTEST = 0.25  # seconds; once something hung, its like get less time


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One call, with the path that it is about."""

    path: Path
    call: Callable[[], T]


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A job that did not come back within ``seconds``."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that raised what its author did not expect; told, and passed over."""

    path: Path
    error: Exception


class _Turn(Generic[T]):
    """One thread's time at the line; ``over`` tells a thread that wakes late to keep quiet.

    Results are handed over in batches: to wake the other thread for each costs more than the job.
    """

    def __init__(self) -> None:
        self.over = False
        self.at: tuple[Path, float] | None = None
        self.pending: list[T | Failed] = []
        self._handed = 0.0

    def due(self) -> bool:
        """Whether it is time to hand over; the first result goes at once."""
        return time.monotonic() - self._handed >= _BATCH

    def take(self) -> list[T | Failed]:
        """Return the results that were not handed over yet."""
        self._handed = time.monotonic()
        batch, self.pending = self.pending, []
        return batch


class TimedRunner:
    """Runs jobs in order on one thread at a time; gives up on a job, never on the rest."""

    def __init__(self, patience: float, cancelled: Callable[[], bool]) -> None:
        """Wait ``patience`` seconds for each job; stop soon after ``cancelled()`` is true."""
        self._patience = patience
        self._cancelled = cancelled

    def run(self, jobs: Iterable[Job[T]]) -> Iterator[T | TimedOut | Failed]:
        """Yield each job's result as it comes, in order; ends early only when cancelled."""
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
                    continue  # came back after it was given up
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
                turn.at = (job.path, time.monotonic())
                try:
                    result: T | Failed = job.call()
                except Exception as error:  # one bad job must not end a scan
                    result = Failed(job.path, error)
                turn.at = None
                turn.pending.append(result)
                if turn.due() and not turn.over:
                    results.put((turn, turn.take(), False))

        threading.Thread(target=work, name="venvdash-scan", daemon=True).start()
        return turn

    def _hanging(self, turn: "_Turn[T]") -> TimedOut | None:
        at = turn.at
        if at is None or time.monotonic() - at[1] < self._patience:
            return None
        turn.over = True
        seconds, self._patience = self._patience, max(self._patience / 4, _SHORTEST)
        return TimedOut(at[0], seconds)
