"""Work beside the screen: what may wait for a disk never runs in the screen's own thread.

The threads are daemons and not Textual's workers: leaving must not wait for a directory on a
network mount that does not answer.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

T = TypeVar("T")


class ForgottenError(Exception):
    """Nobody waits for the answer any more."""


class Came(Message):
    """What a call beside the screen returned, or the error that it raised; ``then`` takes it."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.then = then


def aside(
    pump: MessagePump,
    call: Callable[[], T],
    then: Callable[[T], None],
    failed: Callable[[Exception], None],
) -> None:
    """Run ``call`` in a thread; what it returns or raises is handed on in the screen's thread.

    ``pump`` is who receives the message ``Came`` and calls its ``then``.
    """

    def run() -> None:
        try:
            value = call()
        except Exception as error:  # whatever it is, the dashboard lives on and says so
            told = error
            pump.post_message(Came(lambda: failed(told)))
        else:
            pump.post_message(Came(lambda: then(value)))

    threading.Thread(target=run, name="aside", daemon=True).start()


class Latest(Generic[T]):
    """Runs one call at a time beside the screen; of those asked for meanwhile only the last."""

    def __init__(
        self,
        pump: MessagePump,
        then: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._pump = pump
        self._then = then
        self._failed = failed
        self._waiting: Callable[[], T] | None = None
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._busy

    def ask(self, call: Callable[[], T]) -> None:
        """Run this call, once the one that runs is done."""
        self._waiting = call
        if not self._busy:
            self._next()

    def forget(self) -> None:
        """Drop the call that waits, if any."""
        self._waiting = None

    def _next(self) -> None:
        call, self._waiting = self._waiting, None
        if call is not None:
            self._busy = True
            aside(self._pump, call, self._came, self._went_wrong)

    def _came(self, value: T) -> None:
        self._busy = False
        if self._waiting is None:
            self._then(value)
        self._next()

    def _went_wrong(self, error: Exception) -> None:
        self._busy = False
        if self._waiting is None:
            self._failed(error)
        self._next()


@dataclass(frozen=True, slots=True)
class Broke:
    """A job ended by an error that nothing had foreseen."""

    message: str


class Job(Generic[T]):
    """A long piece of work in a thread of its own, that tells of itself as it goes.

    ``run`` is given the event that asks it to stop. What it yields waits in a deque, so that
    neither the work nor the screen ever waits for the other. Of the ``passing`` types, of which
    any number may come, only the newest is kept: in ``newest``, by its type, until another event.
    """

    def __init__(
        self,
        run: Callable[[threading.Event], Iterator[T]],
        passing: tuple[type, ...] = (),
    ) -> None:
        self._work = run
        self._passing = passing
        self.newest: dict[type, T] = {}
        self._told: deque[T | Broke] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return self._thread.is_alive() or bool(self._told)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, wait: float = 0.0) -> None:
        """Ask the work to end after the step that it is at; wait so many seconds at most."""
        self._stop.set()
        if wait:
            self._thread.join(wait)

    def drain(self) -> list[T | Broke]:
        """Return what has been told since the last call; never waits."""
        told: list[T | Broke] = []
        while self._told:
            told.append(self._told.popleft())
        return told

    def _run(self) -> None:
        try:
            for event in self._work(self._stop):
                if isinstance(event, self._passing):
                    self.newest[type(event)] = event
                else:
                    self.newest = {}
                    self._told.append(event)
        except Exception as error:  # whatever it is, the dashboard lives on and says so
            self._told.append(Broke(f"{type(error).__name__}: {error}"))
