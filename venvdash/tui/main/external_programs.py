"""Opening a shell or an editor from the main screen, and returning to the same row."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from venvdash.model import Row
from venvdash.text import visible
from venvdash.tui.background import run_in_thread
from venvdash.tui.main.scans import ScanRunner
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.suspend import ExternalPrograms

if TYPE_CHECKING:
    from venvdash.session.subshell import Invocation


class ProgramRunner:
    """Runs one program in the terminal; afterwards the machine is scanned again."""

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        scans: ScanRunner,
        programs: ExternalPrograms,
    ) -> None:
        self._screen, self._access, self._scans = screen, access, scans
        self._programs = programs
        self.preparing = False
        self._stopped_scan = False

    @property
    def possible(self) -> bool:
        """Whether there is a terminal to run programs in."""
        return self._programs.possible(self._screen.app)

    def shell(self, rows: Sequence[Row]) -> None:
        """Open the user's shell with an environment active."""
        self._prepare("shell", rows, self._programs.shell)

    def edit(self, rows: Sequence[Row]) -> None:
        """Open the project of an environment in the user's editor."""
        self._prepare("edit", rows, self._programs.edit)

    def _prepare(
        self, command: str, rows: Sequence[Row], prepare: "Callable[[Row], Invocation]"
    ) -> None:
        """Prepare in the background whatever may fail, then run the program."""
        if not rows:
            return
        if not self.possible:
            say(
                self._screen,
                f"No terminal is available here; `venvdash {command}` needs one, too.",
            )
            return
        self.preparing = True
        self._stopped_scan = self._scans.scanning
        self._scans.scan.stop()  # nobody would see its events; a new one follows

        run_in_thread(
            self._screen,
            lambda: self._access.run(lambda: prepare(rows[0])),
            self._run,
            self._failed,
        )

    def _failed(self, error: Exception) -> None:
        self.preparing = False
        say(self._screen, visible(str(error)), severe=True)
        if self._stopped_scan:
            self._scans.again()

    def _run(self, invocation: "Invocation") -> None:
        problem = self._programs.run(self._screen.app, invocation)
        self.preparing = False
        if problem:
            say(self._screen, visible(problem), severe=True)
        self._scans.again()
