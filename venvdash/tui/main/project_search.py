"""The search for the projects of orphans in the background of the main screen."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from textual.screen import Screen

from venvdash.actions.delete.project_search import ProjectSearch
from venvdash.actions.events import Finished, RowChanged
from venvdash.model import Outcome, Result, Row, Status, Trashed
from venvdash.text import visible
from venvdash.tui.background import run_in_thread
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess


@dataclass
class Found:
    """What a search has found and changed.

    ``rows``: changed rows. ``restored``: from the trash. ``returned``: what is in the trash and has
    a project again, with a sentence that says why. ``unlisted``: something was restored that no row
    shows yet. ``given_up``: what is still to be searched for because this search was stopped.
    """

    rows: list[RowChanged] = field(default_factory=list)
    restored: list[Result] = field(default_factory=list)
    returned: Sequence[tuple[Trashed, str]] = ()
    unlisted: bool = False
    given_up: frozenset[Path] = frozenset()


class BackgroundSearch:
    """Searches for the projects of the listed orphans, one search at a time.

    The dashboard stays usable. What is found changes the rows; what was deleted meanwhile and has a
    project after all is restored. What was deleted by earlier sessions is only reported.
    ``under_way``: whether a search runs whose result is still to come.
    """

    def __init__(
        self, screen: Screen[None], access: SessionAccess, show: Callable[[Found], None]
    ) -> None:
        self._screen, self._access, self._show_found = screen, access, show
        self._session = access.session
        self._stop = threading.Event()
        self._search: ProjectSearch | None = None
        self.under_way = False

    @property
    def words(self) -> str:
        """How far the search is, "" where none runs."""
        if not self.under_way:
            return ""
        progress = self._search.progress if self._search is not None else None
        count = f": {progress.directories:,} directories" if progress is not None else " …"
        return f"searching for projects{count}"

    def begin(self, rows: Sequence[Row], trash: Sequence[Trashed]) -> None:
        """Start a search if a row is an orphan, or was one before it was deleted.

        An earlier search is stopped.
        """
        self.stop()
        stop = self._stop = threading.Event()
        wanted = any(map(is_orphan, rows)) or bool(self._session.searches.owed)
        if not (wanted or trash):
            return

        def search() -> Found:
            found = self._search_rows(stop) if wanted else Found()
            if trash and not stop.is_set():
                self._search_trash(found, trash, stop)
            return found

        self.under_way = True
        run_in_thread(self._screen, search, partial(self._show, stop), self._failed)

    def _show(self, stop: threading.Event, found: Found) -> None:
        self.under_way = self.under_way and self._stop is not stop  # of an earlier one
        self._show_found(found)

    def _search_rows(self, stop: threading.Event) -> Found:
        under_way = self._newest(stop)
        while under_way.stopped and not stop.is_set():  # a search for more has replaced it
            under_way = self._newest(stop)
        return self._access.run(lambda: self._settle(under_way))

    def _search_trash(self, found: Found, trash: Sequence[Trashed], stop: threading.Event) -> None:
        """Search for the projects of what earlier sessions deleted."""
        session = self._session
        hits = session.trash.search_projects(trash, stop)
        if stop.is_set():
            return
        events = self._access.run(lambda: list(session.trash.settle(trash, hits)))
        results = [one for event in events if isinstance(event, Finished) for one in event.results]
        found.restored += results
        found.unlisted = any(one.outcome is Outcome.DONE for one in results)
        told = {one.path for one in found.restored}
        found.returned = [hit for hit in hits if hit[0].original not in told]

    def _newest(self, stop: threading.Event) -> ProjectSearch:
        """Wait for the search for all orphans, and return it."""
        self._search = self._access.run(lambda: self._session.searches.of_rule(is_orphan))
        self._search.wait(stop)
        return self._search

    def stop(self) -> None:
        """Stop the search under way, if any."""
        self._stop.set()
        self.under_way = False

    def _settle(self, search: ProjectSearch) -> Found:
        """Restore and return what was found; the caller holds the session."""
        found = Found()
        for event in self._session.trash.restore_found(search):
            if isinstance(event, RowChanged):
                found.rows.append(event)
            elif isinstance(event, Finished):
                found.restored += event.results
        if not search.findings.ended:
            found.given_up = frozenset(row.path for row in self._session.searches.owed)
        changed = self._session.searches.taken(search)
        found.rows += [event for event in changed if isinstance(event, RowChanged)]
        return found

    def _failed(self, error: Exception) -> None:
        self.under_way = False
        words = f"The search for projects failed: {type(error).__name__}: {error}"
        say(self._screen, visible(f"{words}. Rules cannot delete orphans now."), severe=True)


def is_orphan(row: Row) -> bool:
    """Return whether it has this status: then its projects are searched for."""
    return row.verdict.status is Status.ORPHAN
