"""The trash: what lies there since when, to restore or to free now."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from venvdash import formats
from venvdash.model import Trashed
from venvdash.text import counted, short_path, visible, with_tilde
from venvdash.tui import keys
from venvdash.tui.background import Latest
from venvdash.tui.dialogs.base import Dialog
from venvdash.tui.dialogs.prompts import AskScreen
from venvdash.tui.dialogs.restore import Restoring
from venvdash.tui.widgets.trash_list import TrashList

if TYPE_CHECKING:
    from venvdash.tui.main.job_runner import WorkingScreen

_TICK = 0.2


class TrashScreen(Dialog[None]):
    """Lists the trash; what is done here is the main screen's work, and shows there as well."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.TRASH)

    def __init__(self, main: "WorkingScreen", weigh: Callable[[], None]) -> None:
        super().__init__()
        self._main, self._weigh = main, weigh
        self._reading: Latest[Sequence[Trashed]] = Latest(self, self._show, self._cannot)
        self._restoring = Restoring(self, main, self._tried)
        self._jobs_seen = main.jobs_ended

    def compose(self) -> ComposeResult:
        """Lay out the list and two lines about what is under the cursor."""
        with Vertical(id="trash") as frame:
            frame.border_title = Content("Trash")
            frame.border_subtitle = Content(
                "r restore   f delete permanently   F delete all   Esc back"
            )
            yield TrashList(self._main.home, id="trashed")
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
        self._reading.ask(self._main.source.trash.find)

    def _look(self) -> None:
        if self._jobs_seen != self._main.jobs_ended:
            self._jobs_seen = self._main.jobs_ended
            self.read()
        if self._main.job is not None:
            freed = self._main.freed_so_far
            more = f" {formats.size(freed)} reclaimed so far" if freed else ""
            self._say(Content(f"{self._main.busy_with} …{more}"))

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
        why = with_tilde(visible(item.reason), self._main.home)
        where = short_path(item.original, self._main.home)
        until = (
            f"  can be restored only until the next `{item.lasts_until}`"
            if item.lasts_until
            else ""
        )
        until += f"  kept: {with_tilde(visible(item.kept), self._main.home)}" if item.kept else ""
        self._say(Content.assemble((where, "bold"), f"  {why}", (until, "$text-warning")))

    def _say(self, text: Content) -> None:
        self.query_one("#about", Static).update(text)

    # What people do

    def on_line_table_chosen(self) -> None:
        """Enter or a double click: have it back."""
        self.action_restore()

    def action_restore(self) -> None:
        """Have back what is under the cursor."""
        if isinstance(self.listing.current, Trashed):
            self._restoring.restore(self.listing.current)

    def _tried(self) -> None:
        self._weigh()
        self.read()

    def action_free(self) -> None:
        """Ask whether to free what is under the cursor."""
        if isinstance(self.listing.current, Trashed):
            self._ask_to_free([self.listing.current])

    def action_free_all(self) -> None:
        """Ask whether to free everything."""
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
        self.app.push_screen(
            AskScreen("Delete permanently", question, "Delete"), partial(self._free, items)
        )

    def _free(self, items: Sequence[Trashed], yes: bool | None) -> None:
        if yes:
            source = self._main.source
            self._main.begin(
                "deleting permanently",
                lambda stop: source.trash.empty(items, stop),
                total=len(items),
            )

    def action_leave(self) -> None:
        """Go back to the list."""
        self.dismiss(None)
