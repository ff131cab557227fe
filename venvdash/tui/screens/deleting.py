"""Deleting what is marked, after its plan was shown; undoing, and the trash."""

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from venvdash.model import Trashed
from venvdash.session.events import DeleteEvent, State
from venvdash.text import visible
from venvdash.tui.aside import Latest
from venvdash.tui.feed import Feed
from venvdash.tui.screens.working import WorkingScreen
from venvdash.tui.source import Source
from venvdash.tui.widgets.header import Totals
from venvdash.tui.widgets.outcome import UNDOING_LINK

if TYPE_CHECKING:
    from venvdash.tui.screens.plan import Consent


class DeletingScreen(WorkingScreen):
    """Deletes environments into the trash, has them back, and shows how much lies there."""

    def __init__(self, source: Source, feed: Feed) -> None:
        super().__init__(source, feed)
        self._weighing: Latest[Sequence[Trashed]] = Latest(self, self._show_trash, self._no_trash)

    def _finish(self) -> None:
        super()._finish()
        self.weigh_trash()

    def _job_ended(self) -> None:
        super()._job_ended()
        self.weigh_trash()

    # Asking

    def action_delete(self) -> None:
        """Show what deleting the marked ones would do, or without marks that under the cursor."""
        from venvdash.tui.screens.plan import PlanScreen

        rows = self.chosen()
        if rows:
            paths = [row.path for row in rows]
            dialog = PlanScreen(len(paths), self.home)
            self.ask(dialog, lambda stop: self.source.plan_delete(paths, stop), self._delete)

    # Doing

    def _delete(self, consent: "Consent") -> None:
        """Begin; the rows say so at once, whatever the first step takes."""
        paths = [item.row.path for item in consent.plan.items]

        def work(stop: threading.Event) -> Iterator[DeleteEvent]:
            return self.source.delete(
                consent.plan, now=consent.now, clean_cache=consent.clean_cache, cancel=stop
            )

        keys = "X cancels the rest" if len(paths) > 1 else ""
        self.show_begun(paths, State.DELETING)
        self.begin("deleting", work, total=len(paths), keys=keys)

    def action_undo(self) -> None:
        """Take back the last that was done, all of it."""
        if self.job is None:
            self.dismiss_outcome()
            self._sweep()
        link = self.source.undoes_relink
        doing = UNDOING_LINK if link else "taking back"
        self.begin(doing, lambda _: self.source.undo(), ages=link)

    # The trash

    def weigh_trash(self) -> None:
        """Have the bytes in the trash added up, for the header."""
        self._weighing.ask(self.source.trash)

    def _show_trash(self, trash: Sequence[Trashed]) -> None:
        totals = self.query_one(Totals)
        totals.trash = sum(item.frees for item in trash) if trash else None

    def _no_trash(self, error: Exception) -> None:
        self._fail(f"The trash cannot be read: {visible(str(error))}")

    def action_trash(self) -> None:
        """Show what lies in the trash."""
        from venvdash.tui.screens.trash import TrashScreen

        self.app.push_screen(TrashScreen(self, self.weigh_trash))
