"""Searches a network disk in a child process, which can be killed when it hangs in the kernel.

The request is pickled; it never comes from outside. Each answer is a line of JSON: a list that
begins with ``directories`` (a sign of life), ``hit``, ``unsearched``, ``left out`` or ``end``.
"""

import json
import os
import pickle
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Facts
from venvdash.scanner.search.matcher import DirectoryMatcher, Spellings
from venvdash.scanner.search.scope import Start
from venvdash.scanner.search.walk import Walk, WalkState
from venvdash.system.io_priority import read_when_idle
from venvdash.system.machine import Machine
from venvdash.text import because

PATIENCE = 10.0  # seconds without a sign of life until a child is given up
_POLL = 0.05  # seconds between two calls of ``over``
_PART = 100  # directories between two signs of life
_LINE = 1 << 20  # bytes read at once
_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
_START = """import sys; sys.path.append(sys.argv[1])
import venvdash.scanner.search.child_process as child; child.main()"""

# Children that did not end when killed (stuck in a dead file system); polled, never waited for.
_stuck: "list[subprocess.Popen[bytes]]" = []


@dataclass(frozen=True, slots=True)
class Request:
    """What a child searches: ``starts`` lie on one network disk."""

    starts: tuple[Start, ...]
    machine: Machine
    config: Config
    environments: tuple[Environment, ...]
    facts: Facts | None
    spellings: Spellings
    barred: Mapping[str, str]


class SilentError(Exception):
    """The disk did not respond, or the child ended early; the text says which."""


def ask(request: Request, over: Callable[[], bool]) -> Iterator[list[object]]:
    """Yield the answers of a child; the last is ``["end"]`` unless ``over`` stopped it.

    Raises SilentError. The child has ended, or was given up, when this returns or is closed.
    """
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, _PACKAGES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
            cwd="/",
        )
    except OSError as error:
        raise SilentError(f"cannot start a process to read it: {because(error)}") from error
    try:
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.write(pickle.dumps(request))
            child.stdin.close()
        yield from _answers(child, over)
    finally:
        _end(child)


def _answers(child: "subprocess.Popen[bytes]", over: Callable[[], bool]) -> Iterator[list[object]]:
    assert child.stdout is not None
    heard, rest = time.monotonic(), b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while not over():
            if not selector.select(_POLL):
                if time.monotonic() - heard > PATIENCE:
                    raise SilentError("it did not respond")
                continue
            data = os.read(child.stdout.fileno(), _LINE)
            if not data:
                raise SilentError("the process that read it exited unexpectedly")
            heard = time.monotonic()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                answer = json.loads(line)
                yield answer
                if answer == ["end"]:
                    return


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    _stuck[:] = [other for other in _stuck if other.poll() is None]
    try:
        child.wait(0.5)
    except subprocess.TimeoutExpired:
        _stuck.append(child)


def main() -> None:
    """Run the request from standard input; write the answers to standard output."""
    request = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
    read_when_idle()
    matcher = DirectoryMatcher(
        request.machine, request.config, request.environments, request.facts, request.spellings
    )
    state = WalkState(request.barred, request.machine.uid)
    reported: set[Path] = set()
    for start in request.starts:
        walk, more = Walk(start, matcher, state), True
        while more and not matcher.done:
            more = walk.step(_PART)
            for path, hit in matcher.hits.items():
                if path not in reported:
                    reported.add(path)
                    _answer("hit", str(path), str(hit.place), hit.reason, hit.is_project)
            _answer("directories", state.directories)
    for place in state.unsearched.values():
        _answer("unsearched", str(place.path), place.reason, place.release)
    for what, kind in state.not_entered.items():
        _answer("left out", what, kind.count, *kind.paths)
    _answer("end")


def _answer(*answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
