"""The pool of child processes that measure; one that does not respond is given up."""

import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import venvdash

CHILDREN = 2  # measured: as fast as du; more do not help where the disk cache is warm
PATIENCE = 10.0  # seconds without a sign of life until a child is given up
_ENDING = 0.05  # seconds that a killed child may take to end
_POLL = 0.04  # seconds between two looks at ``cancelled``
_AHEAD = 2  # requests that a child holds at first, so that it need not wait for us
# Waking this process takes longer than counting a small tree: of a child that answers within
# ``_SMALL`` seconds the answers gather, while it has up to ``_MOST_AHEAD`` requests.
_SMALL, _GATHERING, _MOST_AHEAD = 0.01, 0.005, 64
_LOSSES = 4  # children that may be lost, after that there are no new ones
# Where this very package lies, and nothing of site-packages' start-up code or PYTHON* variables:
# the child is ours wherever we run from, and starts in half the time of ``python -m``.
_HOME = os.path.dirname(os.path.dirname(os.path.abspath(venvdash.__file__)))
_START = "import sys; sys.path.append(sys.argv[1])\n"
_START += "import venvdash.scanner.usage.tree_count as m; m.main()"

# Children that did not end when killed (stuck in a dead file system); polled, never waited for.
_stuck: "list[subprocess.Popen[bytes]]" = []


