"""Long work in a background thread that yields events. Knows no Textual.

The threads are daemons and not Textual's workers: leaving must not wait for a directory on a
network mount that does not answer.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job ended with an unexpected error."""

    message: str


class Job(Generic[T]):
    """Work in its own thread; its events wait to be drained.

    ``work`` is given the event that asks it to stop. What it yields waits in a deque, so that
    neither the work nor the screen ever waits for the other. Of the ``passing`` types, of which
    any number may come, only the newest is kept: in ``newest``, by its type, until another event.
    """

    def __init__(
        self,
        work: Callable[[threading.Event], Iterator[T]],
        passing: tuple[type, ...] = (),
        name: str = "job",
    ) -> None:
        self._work = work
        self._passing = passing
        self.newest: dict[type, T] = {}
        self._events: deque[T | JobFailed] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def started(self) -> bool:
        """Whether it was started."""
        return self._thread.ident is not None

    @property
    def running(self) -> bool:
        """Whether more events may come."""
        return self._thread.is_alive() or bool(self._events)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, wait: float = 0.0) -> None:
        """Ask the work to end after its current step; wait so many seconds at most."""
        self._stop.set()
        if wait and self._thread.is_alive():
            self._thread.join(wait)

    def drain(self, most: int = sys.maxsize) -> list[T | JobFailed]:
        """Return up to so many events that were not returned yet; never waits."""
        events: list[T | JobFailed] = []
        while self._events and len(events) < most:
            events.append(self._events.popleft())
        return events

    def tell(self, event: T) -> None:
        """Add an event from another thread."""
        self._events.append(event)

    def _run(self) -> None:
        try:
            for event in self._work(self._stop):
                if isinstance(event, self._passing):
                    self.newest[type(event)] = event
                else:
                    self.newest = {}
                    self._events.append(event)
        except Exception as error:  # whatever it is, the dashboard lives on and says so
            self._events.append(JobFailed(f"{type(error).__name__}: {error}"))
