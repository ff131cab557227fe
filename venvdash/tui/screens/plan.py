"""The dialog that shows a plan to delete, and asks."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from venvdash.model import Plan
from venvdash.session.consent import count_to_type
from venvdash.session.words import counted
from venvdash.tui import keys
from venvdash.tui.screens.dialog import ConsentDialog
from venvdash.tui.widgets.choice import Choice
from venvdash.tui.widgets.plan_text import describe_plan


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user said yes to: the plan, as it was shown, and how."""

    plan: Plan
    now: bool = False
    clean_cache: bool = False


class PlanScreen(ConsentDialog[Plan, Consent]):
    """Shows a plan once it has been made; Cancel is the default."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.PLAN)
    KEYS = "j k scroll   Tab other choices   Esc cancel"

    def __init__(self, count: int, home: Path | None) -> None:
        title = f"Delete {counted(count, 'environment')}"
        super().__init__(title, "Looking at them once more …", "Delete")
        self._home = home

    def choices(self) -> ComposeResult:
        """Yield the two choices, and the line in which the number is typed."""
        yield Choice("f", "Free now instead of the trash: cannot be undone", id="free")
        yield Choice("c", "", id="clean")
        with Horizontal(id="typed"):
            yield Static("", id="ask", markup=False)
            yield Input(id="count", compact=True, type="integer", max_length=9)

    def on_mount(self) -> None:
        """Show no choice before there is a plan."""
        for name in ("#free", "#clean", "#typed"):
            self.query_one(name).display = False

    # What is shown

    def draw(self, planned: Plan) -> None:
        """Show the plan and the choices that it gives."""
        self.pane.show(describe_plan(planned, self._home))
        self.query_one("#plan").border_title = Content(
            f"Delete {counted(len(planned.items), 'environment')}"
        )
        if not planned.items:
            return
        clean = self.query_one("#clean", Choice)
        only = len(planned.packages_only_in_cache)
        words = f"Clean {counted(only, 'package')} out of uv's cache that nothing else needs"
        clean.relabel(words)
        clean.display = only > 0
        self.query_one("#free").display = True
        self.query_one("#yes", Button).disabled = False
        self._show_typed()

    @property
    def _now(self) -> bool:
        return self.query_one("#free", Choice).on

    @property
    def _wanted(self) -> int | None:
        return count_to_type(self.planned, now=self._now) if self.planned is not None else None

    def _show_typed(self) -> None:
        wanted = self._wanted
        self.query_one("#typed").display = wanted is not None
        self.query_one("#ask", Static).update(Content(f"Type {wanted} to go on:"))

    # What people do

    def on_choice_turned(self) -> None:
        """Ask for the number, where the choice makes it needed."""
        self._show_typed()

    def on_input_submitted(self) -> None:
        """Enter after the number."""
        self.action_yes()

    def action_yes(self) -> None:
        """Say yes, once the number is typed where it is asked for."""
        if self.planned is None or not self.planned.items:
            return
        line = self.query_one("#count", Input)
        if self._wanted is not None and line.value.strip() != str(self._wanted):
            line.focus()
            return
        clean = self.query_one("#clean", Choice)
        self.dismiss(Consent(self.planned, self._now, clean.on and clean.display))

    def action_free(self) -> None:
        """Choose the trash or not."""
        self._turn("#free")

    def action_clean(self) -> None:
        """Choose to clean the cache or not."""
        self._turn("#clean")

    def _turn(self, name: str) -> None:
        choice = self.query_one(name, Choice)
        if choice.display:
            choice.action_turn()
