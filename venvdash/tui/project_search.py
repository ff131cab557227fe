"""The search for the projects of orphans, under way while the list is shown."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from venvdash.model import Result, Row, Status
from venvdash.session.events import Finished, RowChanged
from venvdash.text import visible
from venvdash.tui.aside import aside
from venvdash.tui.source import Source

if TYPE_CHECKING:
    from venvdash.session.searching import ProjectSearch
    from venvdash.tui.screens.marking import MarkingScreen


class Found(Protocol):
    """Takes what a search has changed: rows of the table, and what it restored from the trash."""

    def __call__(self, rows: Sequence[RowChanged], restored: Sequence[Result]) -> None:
        """Show both."""


class BackgroundSearch:
    """Searches for the projects of the orphans that a list shows, one search at a time.

    It goes on while people work. What it finds changes the rows; what was deleted meanwhile and
    turns out to have a project is restored.
    """

    def __init__(self, screen: "MarkingScreen", source: Source, found: Found) -> None:
        self._screen, self._source, self._found = screen, source, found
        self._stop = threading.Event()
        self._search: ProjectSearch | None = None
        self._under_way = False

    @property
    def words(self) -> str:
        """How far it is, "" where none is under way."""
        if not self._under_way:
            return ""
        progress = self._search.progress if self._search is not None else None
        count = f": {progress.directories:,} folders" if progress is not None else " …"
        return f"searching for projects{count}"

    def begin(self, rows: Sequence[Row]) -> None:
        """Begin where a row is an orphan; an earlier search ends."""
        self.stop()
        stop = self._stop = threading.Event()
        if not any(map(_orphan, rows)):
            return

        def search() -> tuple[list[RowChanged], list[Result]]:
            under_way = self._newest(stop)
            while under_way.stopped and not stop.is_set():  # a search for more has replaced it
                under_way = self._newest(stop)
            return self._screen.in_turn(lambda: self._settle(under_way))

        self._under_way = True
        aside(self._screen, search, lambda told: self._show(stop, *told), self._failed)

    def _show(
        self, stop: threading.Event, rows: Sequence[RowChanged], restored: Sequence[Result]
    ) -> None:
        self._under_way = self._under_way and self._stop is not stop  # of an earlier one
        self._found(rows, restored)

    def _newest(self, stop: threading.Event) -> "ProjectSearch":
        """Wait for the search that covers all orphans, and return it."""
        self._search = self._screen.in_turn(lambda: self._source.search_projects(_orphan))
        self._search.wait(stop)
        return self._search

    def stop(self) -> None:
        """End the search under way, if any."""
        self._stop.set()
        self._under_way = False

    def _settle(self, search: "ProjectSearch") -> tuple[list[RowChanged], list[Result]]:
        """Restore and show what was found; with the session to oneself."""
        changed: list[RowChanged] = []
        restored: list[Result] = []
        for event in self._source.restore_found(search):
            if isinstance(event, RowChanged):
                changed.append(event)
            elif isinstance(event, Finished):
                restored += event.results
        changed += [e for e in self._source.take_findings(search) if isinstance(e, RowChanged)]
        return changed, restored

    def _failed(self, error: Exception) -> None:
        self._under_way = False
        words = f"The search for projects failed: {type(error).__name__}: {error}"
        self._screen.say(visible(f"{words}. No rule deletes orphans now."), severe=True)


def _orphan(row: Row) -> bool:
    return row.verdict.status is Status.ORPHAN
