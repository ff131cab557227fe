"""Several calls at once, each in a thread: for calls that wait for other programs."""

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")

_PATIENCE = 10.0  # seconds for threads to end after ``cancel``; those in a dead mount may not


def cores() -> int:
    """Return how many processors this process may use."""
    usable = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(usable(0)) if usable else os.cpu_count() or 1


def in_order(
    call: Callable[[A], T], items: Sequence[A], threads: int, cancel: threading.Event
) -> Generator[T, None, None]:
    """Yield what ``call`` returns for each item, in their order; up to ``threads`` run at once.

    Raises what a call raises. If the iterator is closed or raises before the last, ``cancel`` is
    set, which must end the calls under way; they are waited for.
    """
    waiting = deque(range(len(items)))
    results: list[queue.SimpleQueue[Callable[[], T]]] = [queue.SimpleQueue() for _ in items]

    def work() -> None:
        while True:
            try:
                number = waiting.popleft()
            except IndexError:
                return
            results[number].put(_outcome(call, items[number]))

    running = [
        threading.Thread(target=work, name="side-by-side", daemon=True)
        for _ in range(min(threads, len(items)))
    ]
    for thread in running:
        thread.start()
    left = len(items)
    try:
        for result in results:
            value = result.get()()
            left -= 1
            yield value
    finally:
        if left:
            waiting.clear()
            cancel.set()
        for thread in running:
            thread.join(_PATIENCE)


def _outcome(call: Callable[[A], T], item: A) -> Callable[[], T]:
    """Return a function that returns, or raises, what a call did."""
    try:
        value = call(item)
    except BaseException as error:
        raised = error

        def fail() -> T:
            raise raised

        return fail
    return lambda: value
