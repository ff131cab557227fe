"""The list of the main screen: views, filter, order, and the hints where it is empty."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from venvdash.model.status import Status
from venvdash.model.summary import Summary
from venvdash.records.snapshot import Settings, Snapshot
from venvdash.text import visible
from venvdash.tui.grouping import Group, Grouping
from venvdash.tui.headline import limits_of
from venvdash.tui.notices import say
from venvdash.tui.table import Table, View
from venvdash.tui.widgets.environment_list import EnvironmentList
from venvdash.tui.widgets.filter import FilterBar, FilterLine
from venvdash.tui.widgets.header import Totals, ViewBar
from venvdash.tui.widgets.line_table import LineTable
from venvdash.tui.widgets.other_list import OtherList, OtherThing, things
from venvdash.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from venvdash.model import DiskSpace, Row
    from venvdash.tui.main.scans import ScanRunner
    from venvdash.tui.scan_state import ScanState

_ARRANGE_SHARE = 10  # sorting takes a tenth of the time at most


def _nothing() -> None:
    """Before there are objects that care."""


class Listing:
    """Shows the rows of a scan, filtered and sorted, and what was found beside environments.

    Before the first scan it shows what is remembered of the last one, if anything is.
    ``rearranged`` is called when rows may have moved, ``cursor_moved`` when another item, or
    another view's, is under the cursor.
    """

    def __init__(
        self,
        screen: Screen[None],
        home: Path,
        snapshot: Snapshot | None,
        cursor_moved: Callable[[], None],
    ) -> None:
        self._screen, self._home, self._snapshot = screen, home, snapshot
        self._rearranged, self._cursor_moved = _nothing, cursor_moved
        self._scans: ScanRunner | None = None
        self.table = Table()
        self.grouping = Grouping(home)
        self._listed = 0  # rows of which the lines were made, those of folded groups as well
        self.filter_text = self._filter_error = ""
        self._next_arrange = 0.0
        self.views = ViewBar(id="views")
        self.totals = Totals(id="totals")
        self.environments = EnvironmentList(home, id="environments")
        self.others = OtherList(home, id="others")
        self.empty = TextPane(id="empty")

    def follow(self, scans: "ScanRunner", rearranged: Callable[[], None]) -> None:
        """Show what scans find from now on."""
        self._scans, self._rearranged = scans, rearranged

    @property
    def state(self) -> "ScanState":
        """What the scans have found."""
        assert self._scans is not None, "nothing is scanned yet"
        return self._scans.state

    # What is under the cursor

    @property
    def shown(self) -> EnvironmentList | LineTable[OtherThing]:
        """The list that is shown."""
        return self.others if self.table.view is View.OTHER else self.environments

    @property
    def current(self) -> Summary | Group | OtherThing | None:
        """What is under the cursor."""
        current = self.shown.current
        return current if isinstance(current, Summary | Group | OtherThing) else None

    @property
    def group(self) -> Group | None:
        """The group whose line is under the cursor."""
        current = self.current
        return current if isinstance(current, Group) else None

    @property
    def environment(self) -> Summary | None:
        """The line of the environment under the cursor, None where the cursor is on none."""
        current = self.current
        return current if isinstance(current, Summary) else None

    @property
    def row(self) -> "Row | None":
        """The environment under the cursor, None where the cursor is on none that is confirmed."""
        current = self.environment
        return self.table.rows.get(current.path) if current and current.confirmed else None

    @property
    def path(self) -> Path | None:
        """The path under the cursor."""
        current = self.current
        return current.path if current is not None and not isinstance(current, Group) else None

    @property
    def visible_rows(self) -> "list[Row]":
        """The environments on the screen."""
        lines = self.environments.visible_items
        shown = (self.table.rows.get(one.path) for one in lines if isinstance(one, Summary))
        return [row for row in shown if row is not None]

    def refuse_group(self) -> bool:
        """Return whether the cursor is on the line of a group, and say so."""
        if self.group is not None:
            say(self._screen, "This is a group. Move to one of its environments.")
        return self.group is not None

    def refuse_unconfirmed(self, rows: Iterable[Summary]) -> bool:
        """Return whether any of these is only remembered, and say so: none is acted on then."""
        waiting = [row for row in rows if not row.confirmed]
        if not waiting:
            return False
        one = len(waiting) == 1
        who = visible(waiting[0].name, 64) if one else f"{len(waiting)} environments"
        be = "is" if one else "are"
        if self._scans is not None and not self._scans.scanning:
            words = f"{who} {'was' if one else 'were'} not checked again. Press r to rescan."
        elif all(row.gone for row in waiting):
            words = f"{who} {be} not there any more."
        else:
            words = f"{who} {be} still being checked."
        say(self._screen, words)
        return True

    def environments_of(self, rows: "list[Row]") -> "list[Row]":
        """Return the rows that have an environment; say so where none of them has."""
        there = [row for row in rows if row.verdict.status is not Status.MISSING]
        if rows and not there:
            name = visible(rows[0].name, 64)
            who = f"{name} has" if len(rows) == 1 else f"{len(rows)} projects have"
            say(self._screen, f"{who} no environment. Press S to recreate it.")
        return there

    # Drawing

    def refresh(self, touched: set[Path] | None = None, *, force: bool = False) -> None:
        """Show the rows of ``touched`` and all counts; with ``force`` rearrange at once if due."""
        now = time.monotonic()
        held = self.table.held or now < self._next_arrange
        self.state.due |= bool(touched and self.grouping.by)  # the sums of groups change
        if self.state.due and (force or not held):
            self.rearrange()
            self._next_arrange = time.monotonic() + _ARRANGE_SHARE * (time.monotonic() - now)
        elif touched:
            listed = isinstance(self.environments.items, list)
            if listed and self._listed == len(self.table.shown):
                self.environments.touch(self.table.summaries_of(touched))
            else:  # they are decoded now, or new ones came last
                self.show_lines()
            if self.path in touched:  # of its details more may have changed than the list shows
                self._cursor_moved()
        self.views.counts = self.state.counts
        self.totals.show(self.state)
        self._show_hint()
        if self.table.view is View.OTHER:
            self._show_others()

    def show_remembered(self) -> None:
        """Show what is remembered of the last scan, as it was shown then."""
        if self._snapshot is not None:
            self.table.remember(self._snapshot)
            if self.grouping.by:
                self.table.decode()
            self.show_lines()
            self.totals.show_remembered(self.table, self._snapshot.written)
            rows = (self.table.count(view) for view in View if view is not View.OTHER)
            self.views.counts = (*rows, self._snapshot.other)
            self._snapshot = None

    def rearrange(self) -> None:
        """Filter and sort again; the cursor stays on its environment.

        Until all environments have arrived, or the user moves it, it rests on the first.
        """
        held = self._scans is None or self.table.held
        if self._scans is not None:
            self.state.due = False
        self.table.arrange()
        at_top = not (held or self.state.complete or self.environments.chosen_by_hand)
        self.show_lines(at_top=at_top)
        self.totals.show_headline(self.table)
        self._show_note()
        self._rearranged()

    def show_lines(self, *, at_top: bool = False) -> None:
        """Show the rows of the table, in groups if they are grouped."""
        table = self.table
        self.environments.sorted_by = (table.sort, table.descending)
        self._listed = len(table.shown)
        lines = self.grouping.lines(table.shown, table.sort, descending=table.descending)
        self.environments.show_items(lines, at_top=at_top)

    def show_limits(self, spaces: "Sequence[DiskSpace]") -> None:
        """Show how close limits are; where files are scarce, how many each environment has."""
        limits = limits_of(spaces)
        self.totals.limits = limits
        scarce = any(limit.low and limit.counts_files for limit in limits)
        self.environments.also = frozenset({"files"} if scarce else ())

    def tell_cursor(self) -> None:
        """Have what is shown of the line under the cursor drawn again."""
        self._cursor_moved()

    def report(self, words: str) -> None:
        """Say what failed; ``words`` are safe to show."""
        say(self._screen, words, severe=True)

    def _show_others(self) -> None:
        if self._scans is None:
            return
        found = self.state
        listed = things(found.problems, found.oddities, found.stores, found.folders, self._home)
        words = self.filter_text.casefold().split()
        texts = [f"{one.what} {one.path} {one.reason}".casefold() for one in listed]
        kept = [
            thing
            for thing, text in zip(listed, texts, strict=True)
            if all(word in text for word in words)
        ]
        # Problems come first, and are seen, until the user moves the cursor.
        self.others.show_items(kept, at_top=not self.others.chosen_by_hand)

    def _show_hint(self) -> None:
        scanning = self._scans is None or self._scans.scanning
        if self.filter_text:
            hint = f"No matches for “{visible(self.filter_text)}”. Esc clears the filter."
            if re.fullmatch(r"[A-Za-z][\w.-]+", self.filter_text):
                hint += f" As a package: pkg:{self.filter_text}"
        elif scanning:
            hint = "Searching for environments …"
        else:
            hint = {
                View.ORPHANS: "No orphans.",
                View.UNKNOWN: "No unknown environments.",
                View.REPLACED: "No replaced environments.",
            }.get(self.table.view, "")
        self.environments.hint = self.others.hint = hint
        empty = not (scanning or self.table.total or self.table.view is View.OTHER)
        if empty:
            from venvdash.tui.widgets.no_environments import no_environments

            self.empty.show(no_environments(self.state.stores, self.state.folders, self._home))
        if self.empty.display != empty:
            self.empty.display = empty
            self.environments.display = self.table.view is not View.OTHER and not empty

    @property
    def settings(self) -> Settings:
        """How the list is shown, for the next start."""
        table = self.table
        return Settings(table.view.value, table.sort, table.descending)

    # What people do

    def show_view(self) -> None:
        """Show the list of the present view."""
        other = self.table.view is View.OTHER
        self.views.view = self.table.view
        self.empty.display = False
        self.environments.display = not other
        self.others.display = other
        if other:
            self._show_others()
        self._show_hint()
        self._cursor_moved()
        if not isinstance(self._screen.focused, FilterLine):
            self.shown.focus()

    def open_view(self, view: View) -> None:
        """Show a part of the machine."""
        if view is self.table.view:
            return
        self.table.view = view
        if view is not View.OTHER:
            self.rearrange()
        self.show_view()

    def sort_by(self, key: str) -> None:
        """Sort by a column, or by the same in reverse order."""
        self.table.sort_by(key)
        self.rearrange()

    def sort_by_next(self, by: int) -> None:
        """Sort by the column ``by`` places to the right of the present one."""
        keys = [placed.column.key for placed in self.environments.columns]
        if keys and self.table.view is not View.OTHER:
            place = keys.index(self.table.sort) + by if self.table.sort in keys else 0
            self.sort_by(keys[place % len(keys)])

    def search(self, text: str) -> None:
        """Show only what matches a query; an error in it is shown, and the last one stays."""
        from venvdash.model.query_parser import QueryError

        if text == self.filter_text:
            return
        self.filter_text = text
        try:
            self.table.search(text)
        except QueryError as error:
            self._filter_error = visible(str(error), 512)
            self._show_note()
            return
        self._filter_error = ""
        self.grouping.filtered(self.table.query is not None)
        self.rearrange()
        if self.table.view is View.OTHER:
            self._show_others()
        self._show_hint()

    def show_completions(self, found: Iterable[str]) -> None:
        """Show what the last word of the filter may become, until it changes."""
        for bar in self._screen.query(FilterBar):
            bar.say(visible("  ".join(found), 512))

    def _show_note(self) -> None:
        """Show what is wrong with the filter, or what it could not decide."""
        for bar in self._screen.query(FilterBar):
            bar.say(self._filter_error or self.table.undecided, wrong=bool(self._filter_error))

    async def open_filter(self) -> None:
        """Let the user type a filter."""
        bars = self._screen.query(FilterBar)
        bar = bars.first() if bars else FilterBar(self.filter_text)
        if not bars:
            await self._screen.mount(bar, before="#reason")
        self._screen.set_focus(bar.line)  # at once: the next key may be there already
        self._screen.call_after_refresh(self.table.prepare_search)

    async def filter_by(self, text: str) -> None:
        """Show all environments that match a query, with the cursor in the list."""
        self.open_view(View.ALL)
        self.search(text)
        await self._screen.query(FilterBar).remove()
        await self._screen.mount(FilterBar(text), before="#reason")
        self._show_note()
        self.shown.focus()

    def close_filter(self, *, keep: bool) -> None:
        """Go back to the list, with or without the filter; one with an error cannot be kept."""
        if keep and self._filter_error:
            return
        if keep:
            self.shown.move_to(self.shown.cursor)  # the match counts as chosen
        else:
            self.search("")
        if not self.filter_text:
            self._screen.query(FilterBar).remove()
        self.shown.focus()

    def clear_filter(self) -> bool:
        """Remove the filter; return whether there was one."""
        if not self.filter_text:
            return False
        self.search("")
        self._screen.query(FilterBar).remove()
        return True

    def go_to(self, path: Path) -> None:
        """Put the cursor on an environment; a filter or view that hides it ends."""
        if self._move_to(path):
            return
        self.search("")
        self._screen.query(FilterBar).remove()
        self.open_view(View.ALL)
        self._move_to(path)

    def _move_to(self, path: Path) -> bool:
        """Put the cursor on an environment, whose group is unfolded; return False if it is none."""
        place = self.table.index_of(path)
        if place is None:
            return False
        group = self.grouping.group_of(self.table.shown[place])
        if group is not None and group.folded:
            self.grouping.fold(group, folded=False)
            self.show_lines()
        return self.environments.move_to_key(path)
