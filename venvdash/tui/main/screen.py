"""The main screen: the list of environments, and the objects that act on it."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from venvdash.actions.events import Finished, RowGone
from venvdash.model import Row
from venvdash.model.status import State
from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.session import Session
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.background import CallScreen, run_in_thread
from venvdash.tui.background_scan import BackgroundScan
from venvdash.tui.desktop import copy_choices, open_folder
from venvdash.tui.main.add_stores import OtherFolders
from venvdash.tui.main.annotate import Annotations
from venvdash.tui.main.changes import Changes
from venvdash.tui.main.deletion import Deletion
from venvdash.tui.main.details import Details
from venvdash.tui.main.disk_changes import DiskChanges
from venvdash.tui.main.external_programs import ProgramRunner
from venvdash.tui.main.found_projects import FoundProjects
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.planner import Planner
from venvdash.tui.main.row_states import DONE, RowStates
from venvdash.tui.main.scans import ScanRunner
from venvdash.tui.main.selection import Selection
from venvdash.tui.main.targets import Targets
from venvdash.tui.main.trash import TrashSummary
from venvdash.tui.main.undo import Undo
from venvdash.tui.notices import copy_text, say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.suspend import ExternalPrograms
from venvdash.tui.table import View
from venvdash.tui.widgets.filter import FilterLine
from venvdash.tui.widgets.header import ViewBar
from venvdash.tui.widgets.key_footer import KeyFooter
from venvdash.tui.widgets.line_table import LineTable

_LINGER = 1.5  # seconds for which a row that is gone or done says so, to be seen


class MainScreen(CallScreen[None]):
    """Lays out the widgets, connects the objects, and hands each key to one of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.FIND,
        *keys.MARK,
        *keys.CHANGE,
        *keys.DELETE,
        *keys.WORK,
        *keys.DO,
        *keys.PROGRAM,
    ]

    def __init__(self, session: Session, scan: BackgroundScan, programs: ExternalPrograms) -> None:
        super().__init__()
        self.session, home = session, session.machine.home
        self.access = access = SessionAccess(session, lambda: self.scans.scan.running)
        self.scans = ScanRunner(
            self,
            session,
            scan,
            changed=lambda paths: self.listing.refresh(paths),
            ended=self._scan_ended,
        )
        self.listing = Listing(
            self,
            home,
            self.scans,
            rearranged=self._rearranged,
            cursor_moved=self.cursor_moved,
        )
        self.states = RowStates(self.listing.environments, home, self._state_changed)
        self.details = Details(self, home, self.listing, self.states)
        self.selection = Selection(
            self,
            access,
            self.listing,
            self.states,
            covered=lambda: self.jobs.line.display,
            scanning=self._scanning,
        )
        self.jobs = JobRunner(
            self,
            access,
            self.listing,
            self.states,
            row_changed=lambda event: self.scans.take([event]),
            finished=self._job_finished,
            ended=self._job_ended,
            line_toggled=self._line_toggled,
        )
        self.targets = Targets(self.listing, self.states, self.selection, self.jobs)
        self.planner = Planner(self, access)
        self.deletion = Deletion(self, access, self.targets, self.planner, self.jobs)
        self.trash = TrashSummary(self, access, self.listing, self.jobs, self.action_rescan)
        self.undo = Undo(self, access, self.listing, self.jobs, self.trash)
        self.changes = Changes(self, access, self.listing, self.targets, self.planner, self.jobs)
        self.found_projects = FoundProjects(
            self,
            access,
            self.scans,
            self.listing,
            self.states,
            self.jobs,
            self.deletion,
            self.trash,
            self._outdated,
        )
        self.programs = ProgramRunner(self, access, self.scans, self.targets, programs)
        self.annotations = Annotations(self, access, self.targets, self._scanning, self._annotated)
        self.disk = DiskChanges(self, self.scans, self.listing, self.jobs)
        self.other_folders = OtherFolders(self, access, self._folders_found, self.scans.again)
        self._connect_keys()

    def _connect_keys(self) -> None:
        """Let the keys of one object's actions call it; the other actions are methods here."""
        self.action_filter = self.listing.open_filter
        self.action_sort_column = self.listing.sort_by_next
        self.action_mark = self.selection.mark
        self.action_mark_range = self.selection.mark_range
        self.action_mark_all = self.selection.mark_all
        self.action_mark_rule = self.selection.choose_rule
        self.action_delete = self.deletion.begin
        self.action_sync = self.changes.sync
        self.action_relink = self.changes.relink
        self.action_unlink = self.changes.unlink
        self.action_copy = self.changes.copy
        self.action_rename = self.changes.rename
        self.action_move = self.changes.move
        self.action_pin = self.annotations.pin
        self.action_note = self.annotations.note
        self.action_stop = self.jobs.stop
        self.action_trash = self.trash.open
        self.action_shell = self.programs.shell
        self.action_edit = self.programs.edit

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self.listing.views
        yield self.listing.totals
        with Horizontal(id="body"):
            yield self.listing.environments
            yield self.listing.others
            yield self.listing.empty
            yield self.details.pane
        yield self.selection.bar
        yield self.jobs.line
        yield self.details.reason
        yield KeyFooter()

    def on_mount(self) -> None:
        """Scan once the first frame is out."""
        self._laid_out = True
        self.refresh_bindings()
        self.watch(self.listing.environments, "current", self.cursor_moved, init=False)
        self.watch(self.listing.environments, "scroll_y", self.disk.visible_changed, init=False)
        self.watch(self.listing.others, "current", self.cursor_moved, init=False)
        self.listing.show_view()
        self.call_after_refresh(self.scans.begin)

    def on_unmount(self) -> None:
        """Stop the scan and the search for projects with the screen."""
        self.scans.scan.stop()
        self.found_projects.stop()
        self.disk.stop()

    def on_screen_resume(self) -> None:
        """Show what has changed while a dialog was open."""
        self.disk.catch_up()

    # What the objects report

    def _rearranged(self) -> None:
        self.selection.rearranged()
        self.disk.visible_changed()

    def cursor_moved(self) -> None:
        """Show what is now under the cursor."""
        self.details.update()
        self.selection.stretch_range()

    def _state_changed(self, path: Path, state: State) -> None:
        if state in DONE:
            self.selection.marks.remove([path])
        if path == self.listing.path:
            self.cursor_moved()

    def _line_toggled(self) -> None:
        self.selection.show_count()
        self.cursor_moved()

    def _scanning(self) -> bool:
        return self.scans.scanning

    def _scan_ended(self) -> None:
        self.listing.refresh(force=True)
        if self.listing.state.failure:
            say(self, self.listing.state.failure, severe=True)
        self.selection.keep_existing()
        if self.scans.due:
            self.scans.again()
        self.trash.update()
        automatic = self.disk.scan_ended()
        (self.found_projects.search_new if automatic else self.found_projects.search_all)()
        self._remember()
        if not self.scans.scanning:
            self.changes.follow()
            if not automatic:
                self.other_folders.look()

    def _remember(self) -> None:
        """Store what the scan learned, now that nothing waits for it."""
        run_in_thread(
            self,
            self.session.remember,
            self.scans.take,
            lambda error: say(self, f"The records were not stored: {visible(str(error))}"),
        )

    def _job_finished(self, finished: Finished) -> None:
        self.deletion.finished(finished)
        self.undo.finished(finished)
        self.changes.finished(finished)

    def _job_ended(self) -> None:
        self.set_timer(_LINGER, self._remove_finished)
        self.listing.refresh(force=True)
        self.selection.update()
        if self.jobs.outdates:
            self.scans.again()
        self.trash.update()
        self.found_projects.search_owed()
        self.disk.catch_up()

    def _outdated(self) -> None:
        """Scan again, once no job runs."""
        if self.jobs.job is None:
            self.scans.again()
        else:
            self.jobs.outdates = True

    def _remove_finished(self) -> None:
        """Remove the rows that are gone from the list, and from the others that they are done."""
        gone = [RowGone(path) for path in self.states.clear_finished()]
        self.cursor_moved()
        if gone:
            self.listing.state.take(gone)
            self.listing.refresh(force=True)

    def _annotated(self, rows: Sequence[Row]) -> None:
        self.scans.take_rows(rows)
        self.cursor_moved()

    def _folders_found(self, folders: Sequence[EnvironmentFolder]) -> None:
        self.listing.state.folders = folders
        self.listing.refresh()

    # Finding

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

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        self.listing.search(event.value)

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        """Go back to the list, with or without the filter."""
        self.listing.close_filter(keep=message.keep)

    def on_filter_line_moved(self, message: FilterLine.Moved) -> None:
        """Move in the list while the filter is typed."""
        self.listing.shown.action_cursor(message.by)

    def action_back(self) -> None:
        """Go one step back: from details, range, outcome, filter or view. Never quit."""
        if self.focused is not self.listing.shown:
            self.listing.shown.focus()
        elif (
            self.selection.drop_range()
            or self.jobs.dismiss_outcome()
            or self.listing.clear_filter()
        ):
            return
        elif self.listing.table.view is not View.ALL:
            self.listing.open_view(View.ALL)
        else:
            self.jobs.cancel_queued()

    def action_rescan(self) -> None:
        """Scan the machine again."""
        if self.jobs.job is not None:
            say(self, f"Still {self.jobs.doing}.")
        elif self.scans.scanning:
            say(self, "A scan is running already.")
        else:
            self.jobs.dismiss_outcome()
            self._remove_finished()
            self.scans.again()

    # Changing

    def action_undo(self) -> None:
        """Undo the newest change."""
        if self.jobs.job is not None:
            say(self, f"Still {self.jobs.doing}.")
            return
        self.jobs.dismiss_outcome()
        self._remove_finished()
        self.undo.begin()

    def action_interrupt(self) -> None:
        """Stop the job, as Ctrl+C does elsewhere; without one, say how to leave."""
        if self.jobs.job is None:
            self.app.action_help_quit()
        else:
            self.jobs.stop()

    def action_add_store(self) -> None:
        """Ask whether to make a folder of environments a store: that at the cursor, or all."""
        other = self.listing.table.view is View.OTHER
        self.other_folders.ask(self.listing.path if other else None)

    # Opening

    def on_line_table_chosen(self) -> None:
        """Show the details over the list."""
        from venvdash.tui.dialogs.text_dialog import TextDialog

        self.app.push_screen(TextDialog("Details", self.details.text()))

    def action_open_folder(self) -> None:
        """Open the folder under the cursor with the desktop's program."""
        if self.listing.path is not None:
            problem = open_folder(self.listing.path, self.session.machine)
            say(self, problem or "Opened in the file manager.", severe=problem is not None)

    def action_clip(self) -> None:
        """Ask what to copy as text of the environment under the cursor."""
        if self.listing.row is None:
            return
        choices = copy_choices(self.listing.row, self.session.machine.platform)

        def copy(place: int | None) -> None:
            if place is not None:
                copy_text(self, choices[place][1])

        from venvdash.tui.dialogs.clipboard_menu import ClipboardMenu

        self.app.push_screen(ClipboardMenu(choices), copy)

    def action_log(self) -> None:
        """Show the commands that were run, and their output."""
        from venvdash.tui.dialogs.log import LogScreen

        self.app.push_screen(LogScreen(self.session.log, self.access.home, self.action_stop))

    def action_help(self) -> None:
        """Show the keys."""
        from venvdash.tui.dialogs.help import help_screen

        self.app.push_screen(help_screen(self.app))

    def action_command_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    # Leaving

    def end(self, seconds: float) -> None:
        """Abandon plans and queued work; give a job under way so many seconds to end."""
        self.planner.stop.set()
        self.jobs.end(seconds)
