"""Suspending the dashboard to run the user's shell or editor in its terminal."""

import sys
from typing import TYPE_CHECKING

from textual.app import App, SuspendNotSupported

from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.model import Row
    from venvdash.session import Session
    from venvdash.session.subshell import Invocation


class ExternalPrograms:
    """Prepares the user's shell and editor, and runs them in the dashboard's terminal.

    Preparing raises an error whose text says why it is impossible. It uses the session: in a
    thread, one at a time and never during a scan.
    """

    def possible(self, app: App[int]) -> bool:
        """Return whether the dashboard has a terminal: not in a browser, nor without a screen."""
        return not (app.is_headless or app.is_web)

    def shell(self, session: "Session", row: "Row") -> "Invocation":
        """Return the user's shell with an environment active."""
        from venvdash.session import subshell

        return subshell.shell(session, row)

    def edit(self, session: "Session", row: "Row") -> "Invocation":
        """Return the user's editor for an environment's project."""
        from venvdash.session import subshell

        return subshell.edit(session, row)

    def run(self, app: App[int], invocation: "Invocation") -> str:
        """Run a program in the terminal; return what went wrong, raw, or "". Raises nothing."""
        from venvdash.session import subshell
        from venvdash.system import terminal

        problem = ""
        try:
            with app.suspend():
                # An error that left this block would hang the dashboard for good.
                try:
                    for sentence in invocation.says:
                        sys.stdout.write(f"{visible(sentence)}\n")
                    sys.stdout.flush()
                    problem = subshell.run(invocation).problem
                    terminal.drop_input()
                except Exception as error:
                    problem = f"{type(error).__name__}: {error}"
        except SuspendNotSupported:
            problem = "This terminal cannot run another program."
        return problem
