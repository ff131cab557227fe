"""Opening a shell or an editor from the main screen, and returning to the same row."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

from venvdash.model import Row
from venvdash.text import visible
from venvdash.tui.background import run_in_thread
from venvdash.tui.main.scans import ScanRunner
from venvdash.tui.main.targets import Targets
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.suspend import ExternalPrograms

if TYPE_CHECKING:
    from venvdash.session import Session
    from venvdash.session.subshell import Invocation


class ProgramRunner:
    """Runs one program in the terminal; afterwards the machine is scanned again."""

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        scans: ScanRunner,
        targets: Targets,
        programs: ExternalPrograms,
    ) -> None:
        self._screen, self._access, self._scans = screen, access, scans
        self._targets, self._programs = targets, programs
        self._preparing = False
        self._stopped_scan = False

    @property
    def possible(self) -> bool:
        """Whether there is a terminal to run programs in."""
        return self._programs.possible(self._screen.app)

    def shell(self) -> None:
        """Open the user's shell with the environment under the cursor active."""
        self._prepare("shell", self._programs.shell)

    def edit(self) -> None:
        """Open the project of the environment under the cursor in the user's editor."""
        self._prepare("edit", self._programs.edit)

    def _prepare(self, command: str, prepare: "Callable[[Session, Row], Invocation]") -> None:
        """Prepare in the background what may fail, then run the program."""
        rows = [] if self._preparing else self._targets.single(self._screen)
        if not rows:
            return
        if not self.possible:
            say(
                self._screen,
                f"No terminal is available here; `venvdash {command}` needs one, too.",
            )
            return
        self._preparing = True
        self._stopped_scan = self._scans.scanning
        self._scans.scan.stop()  # nobody would see its events; a new one follows

        run_in_thread(
            self._screen,
            lambda: self._access.run(lambda: prepare(self._access.session, rows[0])),
            self._run,
            self._failed,
        )

    def _failed(self, error: Exception) -> None:
        self._preparing = False
        say(self._screen, visible(str(error)), severe=True)
        if self._stopped_scan:
            self._scans.again()

    def _run(self, invocation: "Invocation") -> None:
        problem = self._programs.run(self._screen.app, invocation)
        self._preparing = False
        if problem:
            say(self._screen, visible(problem), severe=True)
        self._scans.again()
