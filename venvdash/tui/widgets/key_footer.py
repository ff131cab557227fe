"""The line of keys at the bottom: those that work where the focus is, the most useful first."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from venvdash.tui.keys import FOOTER_ORDER, FOOTER_RIGHT

_ROOMY = 100  # cells of a line where keys lie two cells apart


class FooterKey(NamedTuple):
    """One key of the footer: ``key`` is Textual's name of it, ``display`` what is shown."""

    key: str
    display: str
    meaning: str
    action: str
    tooltip: str

    @property
    def width(self) -> int:
        """How many cells it takes."""
        return cell_len(self.display) + 1 + cell_len(self.meaning)


class KeyFooter(Widget):
    """One line that is rendered at once; Textual's footer mounts a widget for each key.

    What does not fit is left out whole, from the end of ``FOOTER_ORDER``; help and quit, at the
    right, stay. A click presses the key.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyFooter { dock: bottom; height: 1; }
    """

    _keys: tuple[FooterKey, ...] | None = None
    _subject = ""

    def __init__(self, subject: Callable[[], str] = str) -> None:
        """``subject`` returns what the keys act on where that is not plain, "" where it is."""
        super().__init__()
        self._subject_of = subject

    @property
    def keys(self) -> tuple[FooterKey, ...]:
        """All keys that could be shown, the most useful first."""
        if self._keys is None:
            self._keys = self._active()
        return self._keys

    def on_mount(self) -> None:
        """Follow the focus: other widgets have other keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        # While the terminal has no focus no widget has: the keys stay as they were.
        if not (self.app.app_focus and screen is self.screen):
            return
        keys, subject = self._active(), self._subject_of()
        if (keys, subject) != (self._keys, self._subject):
            self._keys, self._subject = keys, subject
            self.refresh()

    def _active(self) -> tuple[FooterKey, ...]:
        focused = self.screen.focused
        unused: frozenset[str] = getattr(focused, "unused_actions", frozenset())
        meanings: Mapping[str, str] = getattr(focused, "meanings", {})
        shown = {
            active.binding.action: FooterKey(
                active.binding.key,
                self.app.get_key_display(active.binding),
                meanings.get(active.binding.action, active.binding.description),
                active.binding.action,
                active.tooltip,
            )
            for active in self.screen.active_bindings.values()
            if active.binding.show
            and active.binding.action not in unused
            and not self._typed(active)
        }
        # What is not in the order belongs to the focused widget itself, and comes first.
        places = {action: place for place, action in enumerate(FOOTER_ORDER)}
        return tuple(sorted(shown.values(), key=lambda key: places.get(key.action, -1)))

    def _typed(self, active: ActiveBinding) -> bool:
        """Return whether the focused widget takes a key as text: Textual misses "/" and "@"."""
        focused, display = self.screen.focused, active.binding.key_display
        if focused is None or focused is active.node or display is None or len(display) > 1:
            return False
        return focused.check_consume_key(active.binding.key, display)

    def placed(self) -> list[tuple[int, FooterKey]]:
        """Return the keys that fit, each with the cell where it begins."""
        right = [key for key in self.keys if key.action in FOOTER_RIGHT]
        gap = 2 if self.size.width >= _ROOMY else 1
        end = self.size.width - 1 - sum(key.width + gap for key in right) + gap
        x, placed = 1 + cell_len(self._subject) + bool(self._subject), []
        for key in self.keys:
            if key in right:
                continue
            if x + key.width + (gap if right else 0) > end:
                break
            placed.append((x, key))
            x += key.width + gap
        for key in right:
            placed.append((end, key))
            end += key.width + gap
        return placed

    def render(self) -> Content:
        """Draw the keys in colour, each before its meaning."""
        pieces: list[Content | str | tuple[str, str]] = []
        used = 0
        if self._subject:
            pieces += [" ", (self._subject, "bold")]
            used = 1 + cell_len(self._subject)
        for x, key in self.placed():
            pieces += [" " * (x - used), (key.display, "bold $text-primary"), f" {key.meaning}"]
            used = x + key.width
        return Content.assemble(*pieces)

    def key_at(self, x: int) -> FooterKey | None:
        """Return the key that is shown at a cell, None between two keys."""
        under = (key for start, key in self.placed() if start <= x < start + key.width)
        return next(under, None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Let the tooltip be that of the key under the mouse."""
        key = self.key_at(event.x)
        self.tooltip = (key.tooltip or None) if key else None

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        key = self.key_at(event.x)
        if key is not None:
            self.app.simulate_key(key.key)
