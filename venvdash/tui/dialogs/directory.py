"""A dialog that chooses a directory: from a list, or by typing its path."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from venvdash.text import visible
from venvdash.tui.background import LatestCall, run_in_thread
from venvdash.tui.dialogs.base import Dialog, framed
from venvdash.tui.path_completion import Completion, complete
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.path_line import DirectoryList, PathLine

_MOST_LISTED = 12  # lines; more are scrolled


class DirectoryDialog(Dialog[None]):
    """Lists directories, or completes one that is typed.

    Subclasses say which are listed (``offered``), and what is done with the chosen one (``take``).
    """

    SEARCHING = "Searching …"
    """What the list shows until ``offered`` has returned."""
    NONE = "Type a directory."
    """What the list shows where ``offered`` has returned nothing."""
    KEYS = "Enter choose   / type   Esc back"
    """The keys while the list has the focus."""
    LINE_KEYS = "Enter choose   Tab complete   ↓ list   Esc clear"
    """The same while a path is typed: other keys are letters."""

    def __init__(self, access: SessionAccess, title: str, about: Content) -> None:
        """``title`` and ``about`` are safe to show."""
        super().__init__()
        self._access, self._title, self._about = access, title, about
        self._offered: Sequence[Path] | None = None
        self._completing: LatestCall[Completion] = LatestCall(self, self._show_found, self._cannot)
        self._completion = Completion("", "")
        self._tab_waits = False

    def compose(self) -> ComposeResult:
        """Lay out the reason, the line, the list and what a subclass adds."""
        with framed("link", self._title):
            yield Static(self._about, id="about", markup=False)
            yield PathLine(
                placeholder="a directory; Tab completes",
                compact=True,
                select_on_focus=False,
                id="line",
            )
            yield DirectoryList(self._access.home, id="directories")
            yield from self.more()

    def more(self) -> Iterator[Widget]:
        """Yield the widgets below the list."""
        yield from ()

    def offered(self) -> Sequence[Path]:
        """Return the directories to list; called in the background."""
        raise NotImplementedError

    def take(self, directory: Path) -> None:
        """Go on with the chosen directory."""
        raise NotImplementedError

    @property
    def line(self) -> PathLine:
        """Where a directory is typed."""
        return self.query_one(PathLine)

    @property
    def listing(self) -> DirectoryList:
        """The directories to choose from."""
        return self.query_one(DirectoryList)

    def on_mount(self) -> None:
        """Ask for the directories to list."""
        self.listing.hint = self.SEARCHING
        self.listing.focus()
        run_in_thread(self, self.offered, self._offer, self._cannot)

    def on_descendant_focus(self) -> None:
        """Show the keys of where the focus is."""
        keys = self.LINE_KEYS if self.focused is self.line else self.KEYS
        self.show_keys(keys)

    # What is listed

    def _offer(self, offered: Sequence[Path]) -> None:
        self._offered = offered
        if not self.line.value:
            self._show_offered()
        if not offered:
            self.line.focus()

    def _show_offered(self) -> None:
        if self._offered is not None:
            self.listing.hint = self.NONE
            self.listing.show_items(self._offered, at_top=True)
            self._fit_later()

    def _show_found(self, completion: Completion) -> None:
        if completion.text != self.line.value:
            return
        self._completion = completion
        self.listing.hint = visible(completion.trouble) or "No matching directory."
        self.listing.show_items(completion.found, at_top=True)
        self._fit_later()
        if self._tab_waits:
            self._tab_waits = False
            self._complete()

    def _fit_later(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Make the frame high enough for what is listed; it does not shrink while one types."""
        listed = min(max(len(self.listing.items), 2), _MOST_LISTED) + 1
        for frame in self.query("#link"):  # none any more where it is dismissed meanwhile
            others = [one for one in frame.children if one.display and one is not self.listing]
            self.grow(frame, listed + sum(one.outer_size.height for one in others))

    def _cannot(self, error: Exception) -> None:
        self.listing.hint = visible(f"The search failed: {error}")

    def on_input_changed(self, event: Input.Changed) -> None:
        """List the completions of the text."""
        self._tab_waits = False
        text, machine = event.value, self._access.session.machine
        if text:
            self._completing.request(lambda: complete(text, machine))
        else:
            self._completing.forget()
            self._show_offered()

    def on_path_line_rest(self) -> None:
        """Complete the text, as soon as the completions are known."""
        if self._completion.text == self.line.value and not self._completing.busy:
            self._complete()
        else:
            self._tab_waits = bool(self.line.value)

    def _complete(self) -> None:
        self.line.value = self._completion.completed
        self.line.cursor_position = len(self.line.value)

    # What people do

    def on_path_line_left(self, message: PathLine.Left) -> None:
        """Move to the list, or clear what was typed."""
        if message.back and not self.line.value:
            self.action_leave()
            return
        if message.back:
            self.line.value = ""
        self.listing.focus()

    def action_type(self, begins: str) -> None:
        """Begin to type a directory with the key that was pressed."""
        self.line.value = begins
        self.line.cursor_position = len(begins)
        self.line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the typed directory, or with nothing typed the one under the cursor."""
        if event.value.strip():
            typed = self._access.session.machine.expand(event.value.strip())
            self.take(Path(os.path.normpath(typed)))
        else:
            self.on_line_table_chosen()

    def on_line_table_chosen(self) -> None:
        """Take the directory under the cursor."""
        if isinstance(self.listing.current, Path):
            self.take(self.listing.current)
