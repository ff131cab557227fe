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
from textual.events import Key
from textual.widgets import Button, Input, Static

from venvdash.actions.delete.consent import words_to_type
from venvdash.model import Plan, Removal
from venvdash.presentation.document import Line
from venvdash.presentation.plans import plan_in_words
from venvdash.text import counted, visible
from venvdash.tui import keys
from venvdash.tui.dialogs.base import ConsentDialog
from venvdash.tui.widgets.choice import Choice

_LONGEST_ASKED = 40  # cells
_DIGITS = "[0-9]*"
_READING = 1.0  # seconds for which no yes counts after the plan has changed before one's eyes


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user confirmed: the plan as it was shown, and the options."""

    plan: Plan
    now: bool = False
    clean_cache: bool = False


_UNDOABLE = frozenset({Removal.TRASH, Removal.UNLINK})
_FREEABLE = frozenset({Removal.TRASH, Removal.IN_PLACE})


class _Word(Input):
    """The line for a number or a name; keys work as elsewhere where a number is asked for."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Return whether a key is for the line: letters are not part of a number."""
        if self.restrict == _DIGITS and not (character or "").isdigit():
            return False
        return super().check_consume_key(key, character)

    async def _on_key(self, event: Key) -> None:
        """Leave the key of an answer to the dialog."""
        if event.is_printable and not self.check_consume_key(event.key, event.character):
            event.prevent_default()


class PlanScreen(ConsentDialog[Plan, Consent]):
    """Shows a plan once it has been made; Cancel is the default.

    It has two equal answers: the trash, and deleting permanently. Where the disk is nearly full,
    the second comes first. What must be typed (``words_to_type``) is asked for one after the other.
    The plan may change while it is shown, once the search for projects has ended: what was typed
    for the plan before must not confirm one that nobody has read.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(keys.PLAN)
    KEYS = "j k scroll   Tab buttons   Esc cancel"

    def __init__(
        self,
        verb: str,
        what: str,
        home: Path | None,
        days: float,
        early: Callable[[], None] = lambda: None,
    ) -> None:
        """``verb`` and ``what`` are the title until there is a plan: "Prune" "orphans".

        ``days``: how long the trash keeps what is in it. ``early`` is called when a plan is shown
        that was made before the search has ended.
        """
        super().__init__(f"{verb} {what}", "Checking …", "Delete")
        self._verb, self._home, self._days, self._early = verb, home, days, early
        self._now = False  # whether deleting permanently was answered last
        self._typed: list[str] = []  # of what must be typed, in its order
        self._asked: str | None = None  # the word that is asked for
        self._changed_at: float | None = None  # when another plan was shown, by the monotonic clock

    def choices(self) -> ComposeResult:
        """Yield the choice, what each answer means, and the line for a number or a name."""
        yield Choice("c", "", id="clean")
        yield Static("", id="answers", markup=False)
        with Horizontal(id="typed"):
            yield Static("", id="ask", markup=False)
            yield _Word(id="word", compact=True)

    def answers(self) -> ComposeResult:
        """Yield a button for each answer; the last one for what has no trash."""
        yield Button(Content("Move to trash  t"), id="to_trash", compact=True)
        yield Button(Content("Delete permanently  f"), id="free", compact=True)
        yield from super().answers()

    def on_mount(self) -> None:
        """Show neither choice nor answer before there is a plan."""
        for name in ("#clean", "#answers", "#typed", "#to_trash", "#free"):
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
        """Show the plan, the choice and the answers that it gives."""
        super().draw(planned)
        count = len(planned.items)
        changed = "" if self._changed_at is None else " (changed: please review)"
        nothing = f"Nothing to {self._verb.lower()}"
        title = f"{self._verb} {counted(count, 'environment')}" if count else nothing
        self.query_one("#plan").border_title = Content(f"{title}{changed}")
        if not count:
            for name in ("#typed", "#answers"):
                self.query_one(name).display = False
            return
        clean = self.query_one("#clean", Choice)
        only = len(planned.packages_only_in_cache)
        clean.relabel(f"Run `uv cache clean` for {counted(only, 'package')} that nothing else uses")
        clean.display = only > 0
        self._show_answers(planned)
        self._show_typed()

    def _show_answers(self, planned: Plan) -> None:
        ways = {item.how for item in planned.items}
        trash, free = self.query_one("#to_trash", Button), self.query_one("#free", Button)
        trash.display = not ways.isdisjoint(_UNDOABLE)
        free.display = planned.searched and not ways.isdisjoint(_FREEABLE)
        self.query_one("#yes").display = not (trash.display or free.display)
        answers = []
        if trash.display:
            days = counted(self._days, "day")
            answers.append(f"t  Can be undone for {days}; frees the space after that.")
        if free.display:
            answers.append("f  Frees the space now; cannot be undone.")
        if planned.low_space is not None and trash.display and free.display:
            answers.reverse()
            self.query_one("#buttons").move_child(free, before=trash)
        about = self.query_one("#answers", Static)
        about.display = bool(answers)
        about.update(Content("\n".join(answers)))

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
            what = "delete permanently" if self._now else "confirm"
            asked = f"Type {visible(word, _LONGEST_ASKED)} and Enter to {what}:"
            self.query_one("#ask", Static).update(Content(asked))
            line = self.query_one("#word", Input)
            line.restrict = _DIGITS if word.isdigit() else None
            if word != self._asked:  # what is asked for can be typed at once
                line.focus()
        self._asked = word
        self.fit()

    # What people do

    def on_input_submitted(self) -> None:
        """Go on to the next word, or confirm after the last."""
        self._confirm(now=self._now)

    def _take_word(self) -> None:
        line, word = self.query_one("#word", Input), self._next_word()
        if word is not None and line.value.strip() in (word, visible(word)):
            self._typed.append(word)
            line.clear()
            self._show_typed()

    def action_yes(self) -> None:
        """Confirm what can be undone, or what has no other answer."""
        free = self.query_one("#free").display and not self.query_one("#to_trash").display
        if not free:
            self._confirm(now=False)

    def action_to_trash(self) -> None:
        """Confirm, and use the trash."""
        if self.query_one("#to_trash").display:
            self._confirm(now=False)

    def action_free(self) -> None:
        """Confirm, and delete permanently."""
        if self.query_one("#free").display:
            self._confirm(now=True)

    def _confirm(self, *, now: bool) -> None:
        """Confirm, once all words are typed."""
        if self.planned is None or not self.planned.items or self._just_changed:
            return
        self._now = now
        self._take_word()
        if self._next_word() is not None:
            self._show_typed()
            self.query_one("#word", Input).focus()
            return
        clean = self.query_one("#clean", Choice)
        self.dismiss(Consent(self.planned, now, clean.on and clean.display))

    def action_clean(self) -> None:
        """Choose to clean the cache or not."""
        self.turn("#clean")


def _asked_of(plan: Plan) -> object:
    """Return what a yes to a plan is about: what goes, how, and what is left alone."""
    going = [(one.row.path, one.how, one.confirm, one.links, one.edits) for one in plan.items]
    return going, plan.refused
