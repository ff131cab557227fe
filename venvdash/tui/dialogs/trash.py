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
from venvdash.tui.widgets.line_table import LineTable
from venvdash.tui.widgets.trash_list import SORT_KEYS, TrashList

_TICK = 0.2


def _sum(items: Sequence[Trashed], what: str) -> str:
    """Return how many there are, and how many bytes they reclaim."""
    bounded = any(item.at_most for item in items)
    reclaimable = formats.bounded(sum(item.reclaimable for item in items), bounded)
    count = counted(len(items), what) if what == "environment" else f"{len(items)} {what}"
    return f"{count}, {reclaimable}"


class TrashScreen(Dialog[None]):
    """Lists the trash, to restore from it or to delete permanently.

    ``free`` starts a job that deletes permanently; ``progress`` returns how far a job is, ""
    without one, and ``jobs_ended`` how many have ended: the list is read again after each.
    ``restored`` is called when something was restored, ``tried`` after each attempt.
    """

    KEYS = "Space a mark   r restore   f delete   F delete all   < > sort   Esc back"
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
        self._trash: Sequence[Trashed] = ()  # in the order in which it was read

    def compose(self) -> ComposeResult:
        """Lay out the list and two lines about what is under the cursor."""
        with framed("trash", "Trash"):
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
        listing = self.listing
        listing.hint = "The trash is empty."
        listing.marked &= {item.path for item in trash}
        self._trash = trash
        self._arrange()
        self._current_changed()

    def _arrange(self) -> None:
        """Show the items in their order, none for that in which they were read."""
        key, descending = self.listing.sorted_by
        items = list(self._trash)
        if key:
            items.sort(key=SORT_KEYS[key], reverse=descending)
        self.listing.show_items(items)
        self._count()

    def _count(self) -> None:
        """Say in the title how many there are, and how many are marked."""
        trash, title = self._trash, "Trash"
        if trash:
            title = f"Trash: {_sum(trash, 'environment')} reclaimable"
        if self.listing.marked:
            title += f" · {_sum(self._marked, 'marked')}"
        self.query_one("#trash").border_title = Content(title)
        self.listing.repaint()

    @property
    def _marked(self) -> Sequence[Trashed]:
        return [item for item in self.listing.items if item.path in self.listing.marked]

    @property
    def _chosen(self) -> Sequence[Trashed]:
        """What is marked, or what is under the cursor where nothing is."""
        current = self.listing.current
        return self._marked or ([current] if isinstance(current, Trashed) else [])

    def on_resize(self) -> None:
        """Fit again: lines are wrapped at another width."""
        self.fit()

    def fit(self) -> None:
        """Make the frame as high as its content; the style sheet limits it."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        for frame in self.query("#trash"):  # none any more where it is dismissed meanwhile
            about = max(self.query_one("#about").outer_size.height, 1)
            self.grow(frame, max(len(self.listing.items), 2) + 1 + about)

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
        self.fit()

    # What people do

    def on_line_table_chosen(self) -> None:
        """Restore it, on Enter or a double click."""
        self.action_restore()

    def action_mark(self) -> None:
        """Mark what is under the cursor, or not any more, and move down."""
        current = self.listing.current
        if isinstance(current, Trashed):
            self.listing.marked ^= {current.path}
            self.listing.action_cursor(1)
            self._count()

    def action_mark_all(self) -> None:
        """Mark everything, or nothing where everything is marked."""
        every = {item.path for item in self.listing.items}
        self.listing.marked = set() if self.listing.marked == every else every
        self._count()

    def action_sort_column(self, by: int) -> None:
        """Sort by another of the columns that are shown."""
        shown = [placed.column.key for placed in self.listing.columns]
        key = self.listing.sorted_by[0]
        at = (shown.index(key) + by) % len(shown) if key in shown else 0
        self._sort(shown[at], descending=False)

    def action_invert(self) -> None:
        """Reverse the order."""
        key, descending = self.listing.sorted_by
        self._sort(key or "name", descending=not descending)

    def on_line_table_header_clicked(self, message: LineTable.HeaderClicked) -> None:
        """Sort by the clicked column; by the same again in reverse order."""
        key, descending = self.listing.sorted_by
        self._sort(message.key, descending=key == message.key and not descending)

    def _sort(self, key: str, *, descending: bool) -> None:
        self.listing.sorted_by = (key, descending)
        self._arrange()

    def action_restore(self) -> None:
        """Restore what is marked, or under the cursor."""
        self._restoration.restore_items(self._chosen)

    def _read_again(self) -> None:
        self._tried()
        self.read()

    def action_free(self) -> None:
        """Ask whether to delete permanently what is marked, or under the cursor."""
        if self._chosen:
            self._ask_to_free(self._chosen)

    def action_free_all(self) -> None:
        """Ask whether to delete everything permanently."""
        if self.listing.items:
            self._ask_to_free(list(self.listing.items))

    def _ask_to_free(self, items: Sequence[Trashed]) -> None:
        bounded = any(item.at_most for item in items)
        reclaimable = formats.bounded(sum(item.reclaimable for item in items), bounded)
        every = "all " if len(items) == len(self._trash) else ""
        what = visible(items[0].name) if len(items) == 1 else f"{every}{len(items)} environments"
        question = Content.assemble(
            "Permanently delete ",
            (what, "bold"),
            f"? This reclaims {reclaimable} and cannot be undone.",
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._free(items)

        self.app.push_screen(AskScreen("Delete permanently", question, "Delete"), answered)
