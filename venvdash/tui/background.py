"""Calls in background threads: what may wait for a disk never runs in the screen's own thread.

The threads are daemons and not Textual's workers: leaving must not wait for a directory on a
network mount that does not answer.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from venvdash.tui.notices import Notice

T = TypeVar("T")


class AbandonedError(Exception):
    """Nobody waits for the result any more."""


class CallReturned(Message):
    """A background call returned or raised; ``then`` handles it in the screen's thread."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.then = then


class DismissedOnce(Screen[T]):
    """A screen that ignores a second dismissal.

    Keys that were typed together reach it after the first has dismissed it: Textual would then pop
    the screen below, or fail.
    """

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Dismiss the screen if it is the topmost."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class CallScreen(DismissedOnce[T]):
    """A screen with background calls. Keys typed before it is laid out do nothing."""

    _laid_out = False

    def on_mount(self) -> None:
        """Take keys from now on."""
        self._laid_out = True

    def on_call_returned(self, message: CallReturned) -> None:
        """Handle the result of a background call."""
        if self.is_running and self.is_attached:  # not while the dashboard closes
            message.then()

    def show_notice(self, notice: Notice) -> None:
        """Show a message where this screen shows them."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow nothing before the parts are there, or after they are gone."""
        return self._laid_out and self.is_attached


def run_in_thread(
    pump: MessagePump,
    call: Callable[[], T],
    then: Callable[[T], None],
    failed: Callable[[Exception], None],
) -> None:
    """Run ``call`` in a thread; ``then`` or ``failed`` is called in the screen's thread.

    ``pump`` receives the message ``CallReturned`` and calls its ``then``.
    """

    def run() -> None:
        try:
            value = call()
        except Exception as error:  # whatever it is, the dashboard lives on and says so
            raised = error
            pump.post_message(CallReturned(lambda: failed(raised)))
        else:
            pump.post_message(CallReturned(lambda: then(value)))

    threading.Thread(target=run, name="background", daemon=True).start()


class LatestCall(Generic[T]):
    """Runs one call at a time in a thread; of those requested meanwhile only the last.

    ``busy``: whether a result is still to come.
    """

    def __init__(
        self,
        pump: MessagePump,
        then: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._pump = pump
        self._then = then
        self._failed = failed
        self._waiting: Callable[[], T] | None = None
        self.busy = False

    def request(self, call: Callable[[], T]) -> None:
        """Run this call, once the one that runs is done."""
        self._waiting = call
        if not self.busy:
            self._next()

    def forget(self) -> None:
        """Drop the call that waits, if any."""
        self._waiting = None

    def _next(self) -> None:
        call, self._waiting = self._waiting, None
        if call is not None:
            self.busy = True
            run_in_thread(
                self._pump,
                call,
                lambda value: self._returned(lambda: self._then(value)),
                lambda error: self._returned(lambda: self._failed(error)),
            )

    def _returned(self, handle: Callable[[], None]) -> None:
        self.busy = False
        if self._waiting is None:
            handle()
        self._next()
