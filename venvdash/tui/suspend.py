"""Giving the terminal to a program of the user's, while the dashboard waits."""

import sys
from typing import TYPE_CHECKING, Protocol

from textual.app import App, SuspendNotSupported

from venvdash.model import Row
from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.session import Session
    from venvdash.session.subshell import Invocation


class Handover(Protocol):
    """Prepares programs, and runs what is ready to be run. A test's needs no terminal."""

    def possible(self, app: App[int]) -> bool:
        """Return whether there is a terminal to give away."""

    # What raises says in its text why not. Each runs as a session's own methods do: beside the
    # screen, one thread at a time and none during a scan.

    def shell(self, row: Row) -> "Invocation":
        """Return the user's shell with an environment active."""

    def edit(self, row: Row) -> "Invocation":
        """Return the user's editor for an environment's project."""

    def run(self, app: App[int], invocation: "Invocation") -> str:
        """Run it and return what went wrong, raw, or "". Raises nothing."""


class OfTerminal:
    """Gives away the terminal that the dashboard of a session is drawn on."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def possible(self, app: App[int]) -> bool:
        """Return whether it is drawn on one: not in a browser, nor on none at all."""
        return not (app.is_headless or app.is_web)

    def shell(self, row: Row) -> "Invocation":
        """Return the user's shell with an environment active."""
        from venvdash.session import subshell

        return subshell.shell(self._session, row)

    def edit(self, row: Row) -> "Invocation":
        """Return the user's editor for an environment's project."""
        from venvdash.session import subshell

        return subshell.edit(self._session, row)

    def run(self, app: App[int], invocation: "Invocation") -> str:
        """Give the terminal away, and have it back when the program has ended."""
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
