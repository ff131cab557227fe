"""The standard streams of the command line: whatever is wrong with them ends in words.

A stream may be closed, full, hung up or a pipe that nobody reads. Nothing is changed then where
that can be known before (``acting``, ``begin_json``); else the program ends with 1 and one line on
stderr. What cannot be said on stderr is lost, and changes nothing.
"""

import errno
import io
import json
import os
import select
import sys
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from venvdash.text import because

_JSON_SCHEMA = 3  # goes up when a key or a value of what `--json` prints changes
_acting = False  # whether something is being changed, or has been
_answered = False  # whether JSON was printed, or its beginning


class OutputError(Exception):
    """Something could not be written to stdout. It is no OSError: no cleanup takes it for one."""

    def __init__(self, error: OSError) -> None:
        super().__init__(because(error))
        self.errno = error.errno


class _Out(io.FileIO):
    """Stdout; raises OutputError, and waits where a stream that does not block is not ready."""

    def write(self, data: Any) -> int:
        try:
            while (count := super().write(data)) is None:
                select.select([], [self], [])
        except OSError as error:
            raise OutputError(error) from error
        return count


class _Words(io.FileIO):
    """Stderr; what cannot be written is dropped."""

    def write(self, data: Any) -> int:
        try:
            count: int | None = super().write(data)
        except OSError:
            count = None
        return len(memoryview(data)) if count is None else count


def prepare() -> None:
    """Have every standard stream be one that can be asked and fails as described above.

    A descriptor that is closed is opened first: a file of ours must not get its number.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # Writing to what is only open for reading fails, as it is to.
            os.open(os.devnull, flags)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    if os.name != "posix":  # a console there takes characters, not bytes
        return
    sys.stdout = _text(_Out(1, "w", closefd=False), sys.stdout, "strict")
    sys.stderr = _text(_Words(2, "w", closefd=False), sys.stderr, "backslashreplace")


def _text(raw: io.FileIO, before: object, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors=getattr(before, "errors", None) or errors,
        line_buffering=raw.isatty() or raw.fileno() == 2,
    )


def acting() -> None:
    """Note that changes begin now. Raises OutputError if stdout is unusable.

    That a disk is full shows only when something is written: show the plan before.
    """
    global _acting
    sys.stdout.flush()
    _check(sys.stdout.fileno())
    _acting = True


def _check(descriptor: int) -> None:
    if os.name != "posix":
        return
    import fcntl

    try:
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except OSError as error:
        raise OutputError(error) from error
    if flags & os.O_ACCMODE == os.O_RDONLY:
        raise OutputError(OSError(errno.EBADF, "it is closed"))
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0)):
        raise OutputError(OSError(errno.EPIPE, os.strerror(errno.EPIPE)))


def with_schema(answer: Mapping[str, object]) -> dict[str, object]:
    """Return a JSON object with the number of its schema."""
    return {"schema": _JSON_SCHEMA, **answer}


def print_json(answer: Mapping[str, object]) -> None:
    """Write a JSON object, with the number of its schema."""
    global _answered
    _answered = True
    sys.stdout.write(json.dumps(with_schema(answer)) + "\n")


def print_error(message: str, status: int) -> None:
    """Write an error as a JSON object, if JSON was asked for and none was written."""
    options = set(takewhile(lambda argument: argument != "--", sys.argv[1:]))
    if not _answered and options & {"--json", "--json-stream"}:
        print_json({"error": {"message": message, "status": status}})


def begin_json(plan: Mapping[str, object]) -> None:
    """Write the beginning of a JSON object, the plan, before it is carried out."""
    global _answered
    _answered = True
    sys.stdout.write(json.dumps(with_schema(plan))[:-1])
    acting()


def end_json(results: Mapping[str, object]) -> None:
    """Write the rest of the object."""
    sys.stdout.write(f", {json.dumps(results)[1:]}\n")
    sys.stdout.flush()


def failed(error: OutputError) -> int:
    """Say that stdout cannot be written to, and return the exit status; it is not tried again."""
    closed = os.open(os.devnull, os.O_WRONLY)
    os.dup2(closed, 1)  # what is still in the buffer goes there when the program ends
    os.close(closed)
    if _acting:
        more = (
            "; changes already started were completed. Check `venvdash list` and `venvdash trash`."
        )
    elif error.errno == errno.EPIPE:  # as in `venvdash list | head`
        return 1
    else:
        more = "."
    sys.stderr.write(f"venvdash: cannot write the output: {error}{more}\n")
    return 1
