"""What the first screen is made of: a session's rows as they come, and what is told of them."""

import gc
import time
from collections.abc import Iterable
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.timer import Timer

from venvdash.actions.events import RowChanged
from venvdash.model import Row
from venvdash.session import Session
from venvdash.text import visible
from venvdash.tui.background_scan import Feed, FeedEvent
from venvdash.tui.scan_state import Findings
from venvdash.tui.table import View
from venvdash.tui.widgets.detail import describe, describe_other, reason
from venvdash.tui.widgets.environment_list import EnvironmentList
from venvdash.tui.widgets.filter import FilterLine
from venvdash.tui.widgets.header import Totals, ViewBar
from venvdash.tui.widgets.job_line import WorkLine
from venvdash.tui.widgets.key_footer import KeyFooter
from venvdash.tui.widgets.line_table import LineTable
from venvdash.tui.widgets.no_environments import no_environments
from venvdash.tui.widgets.other_list import OtherList, OtherThing, things
from venvdash.tui.widgets.reason_lines import Reason
from venvdash.tui.widgets.selection_bar import Basket
from venvdash.tui.widgets.text_pane import TextPane

_FIRST_TICK = 0.02  # until there are rows to show
_TICK = 0.1
_DETAIL_DELAY = 0.05  # the details are drawn once the cursor rests
_SECONDS, _SEVERE_SECONDS = 3.0, 8.0  # for which a notice is shown
_ARRANGE_SHARE = 10  # sorting takes a tenth of the time at most


class ListScreen(Screen[None]):
    """Shows what a scan tells; what people do with it is added by the subclass."""

    def __init__(self, source: Session, feed: Feed) -> None:
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
        self._laid_out = False
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
        yield Basket(id="basket")
        yield WorkLine(id="work")
        yield Reason(id="reason")
        yield KeyFooter(show_command_palette=False, compact=True)

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
        self._laid_out = True
        self.refresh_bindings()
        self.watch(self.environments, "current", self._current_changed, init=False)
        self.watch(self.others, "current", self._current_changed, init=False)
        self._show_view()
        self.call_after_refresh(self._scan)

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],
    ) -> bool | None:
        """Allow nothing before the parts are there: keys may be typed ahead."""
        return self._laid_out and self.is_attached

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
            while self.findings.fixed:
                self.say(self.findings.fixed.pop(0))

    @property
    def scanning(self) -> bool:
        """Whether a scan runs."""
        return not self._ended

    def take_rows(self, rows: Iterable[Row]) -> None:
        """Show rows of which more is known than before."""
        self._take([RowChanged(row, settled=True, measured=True) for row in rows])
        self._current_changed()

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
        listed = things(found.problems, found.oddities, found.stores, found.folders, self.home)
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
            hint = f"No matches for “{visible(self._filter_text)}”. Esc clears the filter."
        elif not self._ended:
            hint = "Searching for environments …"
        else:
            hint = {
                View.ORPHANS: "No orphans.",
                View.UNKNOWN: "No unknown environments.",
                View.REPLACED: "No replaced environments.",
            }.get(self.table.view, "")
        self.environments.hint = hint
        self.others.hint = hint
        empty = self._ended and not self.table.rows and self.table.view is not View.OTHER
        pane = self.query_one("#empty", TextPane)
        if empty:
            folders = self.findings.folders
            pane.show(no_environments(self.findings.stores, folders, self.home))
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
            line.text = self.reason_of(current)
        elif isinstance(current, OtherThing):
            line.text = Content(current.reason)
        else:
            line.text = Content("")
        if self._detail_timer is not None:
            self._detail_timer.stop()
        self._detail_timer = self.set_timer(_DETAIL_DELAY, self._show_detail)

    def reason_of(self, row: Row) -> Content:
        """Return in a sentence why an environment is as the list shows it."""
        return reason(row, self.home)

    def _show_detail(self) -> None:
        pane = self.query_one("#detail", TextPane)
        same = pane.subject == self.path
        pane.show(self._detail_text(), top=not same)  # hidden, too: the screen may get wider
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
        severity: SeverityLevel = "error" if severe else "information"
        seconds = _SEVERE_SECONDS if severe else _SECONDS
        self.app.notify(text, severity=severity, timeout=seconds, markup=False)

    def copy_text(self, text: str) -> None:
        """Put a text into the terminal's clipboard."""
        self.app.copy_to_clipboard(text)
        self.say(f"Copied: {visible(text)}")
