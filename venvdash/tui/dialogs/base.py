"""What all dialogs share."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

from venvdash.model import Action, Proposal, Row
from venvdash.presentation.document import Line
from venvdash.text import visible
from venvdash.tui import keys
from venvdash.tui.background import CallScreen
from venvdash.tui.notices import Notice
from venvdash.tui.widgets.choice import Choice
from venvdash.tui.widgets.dialog_keys import DialogKeys
from venvdash.tui.widgets.document_text import in_colours
from venvdash.tui.widgets.message_line import MessageLine
from venvdash.tui.widgets.text_pane import TextPane

T = TypeVar("T")
P = TypeVar("P")
C = TypeVar("C")

MakeProposal = Callable[[Row, threading.Event], Proposal]
"""Makes a proposal; the event is set once nobody waits for it any more."""

ShowProposals = Callable[[Action, Sequence[Row], MakeProposal, Callable[[], None]], None]
"""Shows proposals for an action; the last argument is called when it has begun."""


def framed(name: str, title: str) -> Vertical:
    """Return the frame of a dialog, with its title above."""
    frame = Vertical(id=name)
    frame.border_title = Content(title)
    return frame


class Dialog(CallScreen[T], ModalScreen[T]):
    """A screen over the list. Its keys are in the place of the main screen's."""

    KEYS: ClassVar[str] = "Esc back"
    """What the line at the bottom says of the keys, three spaces between two."""

    def on_mount(self) -> None:
        """Show the keys."""
        self.mount(DialogKeys(self.KEYS))

    def show_keys(self, keys: str) -> None:
        """Show other keys at the bottom."""
        for line in self.query(DialogKeys):
            line.keys = keys

    def room_in(self, frame: Widget) -> int:
        """Return how many lines fit into a frame that is as high as the screen allows."""
        limit = frame.styles.max_height
        most = limit.resolve(self.size, self.size) if limit is not None else self.size.height
        return int(most) - frame.gutter.height

    def grow(self, frame: Widget, lines: int) -> None:
        """Make a frame high enough for so many lines of content; never lower than it is."""
        height = frame.styles.height
        before = int(height.value) if height is not None and height.is_cells else 0
        frame.styles.height = max(before, lines + frame.gutter.height)

    def show_notice(self, notice: Notice) -> None:
        """Show a message in the line for it, which is where the main screen has it."""
        for line in self.query(MessageLine):
            line.show_notice(notice)
            return
        line = MessageLine()
        self.mount(line)
        line.show_notice(notice)

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss(None)


class ReadingDialog(Dialog[T]):
    """A dialog with a text to read: the keys scroll its TextPane."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.SCROLL)

    @property
    def pane(self) -> TextPane:
        """The text."""
        return self.query_one(TextPane)

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.pane.action_scroll(by)

    def action_page(self, by: int) -> None:
        """Scroll by screens."""
        self.pane.action_page(by)

    def action_edge(self, end: bool) -> None:
        """Scroll to the first or the last line."""
        self.pane.action_edge(end)


class ConsentDialog(ReadingDialog[C | None], Generic[P, C]):
    """Shows a plan (a ``P``), once it is made, and asks for confirmation.

    Returns what was confirmed (a ``C``), or None. Cancel has the focus at first.
    Subclasses say what is shown and what yes means: ``lines``, ``possible``, ``action_yes``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    KEYS = "j k scroll   y confirm   n cancel"

    def __init__(self, title: str, looking: str, yes: str) -> None:
        """``title``, ``looking`` (shown during the planning) and ``yes`` are safe to show."""
        super().__init__()
        self._title, self._looking, self._yes = title, looking, yes
        self._top = True  # whether the next plan is shown from its beginning
        self.planned: P | None = None
        self._failure = ""

    def compose(self) -> ComposeResult:
        """Lay out the text, the choices and the buttons."""
        pane = TextPane(Content(self._looking), id="plan-text")
        pane.can_focus = False
        with Vertical(id="plan"):
            yield pane
            yield from self.choices()
            with Horizontal(id="buttons"):
                yield Button(Content("Cancel  n"), id="no", compact=True)
                yield from self.answers()

    def choices(self) -> ComposeResult:
        """Yield the widgets between the text and the buttons."""
        yield from ()

    def answers(self) -> ComposeResult:
        """Yield the buttons that confirm; the id of each is the action that it runs."""
        yield Button(Content(f"{self._yes}  y"), id="yes", compact=True, disabled=True)

    def on_mount(self) -> None:
        """Put the focus on Cancel, and show what is known already."""
        frame = self.query_one("#plan")
        frame.border_title = Content(self._title)
        self.query_one("#no").focus()
        self._laid_out = True
        self.redraw()

    def redraw(self) -> None:
        """Show the present plan or failure, once the widgets are mounted."""
        if not (self._laid_out and self.is_attached):
            return
        if self._failure:
            self.pane.show(Content(self._failure))
        elif self.planned is not None:
            self.draw(self.planned)
        self.fit()

    def fit(self) -> None:
        """Make the frame as high as its content; the style sheet limits it."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        for frame in self.query("#plan"):  # none any more where it is dismissed meanwhile
            self._fit_frame(frame)

    def _fit_frame(self, frame: Widget) -> None:
        pane = self.pane
        others = [one for one in frame.children if one.display and one is not pane]
        heights = (one.outer_size.height + one.styles.margin.height for one in others)
        lines = pane.line_count + sum(heights)
        frame.styles.height = lines + frame.gutter.height

    def on_resize(self) -> None:
        """Fit again: lines are wrapped at another width."""
        self.fit()

    def tell(self, words: str) -> None:
        """Show how far the planning is; ``words`` are safe to show."""
        if self.planned is None and not self._failure and self._laid_out and self.is_attached:
            self.pane.show(Content(words))

    def show(self, planned: P) -> None:
        """Show what is planned, the first plan or one that has come in its place."""
        self._top = self.planned is None
        self.planned = planned
        self.redraw()

    def draw(self, planned: P) -> None:
        """Show it, and offer to do it where anything can be done; the parts are there."""
        self.pane.show(in_colours(self.lines(planned)), top=self._top)
        possible = self.possible(planned) > 0
        for button in self.query(Button).exclude("#no"):
            button.display, button.disabled = possible, not possible
        if not possible:
            self._offer_to_close()

    def lines(self, planned: P) -> Iterable[Line]:
        """Return in words what is planned."""
        raise NotImplementedError

    def possible(self, planned: P) -> int:
        """Return how many environments would be changed."""
        raise NotImplementedError

    def _offer_to_close(self) -> None:
        """Offer nothing else where there is nothing to do."""
        for choice in self.query(Choice):
            choice.display = False
        close = self.query_one("#no", Button)
        close.label = Content("Close  Esc")
        close.focus()
        self.call_after_refresh(self.show_keys, "j k scroll   Esc close")

    def turn(self, name: str) -> None:
        """Turn a choice, if it is offered."""
        choice = self.query_one(name, Choice)
        if choice.display:
            choice.action_turn()

    def fail(self, message: str) -> None:
        """Say that the planning failed; ``message`` is raw."""
        self.planned = None  # nobody says yes to a plan that is not shown any more
        self._failure = f"Planning failed: {visible(message)}"
        self.redraw()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Run the action that the button is named after."""
        await self.run_action(str(event.button.id))

    def action_yes(self) -> None:
        """Confirm, if there is a plan."""
        raise NotImplementedError

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(None)
