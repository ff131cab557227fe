"""The dialog that shows a plan to delete, and asks."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from venvdash.model import Plan
from venvdash.session.consent import count_to_type
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.screens.dialog import Dialog
from venvdash.tui.widgets.choice import Choice
from venvdash.tui.widgets.plan_text import counted, describe_plan
from venvdash.tui.widgets.text_pane import TextPane


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user said yes to: the plan, as it was shown, and how."""

    plan: Plan
    now: bool = False
    clean_cache: bool = False


class PlanScreen(Dialog[Consent | None]):
    """Shows a plan once it has been made; Cancel is the default. Returns None for no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.PLAN,
        Binding("left", "app.focus_previous", "Before", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "A screen down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "A screen up", show=False),
        Binding("g,home", "edge(False)", "Top", show=False),
        Binding("G,end", "edge(True)", "End", show=False),
    ]

    def __init__(self, count: int, home: Path | None) -> None:
        super().__init__()
        self._count = count
        self._home = home
        self.plan: Plan | None = None
        self._failure = ""

    def compose(self) -> ComposeResult:
        """Lay out the text, the choices and the buttons."""
        pane = TextPane(Content("Looking at them once more …"), id="plan-text")
        pane.can_focus = False
        with Vertical(id="plan"):
            yield pane
            yield Choice("f", "Free now instead of the trash: cannot be undone", id="free")
            yield Choice("c", "", id="clean")
            with Horizontal(id="typed"):
                yield Static("", id="ask", markup=False)
                yield Input(id="count", compact=True, type="integer", max_length=9)
            with Horizontal(id="buttons"):
                yield Button(Content("Cancel  n"), id="no", compact=True)
                yield Button(Content("Delete  y"), id="yes", compact=True, disabled=True)

    def on_mount(self) -> None:
        """Cancel is what Enter means."""
        frame = self.query_one("#plan")
        frame.border_subtitle = Content("j k scroll   Tab other choices   Esc cancel")
        frame.border_title = Content(f"Delete {counted(self._count, 'environment')}")
        self.query_one("#no").focus()
        for name in ("#free", "#clean", "#typed"):
            self.query_one(name).display = False
        self._laid_out = True
        self._draw()

    # What is shown

    def show(self, plan: Plan) -> None:
        """Show the plan that was made, as soon as there is where to show it."""
        self.plan = plan
        self._draw()

    def fail(self, message: str) -> None:
        """Say that no plan could be made; ``message`` is not yet fit to show."""
        self._failure = f"This cannot be planned: {visible(message)}"
        self._draw()

    def _draw(self) -> None:
        if not (self._laid_out and self.is_attached):
            return
        plan = self.plan
        if plan is not None:
            self._draw_plan(plan)
        elif self._failure:
            self.query_one(TextPane).show(Content(self._failure))

    def _draw_plan(self, plan: Plan) -> None:
        self.query_one(TextPane).show(describe_plan(plan, self._home))
        self.query_one("#plan").border_title = Content(
            f"Delete {counted(len(plan.items), 'environment')}"
        )
        if not plan.items:
            return
        clean = self.query_one("#clean", Choice)
        only = len(plan.packages_only_in_cache)
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
        return count_to_type(self.plan, now=self._now) if self.plan is not None else None

    def _show_typed(self) -> None:
        wanted = self._wanted
        self.query_one("#typed").display = wanted is not None
        self.query_one("#ask", Static).update(Content(f"Type {wanted} to go on:"))

    # What people do

    def on_choice_turned(self) -> None:
        """Ask for the number, where the choice makes it needed."""
        self._show_typed()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do as the button says."""
        if event.button.id == "yes":
            self.action_yes()
        else:
            self.action_no()

    def on_input_submitted(self) -> None:
        """Enter after the number."""
        self.action_yes()

    def action_yes(self) -> None:
        """Say yes, once the number is typed where it is asked for."""
        if self.plan is None or not self.plan.items:
            return
        line = self.query_one("#count", Input)
        if self._wanted is not None and line.value.strip() != str(self._wanted):
            line.focus()
            return
        clean = self.query_one("#clean", Choice)
        self.dismiss(Consent(self.plan, self._now, clean.on and clean.display))

    def action_no(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

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

    def action_scroll(self, by: int) -> None:
        """Scroll the plan by lines."""
        self.query_one(TextPane).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll the plan by screens."""
        pane = self.query_one(TextPane)
        pane.scroll_relative(y=by * max(1, pane.size.height - 1), animate=False)

    def action_edge(self, end: bool) -> None:
        """Go to the first or last line of the plan."""
        pane = self.query_one(TextPane)
        (pane.scroll_end if end else pane.scroll_home)(animate=False)
