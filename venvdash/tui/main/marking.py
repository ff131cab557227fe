"""The list with marks: keys that mark, and the line that counts what is marked."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from venvdash import formats
from venvdash.model import Row
from venvdash.session import Session
from venvdash.text import visible
from venvdash.tui.background import Came, Latest, aside
from venvdash.tui.background_scan import Feed
from venvdash.tui.main.listing import ListScreen
from venvdash.tui.main.selection import Marks
from venvdash.tui.mark_rules import Rule
from venvdash.tui.table import View
from venvdash.tui.widgets.selection_bar import Basket

if TYPE_CHECKING:
    from venvdash.actions.delete.prune import PruneCandidate
    from venvdash.actions.delete.selection_size import SelectionSize


T = TypeVar("T")

_PAUSE = 0.02  # seconds between two looks at whether the scan has ended
_MOST_TOLD = 3  # of those that are not marked, each with its reason


class MarkingScreen(ListScreen):
    """Marks environments; the marks stay whatever is filtered, sorted or scanned again."""

    def __init__(self, source: Session, feed: Feed) -> None:
        super().__init__(source, feed)
        self.marks = Marks()
        self._session_lock = threading.Lock()  # one thread at a time may use it
        self._adding: Latest[SelectionSize] = Latest(self, self._show_together, self._no_union)

    def on_mount(self) -> None:
        """Let the list show the marks."""
        self.environments.marked = self.marks

    def on_came(self, message: Came) -> None:
        """Take what some work beside the screen has brought."""
        if self.is_running and self.is_attached:  # not while the dashboard is taken down
            message.then()

    def _finish(self) -> None:
        super()._finish()
        self.marks.keep(self.table.rows)
        self.marks_changed()

    def wait_for_scan(self, stop: threading.Event | None = None) -> None:
        """Wait until no scan runs; for threads beside the screen."""
        while self.feed.running and not (stop and stop.is_set()):
            time.sleep(_PAUSE)

    @contextmanager
    def turn(self, stop: threading.Event | None = None) -> Iterator[bool]:
        """Have the session to oneself, no scan and no other thread; for threads beside the screen.

        Yields False, without waiting any longer, where ``stop`` was set meanwhile.
        """
        while not self._session_lock.acquire(timeout=_PAUSE):
            if stop and stop.is_set():
                yield False
                return
        try:
            self.wait_for_scan(stop)
            yield not (stop and stop.is_set())
        finally:
            self._session_lock.release()

    def in_turn(self, call: Callable[[], T]) -> T:
        """Run a call that nobody stops when its turn has come."""
        with self.turn():
            return call()

    def rearrange(self) -> None:
        """Arrange the list anew; a range that is open ends, for its rows are elsewhere."""
        super().rearrange()
        if self.marks.anchor is not None:
            self.marks.close_range(keep=True)
        self._show_basket()

    def may_mark(self, row: Row) -> bool:
        """Whether an environment may be marked."""
        return row.path not in self.environments.states

    def _shown(self) -> list[Path]:
        return [row.path for row in self.table.shown if self.may_mark(row)]

    # What people do

    def action_mark(self) -> None:
        """Mark the environment under the cursor, or not, and go to the next."""
        row = self.row
        if row is None:
            return
        if self.marks.anchor is not None:
            self.action_mark_range()
            return
        if self.may_mark(row):
            self.marks.toggle(row.path)
            self.environments.redraw(row.path)
        self.environments.action_cursor(1)
        self.marks_changed()

    def action_mark_range(self) -> None:
        """Begin a range here, or end it here."""
        row = self.row
        if self.marks.anchor is not None:
            self.marks.close_range(keep=True)
        elif row is not None and self.may_mark(row):
            self.marks.open_range(row.path)
        self.environments.refresh()
        self.marks_changed()

    def action_mark_all(self) -> None:
        """Mark all that the list shows, or where they are marked already, none of them."""
        if self.table.view is View.OTHER:
            return
        self.marks.close_range(keep=True)
        self.marks.toggle_all(self._shown())
        self.environments.refresh()
        self.marks_changed()

    def action_mark_rule(self) -> None:
        """Choose a rule, and mark what it holds for among what the filter lets through."""
        from venvdash.actions.delete.days_left import ages_as_of
        from venvdash.tui.dialogs.rule_menu import RuleMenu

        rows = [row for row in self.table.matching() if self.may_mark(row)]
        self.app.push_screen(
            RuleMenu(rows, len(self.marks), ages_as_of(self.source.machine)),
            partial(self._mark_by, rows),
        )

    def _mark_by(self, rows: Iterable[Row], rule: Rule | None) -> None:
        from venvdash.tui.dialogs.rule_menu import CLEAR

        if rule is None:
            return
        if rule is not CLEAR:
            self._mark_searched(rows, rule)
            return
        self.marks.clear()
        self.environments.refresh()
        self.marks_changed()

    def _mark_searched(self, rows: Iterable[Row], rule: Rule) -> None:
        """Mark what a rule holds for, once the projects of these were searched for."""
        if self.source.pins_unknown:
            self.say(f"Nothing was marked. {self.source.pins_unknown}", severe=True)
            return
        within = {row.path for row in rows}

        def search() -> "Sequence[PruneCandidate]":
            under_way = self.in_turn(lambda: self.source.searches.of_rule(rule.holds))
            under_way.wait()
            return self.in_turn(lambda: self.source.deletions.candidates(rule.holds))

        def found(offers: "Sequence[PruneCandidate]") -> None:
            self.app.clear_notifications()
            offers = [offer for offer in offers if offer.row.path in within]
            taken = [offer.row.path for offer in offers if not offer.held]
            self.marks.add(taken, by_rule=True)
            self._say_held([offer for offer in offers if offer.held])
            self.environments.refresh()
            self.marks_changed()

        self.say("Searching for projects before marking …")
        aside(self, search, found, self._no_rule)

    def _say_held(self, offers: "Sequence[PruneCandidate]") -> None:
        for offer in offers[:_MOST_TOLD]:
            self.say(f"Not marked: {visible(offer.row.name)}. {visible(offer.held)}")
        more = len(offers) - _MOST_TOLD
        if more > 0:
            self.say(f"{more} more not marked for similar reasons.")

    def _no_rule(self, error: Exception) -> None:
        self.say(f"Nothing was marked: {visible(str(error))}", severe=True)

    def drop_range(self) -> bool:
        """Forget an open range; return whether there was one."""
        if self.marks.anchor is None:
            return False
        self.marks.close_range(keep=False)
        self.environments.refresh()
        self.marks_changed()
        return True

    def _current_changed(self) -> None:
        super()._current_changed()
        anchor = self.marks.anchor
        if anchor is None or self.table.view is View.OTHER:
            return
        start = self.table.index_of(anchor)
        if start is not None:
            ends = sorted((start, self.environments.cursor))
            rows = self.table.shown[ends[0] : ends[1] + 1]
            self.marks.stretch(row.path for row in rows if self.may_mark(row))
            self.environments.refresh()
            self.marks_changed()

    # The basket

    def marks_changed(self) -> None:
        """Count anew, and have the bytes added up beside the screen."""
        paths = self.marks.paths
        self.query_one(Basket).reclaimable = None
        if paths and self._ended:  # during a scan nothing can be said of what is shared
            self._adding.ask(partial(self.source.deletions.union, paths))
        else:
            self._adding.forget()
        self._show_basket()

    def _show_basket(self) -> None:
        basket, marked = self.query_one(Basket), self.table.find(self.marks.paths)
        basket.count = len(self.marks)
        basket.hidden = sum(self.table.index_of(row.path) is None for row in marked)
        basket.least = formats.summed(row.usage for row in marked if row.usage)
        basket.in_range = self.marks.anchor is not None
        basket.display = bool(marked) and not self.working

    @property
    def working(self) -> bool:
        """Whether another line has the basket's place."""
        return False

    def _show_together(self, together: "SelectionSize") -> None:
        basket = self.query_one(Basket)
        basket.reclaimable, basket.cache = together.reclaimable, together.cache_held
        basket.exact, basket.at_most = together.exact, together.at_most

    def _no_union(self, error: Exception) -> None:
        self.query_one(Basket).reclaimable = None
        self.say(f"Cannot compute the total size: {type(error).__name__}", severe=True)
