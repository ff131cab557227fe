"""Restoring from the trash, under another name where its own is taken."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from venvdash.model import Outcome, Result, Trashed
from venvdash.text import visible, with_tilde
from venvdash.tui.background import run_in_thread
from venvdash.tui.dialogs.prompts import NameScreen
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess


class Restoration:
    """Restores in the background; asks over ``screen`` for names, and says there what happened.

    ``restored`` is called once what was asked for is restored, ``tried`` after each attempt.
    """

    def __init__(
        self,
        screen: Screen[Any],
        access: SessionAccess,
        restored: Callable[[], None],
        tried: Callable[[], None],
    ) -> None:
        self._screen, self._access = screen, access
        self._on_restore, self.tried = restored, tried
        self._waiting: list[Trashed] = []
        self._busy = False
        self._done: list[tuple[str, str]] = []  # names, and what is to be said of each

    def restore_items(self, items: Sequence[Trashed]) -> None:
        """Restore these one after the other, after what was asked for before."""
        self._waiting += items
        if not self._busy:
            self._next()

    def restore(self, item: Trashed, name: str | None = None) -> None:
        """Restore one, under another ``name`` if that is given."""
        session = self._access.session

        def restore() -> tuple[Result, str]:
            from venvdash.actions.delete.trash import free_name

            return self._access.run(lambda: session.actions.restore(item, name)), free_name(item)

        run_in_thread(self._screen, restore, partial(self._restored, item), self._failed)

    def restore_each(self, paths: Collection[Path]) -> None:
        """Restore what lies in these trash directories, one after the other."""

        def found(trash: Sequence[Trashed]) -> None:
            self.restore_items([item for item in trash if item.path in paths])

        read = partial(self._access.run, self._access.session.trash.find)
        run_in_thread(self._screen, read, found, self._failed)

    def _next(self) -> None:
        self._busy = bool(self._waiting)
        if self._busy:
            self.restore(self._waiting.pop(0))
            return
        done, self._done = self._done, []
        if done:
            reasons = " ".join(reason for _, reason in done if reason)
            what = done[0][0] if len(done) == 1 else f"{len(done)} environments"
            say(self._screen, f"Restored {what}. {reasons}".rstrip())
            self._on_restore()

    def _restored(self, item: Trashed, answer: tuple[Result, str]) -> None:
        result, offered = answer
        reason = with_tilde(visible(result.reason), self._access.home)
        if result.outcome is Outcome.SKIPPED and result.trash is not None:  # its name is taken
            asked = NameScreen(f"Restore {visible(item.name, 48)} as …", reason, offered)
            self._screen.app.push_screen(asked, partial(self._take_name, item))
            return
        if result.outcome is Outcome.DONE:
            self._done.append((visible(item.name, 64), reason))
        else:
            say(self._screen, f"{visible(item.name)}: {reason}", severe=True)
        self.tried()
        self._next()

    def _take_name(self, item: Trashed, name: str | None) -> None:
        if name is not None:
            self.restore(item, name)
        else:
            self._next()

    def _failed(self, error: Exception) -> None:
        reason = visible(str(error))
        say(self._screen, f"Not restored, still in the trash: {reason}", severe=True)
        self._next()
