"""The only place that starts uv."""

import contextlib
import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict, Unpack

from venvdash.actions.process.child_process import CancelledError, Program
from venvdash.actions.process.run_log import Log, Recording, typed
from venvdash.system.machine import Machine
from venvdash.text import redact

_MOST = 64 * 1024 * 1024  # bytes of an answer; the largest listing has a few
_LONGEST = 64 * 1024  # bytes of one line
_LAST = 60  # lines that say why it failed
_ENDS = re.compile(rb"[\r\n]")
_SETTINGS_TIME = 60.0  # seconds; uv only reads files for it
# A line of what `--show-settings` writes: Rust's own form of values, texts in it have no newlines.
_ELSEWHERE = re.compile(r"^\s*(target|prefix): Some\b", re.MULTILINE)


class UvError(Exception):
    """uv could not be run, or failed.

    ``command`` is what was run, as one would type it; ``words`` what uv wrote on stderr, as it
    came but for credentials; ``advice`` what to do next. The text of the exception holds all three.
    """

    def __init__(self, command: str, words: str, advice: str) -> None:
        words = redact(words)
        super().__init__("\n".join(part for part in (f"{command}:", words, advice) if part))
        self.command = command
        self.words = words
        self.advice = advice


class RunOptions(TypedDict):
    """How a program is run: it sees only ``environ`` and ``variables``.

    The latter are part of what was done, so ``log`` keeps them beside the command. The program is
    stopped when ``cancel`` is set.
    """

    environ: Mapping[str, str]
    cwd: Path
    log: Log
    variables: NotRequired[Mapping[str, str] | None]
    cancel: NotRequired[threading.Event | None]


def find_uv(machine: Machine, *, bundled: bool = True) -> Path | None:
    """Return the uv to drive: the first on PATH, else (``bundled``) the one of the uv package."""
    return machine.program("uv") or (_of_package() if bundled else None)


def _of_package() -> Path | None:
    try:
        from uv import find_uv_bin  # an optional package, and only needed here

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def run(
    uv: Path,
    arguments: Sequence[str | Path],
    *,
    timeout: float,
    **how: Unpack[RunOptions],
) -> "subprocess.CompletedProcess[str]":
    """Run uv to its end and return what it wrote.

    It reads nothing. When ``timeout`` seconds have passed, ``cancel`` is set or the caller is
    interrupted, it is stopped with all that it started: build backends, interpreters. Raises
    UvError when uv cannot be started, takes too long, writes without end, or ends with another
    code than 0; CancelledError.
    """
    written = (bytearray(), bytearray())
    with _started(uv, arguments, merged=False, **how) as started:
        try:
            for pipe, data in started.program.listen(how.get("cancel"), timeout):
                written[pipe].extend(data)
                if len(written[pipe]) > _MOST:
                    raise UvError(started.shown, "it produced too much output", started.by_hand())
        except TimeoutError as error:
            for pipe, data in started.program.stop():
                written[pipe].extend(data)
            words = f"{_text(written[1]).strip()}\nstopped after {timeout:g} seconds".strip()
            advice = started.by_hand("to see what it is waiting for")
            raise UvError(started.shown, words, advice) from error
        finally:
            out, words = map(_text, written)
            started.recording.lines(out)
            started.recording.lines(words)
    started.check(words.strip())
    return subprocess.CompletedProcess(started.command, 0, out, words)


def elsewhere(uv: Path, arguments: Sequence[str | Path], **how: Unpack[RunOptions]) -> str | None:
    """Return the setting that has ``uv pip install`` put packages elsewhere, None for none.

    That is `target` or `prefix` of `[pip]` in a uv.toml or of `[tool.uv.pip]` in a pyproject.toml,
    which overrule ``--python`` and of which its dry run says nothing. Nothing is installed. Raises
    UvError and CancelledError.
    """
    done = run(uv, [*arguments, "--show-settings"], timeout=_SETTINGS_TIME, **how)
    match = _ELSEWHERE.search(done.stdout)
    return match[1] if match else None


def stream(
    uv: Path, arguments: Sequence[str | Path], **how: Unpack[RunOptions]
) -> Generator[str, None, None]:
    """Run uv and yield the lines that it writes on stdout and stderr as they come.

    As ``run``, but for as long as it takes; a reader that is slow holds it up. It is stopped when
    ``cancel`` is set, and when the reader goes away. Bytes that are not UTF-8 are escaped, what a
    carriage return ends is a line, empty ones are left out. Raises UvError, whose ``words`` are
    the last lines; CancelledError once nothing of it runs any more.
    """
    last: deque[str] = deque(maxlen=_LAST)
    lines = _Lines()
    with _started(uv, arguments, merged=True, **how) as started:

        def noted(found: Iterable[str]) -> Iterator[str]:
            for line in map(redact, found):
                started.recording.line(line)
                last.append(line)
                yield line

        try:
            for _, data in started.program.listen(how.get("cancel")):
                yield from noted(lines.ended_by(data))
            yield from noted(lines.rest())
        except CancelledError:
            for _, data in started.program.stop():
                deque(noted(lines.ended_by(data)), maxlen=0)
            raise
    started.check("\n".join(last))


@dataclass(frozen=True, slots=True)
class _Started:
    """A program that runs for somebody, and where that is recorded."""

    program: Program
    command: list[str]
    cwd: Path
    shown: str
    recording: Recording

    def by_hand(self, why: str = "to see the full output") -> str:
        return f"Run it by hand in {self.cwd} {why}."

    def check(self, words: str) -> None:
        """Raise UvError unless it ended well."""
        status = self.program.status
        if status:
            words = words or f"exited with code {status}"
            raise UvError(self.shown, words, self.by_hand("with `--verbose` for more details"))


@contextlib.contextmanager
def _started(
    uv: Path,
    arguments: Sequence[str | Path],
    *,
    merged: bool,
    **how: Unpack[RunOptions],
) -> Iterator[_Started]:
    """Start uv, record it, and see to it that nothing of it runs on."""
    cwd, variables, cancel = how["cwd"], how.get("variables"), how.get("cancel")
    command = [os.fspath(uv), *(os.fspath(argument) for argument in arguments)]
    shown = typed(command, variables)  # tools with environments are run here too
    if cancel is not None and cancel.is_set():
        raise CancelledError
    recording = how["log"].begin(command, cwd, variables)
    environ = {**how["environ"], **(variables or {})}
    try:
        program = Program(command, environ=environ, cwd=cwd, merged=merged)
    except (OSError, ValueError) as error:
        recording.line(f"cannot be started: {error}")
        recording.ended(None)
        advice = f"Check that `{uv} --version` works, and that {cwd} is a directory."
        raise UvError(shown, f"cannot be started: {error}", advice) from error
    try:
        with program:
            yield _Started(program, command, cwd, shown, recording)
    finally:
        recording.ended(program.status)


class _Lines:
    """Cuts what comes into lines; one that does not end is cut where it gets too long."""

    def __init__(self) -> None:
        self._begun = b""

    def ended_by(self, data: bytes) -> list[str]:
        """Return the lines that ``data`` ends."""
        *ended, self._begun = _ENDS.split(self._begun + data)
        while len(self._begun) > _LONGEST:
            ended.append(self._begun[:_LONGEST])
            self._begun = self._begun[_LONGEST:]
        return [_text(line) for line in ended if line]

    def rest(self) -> list[str]:
        """Return the last line, if nothing ended it."""
        rest, self._begun = self._begun, b""
        return [_text(rest)] if rest else []


def _text(data: bytes | bytearray) -> str:
    return data.decode("utf-8", "surrogateescape")
