"""What signals do to the dashboard: SIGTERM and SIGHUP end it, Ctrl+Z and SIGCONT suspend it.

Handlers are Python's own (``signal.signal``), not the event loop's: a terminal that takes no output
blocks the loop in a write, and then only these still run.
"""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from textual.app import App

_GRACE = 3.0  # seconds for the event loop to end by itself
_STOPPING = 0.1  # seconds; a process that has sent itself a stop signal stops well within


class Signals:
    """The signal handlers of one dashboard on a terminal; used from the main thread."""

    def __init__(
        self, app: App[int], leave: Callable[[], None], finish: Callable[[], None]
    ) -> None:
        """``leave`` ends the app and is called in its loop.

        ``finish`` gives work under way time to end; it is called in any thread.
        """
        self._app, self._leave, self._finish = app, leave, finish
        self._loop = asyncio.get_running_loop()
        self._ending: threading.Thread | None = None
        self._modes: list[Any] | None = None

    def install(self) -> None:
        """Handle the signals until the process ends; ignored ones (``nohup``) stay ignored."""
        if os.name != "posix":
            return
        import termios

        with contextlib.suppress(termios.error, OSError, AttributeError):
            # What Textual had found before it changed anything.
            self._modes = self._app._driver.attrs_before  # type: ignore[union-attr]  # on a terminal
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._asked_to_end)
        signal.signal(signal.SIGTSTP, self._suspended)
        # Textual would take the terminal once more, though it was never given away.
        signal.signal(signal.SIGCONT, self._continued)

    def _asked_to_end(self, *_: object) -> None:
        if self._ending is None:
            self._ending = threading.Thread(target=self._end, daemon=True)
            self._ending.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._leave)

    def _end(self) -> None:
        """End the process where the event loop cannot because its output is blocked."""
        time.sleep(_GRACE)
        self._finish()
        if self._modes is not None:
            import termios

            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSANOW, self._modes)
        os._exit(1)

    def suspend(self) -> None:
        """Restore the terminal and stop, with all processes of our foreground group.

        `uv run` is one of these: if only we stopped, the shell would not notice. Where no shell
        could continue us, nothing stops, and the screen is drawn again.
        """
        self._stop(lambda: os.killpg(os.getpgrp(), signal.SIGTSTP))

    def _suspended(self, *_: object) -> None:
        self._stop(lambda: os.kill(os.getpid(), signal.SIGTSTP))

    def _stop(self, send: Callable[[], None]) -> None:
        driver = self._app._driver
        if driver is None or not driver.can_suspend:
            return
        driver.suspend_application_mode()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        send()
        time.sleep(_STOPPING)  # stopped in here, until SIGCONT
        signal.signal(signal.SIGTSTP, self._suspended)
        driver.resume_application_mode()
        self._continued()

    def _continued(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))
