"""The line above the details: their parts, of which one is open."""

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from venvdash.records.dashboard_look import DetailTab

_KEYS = "[ ] tabs "


class DetailTabs(Widget):
    """The tabs of the details; a click opens one."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--open", "tabs--name", "tabs--keys"}

    tab: reactive[DetailTab] = reactive(DetailTab.OVERVIEW)
    counts: reactive[Mapping[DetailTab, int]] = reactive(dict[DetailTab, int])
    """How many packages and files there are, where that is known."""

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, tab: DetailTab) -> None:
            super().__init__()
            self.tab = tab

    def _labels(self) -> list[tuple[DetailTab, str]]:
        return [
            (tab, f" {tab.value} {self.counts[tab]} " if tab in self.counts else f" {tab.value} ")
            for tab in DetailTab
        ]

    def render(self) -> Content:
        """Draw the tabs side by side, and their keys at the right."""
        pieces = []
        for tab, label in self._labels():
            style = "tabs--open" if tab is self.tab else "tabs--name"
            pieces.append(Content.styled(label, self.get_visual_style(style)))
        tabs = Content(" ").join(pieces)
        gap = self.size.width - tabs.cell_length - len(_KEYS)
        if gap < 1:
            return tabs
        keys = Content.styled(_KEYS, self.get_visual_style("tabs--keys"))
        return Content.assemble(tabs, " " * gap, keys)

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        x = 0
        for tab, label in self._labels():
            x += cell_len(label) + 1
            if event.x < x:
                self.post_message(self.Picked(tab))
                return
