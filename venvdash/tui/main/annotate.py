"""Pinning environments and writing notes, from the list."""

from collections.abc import Callable, Sequence
from functools import partial

from textual.screen import Screen

from venvdash.actions.annotate import AnnotationError
from venvdash.model import Flag, Row
from venvdash.text import visible
from venvdash.tui.background import run_in_thread
from venvdash.tui.main.targets import Targets
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess


class Annotations:
    """Pins, unpins and writes notes; ``changed`` is called with the rows after a change."""

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        targets: Targets,
        scanning: Callable[[], bool],
        changed: Callable[[Sequence[Row]], None],
    ) -> None:
        self._screen, self._access, self._targets = screen, access, targets
        self._scanning, self._changed = scanning, changed

    def pin(self) -> None:
        """Pin the chosen environments, or unpin them where all of them are pinned."""
        rows = self._targets.chosen(waits=True)
        if not rows:
            return
        pinned = not all(Flag.PINNED in row.environment.flags for row in rows)
        changes = self._access.session.actions
        one = len(rows) == 1
        said = f"{visible(rows[0].name, 64)} is" if one else f"{len(rows)} environments are"
        them = "it" if one else "them"
        unpin = f"pinned: rules skip {them}. Press p to unpin."
        said += f" {unpin}" if pinned else " no longer pinned."
        self._do(rows, lambda row: changes.pin(row, pinned=pinned), said)

    def note(self) -> None:
        """Ask for the note on the environment under the cursor, and store what is typed."""
        for row in self._targets.single(self._screen, waits=True):
            self._ask_note(row)

    def _ask_note(self, row: Row) -> None:
        from venvdash.tui.dialogs.prompts import NoteScreen, in_one_line

        known = row.record.note if row.record is not None else ""
        if not in_one_line(known):
            say(self._screen, "This note has several lines. Use `venvdash note` to replace it.")
            return

        def typed(text: str | None) -> None:
            if text is not None and text != known:
                changes = self._access.session.actions
                said = "has a new note. Press n to edit it." if text else "has no note any more."
                said = f"{visible(row.name, 64)} {said}"
                self._do([row], lambda row: changes.note(row, text), said)

        self._screen.app.push_screen(NoteScreen(row.name, known), typed)

    def _do(self, rows: Sequence[Row], change: Callable[[Row], Row], said: str) -> None:
        """Change rows in the background, once no scan runs, and show them."""

        def run() -> tuple[list[Row], str]:
            done: list[Row] = []
            try:
                done.extend(map(change, rows))
            except AnnotationError as error:
                return done, f"{rows[len(done)].name}: {error}"
            return done, ""

        if self._scanning():
            say(self._screen, "Waiting for the scan to finish …")
        run_in_thread(
            self._screen,
            lambda: self._access.run(run),
            partial(self._done, said),
            self._failed,
        )

    def _done(self, said: str, outcome: tuple[list[Row], str]) -> None:
        rows, problem = outcome
        self._changed(rows)
        say(self._screen, visible(problem) if problem else said, severe=bool(problem))

    def _failed(self, error: Exception) -> None:
        say(self._screen, visible(str(error)), severe=True)
