"""One search for the projects of what would be deleted, run beside the table."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.config import Config
from venvdash.model import Environment, Facts
from venvdash.system.machine import Machine

if TYPE_CHECKING:
    from venvdash.scanner.search import Findings, Progress

_TICK = 0.1  # seconds between two looks at how far the search is

Tell = Callable[["Progress"], None]


def quiet(progress: "Progress") -> None:
    """Ignore the progress of a search."""


class ProjectSearch:
    """One search for the projects of some environments, in its own thread.

    It reads only. Any thread may wait for it, ask how far it is, or stop it.
    """

    def __init__(
        self,
        machine: Machine,
        config: Config,
        environments: Mapping[Path, Environment],
        facts: Facts | None,
        limit: float | None,
    ) -> None:
        self.environments = environments
        self.facts = facts
        self.progress: Progress | None = None
        self.ended: float | None = None  # when, by the boot clock
        self._machine, self._config, self._limit = machine, config, limit
        self._findings: Findings | None = None
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin; the process does not wait for the thread when it ends."""
        threading.Thread(target=self._run, name="search", daemon=True).start()

    def stop(self) -> None:
        """Ask the search to end; what it has found by then counts."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end, as by a search for more environments that replaces it."""
        return self._stop.is_set()

    @property
    def over(self) -> bool:
        """Whether there is no more to come."""
        return self._over.is_set()

    @property
    def findings(self) -> "Findings":
        """What was found. Raises what broke the search, and RuntimeError before it is over."""
        if self._failure is not None:
            raise self._failure
        if self._findings is None:
            raise RuntimeError("the search has not finished")
        return self._findings

    def wait(self, cancel: threading.Event | None = None, tell: Tell = quiet) -> "Findings":
        """Wait until the search is over and return what it found.

        ``cancel`` stops the search; ``tell`` is called with how far it is. Raises what broke it.
        """
        for progress in self.watch(cancel):
            tell(progress)
        return self.findings

    def watch(self, cancel: threading.Event | None = None) -> Iterator["Progress"]:
        """Yield how far the search is until it is over; ``cancel`` stops it."""
        reported: Progress | None = None
        while not self._over.wait(_TICK):
            if cancel is not None and cancel.is_set():
                self.stop()
            if self.progress is not None and self.progress is not reported:
                reported = self.progress
                yield reported

    def _run(self) -> None:
        from venvdash.scanner.search import search

        def note(progress: "Progress") -> None:
            self.progress = progress

        try:
            self._findings = search(
                self._machine,
                self._config,
                list(self.environments.values()),
                self.facts,
                limit=self._limit,
                cancelled=self._stop.is_set,
                progress=note,
            )
        except Exception as error:  # whoever waits raises it: nothing is deleted then
            self._failure = error
        finally:
            self.ended = self._machine.clock().boot
            self._over.set()
