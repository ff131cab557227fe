"""The log: all messages, and the commands that were run with their output; the newest first."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from venvdash.actions.process.run_log import Log, Run
from venvdash.text import counted, short_path, visible, with_tilde
from venvdash.tui import keys
from venvdash.tui.desktop import safe_command
from venvdash.tui.dialogs.base import Dialog, framed
from venvdash.tui.notices import Notice, Notices, copy_text, say
from venvdash.tui.widgets.log_list import Entry, LogList, ending, entry_key
from venvdash.tui.widgets.output_pane import OutputPane

_TICK = 0.1
_LEAST = 4  # lines of the list


def _began(entry: Entry) -> float:
    return entry.at if isinstance(entry, Notice) else entry.began


class LogScreen(Dialog[None]):
    """The list above; below it the message, or the output of the command, under the cursor."""

    KEYS = "Tab output   y copy   Y copy output   X stop job   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.LOG,
        Binding("left,right", "app.focus_next", "Switch pane", show=False),
    ]

    def __init__(self, log: Log, notices: Notices, home: Path, stop: Callable[[], None]) -> None:
        """``stop`` stops the job under way."""
        super().__init__()
        self._commands, self._notices, self._home = log, notices, home
        self._stop_job = stop
        self._seen = (-1, -1)

    def compose(self) -> ComposeResult:
        """Lay out the list, what is under its cursor, and the output."""
        with framed("log", "Log"):
            yield LogList(self._home, id="entries")
            yield Static("", id="about", markup=False)
            yield OutputPane(id="output")

    @property
    def listing(self) -> LogList:
        """The messages and commands."""
        return self.query_one(LogList)

    @property
    def current(self) -> Entry | None:
        """The message or command under the cursor."""
        current = self.listing.current
        return current if isinstance(current, Run | Notice) else None

    @property
    def run(self) -> Run | None:
        """The command under the cursor."""
        return self.current if isinstance(self.current, Run) else None

    def on_mount(self) -> None:
        """Show what there is, and look for more while it is open."""
        self.listing.hint = "Nothing yet. Messages and commands that venvdash runs are listed here."
        self.listing.focus()
        self.watch(self.listing, "current", self._show_current, init=False)
        self.set_interval(_TICK, self._look)
        self._look()

    def _look(self) -> None:
        """Show new entries; count the seconds of a command that still runs."""
        changes, listing = (self._commands.changes, self._notices.count), self.listing
        if changes == self._seen:
            if self.run is not None and self.run.running:
                listing.redraw(entry_key(self.run))
            return
        self._seen = changes
        entries: list[Entry] = [*self._commands.runs(), *self._notices.kept]
        entries.sort(key=_began)
        listing.show_items(entries[::-1], at_top=not listing.chosen_by_hand)
        self._fit()

    def _show_current(self) -> None:
        entry, home = self.current, self._home
        about, output = self.query_one("#about", Static), self.query_one(OutputPane)
        if isinstance(entry, Run):
            shown = with_tilde(visible(entry.shown), home)
            where = f"  in {short_path(entry.cwd, home)}, {ending(entry)}"
            dropped = entry.dropped
            before = f", {counted(dropped, 'line')} omitted before these" if dropped else ""
            about.update(Content.assemble((shown, "bold"), (where + before, "$text-muted")))
            output.show(entry.number, entry.lines, entry.dropped)
        else:
            about.update(Content(entry.text if entry is not None else ""))
            output.show(None, (), 0)
        self.fit()

    def fit(self) -> None:
        """Make the frame as high as its content, the list 40 % of that at most."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        for frame in self.query("#log"):  # none any more where it is dismissed meanwhile
            room, listing = self.room_in(frame), self.listing
            about, output = self.query_one("#about"), self.query_one(OutputPane)
            listed = min(len(listing.items) + 1, max(_LEAST, room * 2 // 5))
            listing.styles.height = listed = max(listed, 3)
            others = listed + 1 + max(about.outer_size.height, 1) + 1  # margin, border
            self.grow(frame, others + max(output.line_count, 1))

    def on_resize(self) -> None:
        """Fit again: lines are wrapped at another width."""
        self.fit()

    # What people do

    def on_line_table_chosen(self) -> None:
        """Move the focus to the output."""
        self.query_one(OutputPane).focus()

    def action_copy_command(self) -> None:
        """Copy the message, or the command as typed in a shell."""
        entry = self.current
        if entry is not None:
            self.listing.chosen_by_hand = True  # the message about it comes above
            copy_text(self, safe_command(entry) if isinstance(entry, Run) else entry.text)

    def action_copy_output(self) -> None:
        """Copy all of the output, made safe for a terminal."""
        if self.run is not None:
            self.listing.chosen_by_hand = True
            self.app.copy_to_clipboard("".join(f"{visible(line)}\n" for line in self.run.lines))
            say(self, f"Copied: {counted(len(self.run.lines), 'line')}.")

    def action_stop(self) -> None:
        """Stop the job under way."""
        self._stop_job()

    def action_leave(self) -> None:
        """Go back: from the output to the list, from the list to the main screen."""
        if self.focused is self.query_one(OutputPane):
            self.listing.focus()
        else:
            self.dismiss(None)
