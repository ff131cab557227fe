"""The first screen: the list of environments and what surrounds it."""

import gc
import time
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Input

from venvdash.model import Row
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.feed import Feed, FeedEvent, Source
from venvdash.tui.findings import Findings
from venvdash.tui.opening import copy_choices, open_folder
from venvdash.tui.screens.pane import PaneScreen
from venvdash.tui.table import View
from venvdash.tui.widgets.detail import describe, describe_other, reason
from venvdash.tui.widgets.empty import no_environments
from venvdash.tui.widgets.environment_list import EnvironmentList
from venvdash.tui.widgets.filter import FilterBar, FilterLine
from venvdash.tui.widgets.header import Totals, ViewBar
from venvdash.tui.widgets.line_table import LineTable
from venvdash.tui.widgets.other_list import OtherList, OtherThing, things
from venvdash.tui.widgets.reason import Reason
from venvdash.tui.widgets.text_pane import TextPane

_FIRST_TICK = 0.02  # until there are rows to show
_TICK = 0.1
_DETAIL_DELAY = 0.05  # the details are drawn once the cursor rests
_ARRANGE_SHARE = 10  # sorting takes a tenth of the time at most


class MainScreen(Screen[None]):
    """Shows a session's rows as they come, and finds, sorts and opens them."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.FIND, *keys.DO, *keys.PROGRAM]

    def __init__(self, source: Source, feed: Feed) -> None:
        super().__init__()
        self.source = source
        self.home = source.machine.home
        self.findings = Findings()
        self.table = self.findings.table
        self.feed = feed
        self._timer: Timer | None = None
        self._detail_timer: Timer | None = None
        self._next_arrange = 0.0
        self._ended = False
        self._filter_text = ""

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield ViewBar(id="views")
        yield Totals(id="totals")
        with Horizontal(id="body"):
            yield EnvironmentList(self.home, id="environments")
            yield OtherList(self.home, id="others")
            yield TextPane(id="empty")
            yield TextPane(id="detail")
        yield Reason(id="reason")
        yield Footer(show_command_palette=False, compact=True)

    # Parts of the screen

    @property
    def environments(self) -> EnvironmentList:
        """The list of environments."""
        return self.query_one("#environments", EnvironmentList)

    @property
    def others(self) -> OtherList:
        """The list of what is no environment."""
        return self.query_one("#others", OtherList)

    @property
    def listing(self) -> LineTable[Row] | LineTable[OtherThing]:
        """The list that is shown."""
        return self.others if self.table.view is View.OTHER else self.environments

    @property
    def row(self) -> Row | None:
        """The environment under the cursor, None where the cursor is on none."""
        current = self.listing.current
        return current if isinstance(current, Row) else None

    @property
    def path(self) -> Path | None:
        """The path under the cursor."""
        current = self.listing.current
        return current.path if current is not None else None

    # What a scan tells

    def on_mount(self) -> None:
        """Scan once the first frame is out."""
        self.watch(self.environments, "current", self._current_changed, init=False)
        self.watch(self.others, "current", self._current_changed, init=False)
        self._show_view()
        self.call_after_refresh(self._scan)

    def on_unmount(self) -> None:
        """End the scan with the screen."""
        self.feed.stop()

    def _scan(self) -> None:
        self._ended = False
        self.findings.begin()
        self.feed.start()
        self._tick_every(_TICK if self.table.rows else _FIRST_TICK)

    def _tick_every(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(seconds, self._tick)

    def _tick(self) -> None:
        alive = self.feed.running
        had_rows = bool(self.table.rows)
        events = self.feed.drain()
        self._take(events)
        if not alive and not events:
            self._finish()
        elif self.table.rows and not had_rows:
            self._tick_every(_TICK)

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._ended = True
        self.findings.end(self.source.problems)
        # The rows stay: a collection that walks all 10,000 of them would hold up a key press.
        gc.freeze()
        self._refresh(set(), force=True)
        if self.findings.failure:
            self.say(self.findings.failure, severe=True)

    def _take(self, events: list[FeedEvent]) -> None:
        if events:
            self._refresh(self.findings.take(events))

    # Showing it

    def _refresh(self, touched: set[Path], *, force: bool = False) -> None:
        now = time.monotonic()
        if self.findings.due and (force or now >= self._next_arrange):
            self.rearrange()
            self._next_arrange = time.monotonic() + _ARRANGE_SHARE * (time.monotonic() - now)
        elif touched:
            self.environments.touch(self.table.find(touched))
        self.query_one(ViewBar).counts = self.findings.counts
        self.query_one(Totals).show(self.findings)
        self._show_hint()
        if self.table.view is View.OTHER:
            self._show_others()

    def rearrange(self) -> None:
        """Filter and sort the list anew; the cursor stays on its environment.

        Until all environments have arrived, or the user moves it, it rests on the first.
        """
        self.findings.due = False
        self.table.arrange()
        listing = self.environments
        listing.sorted_by = (self.table.sort, self.table.descending)
        at_top = not self.findings.complete and not listing.chosen_by_hand
        listing.show_items(self.table.shown, at_top=at_top)

    def _show_others(self) -> None:
        found = self.findings
        listed = things(found.problems, found.oddities, found.stores)
        words = self._filter_text.casefold().split()
        self.others.show_items(
            [
                thing
                for thing in listed
                if all(
                    word in f"{thing.what} {thing.path} {thing.reason}".casefold() for word in words
                )
            ]
        )

    def _show_hint(self) -> None:
        if self._filter_text:
            hint = f"Nothing here holds “{visible(self._filter_text)}”. Esc clears the filter."
        elif not self._ended:
            hint = "Looking for environments …"
        else:
            hint = {
                View.ORPHANS: "No orphans: no project of an environment is known to be gone.",
                View.UNKNOWN: "No unknown ones: every environment's project was found.",
                View.INACTIVE: "No inactive ones: every project has one environment here.",
            }.get(self.table.view, "")
        self.environments.hint = hint
        self.others.hint = hint
        empty = self._ended and not self.table.rows and self.table.view is not View.OTHER
        pane = self.query_one("#empty", TextPane)
        if empty:
            pane.show(no_environments(self.findings.stores, self.home))
        if pane.display != empty:
            pane.display = empty
            self.environments.display = self.table.view is not View.OTHER and not empty

    def _show_view(self) -> None:
        other = self.table.view is View.OTHER
        self.query_one(ViewBar).view = self.table.view
        self.query_one("#empty").display = False
        self.environments.display = not other
        self.others.display = other
        if other:
            self._show_others()
        self._show_hint()
        self._current_changed()
        if not isinstance(self.focused, FilterLine):
            self.listing.focus()

    def _current_changed(self) -> None:
        current = self.listing.current
        line = self.query_one(Reason)
        if isinstance(current, Row):
            line.text = reason(current, self.home)
        elif isinstance(current, OtherThing):
            line.text = Content(current.reason)
        else:
            line.text = Content("")
        if self._detail_timer is not None:
            self._detail_timer.stop()
        self._detail_timer = self.set_timer(_DETAIL_DELAY, self._show_detail)

    def _show_detail(self) -> None:
        pane = self.query_one("#detail", TextPane)
        if pane.display:
            same = pane.subject == self.path
            pane.show(self._detail_text(), top=not same)
            pane.subject = self.path

    def _detail_text(self) -> Content:
        current = self.listing.current
        if isinstance(current, Row):
            return describe(current, self.home)
        if isinstance(current, OtherThing):
            return describe_other(current, self.home)
        return Content("")

    def say(self, text: str, *, severe: bool = False) -> None:
        """Tell the user something; ``text`` is already fit to show."""
        self.app.notify(text, severity="error" if severe else "information", markup=False)

    # What people do

    def on_line_table_chosen(self) -> None:
        """Show the details over the list."""
        self.app.push_screen(PaneScreen("Details", self._detail_text()))

    def on_line_table_header_clicked(self, message: LineTable.HeaderClicked) -> None:
        """Sort by the clicked column."""
        if self.table.view is not View.OTHER:
            self.sort_by(message.key)

    def on_view_bar_picked(self, message: ViewBar.Picked) -> None:
        """Open the clicked view."""
        self.action_view(message.view)

    def action_view(self, name: str) -> None:
        """Show a part of the machine."""
        view = View(name)
        if view is self.table.view:
            return
        self.table.view = view
        if view is not View.OTHER:
            self.rearrange()
        self._show_view()

    def sort_by(self, key: str) -> None:
        """Sort by a column, or the other way round by the same."""
        self.table.sort_by(key)
        self.rearrange()

    def action_sort_column(self, by: int) -> None:
        """Sort by the column next to the present one."""
        shown = [placed.column.key for placed in self.environments.columns]
        if shown and self.table.view is not View.OTHER:
            place = shown.index(self.table.sort) + by if self.table.sort in shown else 0
            self.sort_by(shown[place % len(shown)])

    def action_invert(self) -> None:
        """Turn the order round."""
        self.sort_by(self.table.sort)

    def action_rescan(self) -> None:
        """Look at the machine again."""
        if not self._ended:
            self.say("A scan is running already.")
            return
        self.feed = Feed(self.source)
        self._scan()

    def action_open_folder(self) -> None:
        """Open the folder under the cursor with the desktop's program."""
        if self.path is not None:
            trouble = open_folder(self.path, self.source.machine)
            self.say(trouble or "Opened in the desktop.", severe=trouble is not None)

    def action_copy(self) -> None:
        """Ask what to copy of the environment under the cursor."""
        row = self.row
        if row is None:
            return
        choices = copy_choices(row, self.source.machine.platform)

        def copy(place: int | None) -> None:
            if place is not None:
                self.copy_text(choices[place][1])

        from venvdash.tui.screens.copy import CopyMenu

        self.app.push_screen(CopyMenu(choices), copy)

    def copy_text(self, text: str) -> None:
        """Put a text into the terminal's clipboard."""
        self.app.copy_to_clipboard(text)
        self.say(f"Copied: {visible(text)}")

    def action_help(self) -> None:
        """Show the keys."""
        from venvdash.tui.screens.help import help_screen

        self.app.push_screen(help_screen(self.app))

    def action_command_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    async def action_filter(self) -> None:
        """Type a filter."""
        bars = self.query(FilterBar)
        bar = bars.first() if bars else FilterBar(self._filter_text)
        if not bars:
            await self.mount(bar, before="#reason")
        bar.line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        self.search(event.value)

    def search(self, text: str) -> None:
        """Show only what holds every word of ``text``."""
        if text == self._filter_text:
            return
        self._filter_text = text
        self.table.search(text)
        self.rearrange()
        if self.table.view is View.OTHER:
            self._show_others()
        self._show_hint()

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        """Go back to the list, with or without the filter."""
        if not message.keep:
            self.search("")
        if not self._filter_text:
            self.query(FilterBar).remove()
        self.listing.focus()

    def on_filter_line_moved(self, message: FilterLine.Moved) -> None:
        """Move in the list while the filter is typed."""
        self.listing.action_cursor(message.by)

    def action_back(self) -> None:
        """Go one step back: out of the details, the filter, the view. Never out of the program."""
        if self.focused is not self.listing:
            self.listing.focus()
        elif self._filter_text:
            self.search("")
            self.query(FilterBar).remove()
        elif self.table.view is not View.ALL:
            self.action_view(View.ALL)

    def go_to(self, path: Path) -> None:
        """Put the cursor on an environment, out of any filter or view that hides it."""
        if not self.environments.move_to_key(path):
            self.search("")
            self.query(FilterBar).remove()
            self.action_view(View.ALL)
            self.environments.move_to_key(path)
