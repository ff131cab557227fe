"""The log: the commands that were run, the newest first, with their output."""

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
from venvdash.tui.notices import copy_text, say
from venvdash.tui.widgets.output_pane import OutputPane
from venvdash.tui.widgets.run_list import RunList, ending

_TICK = 0.1


class LogScreen(Dialog[None]):
    """The list above, below it the output of the command under the cursor, as it comes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.LOG,
        Binding("left,right", "app.focus_next", "Switch pane", show=False),
    ]

    def __init__(self, log: Log, home: Path, stop: Callable[[], None]) -> None:
        """``stop`` stops the job under way."""
        super().__init__()
        self._commands, self._home, self._stop_job = log, home, stop
        self._seen = -1

    def compose(self) -> ComposeResult:
        """Lay out the list, the command and its output."""
        with framed(
            "log", "Log", "Tab output   y copy command   Y copy output   X stop   Esc back"
        ):
            yield RunList(self._home, id="runs")
            yield Static("", id="about", markup=False)
            yield OutputPane(id="output")

    @property
    def listing(self) -> RunList:
        """The commands."""
        return self.query_one(RunList)

    @property
    def current(self) -> Run | None:
        """The command under the cursor."""
        current = self.listing.current
        return current if isinstance(current, Run) else None

    def on_mount(self) -> None:
        """Show what there is, and look for more while it is open."""
        self.listing.hint = "No commands yet. Commands that venvdash runs are listed here."
        self.listing.focus()
        self.watch(self.listing, "current", self._show_run, init=False)
        self.set_interval(_TICK, self._look)
        self._look()

    def _look(self) -> None:
        """Show new runs; count the seconds of one that still runs."""
        changes, listing = self._commands.changes, self.listing
        if changes == self._seen:
            if self.current is not None and self.current.running:
                listing.redraw(self.current.number)
            return
        self._seen = changes
        runs = self._commands.runs()[::-1]
        listing.styles.height = len(runs) + 1  # the style sheet says how high at the most
        listing.show_items(runs, at_top=not listing.chosen_by_hand)

    def _show_run(self) -> None:
        run, home = self.current, self._home
        about = self.query_one("#about", Static)
        if run is None:
            about.update(Content(""))
            return
        shown = with_tilde(visible(run.shown), home)
        where = f"  in {short_path(run.cwd, home)}, {ending(run)}"
        before = f", {counted(run.dropped, 'line')} omitted before these" if run.dropped else ""
        about.update(Content.assemble((shown, "bold"), (where + before, "$text-muted")))
        self.query_one(OutputPane).show(run.number, run.lines, run.dropped)

    # What people do

    def on_line_table_chosen(self) -> None:
        """Move the focus to the output."""
        self.query_one(OutputPane).focus()

    def action_copy_command(self) -> None:
        """Copy the command as typed in a shell."""
        if self.current is not None:
            copy_text(self, safe_command(self.current))

    def action_copy_output(self) -> None:
        """Copy all of the output, made safe for a terminal."""
        if self.current is not None:
            self.app.copy_to_clipboard("".join(f"{visible(line)}\n" for line in self.current.lines))
            say(self, f"Copied: {counted(len(self.current.lines), 'line')}.")

    def action_stop(self) -> None:
        """Stop the job under way."""
        self._stop_job()

    def action_leave(self) -> None:
        """Go back: from the output to the list, from the list to the main screen."""
        if self.focused is self.query_one(OutputPane):
            self.listing.focus()
        else:
            self.dismiss(None)
