"""The form for the name and the store of a copy or a renamed environment."""

import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from venvdash.actions.copy.reinstall import base_python
from venvdash.actions.destinations import is_free
from venvdash.model import Action, Environment, Flag, Proposal, Row
from venvdash.scanner.events import StoreSeen
from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.background import LatestCall
from venvdash.tui.dialogs.base import Dialog, MakeProposal, ShowProposals, framed
from venvdash.tui.scan_state import ScanState
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.cycle import Cycle
from venvdash.tui.widgets.plain_input import PlainInput

_DELAY = 0.25  # seconds of no typing after which it is looked whether it can be done
_UNFIT = re.compile(r"[/\\@:\s]")  # what a name cannot hold, or would have to be quoted
_VERSION = re.compile(r"\d+\.\d+")


def name_for_copy(row: Row, rows: Iterable[Row]) -> str:
    """Return the first of NAME-copy, NAME-copy-2 … that none of ``rows`` has."""
    traits = row.environment.traits
    base = _UNFIT.sub("-", visible(traits.project_name or traits.name, 64)) + "-copy"
    taken, number, name = {other.environment.entry.name for other in rows}, 2, base
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def free_stores(stores: Iterable[StoreSeen]) -> list[Path]:
    """Return the directories, of those looked at, in which an environment may have any name."""
    found = [seen.real for seen in stores if seen.exists and is_free(seen.root)]
    return list(dict.fromkeys(found))


def pythons(rows: Iterable[Row]) -> dict[str, Environment]:
    """Return the Python versions in use (3.12), the newest first.

    Each with an environment that uses it.
    """
    found: dict[str, Environment] = {}
    for row in rows:
        version = _VERSION.match(row.environment.python or "")
        if version and Flag.BROKEN not in row.environment.flags:
            found.setdefault(version[0], row.environment)
    order = sorted(found, key=lambda text: [int(part) for part in text.split(".")], reverse=True)
    return {version: found[version] for version in order}


class DestinationForm(Dialog[None]):
    """A small form with only what the action needs, and a default for each field.

    While it is filled in it says why the action is refused. The proposal comes next.
    """

    KEYS = "Tab next   Enter continue   Esc back"
    TITLE: ClassVar[str] = ""  # without it, the action and the name
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("enter", "go_on", "Continue"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(
        self,
        access: SessionAccess,
        scanned: ScanState,
        action: Action,
        row: Row,
        propose: ShowProposals,
    ) -> None:
        super().__init__()
        self._access, self._home, self._scanned = access, access.home, scanned
        self._action, self._row, self._propose = action, row, propose
        self._store = Cycle("Store", self.stores(), id="store")
        self._python = Cycle("Python", self.versions(), id="python")
        self._looking: LatestCall[Proposal] = LatestCall(self, self._found, self._cannot)
        self._timer: Timer | None = None

    def stores(self) -> list[tuple[str, Path | None]]:
        """Return the stores to choose from, the present one first if possible."""
        if self._action is Action.RENAME:
            return [("", None)]
        own = self._row.environment.root
        free = free_stores(self._scanned.stores)
        roots = [root for root in free if root != own]
        if own in free:
            roots.insert(0, own)
        shown: list[tuple[str, Path | None]] = [
            (short_path(root, self._home), root) for root in roots
        ]
        return shown or [("", None)]

    def versions(self) -> list[tuple[str, Environment | None]]:
        """Return the Pythons to choose from, the present one first."""
        own = visible(self._row.environment.python or "unknown", 32)
        choices: list[tuple[str, Environment | None]] = [(f"{own} (unchanged)", None)]
        if self._action is Action.COPY:
            others = pythons(self._scanned.table.rows.values())
            choices += [one for one in others.items() if not own.startswith(f"{one[0]}.")]
        return choices

    def compose(self) -> ComposeResult:
        """Lay out the fields, and the line that says why the action is refused."""
        what = visible(self._row.name, 64)
        with framed("asking", self.TITLE or f"{self._action.value.capitalize()} {what}"):
            yield from self.fields()
            yield Static("", id="said", classes="words", markup=False)

    def fields(self) -> Iterator[Widget]:
        """Yield a line for the name, and what is chosen from."""
        name = self._row.environment.entry.name
        if self._action is Action.COPY:
            name = name_for_copy(self._row, self._scanned.table.rows.values())
        shown = name if visible(name, 255) == name else ""
        line = PlainInput(
            shown, placeholder="a name", compact=True, max_length=255, select_on_focus=False
        )
        yield Horizontal(Static("Name", markup=False), line, classes="field")
        for cycle in (self._store, self._python):
            if len(cycle.values) > 1:
                yield cycle

    def on_mount(self) -> None:
        """Check at once whether the defaults work."""
        for widget in self.query("PlainInput, Cycle"):
            widget.focus()
            break
        self._look()

    # What prevents it

    def on_input_changed(self) -> None:
        """Check again, once the user pauses."""
        self._changed()

    def on_cycle_turned(self) -> None:
        """Look again."""
        self._changed()

    def _changed(self) -> None:
        self._say(Content(""))
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_DELAY, self._look)

    @property
    def _same_name(self) -> bool:
        """Whether the name for renaming is still the present one."""
        if self._action is not Action.RENAME:
            return False
        return self.query_one(PlainInput).value.strip() == self._row.environment.entry.name

    def _look(self) -> None:
        make, row = self.proposing(), self._row
        if self._same_name:
            self._looking.forget()
            self._say(Content("Type a new name."))
            return

        def look() -> Proposal:
            return self._access.run(lambda: make(row, threading.Event()))

        self._say(Content("Checking …"))
        self._looking.request(look)

    def _found(self, proposal: Proposal) -> None:
        sign = "! " if proposal.refusal else ""
        words = proposal.refusal or "\n".join([*proposal.says, *proposal.warns])
        shown = "\n".join(with_tilde(visible(line), self._home) for line in words.split("\n"))
        self._say(Content.assemble((sign, "bold $text-warning"), shown))

    def _cannot(self, error: Exception) -> None:
        self._say(Content(visible(f"! {type(error).__name__}: {error}")))

    def _say(self, text: Content) -> None:
        self.query_one("#said", Static).update(text)

    # What people do

    def proposing(self) -> MakeProposal:
        """Return the function that makes the proposal for the present fields."""
        changes, store, python = self._access.session.actions, self._store.value, self._python.value
        name = self.query_one(PlainInput).value.strip()
        if self._action is Action.RENAME:
            return lambda row, _: changes.rename(row, name)

        def copy(row: Row, _: threading.Event) -> Proposal:
            # By its path: of a version uv takes the first that calls itself so.
            interpreter = str(base_python(python)) if python is not None else None
            return changes.copy(row, name, root=store, python=interpreter)

        return copy

    def action_go_on(self) -> None:
        """Show what would be done."""
        if self._same_name:
            return
        self._propose(self._action, self.rows(), self.proposing(), self.action_leave)

    def rows(self) -> list[Row]:
        """Return the environment that it is about."""
        return [self._row]

    def on_input_submitted(self) -> None:
        """Enter in the line."""
        self.action_go_on()
