"""Starts ``python -m venvdash`` by forking a process in which its modules are loaded already.

Test programs that run venvdash in their own way (``python -m tests.…``) are started alike, and so
are programs like poetry, where only the libraries that they use are loaded already: they themselves
read variables while they are imported.

What runs is a process like any other, with its own descriptors, directory, variables and signals,
for a tenth of the CPU time. What depends on how Python itself starts needs ``subprocess``.
"""

import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_ROOT = Path(__file__).parents[1]
_ABOVE = 500  # descriptors of the server that a fork keeps are higher
_LARGEST = 1 << 20  # bytes of a request: arguments and variables
_PYTHON_M = [sys.executable, "-m"]
VENVDASH = [*_PYTHON_M, "venvdash"]

PROGRAMS: set[str] = set()
"""Scripts of Python that are started by a fork; each has a process of its own for that."""

Descriptor = int
Streams = tuple[Descriptor, Descriptor, Descriptor]  # stdin, stdout, stderr


class Process:
    """One run of venvdash; what tests need of ``subprocess.Popen``."""

    def __init__(
        self,
        program: str,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        cwd: Path,
        streams: Streams,
        session: bool,
        controlling: bool,
    ) -> None:
        self._answers, its = socket.socketpair()
        request = {
            "program": program,
            "arguments": list(arguments),
            "variables": dict(variables),
            "cwd": str(cwd),
            "session": session,
            "controlling": controlling,
        }
        with its:
            message = [json.dumps(request).encode()]
            server = _server(os.getpid(), program if program in PROGRAMS else "")
            socket.send_fds(server, message, [*streams, its.fileno()])
        self.pid = self._answer()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self.returncode is None and select.select([self._answers], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit status; raise ``TimeoutExpired``."""
        if self.returncode is None:
            if not select.select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("venvdash", timeout or 0)
            self.returncode = self._answer()
            self._answers.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _answer(self) -> int:
        answer = self._answers.recv(4, socket.MSG_WAITALL)
        assert len(answer) == 4, "the fork server has ended"
        return int.from_bytes(answer, "big", signed=True)


Started = subprocess.Popen[bytes] | Process


def start(
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    cwd: Path,
    streams: Streams,
    session: bool = False,
    controlling: bool = False,
) -> Started:
    """Start any program; venvdash, test programs and ``PROGRAMS`` by a fork where it is the same.

    ``session``: in a session of its own; ``controlling``: with the terminal as that session's.
    """
    if _can_fork(variables):
        python_m = list(command[:2]) == _PYTHON_M
        program, arguments = (command[2], command[3:]) if python_m else (command[0], command[1:])
        ours = python_m and program.partition(".")[0] in ("venvdash", "tests")
        if ours or program in PROGRAMS:
            return Process(program, arguments, variables, cwd, streams, session, controlling)
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env=variables,
        start_new_session=session,
        preexec_fn=_take_control if controlling else None,
    )


def run(
    command: Sequence[str], *, variables: Mapping[str, str], cwd: Path, timeout: float = 300
) -> "subprocess.CompletedProcess[str]":
    """Do what ``subprocess.run`` does: no input, output as text."""
    readers, writers = zip(os.pipe(), os.pipe(), strict=True)
    streams = (os.open(os.devnull, os.O_RDONLY), *writers)
    try:
        process = start(command, variables=variables, cwd=cwd, streams=streams)
    finally:
        for descriptor in streams:
            os.close(descriptor)
    try:
        output, errors = _read_all(readers, timeout)
        return subprocess.CompletedProcess(command, process.wait(timeout), output, errors)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _read_all(readers: Sequence[Descriptor], timeout: float) -> list[str]:
    """Read all to their ends, at the same time, and close them."""
    parts: dict[Descriptor, list[bytes]] = {reader: [] for reader in readers}
    open_ones = set(readers)
    while open_ones:
        ready = select.select(open_ones, [], [], timeout)[0]
        if not ready:
            raise subprocess.TimeoutExpired("venvdash", timeout)
        for reader in ready:
            if part := os.read(reader, 1 << 16):
                parts[reader].append(part)
            else:
                open_ones.remove(reader)
                os.close(reader)
    texts = (b"".join(parts[reader]).decode() for reader in readers)
    return [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]


_PREFIXES = ("PYTHON", "TEXTUAL_")  # variables that count when Python or Textual starts
_LOCALE = ("LANG", "LC_")


def _can_fork(variables: Mapping[str, str]) -> bool:
    """Return whether Python would start with these variables as the server did."""
    locale = {name for name in {*variables, *os.environ} if name.startswith(_LOCALE)}
    same = all(variables.get(name) == os.environ.get(name) for name in locale)
    return same and not any(name.startswith(_PREFIXES) for name in variables)


@functools.cache
def _server(_pid: int, program: str) -> socket.socket:
    """Return the connection to this process's server, which ends with it.

    ``program`` is one of ``PROGRAMS``, or "" for venvdash.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
    with theirs:
        process = subprocess.Popen(
            [*_begin(program), str(theirs.fileno()), program],
            cwd=_ROOT,
            env={name: os.environ[name] for name in os.environ if not name.startswith(_PREFIXES)},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(_end, os.getpid(), ours, process)
    return ours


def _begin(program: str) -> list[str]:
    if program:
        return [str(Path(program).with_name("python")), __file__]
    return [*_PYTHON_M, "tests.forkserver"]


def _end(owner: int, connection: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    if os.getpid() == owner:  # not a fork of it
        connection.close()
        process.wait()


def _serve(connection: socket.socket, learned: socket.socket) -> list[str]:
    """Fork for each request; in the fork, return the program and its arguments.

    What arrives at ``learned`` are names of modules, which are loaded for later forks.
    """
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    while True:
        ready = select.select([connection.fileno(), woken, learned.fileno()], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
            _reap(running)
        if learned.fileno() in ready:
            _load_all(learned.recv(_LARGEST).decode().split())
        if connection.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(connection, _LARGEST, 4)
            if not message:
                os._exit(0)
            answers = socket.socket(fileno=descriptors.pop())
            if (child := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for held in (connection, learned, answers, *running.values()):
                    held.close()
                os.close(woken)
                os.close(wake)
                return _become(json.loads(message), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            running[child] = answers
            _tell(answers, child)


def _reap(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with running.pop(pid) as answers:
            _tell(answers, os.waitstatus_to_exitcode(status))


def _tell(answers: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        answers.sendall(number.to_bytes(4, "big", signed=True))


def _become(request: dict[str, object], streams: list[Descriptor]) -> list[str]:
    """Make this process what Python would make; return the program and its arguments."""
    if request["session"]:
        os.setsid()
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.closerange(3, max(streams) + 1)
    if request["controlling"]:
        _take_control()
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    assert isinstance(request["variables"], dict)
    os.environ.update(request["variables"])
    sys.path[0] = str(request["cwd"])
    # Opened again: a terminal is buffered by lines, anything else by blocks. The program uses them
    # until it ends.
    sys.stdin = open(0, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115 - stays open
    sys.stdout = open(1, "w", errors=sys.stdout.errors, closefd=False)  # noqa: SIM115 - stays open
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115 - stays open
    assert isinstance(request["arguments"], list)
    return [str(request["program"]), *request["arguments"]]


def _take_control() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def never_wait_for_disks() -> None:
    """Make ``fsync`` do nothing: no test cuts the power, and waiting is most of a test's time."""
    os.fsync = lambda fd: None


def load() -> None:
    """Import all of venvdash, but what begins a run of it."""
    import venvdash

    for module in pkgutil.walk_packages(venvdash.__path__, "venvdash."):
        if not module.name.endswith("__main__"):
            __import__(module.name)


def _load_all(names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(Exception):  # the program goes other ways than this one
            importlib.import_module(name)
    _freeze()


def _freeze() -> None:
    gc.collect()
    gc.freeze()


def _run_script(script: str, arguments: Sequence[str], teach: Descriptor) -> NoReturn:
    """Run a program, and name the libraries that it has loaded to the server."""
    before = set(sys.modules)
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    own = Path(script).name.replace("-", "_")
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        new = [name for name in sys.modules if name not in before]
        others = [name for name in new if name.partition(".")[0] not in (own, "pip")]
        with socket.socket(fileno=teach) as server:
            server.send("\n".join(others).encode() or b"\n")
    sys.exit()


def _main() -> NoReturn:
    _, connection, script = sys.argv
    if not script:
        load()
    never_wait_for_disks()
    _freeze()
    learned, teaches = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    teaches.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
    teach = fcntl.fcntl(teaches, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
    teaches.close()
    program, *arguments = _serve(socket.socket(fileno=int(connection)), learned)
    if script:
        _run_script(script, arguments, teach)
    os.close(teach)
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _main()
