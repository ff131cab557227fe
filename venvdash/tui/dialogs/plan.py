"""The dialog that shows a plan to delete, and asks."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from venvdash.actions.delete.consent import words_to_type
from venvdash.model import Plan
from venvdash.presentation.document import Line
from venvdash.presentation.plans import plan_in_words
from venvdash.text import counted, visible
from venvdash.tui import keys
from venvdash.tui.dialogs.base import ConsentDialog
from venvdash.tui.widgets.choice import Choice

_LONGEST_ASKED = 40  # cells
_READING = 1.0  # seconds for which no yes counts after the plan has changed before one's eyes


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user confirmed: the plan as it was shown, and the options."""

    plan: Plan
    now: bool = False
    clean_cache: bool = False


class PlanScreen(ConsentDialog[Plan, Consent]):
    """Shows a plan once it has been made; Cancel is the default.

    What must be typed (``words_to_type``) is asked for one after the other. The plan may change
    while it is shown, once the search for projects has ended: what was typed for the plan before
    must not confirm one that nobody has read.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(keys.PLAN)
    KEYS = "j k scroll   Tab options   Esc cancel"

    def __init__(
        self, count: int, home: Path | None, early: Callable[[], None] = lambda: None
    ) -> None:
        """``early`` is called when a plan is shown that was made before the search has ended."""
        title = f"Delete {counted(count, 'environment')}"
        super().__init__(title, "Checking …", "Delete")
        self._home, self._early = home, early
        self._typed: list[str] = []  # of what must be typed, in its order
        self._changed_at: float | None = None  # when another plan was shown, by the monotonic clock

    def choices(self) -> ComposeResult:
        """Yield the two choices, and the line for a number or a name."""
        yield Choice(
            "f", "Delete permanently instead of using the trash: cannot be undone", id="free"
        )
        yield Choice("c", "", id="clean")
        with Horizontal(id="typed"):
            yield Static("", id="ask", markup=False)
            yield Input(id="word", compact=True)

    def on_mount(self) -> None:
        """Show no choice before there is a plan."""
        for name in ("#free", "#clean", "#typed"):
            self.query_one(name).display = False

    # What is shown

    def show(self, planned: Plan) -> None:
        """Show a plan, the first one or one that has come in its place."""
        before = self.planned
        if before is not None and _asked_of(before) != _asked_of(planned):
            self._changed_at = time.monotonic()
        super().show(planned)
        self._typed = [word for word in self._typed if word in self._wanted]
        if any(item.searching for item in planned.items):
            self._early()

    def lines(self, planned: Plan) -> Sequence[Line]:
        """Return the plan in words."""
        return plan_in_words(planned, self._home)

    def possible(self, planned: Plan) -> int:
        """Return how many environments would be deleted."""
        return len(planned.items)

    def draw(self, planned: Plan) -> None:
        """Show the plan and the choices that it gives."""
        super().draw(planned)
        count = len(planned.items)
        changed = "" if self._changed_at is None else " (changed: please review)"
        title = f"Delete {counted(count, 'environment')}" if count else "Nothing to delete"
        self.query_one("#plan").border_title = Content(f"{title}{changed}")
        if not count:
            self.query_one("#typed").display = False
            return
        clean = self.query_one("#clean", Choice)
        only = len(planned.packages_only_in_cache)
        clean.relabel(f"Remove {counted(only, 'package')} from uv's cache that nothing else uses")
        clean.display = only > 0
        self.query_one("#free").display = planned.searched
        self._show_typed()

    @property
    def _now(self) -> bool:
        return self.query_one("#free", Choice).on

    @property
    def _just_changed(self) -> bool:
        changed = self._changed_at
        return changed is not None and time.monotonic() - changed < _READING

    @property
    def _wanted(self) -> tuple[str, ...]:
        return words_to_type(self.planned, now=self._now) if self.planned is not None else ()

    def _next_word(self) -> str | None:
        """Return the word to type next, None where all were typed."""
        return next((word for word in self._wanted if word not in self._typed), None)

    def _show_typed(self) -> None:
        word = self._next_word()
        self.query_one("#typed").display = word is not None
        if word is not None:
            asked = f"Type {visible(word, _LONGEST_ASKED)} to confirm:"
            self.query_one("#ask", Static).update(Content(asked))
            self.query_one("#word", Input).restrict = "[0-9]*" if word.isdigit() else None

    # What people do

    def on_choice_turned(self) -> None:
        """Ask for the number, where the choice requires it."""
        self._show_typed()

    def on_input_submitted(self) -> None:
        """Go on to the next word, or confirm after the last."""
        self.action_yes()

    def _take_word(self) -> None:
        line, word = self.query_one("#word", Input), self._next_word()
        if word is not None and line.value.strip() in (word, visible(word)):
            self._typed.append(word)
            line.clear()
            self._show_typed()

    def action_yes(self) -> None:
        """Confirm, once all words are typed."""
        if self.planned is None or not self.planned.items or self._just_changed:
            return
        self._take_word()
        if self._next_word() is not None:
            self.query_one("#word", Input).focus()
            return
        clean = self.query_one("#clean", Choice)
        self.dismiss(Consent(self.planned, self._now, clean.on and clean.display))

    def action_free(self) -> None:
        """Choose the trash or not."""
        self.turn("#free")

    def action_clean(self) -> None:
        """Choose to clean the cache or not."""
        self.turn("#clean")


def _asked_of(plan: Plan) -> object:
    """Return what a yes to a plan is about: what goes, how, and what is left alone."""
    going = [(one.row.path, one.how, one.confirm, one.links, one.edits) for one in plan.items]
    return going, plan.refused
