"""The dialog of the trash: restore, or delete permanently."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from venvdash import formats
from venvdash.model import Trashed
from venvdash.text import counted, short_path, visible, with_tilde
from venvdash.tui import keys
from venvdash.tui.background import LatestCall
from venvdash.tui.dialogs.base import Dialog, framed
from venvdash.tui.dialogs.prompts import AskScreen
from venvdash.tui.dialogs.restore import Restoration
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.trash_list import TrashList

_TICK = 0.2


class TrashScreen(Dialog[None]):
    """Lists the trash, to restore from it or to delete permanently.

    ``free`` starts a job that deletes permanently; ``progress`` returns how far a job is, ""
    without one, and ``jobs_ended`` how many have ended: the list is read again after each.
    ``restored`` is called when something was restored, ``tried`` after each attempt.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(keys.TRASH)

    def __init__(
        self,
        access: SessionAccess,
        *,
        restored: Callable[[], None],
        tried: Callable[[], None],
        free: Callable[[Sequence[Trashed]], None],
        progress: Callable[[], str],
        jobs_ended: Callable[[], int],
    ) -> None:
        super().__init__()
        self._access, self._home = access, access.home
        self._free, self._progress, self._jobs_ended = free, progress, jobs_ended
        self._reading: LatestCall[Sequence[Trashed]] = LatestCall(self, self._show, self._cannot)
        self._tried = tried
        self._restoration = Restoration(self, access, restored, self._read_again)
        self._jobs_seen = jobs_ended()

    def compose(self) -> ComposeResult:
        """Lay out the list and two lines about what is under the cursor."""
        with framed("trash", "Trash", "r restore   f delete permanently   F delete all   Esc back"):
            yield TrashList(self._home, id="trashed")
            yield Static("", id="about", markup=False)

    @property
    def listing(self) -> TrashList:
        """The list."""
        return self.query_one(TrashList)

    def on_mount(self) -> None:
        """Read the trash, and again whenever something was done to it."""
        self.listing.hint = "Reading the trash …"
        self.listing.focus()
        self.watch(self.listing, "current", self._current_changed, init=False)
        self.set_interval(_TICK, self._look)
        self.read()

    def read(self) -> None:
        """Read the trash."""
        self._reading.request(self._access.session.trash.find)

    def _look(self) -> None:
        if self._jobs_seen != self._jobs_ended():
            self._jobs_seen = self._jobs_ended()
            self.read()
        if progress := self._progress():
            self._say(Content(progress))

    def _show(self, trash: Sequence[Trashed]) -> None:
        self.listing.hint = "The trash is empty."
        self.listing.show_items(trash)
        reclaimable = sum(item.reclaimable for item in trash)
        self.query_one("#trash").border_title = Content(
            f"Trash: {counted(len(trash), 'environment')}, {formats.size(reclaimable)} reclaimable"
            if trash
            else "Trash"
        )
        self._current_changed()

    def _cannot(self, error: Exception) -> None:
        self.listing.hint = visible(f"Cannot read the trash: {error}")

    def _current_changed(self) -> None:
        item = self.listing.current
        if not isinstance(item, Trashed):
            self._say(Content(""))
            return
        why = with_tilde(visible(item.reason), self._home)
        where = short_path(item.original, self._home)
        until = (
            f"  can be restored only until the next `{item.lasts_until}`"
            if item.lasts_until
            else ""
        )
        until += f"  kept: {with_tilde(visible(item.kept), self._home)}" if item.kept else ""
        self._say(Content.assemble((where, "bold"), f"  {why}", (until, "$text-warning")))

    def _say(self, text: Content) -> None:
        self.query_one("#about", Static).update(text)

    # What people do

    def on_line_table_chosen(self) -> None:
        """Restore it, on Enter or a double click."""
        self.action_restore()

    def action_restore(self) -> None:
        """Restore what is under the cursor."""
        if isinstance(self.listing.current, Trashed):
            self._restoration.restore(self.listing.current)

    def _read_again(self) -> None:
        self._tried()
        self.read()

    def action_free(self) -> None:
        """Ask whether to delete permanently what is under the cursor."""
        if isinstance(self.listing.current, Trashed):
            self._ask_to_free([self.listing.current])

    def action_free_all(self) -> None:
        """Ask whether to delete everything permanently."""
        if self.listing.items:
            self._ask_to_free(list(self.listing.items))

    def _ask_to_free(self, items: Sequence[Trashed]) -> None:
        bounded = len(items) == 1 and items[0].at_most
        reclaimable = formats.bounded(sum(item.reclaimable for item in items), bounded)
        what = visible(items[0].name) if len(items) == 1 else f"all {len(items)} environments"
        question = Content.assemble(
            "Permanently delete ",
            (what, "bold"),
            f"? This reclaims {reclaimable} and cannot be undone.",
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._free(items)

        self.app.push_screen(AskScreen("Delete permanently", question, "Delete"), answered)
