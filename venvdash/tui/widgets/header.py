"""The two lines at the top: the views with their counts; bytes and the scan's progress."""

import time
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from venvdash import formats
from venvdash.tui.headline import Headline, Limit, headline
from venvdash.tui.table import Table, View

if TYPE_CHECKING:
    from venvdash.scanner.events import Progress
    from venvdash.tui.scan_state import ScanState

_BAR = 16
_LIMIT_STYLES = ((True, "low"), (False, "number"))


class ViewBar(Widget):
    """The views, each with its key and count; a click opens one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"views--key", "views--open", "views--name"}

    counts: reactive[tuple[int, ...]] = reactive((0, 0, 0, 0, 0))
    view: reactive[View] = reactive(View.ALL)

    class Picked(Message):
        """A view was clicked."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    def _labels(self) -> list[tuple[View, str, str]]:
        """Return each view with its key and its name and count."""
        return [
            (view, f" {place} ", f"{view} {count} ")
            for place, (view, count) in enumerate(zip(View, self.counts, strict=True), start=1)
        ]

    def render(self) -> Content:
        """Draw the views side by side."""
        parts: list[tuple[str, str]] = []
        for view, key, label in self._labels():
            style = "views--open" if view is self.view else "views--name"
            key_style = style if view is self.view else "views--key"
            parts += [(key, key_style), (label, style), (" ", "")]
        pieces = [
            Content.styled(text, self.get_visual_style(style) if style else "")
            for text, style in parts
        ]
        return Content("").join(pieces)

    def on_click(self, event: events.Click) -> None:
        """Open the view under the mouse."""
        x = 0
        for view, key, label in self._labels():
            x += cell_len(key + label) + 1
            if event.x < x:
                self.post_message(self.Picked(view))
                return


class Totals(Widget):
    """Bytes at the left, the scan at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("totals--number", "totals--bar", "totals--rest", "totals--low"),
    }

    headline: reactive[Headline | None] = reactive(None)
    disk_free: reactive[int | None] = reactive(None)
    limits: reactive[tuple[Limit, ...]] = reactive(())
    trash: reactive[int | None] = reactive(None)
    progress: "reactive[Progress | None]" = reactive(None)
    as_of: reactive[str] = reactive("")  # when what is shown was found, while it is checked
    checked: reactive[tuple[int, int]] = reactive((0, 0))  # how many of how many, then
    search: reactive[str] = reactive("")
    outcome: reactive[str] = reactive("")

    _written = 0.0

    def show_remembered(self, table: Table, written: float) -> None:
        """Show the figures that are remembered, and when they were true."""
        self._written = written
        self.show_headline(table)
        self._show_checked(table)

    def show(self, state: "ScanState") -> None:
        """Show the figures of what was found so far."""
        self.show_headline(state.table)
        self.disk_free = state.disk_free
        self.progress, self.outcome = state.progress, state.outcome
        self._show_checked(state.table)

    def show_headline(self, table: Table) -> None:
        """Show the figures of the rows that the list shows now."""
        self.headline = headline(table)

    def _show_checked(self, table: Table) -> None:
        age = formats.age(self._written, time.time())
        ago = "just now" if age == "now" else f"{age} ago"
        self.as_of = f"as of {ago}" if table.remembered else ""
        self.checked = (len(table.rows), table.remembered)

    def render(self) -> Content:
        """Draw both sides, as far as there is room: what is less important is left out.

        Quotas, and inodes where they are scarce, stay longer than how the scan ended.
        """
        figures = self._figures()
        ends = [self._scan(), self._scan(bar=False)]
        least = len(figures[:1]) + len(self.limits)
        counts = range(len(figures), least - 1, -1)
        fitting = [(figures, ends[0]), *((figures[:n], ends[1]) for n in counts)]
        fitting += [(figures[:n], self._scan_in_short()) for n in range(least, 0, -1)]
        for pieces, end in fitting:
            start = Content.assemble(" ", Content("  ").join(pieces))
            gap = self.size.width - start.cell_length - end.cell_length - 1
            if gap > 0:
                return Content.assemble(start, " " * gap, end)
        return Content.assemble(" ", *figures[:1]) if figures else ends[1]

    def _figures(self) -> list[Content]:
        """Return the figures at the left, the most important first."""
        number = self.get_visual_style("totals--number")
        pieces: list[Content] = []
        rest = ""
        if self.headline is not None:
            what, reclaimable, key, rest = self.headline
            strong, hint = Content.styled(reclaimable, number), Content.styled(key, number)
            end = Content.assemble(": ", hint) if key else ""
            pieces.append(Content.assemble(f"{what}, ", strong, " reclaimable", end))
        pieces += self._limits()
        figures = (
            ("disk free ", self.disk_free),
            # What emptying it gives back; what several in it share comes on top of that.
            ("trash ", self.trash),
        )
        for label, count in figures:
            if count is not None:
                pieces.append(Content.assemble(label, Content.styled(formats.size(count), number)))
        if rest:
            pieces.append(Content.assemble("all ", Content.styled(rest, number)))
        return pieces

    def _limits(self) -> list[Content]:
        styles = {low: self.get_visual_style(f"totals--{name}") for low, name in _LIMIT_STYLES}
        return [
            Content.assemble(limit.label, Content.styled(limit.figures, styles[limit.low]))
            for limit in self.limits
        ]

    def _scan_in_short(self) -> Content:
        phase = f"{self.progress.phase.value} …" if self.progress is not None else ""
        return Content(self.as_of or phase)

    def _scan(self, *, bar: bool = True) -> Content:
        progress = self.progress
        if self.as_of and progress is None and self.outcome:
            return Content(f"{self.as_of}: {self.outcome}")
        if self.as_of and not (progress and progress.total):
            return Content("{}, checking {}/{}".format(self.as_of, *self.checked))
        if progress is None:
            return Content(self.search or self.outcome)
        from venvdash.scanner.events import Phase

        words = f"{self.as_of}, " * bool(self.as_of) + progress.phase.value
        if not progress.total:
            return Content(f"{words} …")
        done = min(_BAR, _BAR * progress.done // progress.total)
        width = len(str(progress.total))
        unit = "" if progress.phase is not Phase.PROJECTS else " folders"
        count = f"{words} {progress.done:>{width}} of {progress.total}{unit} "
        if not bar:
            return Content(count)
        return Content.assemble(
            count,
            ("━" * done, self.get_visual_style("totals--bar")),
            ("─" * (_BAR - done), self.get_visual_style("totals--rest")),
        )
