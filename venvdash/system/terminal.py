"""Giving the terminal to another program, and restoring it afterwards.

A program that we wait for is in our process group until it creates its own, as interactive shells
do. So Ctrl+C and Ctrl+Z reach both: we ignore the first, the second stops both, and the shell that
started us continues both.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from venvdash.text import because

_NOT_FOUND, _NOT_RUN = 127, 126  # as shells say it
_SIGNALLED = 128
# Bracketed paste and keypad modes off, the cursor shown, default colours: a program that was killed
# leaves them changed.
_SANE = b"\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m"


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a program ended: its exit status as in shells (128 plus the number of a signal).

    ``problem`` is a sentence on why it could not be started.
    """

    status: int
    problem: str = ""


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    *,
    interactive: bool,
    stdout: int | None = None,
) -> ExitStatus:
    """Run a program on our terminal, wait for its end, and restore the terminal.

    ``stdout`` is a descriptor for what it prints, None for our own.

    SIGHUP and SIGTERM are forwarded to the program, and end this process after it; an
    ``interactive`` shell, which ignores SIGTERM, gets SIGHUP instead. Call it from the main thread.
    Raises nothing.
    """
    if os.name != "posix":
        return _run_on_windows(arguments, environ, cwd, stdout)
    terminal = _Terminal.current()
    with _Signals(interactive) as signals:
        try:
            process = subprocess.Popen(arguments, cwd=cwd, env=environ, stdout=stdout)
        except (OSError, ValueError) as error:
            return _not_started(arguments[0], cwd, error)
        signals.forward_to(process.pid)
        status = _waited(process.pid, terminal)
        signals.forward_to(0)
        process.returncode = status  # it has been waited for
        if terminal is not None:
            terminal.restore(killed=status < 0)
    return ExitStatus(status if status >= 0 else _SIGNALLED - status)


def replace(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path) -> ExitStatus:
    """Replace this process with another program.

    Returns only if that fails, and on Windows. Raises nothing.
    """
    if os.name != "posix":
        return _run_on_windows(arguments, environ, cwd)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGXFSZ)}
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        os.chdir(cwd)
        for number in handlers:  # Python ignores them, and programs would inherit that
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(arguments[0], list(arguments), dict(environ))  # noqa: S606  # no shell
    except (OSError, ValueError) as error:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        return _not_started(arguments[0], cwd, error)


def drop_input() -> None:
    """Discard unread input: it was typed for a program that has ended."""
    if os.name == "posix":
        import termios

        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(sys.__stdin__ or 0, termios.TCIFLUSH)
        return
    import msvcrt

    while msvcrt.kbhit():  # type: ignore[attr-defined]  # of Windows
        msvcrt.getwch()  # type: ignore[attr-defined]  # of Windows


def _run_on_windows(
    arguments: Sequence[str], environ: Mapping[str, str], cwd: Path, stdout: int | None = None
) -> ExitStatus:
    import shutil

    # Windows would look for it on our own PATH.
    program = shutil.which(arguments[0], path=environ.get("PATH"))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program
    try:
        done = subprocess.run(
            [program or arguments[0], *arguments[1:]],
            cwd=cwd,
            env=environ,
            stdout=stdout,
            check=False,
        )
    except (OSError, ValueError) as error:
        return _not_started(arguments[0], cwd, error)
    finally:
        signal.signal(signal.SIGINT, before)
    return ExitStatus(done.returncode)


def _not_started(program: str, cwd: Path, error: Exception) -> ExitStatus:
    if not os.path.isdir(cwd):
        return ExitStatus(_NOT_RUN, f"Cannot change to the directory {cwd}.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ExitStatus(_NOT_FOUND, f"{program} was not found.")
    return ExitStatus(_NOT_RUN, f"Cannot run {program}: {because(error)}.")


def _waited(pid: int, terminal: "_Terminal | None") -> int:
    """Wait for a child's end and return its status, negative for a signal."""
    while True:
        try:
            _, status = os.waitpid(pid, os.WUNTRACED)
        except ChildProcessError:  # somebody else has waited for it
            return 0
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        with contextlib.suppress(ProcessLookupError):
            group = os.getpgid(pid)
            if group != os.getpgrp():  # `suspend` in the shell: nobody else would wake it
                os.kill(os.getpid(), signal.SIGSTOP)
                if terminal is not None:
                    terminal.give(group)
                os.killpg(group, signal.SIGCONT)


class _Terminal:
    """The terminal of this process and its modes at that time."""

    def __init__(self, descriptor: int, modes: list[Any], group: int) -> None:
        self._descriptor = descriptor
        self._modes = modes
        self._group = group

    @classmethod
    def current(cls) -> "_Terminal | None":
        """Return the terminal of our standard streams, None if there is none."""
        import termios

        for descriptor in range(3):
            try:
                return cls(descriptor, termios.tcgetattr(descriptor), os.tcgetpgrp(descriptor))
            except (OSError, termios.error):
                continue
        return None

    def give(self, group: int) -> None:
        """Make another process group the foreground group."""
        with _ignored(signal.SIGTTOU), contextlib.suppress(OSError):
            os.tcsetpgrp(self._descriptor, group)

    def restore(self, *, killed: bool) -> None:
        """Restore it, unless it has hung up."""
        import termios

        if self._group == os.getpgrp():
            self.give(self._group)
        with _ignored(signal.SIGTTOU), contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._modes)
            if killed and os.environ.get("TERM", "dumb") != "dumb":
                os.write(self._descriptor, _SANE)


@contextlib.contextmanager
def _ignored(number: signal.Signals) -> Iterator[None]:
    """Ignore a signal; in the background, a write to the terminal would stop us."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before if before is not None else signal.SIG_DFL)


class _Signals:
    """The signal handlers while we wait; leaving the block restores the former ones."""

    def __init__(self, interactive: bool) -> None:
        self._sends = {
            signal.SIGHUP: (signal.SIGHUP, signal.SIGCONT),
            signal.SIGTERM: (signal.SIGHUP if interactive else signal.SIGTERM, signal.SIGCONT),
        }
        self._pid = 0
        self._received: list[int] = []
        self._before: dict[int, Any] = {}
        self._wakeup = -1

    def __enter__(self) -> "_Signals":
        # asyncio must not hear of what is none of its business.
        self._wakeup = signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGQUIT):
            # Not ignored, for the program would inherit that.
            self._handle(number, _pass_by)
        for number in self._sends:
            self._handle(number, self._forward)
        for number in (signal.SIGTSTP, signal.SIGCONT):
            self._handle(number, signal.SIG_DFL)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        for number in self._received[:1]:
            os.kill(os.getpid(), number)

    def forward_to(self, pid: int) -> None:
        """Forward received and further signals to this process, to none for 0."""
        self._pid = pid
        for number in self._received if pid else ():
            self._send(number)

    def _handle(
        self, number: signal.Signals, handler: "Callable[[int, FrameType | None], None] | int"
    ) -> None:
        before = signal.getsignal(number)
        if before is not signal.SIG_IGN and before is not None:  # `nohup` means what it says
            self._before[number] = before
            signal.signal(number, handler)

    def _forward(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)
        if self._pid:
            self._send(number)

    def _send(self, number: int) -> None:
        for sent in self._sends[signal.Signals(number)]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, sent)


def _pass_by(number: int, frame: FrameType | None) -> None:
    """Do nothing; the program on the terminal gets the signal, too."""