@dataclass(frozen=True, slots=True)
class Job:
    """One tree to measure.

    ``group`` is a network mount: trees with the same one hang together. ``remembered`` is an
    earlier footprint for the child to check first; ``fstype`` is the file system's type, "" if
    unknown.
    """

    index: int
    path: bytes
    mounted: bytes = b""
    remembered: bytes = b""
    group: str = ""
    fstype: str = ""

    def request(self) -> bytes:
        """Return the frame for the child; see ``tree_count``."""
        fields = (self.path, self.mounted, self.remembered, self.fstype.encode())
        return b"".join(len(part).to_bytes(4, "little") + part for part in fields)


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a job.

    ``kind`` is a letter of the protocol, "d" if the child died, "h" if it hangs, "n" if
    there was no child. ``data`` is the answer's field.
    """

    job: Job
    kind: str
    data: bytes = b""


@dataclass(eq=False)
class _Child:
    process: "subprocess.Popen[bytes]"
    heard: float
    ahead: int = _AHEAD
    jobs: deque[Job] = field(default_factory=deque)
    inbox: bytearray = field(default_factory=bytearray)
    outbox: bytearray = field(default_factory=bytearray)

    @property
    def stdin(self) -> int:
        assert self.process.stdin is not None
        return self.process.stdin.fileno()

    @property
    def stdout(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()


def available() -> bool:
    """Return whether children can be used here: on POSIX, with a Python to start."""
    return os.name == "posix" and bool(sys.executable)


def run(
    jobs: list[Job],
    cancelled: Callable[[], bool],
    *,
    children: int = CHILDREN,
    patience: float = PATIENCE,
) -> Generator[Answer, None, None]:
    """Yield one Answer for each job as it comes; fewer if ``cancelled`` returns True.

    Every child has ended (or was given up) when this returns or is closed. A child runs
    ``tree_count.main`` at a lower priority and does not receive the terminal's Ctrl+C.
    """
    pool = _Pool(deque(jobs), patience)
    try:
        for _ in range(min(children, len(jobs))):
            pool.start()
        while not cancelled():
            yield from pool.step()
            if pool.idle:
                return
    finally:
        pool.end()


class _Pool:
    def __init__(self, jobs: deque[Job], patience: float) -> None:
        self.jobs = jobs
        self.patience = patience
        self.children: list[_Child] = []
        self.selector = selectors.DefaultSelector()
        self.losses = 0
        self.hung: set[str] = set()

    @property
    def idle(self) -> bool:
        return not self.jobs and not any(child.jobs for child in self.children)

    def start(self) -> None:
        """Start a child; if that fails there is one less."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, _HOME],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
                bufsize=0,
                cwd="/",
            )
        except OSError:
            return
        child = _Child(process, time.monotonic())
        os.set_blocking(child.stdin, False)
        os.set_blocking(child.stdout, False)
        self.selector.register(child.stdout, selectors.EVENT_READ, child)
        self.children.append(child)

    def step(self) -> Iterator[Answer]:
        """Send jobs, wait up to ``_POLL``, and yield the answers that arrived."""
        if not self.children:
            while self.jobs:
                yield Answer(self.jobs.popleft(), "n")
            return
        self._feed()
        ready = self.selector.select(_POLL)
        if any(child.ahead > _AHEAD for child in self.children):
            time.sleep(_GATHERING)
        for key, _ in ready:
            child = key.data
            if child not in self.children:
                continue
            if key.fd == child.stdout:
                yield from self._hear(child)
            else:
                self._write(child)
        now = time.monotonic()
        for child in list(self.children):
            if child.jobs and now - child.heard > self.patience:
                yield from self._lose(child, "h")

    def _feed(self) -> None:
        """Give the children jobs in turn, as many as each may hold."""
        while self.jobs:
            child = min(self.children, key=lambda one: len(one.jobs) / one.ahead)
            if len(child.jobs) >= child.ahead:
                break
            job = self.jobs.popleft()
            if not child.jobs:
                child.heard = time.monotonic()
            child.jobs.append(job)
            child.outbox += job.request()
        for child in self.children:
            if child.outbox:
                self._write(child)

    def _write(self, child: _Child) -> None:
        """Write what the pipe accepts now, and watch it if something is left."""
        # A broken pipe shows at the other pipe.
        with suppress(BlockingIOError, BrokenPipeError):
            del child.outbox[: os.write(child.stdin, child.outbox)]
        waits = child.stdin in self.selector.get_map()
        if child.outbox and not waits:
            self.selector.register(child.stdin, selectors.EVENT_WRITE, child)
        elif waits and not child.outbox:
            self.selector.unregister(child.stdin)

    def _hear(self, child: _Child) -> Iterator[Answer]:
        try:
            data = os.read(child.stdout, 1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            yield from self._lose(child, "d")
            return
        now = time.monotonic()
        small, child.heard = now - child.heard < _SMALL, now
        child.ahead = min(2 * child.ahead, _MOST_AHEAD) if small else _AHEAD
        child.inbox += data
        for kind, field_ in _frames(child.inbox):
            if kind != ".":
                yield Answer(child.jobs.popleft(), kind, field_)

    def _lose(self, child: _Child, kind: str) -> Iterator[Answer]:
        """Give up a child: answer its job, queue its other jobs again, start a new child."""
        self._end(child)
        self.losses += 1
        lost = child.jobs.popleft() if child.jobs else None
        self.jobs.extendleft(reversed(child.jobs))
        if lost is not None:
            yield Answer(lost, kind)
            if kind == "h" and lost.group:
                waiting = list(self.jobs)
                self.jobs = deque(job for job in waiting if job.group != lost.group)
                yield from (Answer(job, kind) for job in waiting if job.group == lost.group)
        if self.losses < _LOSSES and self.jobs:
            self.start()

    def _end(self, child: _Child) -> None:
        self.children.remove(child)
        for pipe in (child.stdin, child.stdout):
            with suppress(KeyError):
                self.selector.unregister(pipe)
        process = child.process
        process.kill()
        for file in (process.stdin, process.stdout):
            if file is not None:
                with suppress(OSError):
                    file.close()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            _stuck.append(process)

    def end(self) -> None:
        """End all children."""
        for child in list(self.children):
            self._end(child)
        self.selector.close()
        _stuck[:] = [process for process in _stuck if process.poll() is None]


def _frames(inbox: bytearray) -> Iterator[tuple[str, bytes]]:
    """Take the whole frames out of ``inbox``: letters and fields; see ``tree_count``."""
    while len(inbox) >= 5:
        end = 5 + int.from_bytes(inbox[1:5], "little")
        if len(inbox) < end:
            return
        letter, field_ = chr(inbox[0]), bytes(inbox[5:end])
        del inbox[:end]
        yield letter, field_
