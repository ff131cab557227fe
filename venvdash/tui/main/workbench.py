"""What acts on the list: made once the session is open, after the first frame."""

from collections.abc import Callable, Sequence
from pathlib import Path

from venvdash.actions.events import Finished, RowGone
from venvdash.model import Row
from venvdash.model.status import State
from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.session import Session
from venvdash.text import visible
from venvdash.tui.background import CallScreen, run_in_thread
from venvdash.tui.background_scan import BackgroundScan
from venvdash.tui.desktop import copy_choices, open_folder
from venvdash.tui.main.add_stores import OtherFolders
from venvdash.tui.main.annotate import Annotations
from venvdash.tui.main.changes import Changes
from venvdash.tui.main.deletion import Deletion
from venvdash.tui.main.disk_changes import DiskChanges
from venvdash.tui.main.disk_limits import DiskLimits
from venvdash.tui.main.external_programs import ProgramRunner
from venvdash.tui.main.found_projects import FoundProjects
from venvdash.tui.main.group_sums import GroupSums
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.layout import Layout
from venvdash.tui.main.planner import Planner
from venvdash.tui.main.row_states import DONE
from venvdash.tui.main.scans import ScanRunner
from venvdash.tui.main.selection import Selection
from venvdash.tui.main.targets import Targets
from venvdash.tui.main.trash import TrashSummary
from venvdash.tui.main.undo import Undo
from venvdash.tui.notices import copy_text, say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.suspend import ExternalPrograms
from venvdash.tui.table import View

_STORING = 2.0  # seconds that storing records may take when the dashboard is closed
_LINGER = 1.5  # seconds for which a row that is gone or done says so, to be seen


