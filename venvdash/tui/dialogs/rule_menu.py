"""The menu of rules to mark by, and the line for an age."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from venvdash import formats
from venvdash.model import Row
from venvdash.model.quantities import seconds_of
from venvdash.tui.dialogs.base import Dialog, framed
from venvdash.tui.mark_rules import Rule, older_than, rules
from venvdash.tui.widgets.menu import Menu
from venvdash.tui.widgets.plain_input import PlainInput

CLEAR = Rule("clear", lambda _: False)
"""Chosen to take all marks away."""

_AGES = (("30 days", 30), ("90 days", 90), ("half a year", 183), ("a year", 365.25))
_DAY = 86400.0


class AgeScreen(Dialog[float | None]):
    """Asks for an age; returns seconds, None for none."""

    KEYS = "Enter continue   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        with framed("asking", "Mark environments unused for …"):
            yield PlainInput(placeholder="90d, 12w, 6mo, 1y", compact=True, max_length=12)
            yield Static("", classes="words", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the age, or say how to write it."""
        seconds = seconds_of(event.value)
        if seconds is None:
            self.query_one(Static).update(Content("Use a value such as 90d, 12w, 6mo or 1y."))
        else:
            self.dismiss(seconds)


class RuleMenu(Dialog[Rule | None]):
    """Chooses a rule; each is shown with the number of its matches. Returns None for none.

    ``now``: seconds since the epoch that ages are compared with (``days_left.ages_as_of``).
    """

    KEYS = "Enter choose   Esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,x", "leave", "Back")]

    def __init__(self, rows: Sequence[Row], marked: int, now: float) -> None:
        super().__init__()
        self._rows, self._now = rows, now
        self._choices = [(rule.name, rule) for rule in rules(now)]
        self._choices += [
            (f"unused for {words}", older_than(days * _DAY, now)) for words, days in _AGES
        ]
        self._marked = marked

    def compose(self) -> ComposeResult:
        """List the rules."""
        options = [self._option(words, rule) for words, rule in self._choices]
        options.append(Option(Content("unused for …")))
        if self._marked:
            options.append(Option(Content(f"clear all {self._marked} marks")))
        yield Menu("Mark by a rule", options)

    def _option(self, words: str, rule: Rule) -> Option:
        held = [row for row in self._rows if rule.holds(row)]
        size = formats.summed(row.usage for row in held if row.usage) if held else ""
        text = Content.assemble(
            (f"{words:<24}", "bold"), f"{len(held):>6}  ", (size, "$text-muted")
        )
        return Option(text, disabled=not held)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the choice."""
        place = event.option_index
        if place < len(self._choices):
            self.dismiss(self._choices[place][1])
        elif place > len(self._choices):
            self.dismiss(CLEAR)
        else:
            self.app.push_screen(AgeScreen(), self._take_age)

    def _take_age(self, seconds: float | None) -> None:
        if seconds is not None:
            self.dismiss(older_than(seconds, self._now))
