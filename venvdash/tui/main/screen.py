"""The first screen: what people do with the list of environments."""

from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from venvdash.session import Session
from venvdash.tui import keys
from venvdash.tui.background_scan import Feed
from venvdash.tui.desktop import copy_choices, open_folder
from venvdash.tui.main.add_stores import Adding
from venvdash.tui.main.annotate import Annotating
from venvdash.tui.main.external_programs import LeavingScreen
from venvdash.tui.suspend import Handover
from venvdash.tui.table import View
from venvdash.tui.widgets.filter import FilterBar, FilterLine
from venvdash.tui.widgets.header import ViewBar
from venvdash.tui.widgets.line_table import LineTable


class MainScreen(LeavingScreen):
    """Finds, sorts and opens environments, and acts on them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.FIND,
        *keys.MARK,
        *keys.CHANGE,
        *keys.DELETE,
        *keys.WORK,
        *keys.DO,
        *keys.PROGRAM,
    ]

    def __init__(self, source: Session, feed: Feed, handover: Handover) -> None:
        super().__init__(source, feed, handover)
        self._adder = Adding(self, self._show_folders)
        self._annotating = Annotating(self)

    def _finish(self) -> None:
        super()._finish()
        if self._ended:
            self._adder.look()

    def _show_folders(self) -> None:
        self.findings.folders = self._adder.folders
        self._refresh(set())

    def action_add_store(self) -> None:
        """Ask whether a folder of environments is to be a store: that under the cursor, or all."""
        self._adder.ask(self.path if self.table.view is View.OTHER else None)

    def action_pin(self) -> None:
        """Pin the marked ones, or that under the cursor; unpin them where all are pinned."""
        rows = self.chosen(waits=True)
        if rows:
            self._annotating.pin(rows)

    def action_note(self) -> None:
        """Write a note on the one under the cursor."""
        for row in self.under_cursor(waits=True):
            self._annotating.note(row)

    def on_line_table_chosen(self) -> None:
        """Show the details over the list."""
        from venvdash.tui.dialogs.text_dialog import PaneScreen

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

    def action_open_folder(self) -> None:
        """Open the folder under the cursor with the desktop's program."""
        if self.path is not None:
            trouble = open_folder(self.path, self.source.machine)
            self.say(trouble or "Opened in the file manager.", severe=trouble is not None)

    def action_clip(self) -> None:
        """Ask what to copy as text of the environment under the cursor."""
        row = self.row
        if row is None:
            return
        choices = copy_choices(row, self.source.machine.platform)

        def copy(place: int | None) -> None:
            if place is not None:
                self.copy_text(choices[place][1])

        from venvdash.tui.dialogs.clipboard_menu import CopyMenu

        self.app.push_screen(CopyMenu(choices), copy)

    def action_log(self) -> None:
        """Show the commands that were run, and what they write."""
        from venvdash.tui.dialogs.log import LogScreen

        self.app.push_screen(LogScreen(self))

    def action_help(self) -> None:
        """Show the keys."""
        from venvdash.tui.dialogs.help import help_screen

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
        if message.keep:
            self.listing.move_to(self.listing.cursor)  # what is found is gone to
        else:
            self.search("")
        if not self._filter_text:
            self.query(FilterBar).remove()
        self.listing.focus()

    def on_filter_line_moved(self, message: FilterLine.Moved) -> None:
        """Move in the list while the filter is typed."""
        self.listing.action_cursor(message.by)

    def action_back(self) -> None:
        """Go one step back: out of details, range, filter, view, work. Never out of the program."""
        if self.focused is not self.listing:
            self.listing.focus()
        elif self.step_back():
            return
        elif self._filter_text:
            self.search("")
            self.query(FilterBar).remove()
        elif self.table.view is not View.ALL:
            self.action_view(View.ALL)
        else:
            self.cancel_queued()

    def go_to(self, path: Path) -> None:
        """Put the cursor on an environment, out of any filter or view that hides it."""
        if not self.environments.move_to_key(path):
            self.search("")
            self.query(FilterBar).remove()
            self.action_view(View.ALL)
            self.environments.move_to_key(path)