class Workbench:
    """Everything that scans and changes: connects the objects, and names what each key does."""

    def __init__(
        self,
        screen: CallScreen[None],
        layout: Layout,
        session: Session,
        scan: BackgroundScan,
        programs: ExternalPrograms,
    ) -> None:
        self._screen, self.session = screen, session
        self.listing, self.states = layout.listing, layout.states
        self._cursor_moved, self._notices = layout.cursor_moved, layout.notices
        self.access = access = SessionAccess(session, lambda: self.scans.scan.running)
        self.scans = ScanRunner(
            screen,
            session,
            scan,
            self.listing.table,
            changed=lambda paths: self.listing.refresh(paths),
            ended=self._scan_ended,
        )
        self.selection = Selection(
            screen,
            access,
            self.listing,
            self.states,
            layout.selection_bar,
            covered=lambda: self.jobs.line.of_job,
            scanning=self._scanning,
        )
        self.limits = DiskLimits(screen, session.machine, self.listing)
        self.group_sums = GroupSums(screen, access, self.listing, self._scanning)
        self.jobs = JobRunner(
            screen,
            access,
            self.listing,
            self.states,
            layout.message_line,
            layout.notices,
            row_changed=lambda event: self.scans.take([event]),
            finished=self._job_finished,
            ended=self._job_ended,
            line_toggled=self._line_toggled,
        )
        self._details = layout.details
        self.targets = Targets(
            self.listing, self.states, self.selection, self.jobs, self._details.focused
        )
        self.planner = Planner(screen, access)
        self.deletion = Deletion(screen, access, self.targets, self.planner, self.jobs)
        self.trash = TrashSummary(screen, access, self.listing, self.jobs, self.rescan)
        self.undo = Undo(screen, access, self.listing, self.jobs, self.trash)
        self.changes = Changes(screen, access, self.listing, self.targets, self.planner, self.jobs)
        self.found_projects = FoundProjects(
            screen,
            access,
            self.scans,
            self.listing,
            self.states,
            self.jobs,
            self.deletion,
            self.trash,
            self._outdated,
        )
        self.programs = ProgramRunner(screen, access, self.scans, self.targets, programs)
        self.annotations = Annotations(
            screen, access, self.targets, self._scanning, self._annotated
        )
        self.other_folders = OtherFolders(screen, access, self._folders_found, self.scans.again)
        self.disk = DiskChanges(screen, self.scans, self.listing, self.jobs)
        environments = self.listing.environments
        screen.watch(environments, "scroll_y", self.disk.visible_changed, init=False)
        if problems := session.config.problems:
            more = f" and {len(problems) - 1} more: press 5" if len(problems) > 1 else ""
            say(screen, f"{visible(problems[0].message)}{more}", severe=True)
        self.listing.follow(self.scans, self._rearranged)
        self.states.follow(self._state_changed)
        self._details.follow(session)

    def keys(self) -> dict[str, Callable[..., object]]:
        """Return what the action of each key does, by the action's name."""
        return {
            "mark": self.selection.mark,
            "mark_range": self.selection.mark_range,
            "mark_all": self.selection.mark_all,
            "mark_rule": self.selection.choose_rule,
            "delete": self.deletion.begin,
            "prune": self.deletion.prune,
            "sync": self.changes.sync,
            "relink": self.changes.relink,
            "unlink": self.changes.unlink,
            "new": self.changes.new,
            "copy": self.changes.copy,
            "rename": self.changes.rename,
            "move": self.changes.move,
            "pin": self.annotations.pin,
            "note": self.annotations.note,
            "stop": self.jobs.stop,
            "trash": self.trash.open,
            "shell": self.programs.shell,
            "edit": self.programs.edit,
            "rescan": self.rescan,
            "undo": self.undo_newest,
            "interrupt": self.interrupt,
            "add_store": self.add_store,
            "open_folder": self.open_folder,
            "clip": self.clip,
            "log": self.log,
        }

    # What the objects report

    def _state_changed(self, path: Path, state: State) -> None:
        if state in DONE:
            self.selection.marks.remove([path])
        if path == self.listing.path:
            self._cursor_moved()

    def _line_toggled(self) -> None:
        self.selection.show_count()
        self._cursor_moved()

    def _scanning(self) -> bool:
        return self.scans.scanning

    def _scan_ended(self) -> None:
        self.listing.refresh(force=True)
        if self.listing.state.failure:
            say(self._screen, self.listing.state.failure, severe=True)
        self.selection.keep_existing()
        self.group_sums.measured()
        self.limits.look()
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

    def _rearranged(self) -> None:
        self.selection.rearranged()
        self.group_sums.rearranged()
        self.disk.visible_changed()

    def _remember(self) -> None:
        """Store what the scan learned, now that nothing waits for it."""
        run_in_thread(
            self._screen,
            lambda: self.access.run(self.session.remember),
            self.scans.take,
            lambda error: say(
                self._screen, f"The records were not stored: {visible(str(error))}", severe=True
            ),
        )

    def _job_finished(self, finished: Finished) -> None:
        self.deletion.finished(finished)
        self.undo.finished(finished)
        self.changes.finished(finished)

    def _job_ended(self) -> None:
        self._screen.set_timer(_LINGER, self._remove_finished)
        self.listing.refresh(force=True)
        self.selection.update()
        self.group_sums.measured()
        self.limits.look()
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
        """Remove rows of deleted environments, and clear the states of finished work."""
        gone = [RowGone(path) for path in self.states.clear_finished()]
        self._cursor_moved()
        if gone:
            self.listing.state.take(gone)
            self.listing.refresh(force=True)

    def _annotated(self, rows: Sequence[Row]) -> None:
        self.scans.take_rows(rows)
        self._cursor_moved()

    def _folders_found(self, folders: Sequence[EnvironmentFolder]) -> None:
        self.listing.state.folders = folders
        self.listing.refresh()

    # What keys do

    def rescan(self) -> None:
        """Scan the machine again."""
        if self.jobs.job is not None:
            say(self._screen, f"Still {self.jobs.doing}.")
        elif self.scans.scanning:
            say(self._screen, "A scan is running already.")
        else:
            self.jobs.dismiss_outcome()
            self._remove_finished()
            self.scans.again()

    def undo_newest(self) -> None:
        """Undo the newest change."""
        if self.jobs.job is not None:
            say(self._screen, f"Still {self.jobs.doing}.")
            return
        self.jobs.dismiss_outcome()
        self._remove_finished()
        self.undo.begin()

    def interrupt(self) -> None:
        """Stop the job, as Ctrl+C does elsewhere; without one, say how to leave."""
        if self.jobs.job is None:
            self._screen.app.action_help_quit()
        else:
            self.jobs.stop()

    def add_store(self) -> None:
        """Ask whether to make a folder of environments a store: that at the cursor, or all."""
        other = self.listing.table.view is View.OTHER
        self.other_folders.ask(self.listing.path if other else None)

    def open_folder(self) -> None:
        """Open what is under the cursor, or the folder of a user's file, in the file manager."""
        path = self._details.folder or self.listing.path
        if path is not None and not self.listing.refuse_group():
            problem = open_folder(path, self.session.machine)
            say(self._screen, problem or "Opened in the file manager.", severe=problem is not None)

    def clip(self) -> None:
        """Ask what to copy as text of the environment under the cursor."""
        current = self.listing.environment
        if self.listing.refuse_group():
            return
        if current is not None and self.listing.refuse_unconfirmed([current]):
            return
        if self.listing.row is None:
            return
        choices = copy_choices(self.listing.row, self.session.machine.platform)

        def copy(place: int | None) -> None:
            if place is not None:
                copy_text(self._screen, choices[place][1])

        from venvdash.tui.dialogs.clipboard_menu import ClipboardMenu

        self._screen.app.push_screen(ClipboardMenu(choices), copy)

    def log(self) -> None:
        """Show the commands that were run, and their output."""
        from venvdash.tui.dialogs.log import LogScreen

        self._screen.app.push_screen(
            LogScreen(self.session.log, self._notices, self.access.home, self.jobs.stop)
        )

    def back(self) -> bool:
        """Go one step back from a range or an outcome; return whether there was one."""
        return self.selection.drop_range() or self.jobs.dismiss_outcome()

    # Leaving

    def stop(self) -> None:
        """Stop the scan and the search for projects."""
        self.scans.scan.stop()
        self.found_projects.stop()
        self.disk.stop()

    def end(self, seconds: float) -> None:
        """Abandon plans and queued work; give a job under way so many seconds to end."""
        self.planner.stop.set()
        self.jobs.end(seconds)
        if self.access.free_within(_STORING):  # the records of a scan that ended just now
            self.session.keep_list(self.listing.settings)
