"""Plans that are made in the background for a dialog that asks about them."""

import threading
from collections.abc import Callable
from typing import TypeVar

from textual.screen import Screen

from venvdash.tui.background import AbandonedError, run_in_thread
from venvdash.tui.dialogs.base import ConsentDialog
from venvdash.tui.session_access import SessionAccess

P = TypeVar("P")
C = TypeVar("C")


class Planner:
    """Opens one dialog at a time and plans in the background what it shows."""

    def __init__(self, screen: Screen[None], access: SessionAccess) -> None:
        self._screen, self._access = screen, access
        self.stop = threading.Event()  # set once nobody waits for the plan

    def ask(
        self,
        dialog: ConsentDialog[P, C],
        plan: Callable[[threading.Event], P],
        then: Callable[[C], None],
        first: Callable[[threading.Event], None] = lambda stop: None,
    ) -> None:
        """Open a dialog, plan what it shows, and call ``then`` with what was confirmed.

        ``plan`` is given the event that is set once nobody waits for it any more. ``first`` is
        called before it, also in the background, while others may use the session.
        """
        stop = self.stop = threading.Event()

        def answered(consent: C | None) -> None:
            stop.set()
            if consent is not None:
                then(consent)

        self._screen.app.push_screen(dialog, answered)
        self.plan_into(dialog, plan, stop, first)

    def plan_into(
        self,
        dialog: ConsentDialog[P, C],
        plan: Callable[[threading.Event], P],
        stop: threading.Event,
        first: Callable[[threading.Event], None] = lambda stop: None,
    ) -> None:
        """Plan, and show that in an open dialog; nothing once ``stop`` is set."""

        def failed(error: Exception) -> None:
            if not isinstance(error, AbandonedError):
                dialog.fail(f"{type(error).__name__}: {error}")

        def planned() -> P:
            first(stop)
            with self._access.turn(stop) as begins:
                if not begins:
                    raise AbandonedError
                return plan(stop)

        run_in_thread(self._screen, planned, dialog.show, failed)
