"""`venvdash` without a command: opens the dashboard before the command line is imported."""

import os
import signal
import sys
from collections.abc import Sequence

_FORMS: tuple[list[str], ...] = ([], ["--no-records"])
_COMPLETING = "_VENVDASH_COMPLETE"  # set by a shell that asks for completions
_INTERRUPTED = 130  # as shells tell of Ctrl+C: 128 and the number of SIGINT


def opened(arguments: Sequence[str]) -> bool:
    """Run the dashboard if that is what was asked for, and end the program with its status.

    False if it is not, or cannot be opened: the command line then says why.
    """
    if list(arguments) not in _FORMS or _COMPLETING in os.environ or not _on_terminal():
        return False
    from venvdash import config, tui
    from venvdash.system.machine import Machine

    machine = Machine.current()
    settings = config.of(machine)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = tui.run(machine, settings, records=not arguments)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    sys.exit(status)


def _on_terminal() -> bool:
    """Return whether all streams are a terminal: Textual reads one, and draws on stderr."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)
