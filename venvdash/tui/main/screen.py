"""The main screen: the list of environments, and the keys that act on it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from venvdash.records.dashboard_look import DetailTab
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.background import CallScreen, run_in_thread
from venvdash.tui.main.layout import Layout
from venvdash.tui.main.opening import Opened, Opening
from venvdash.tui.notices import Notice, say
from venvdash.tui.suspend import ExternalPrograms
from venvdash.tui.table import View
from venvdash.tui.widgets.filter import FilterLine
from venvdash.tui.widgets.header import ViewBar
from venvdash.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from pathlib import Path

    from venvdash.config import DashboardSettings
    from venvdash.records.dashboard_look import Look
    from venvdash.tui.main.workbench import Workbench

# Actions of the workbench: before it is there, they are answered with a sentence.
_WORK = (
    *("mark", "mark_range", "mark_all", "mark_rule", "delete", "sync", "relink", "unlink"),
    *("prune", "new", "copy", "rename", "move", "pin", "note", "stop", "trash", "shell", "edit"),
    *("rescan", "undo", "interrupt", "add_store", "open_folder", "clip", "log"),
)


class MainScreen(CallScreen[None]):
    """Shows what is remembered; then opens the session, and hands it each key that changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.FIND,
        *keys.SORT,
        *keys.GROUP,
        *keys.MARK,
        *keys.CHANGE,
        *keys.DELETE,
        *keys.WORK,
        *keys.DO,
        *keys.PROGRAM,
    ]

    def __init__(self, home: "Path", opening: Opening, programs: ExternalPrograms) -> None:
        super().__init__()
        self.opening, self._programs = opening, programs
        self.contents = layout = Layout(self, home, opening.snapshot, self.cursor_moved)
        self.listing, self.details, self.states = layout.listing, layout.details, layout.states
        self.groups = layout.groups
        self._workbench: Workbench | None = None
        self._group: object = None  # whose line is under the cursor
        self._first_tab: DetailTab | None = None  # that was remembered
        self._set_actions(dict.fromkeys(_WORK, self._not_yet))

    def begin(self, settings: "DashboardSettings", look: "Look") -> None:
        """Begin as configured where no list is remembered, with the pane as in ``look``."""
        if self.opening.snapshot is None:
            self.listing.table.begin(settings.view, settings.sort)
        if look.pane is not None:
            self.add_class("-pane" if look.pane else "-no-pane")
        if look.tab is not None:
            self.details.pane.open_tab(look.tab)
        self._first_tab = look.tab

    @property
    def pane(self) -> bool | None:
        """Whether the pane with the details was shown or hidden by key; None: neither."""
        return True if self.has_class("-pane") else False if self.has_class("-no-pane") else None

    @property
    def tab(self) -> DetailTab | None:
        """The open tab of the details, None where nobody chose one."""
        tab = self.details.pane.tab
        return tab if tab is not DetailTab.OVERVIEW or self._first_tab else None

    def _set_actions(self, actions: dict[str, Callable[..., object]]) -> None:
        self.actions = actions
        for name, action in actions.items():
            setattr(self, f"action_{name}", action)

    @property
    def workbench(self) -> "Workbench":
        """What acts on the list. Raises RuntimeError until the session is open."""
        if self._workbench is None:
            raise RuntimeError("the session is not open yet")
        return self._workbench

    @property
    def ready(self) -> bool:
        """Whether the session is open."""
        return self._workbench is not None

    @property
    def scanning(self) -> bool:
        """Whether a scan runs, or is about to."""
        return self._workbench is None or self._workbench.scans.scanning

    def _not_yet(self, *_: object, **__: object) -> None:
        row = self.listing.environment
        if row is None:
            say(self, "venvdash is still starting.")
        else:
            say(self, f"{visible(row.name, 64)} is still being checked.")

    def show_notice(self, notice: Notice) -> None:
        """Show a message in the line for it."""
        self.contents.message_line.show_notice(notice)

    def compose(self) -> ComposeResult:
        """Lay out the screen for the terminal's size."""
        # Textual sets these classes after the first layout, which is then done and drawn again.
        app = self.app
        for breakpoints, cells in (
            (app.HORIZONTAL_BREAKPOINTS, app.size.width),
            (app.VERTICAL_BREAKPOINTS, app.size.height),
        ):
            reached = [name for least, name in breakpoints or () if cells >= least]
            self.add_class(*reached[-1:])
        yield from self.contents.compose()

    def on_mount(self) -> None:
        """Open the session once the first frame is out."""
        self._laid_out = True
        self.refresh_bindings()
        self.listing.show_remembered()
        self.watch(self.listing.environments, "current", self.cursor_moved, init=False)
        self.watch(self.listing.others, "current", self.cursor_moved, init=False)
        self.watch(self, "focused", self._focus_moved, init=False)
        self.listing.show_view()
        self.details.show()
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        self.opening.begin()
        run_in_thread(self, self.opening.wait, self._opened, self._failed)

    def _opened(self, opened: Opened) -> None:
        from venvdash.tui.main.workbench import Workbench

        bench = Workbench(self, self.contents, opened.session, opened.scan, self._programs)
        self._workbench = bench
        self._set_actions(bench.keys())
        self.refresh_bindings()
        bench.scans.begin()

    def _failed(self, error: Exception) -> None:
        say(self, f"Nothing can be scanned: {visible(str(error))}", severe=True)

    def on_screen_resume(self) -> None:
        """Show what has changed while a dialog was open."""
        if self._workbench is not None:
            self._workbench.disk.catch_up()

    def on_unmount(self) -> None:
        """Stop the scan and the search for projects with the screen."""
        self.stop()

    def cursor_moved(self) -> None:
        """Show what is now under the cursor."""
        self.details.update()
        group = self.listing.group
        line = (group.key, group.folded) if group is not None else None
        if line != self._group:
            self._group = line
            self.refresh_bindings()  # the line of a group has other keys
        if self._workbench is not None:
            self._workbench.selection.stretch_range()

    # Finding

    async def action_filter(self) -> None:
        """Let the user type a filter."""
        await self.listing.open_filter()

    def action_sort_column(self, by: int) -> None:
        """Sort by another column."""
        self.listing.sort_by_next(by)

    def action_sort(self, key: str) -> None:
        """Sort by a column; by the same again in reverse order."""
        if self.listing.table.view is not View.OTHER:
            self.listing.sort_by(key)

    def action_view(self, name: str) -> None:
        """Show a part of the machine."""
        self.listing.open_view(View(name))

    def on_view_bar_picked(self, message: ViewBar.Picked) -> None:
        """Open the clicked view."""
        self.listing.open_view(message.view)

    def on_line_table_header_clicked(self, message: LineTable.HeaderClicked) -> None:
        """Sort by the clicked column."""
        if self.listing.table.view is not View.OTHER:
            self.listing.sort_by(message.key)

    def action_invert(self) -> None:
        """Reverse the order."""
        self.listing.sort_by(self.listing.table.sort)

    def action_group_menu(self) -> None:
        """Ask what to group by."""
        self.groups.choose()

    def action_group(self, by: str) -> None:
        """Group by a key of the grouping, "" for nothing."""
        self.groups.group_by(by)

    def action_fold(self, out: bool) -> None:
        """Go out of a group or into it; from its line fold or unfold it."""
        if self.focused is self.listing.shown:
            self.groups.step(out=out)

    def action_fold_all(self, folded: bool) -> None:
        """Fold all groups, or unfold all."""
        self.groups.fold_all(folded=folded)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        self.listing.search(event.value)

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        """Go back to the list, with or without the filter."""
        self.listing.close_filter(keep=message.keep)

    def on_filter_line_completed(self, message: FilterLine.Completed) -> None:
        """Show the endings from which the user may choose."""
        self.listing.show_completions(message.found)

    def on_filter_line_moved(self, message: FilterLine.Moved) -> None:
        """Move in the list while the filter is typed."""
        self.listing.shown.action_cursor(message.by)

    def action_back(self) -> None:
        """Go one step back: from details, range, outcome, filter or view. Never quit."""
        bench = self._workbench
        if self.focused is not self.listing.shown:
            if not (self.details.focused() and self.details.pane.clear_filter()):
                self.leave_details()
        elif (
            self.contents.message_line.dismiss_notices()
            or (bench is not None and bench.back())
            or self.listing.clear_filter()
        ):
            return
        elif self.listing.table.view is not View.ALL:
            self.listing.open_view(View.ALL)
        elif bench is not None:
            bench.jobs.cancel_queued()

    # The details

    def action_pane(self) -> None:
        """Show or hide the pane with the details, whatever the size of the terminal."""
        shown = self.details.pane.display
        if not self.has_class("-over"):
            self.set_class(shown, "-no-pane").set_class(not shown, "-pane")
        if shown:
            self.leave_details()
        else:
            self.details.show()

    def _focus_moved(self, focused: Widget | None) -> None:
        """Uncover the list where the focus leaves the details."""
        # While the terminal has no focus no widget has.
        if focused is not None and not self.details.focused():
            self.remove_class("-over")

    def action_scroll_pane(self, by: int) -> None:
        """Scroll the pane with the details."""
        self.details.pane.shown.action_scroll(by)

    def action_tab(self, by: int) -> None:
        """Open another tab of the details, which are shown over the list where they are hidden."""
        if not self.details.pane.display:
            self.enter_details()
        self.details.pane.turn_tab(by)

    def on_detail_pane_tab_opened(self) -> None:
        """Show what the tab is for."""
        self.details.show()

    def on_line_table_chosen(self) -> None:
        """Go to the details; fold or unfold a group."""
        if not self.groups.toggle():
            self.enter_details()

    def enter_details(self) -> None:
        """Put the focus on the details; where they are hidden, show them over the list."""
        pane = self.details.pane
        if not pane.display:
            self.add_class("-over")
            self.call_after_refresh(self.details.show)
        self.call_after_refresh(pane.focus_shown)

    def open_details(self, tab: DetailTab) -> None:
        """Go to a tab of the details."""
        self.enter_details()
        self.details.pane.open_tab(tab)

    def leave_details(self) -> None:
        """Put the focus on the list."""
        self.remove_class("-over")
        self.listing.shown.focus()

    async def action_where_else(self) -> None:
        """List the environments that have the package under the cursor."""
        query = self.details.query
        if query:
            self.leave_details()
            await self.listing.filter_by(query)

    def action_help(self) -> None:
        """Show the keys."""
        from venvdash.tui.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.app))

    def action_command_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    # Leaving

    def stop(self) -> None:
        """Stop what runs in the background and changes nothing."""
        self.opening.stop()
        if self._workbench is not None:
            self._workbench.stop()

    def end(self, work: float, scan: float) -> None:
        """Abandon what waits; give a job and the scan so many seconds to end."""
        if self._workbench is not None:
            self._workbench.end(work)
            self._workbench.scans.scan.stop(scan)
        self.opening.stop(scan)
