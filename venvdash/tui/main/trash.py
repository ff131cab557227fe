"""The trash, as the main screen shows it: its size in the header, and its dialog."""

from collections.abc import Callable, Sequence

from textual.screen import Screen

from venvdash import formats
from venvdash.actions.events import Finished
from venvdash.model import Outcome, Trashed
from venvdash.text import visible
from venvdash.tui.background import LatestCall
from venvdash.tui.dialogs.restore import Restoration
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.session_access import SessionAccess


class TrashSummary:
    """Computes the size of the trash, and opens the dialog that lists it."""

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        listing: Listing,
        jobs: JobRunner,
        rescan: Callable[[], None],
    ) -> None:
        self._screen, self._access, self._listing = screen, access, listing
        self._jobs, self._rescan = jobs, rescan
        self._sizing: LatestCall[Sequence[Trashed]] = LatestCall(screen, self._show, self.failed)

    def update(self) -> None:
        """Have the size of the trash computed in the background."""
        self._sizing.request(self._access.session.trash.find)

    def open(self) -> None:
        """Show what lies in the trash."""
        from venvdash.tui.dialogs.trash import TrashScreen

        self._screen.app.push_screen(
            TrashScreen(
                self._access,
                restored=self._rescan,
                tried=self.update,
                free=self._free,
                progress=self._progress,
                jobs_ended=lambda: self._jobs.ended,
            )
        )

    def _free(self, items: Sequence[Trashed]) -> None:
        trash = self._access.session.trash
        self._jobs.begin(
            "deleting permanently", lambda stop: trash.empty(items, stop), total=len(items)
        )

    def _progress(self) -> str:
        jobs = self._jobs
        if jobs.job is None:
            return ""
        freed = f" {formats.size(jobs.freed)} reclaimed so far" if jobs.freed else ""
        return f"{jobs.doing} …{freed}"

    def restore_renamed(self, finished: Finished) -> None:
        """Ask for other names for what could not be restored because its name is taken."""
        taken = {
            result.trash
            for result in finished.results
            if result.outcome is Outcome.SKIPPED and result.trash is not None
        }
        if taken:
            restoration = Restoration(self._screen, self._access, self._rescan, self.update)
            # Once the job is over: what it asks for would be a job as well.
            self._screen.call_later(restoration.restore_each, taken)

    def failed(self, error: Exception) -> None:
        """Report that the trash cannot be read."""
        self._listing.report(f"Cannot read the trash: {visible(str(error))}")

    def _show(self, trash: Sequence[Trashed]) -> None:
        reclaimable = sum(item.reclaimable for item in trash)
        self._listing.totals.trash = reclaimable if trash else None
