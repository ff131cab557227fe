"""Restoring from the trash, under another name where its own is taken meanwhile."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from venvdash.model import Outcome, Result, Trashed
from venvdash.text import visible, with_tilde
from venvdash.tui.background import aside
from venvdash.tui.dialogs.prompts import NameScreen

if TYPE_CHECKING:
    from venvdash.tui.main.job_runner import WorkingScreen


class Restoring:
    """Restores beside ``screen``, asks there where it must, and says on ``main`` what came of it.

    ``then`` is called when something was tried.
    """

    def __init__(
        self, screen: Screen[Any], main: "WorkingScreen", then: Callable[[], None]
    ) -> None:
        self._screen, self._main, self._then = screen, main, then
        self._waiting: list[Trashed] = []

    def restore(self, item: Trashed, name: str | None = None) -> None:
        """Have one back, under another ``name`` if that is given."""

        def restore() -> tuple[Result, str]:
            from venvdash.actions.delete.trash import free_name

            restored = self._main.in_turn(lambda: self._main.source.restore(item, name))
            return restored, free_name(item)

        aside(self._screen, restore, partial(self._restored, item), self._failed)

    def restore_each(self, paths: Collection[Path]) -> None:
        """Have back what lies in these trash directories, one after the other."""

        def found(trash: Sequence[Trashed]) -> None:
            self._waiting = [item for item in trash if item.path in paths]
            self._next()

        read = partial(self._main.in_turn, self._main.source.trash.find)
        aside(self._screen, read, found, self._failed)

    def _next(self) -> None:
        if self._waiting:
            self.restore(self._waiting.pop(0))

    def _restored(self, item: Trashed, answer: tuple[Result, str]) -> None:
        result, offered = answer
        reason = with_tilde(visible(result.reason), self._main.home)
        if result.outcome is Outcome.SKIPPED and result.trash is not None:  # its name is taken
            title = f"Restore {visible(item.name, 48)} as …"
            asked = NameScreen(title, reason, offered)
            self._screen.app.push_screen(asked, partial(self._take_name, item))
            return
        if result.outcome is Outcome.DONE:
            self._main.say(f"Restored {visible(item.name)}. {reason}".rstrip())
            self._main.action_rescan()
        else:
            self._main.say(f"{visible(item.name)}: {reason}", severe=True)
        self._then()
        self._next()

    def _take_name(self, item: Trashed, name: str | None) -> None:
        if name is not None:
            self.restore(item, name)
        else:
            self._next()

    def _failed(self, error: Exception) -> None:
        self._main.say(f"Not restored, still in the trash: {visible(str(error))}", severe=True)
        self._next()
