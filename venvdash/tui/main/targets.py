"""The environments that an action of the main screen is for."""

from collections.abc import Callable

from textual.screen import Screen

from venvdash.model import Row
from venvdash.tui.main.job_runner import JobRunner
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.row_states import RowStates
from venvdash.tui.main.selection import Selection
from venvdash.tui.notices import say


class Targets:
    """Returns the environments to act on: none while a job runs, which is then said.

    With ``waits`` the action waits for the job, and only those that it works on are left out.
    ``details_focused`` returns whether the user is in the details: then only what they show counts.
    """

    def __init__(
        self,
        listing: Listing,
        states: RowStates,
        selection: Selection,
        jobs: JobRunner,
        details_focused: Callable[[], bool],
    ) -> None:
        self._details_focused = details_focused
        self._listing, self._states = listing, states
        self.selection, self._jobs = selection, jobs

    def chosen(self, *, waits: bool = False, missing: bool = False) -> list[Row]:
        """Return the marked environments, without marks the one or the group under the cursor.

        In the details it is what they show, whatever is marked.

        With ``missing`` also projects without environment, which are left out otherwise.
        """
        rows = self._chosen(waits=waits)
        return rows if missing else self._listing.environments_of(rows)

    def _chosen(self, *, waits: bool) -> list[Row]:
        group = self._listing.group
        if self.selection.marks.paths and not self._details_focused():
            return self.selection.rows() if waits or not self._jobs.refuse() else []
        if group is None:
            return self.under_cursor(waits=waits, missing=True)
        if self._listing.refuse_unconfirmed(group.rows) or not (waits or not self._jobs.refuse()):
            return []
        rows = self._listing.table.find(row.path for row in group.rows)
        return [row for row in rows if self._states.may_act_on(row.path)]

    def single(self, screen: Screen[None], *, waits: bool = False) -> list[Row]:
        """Return the marked environment, or the one under the cursor where none is marked.

        Of several marked ones none is returned, and that is said: not all can be meant.
        """
        marked = len(self.selection.marks)
        if not marked or self._details_focused():
            return self.under_cursor(waits=waits)
        if marked == 1:
            return self.chosen(waits=waits)
        say(screen, f"This acts on one environment, and {marked} are marked (x clears marks).")
        return []

    def under_cursor(self, *, waits: bool = False, missing: bool = False) -> list[Row]:
        """Return the environment under the cursor; from now on the cursor stays on it."""
        current = self._listing.environment
        if (
            self._listing.refuse_group()
            or current is None
            or self._listing.refuse_unconfirmed([current])
        ):
            return []
        row = self._listing.row
        if row is None or not (waits or not self._jobs.refuse()):
            return []
        if not self._states.may_act_on(row.path):
            return []
        self._listing.environments.move_to_key(row.path)
        return [row] if missing else self._listing.environments_of([row])
