"""Pinning environments and writing notes on them, from the list."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from venvdash.actions.annotate import AnnotationError
from venvdash.model import Flag, Row
from venvdash.text import visible
from venvdash.tui.background import aside

if TYPE_CHECKING:
    from venvdash.tui.main.marking import MarkingScreen


class Annotating:
    """What the keys do that pin, unpin and write notes; the same key takes it back."""

    def __init__(self, main: "MarkingScreen") -> None:
        self._main = main

    def pin(self, rows: Sequence[Row]) -> None:
        """Pin environments, or unpin them where all of them are pinned."""
        pinned = not all(Flag.PINNED in row.environment.flags for row in rows)
        changes = self._main.source.actions
        one = len(rows) == 1
        said = f"{visible(rows[0].name, 64)} is" if one else f"{len(rows)} environments are"
        them = "it" if one else "them"
        unpin = f"pinned: rules skip {them}. Press p to unpin."
        said += f" {unpin}" if pinned else " no longer pinned."
        self._do(rows, lambda row: changes.pin(row, pinned=pinned), said)

    def note(self, row: Row) -> None:
        """Ask for the note on an environment, and store what is typed."""
        from venvdash.tui.dialogs.prompts import NoteScreen, in_one_line

        known = row.record.note if row.record is not None else ""
        if not in_one_line(known):
            self._main.say("This note has several lines. Use `venvdash note` to replace it.")
            return

        def typed(text: str | None) -> None:
            if text is not None and text != known:
                changes = self._main.source.actions
                said = "has a new note. Press n to edit it." if text else "has no note any more."
                said = f"{visible(row.name, 64)} {said}"
                self._do([row], lambda row: changes.note(row, text), said)

        self._main.app.push_screen(NoteScreen(row.name, known), typed)

    def _do(self, rows: Sequence[Row], change: Callable[[Row], Row], said: str) -> None:
        """Change something beside the screen, once no scan runs, and show it."""

        def run() -> tuple[list[Row], str]:
            done: list[Row] = []
            try:
                done.extend(map(change, rows))
            except AnnotationError as error:
                return done, f"{rows[len(done)].name}: {error}"
            return done, ""

        main = self._main
        if main.scanning:
            main.say("Waiting for the scan to finish …")
        aside(main, partial(main.in_turn, run), partial(self._done, said), self._failed)

    def _done(self, said: str, came: tuple[list[Row], str]) -> None:
        rows, problem = came
        self._main.take_rows(rows)
        self._main.say(visible(problem) if problem else said, severe=bool(problem))

    def _failed(self, error: Exception) -> None:
        self._main.say(visible(str(error)), severe=True)
