"""Remembered answers to which environment a name means, and what each depends on.

The file ``names`` has the names of all environments that the last complete scan found, also for
completion, which takes them as they are. A folder
``answers`` has what scans answered where a name alone is not enough: the environment of a
directory, one of several. An answer is used only while everything it depends on is unchanged (see
``system.dependencies``): the stores' settings, variables and directories, and what names the
project of the environment itself. What is not noticed before the next scan: another environment or
project that takes the same name in its own files (a prompt, pyproject.toml), and one outside all
stores.

A file is lines of fields; fields are separated by NUL bytes, and newlines in them are escaped. The
first line says for which version, user and host it was written, and how long its sections are; its
checksum finds what is damaged. This module imports little: see ``without_scan``.
"""

import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from venvdash import __version__
from venvdash.system.dependencies import unchanged
from venvdash.system.files import UnreadableError
from venvdash.system.state_files import StateFolder, name_about
from venvdash.text import alike

NAMES, FOLDER = "names", "answers"
_LIMIT = 64 * 1024 * 1024  # bytes
_OWN = "*"  # for the path of the environment, at the beginning of another
_RECORDED_EVERY = 24 * 3600  # seconds
_PLAIN = re.compile(r"\w[\w.@/+:-]*\Z")  # characters that need no quotes in any shell
NEVER = ("!", "")  # a dependency that is always changed


class Answer(NamedTuple):
    """An environment, as a command for shells needs it; "" for what it does not have.

    ``project`` is the directory or script that it belongs to, ``script`` is "1" for a script.
    ``note`` is a sentence for stderr: which was chosen of several. ``opened`` is when a shell was
    last opened, in seconds since the epoch, ``base`` the directory of its interpreter. ``entry`` is
    what is deleted with it, ``site`` its site-packages; "" if it must not be activated without
    another look.
    """

    path: str
    name: str
    project: str
    script: str
    note: str
    opened: str
    base: str
    entry: str
    site: str


def recently(when: float | None, now: float) -> bool:
    """Return whether a shell was opened so lately that it need not be recorded again.

    The times are seconds since the epoch. As Linux does with access times (relatime).
    """
    return when is not None and 0 <= now - when < _RECORDED_EVERY


def encoded(fields: Iterable[str]) -> bytes:
    """Return a line, without its end. Raises ValueError if a field contains a NUL byte."""
    parts = [field.replace("\\", "\\\\").replace("\n", "\\n") for field in fields]
    if any("\0" in part for part in parts):
        raise ValueError("contains a NUL byte")
    return "\0".join(parts).encode("utf-8", "surrogatepass")


def decoded(line: bytes) -> list[str]:
    """Return the fields of a line. Raises ValueError."""
    fields = line.decode("utf-8", "surrogatepass").split("\0")
    if b"\\" not in line:
        return fields
    return ["\\".join(p.replace("\\n", "\n") for p in field.split("\\\\")) for field in fields]


def written(sections: Sequence[bytes], digest: str = "") -> bytes:
    """Return the content of a file; ``digest`` tells whether it would be the same again."""
    body = b"".join(sections)
    sizes = (str(len(section)) for section in sections)
    return encoded([*_header(), digest, str(zlib.crc32(body)), *sizes]) + b"\n" + body


def _header() -> list[str]:
    uid = str(os.geteuid()) if hasattr(os, "geteuid") else ""
    return ["venvdash answers 1", __version__, uid, os.uname().nodename]


def sections(data: bytes, count: int) -> tuple[str, list[bytes]]:
    """Return the digest and the sections of a file. Raises ValueError for any other file."""
    start = data.index(b"\n") + 1
    header, (digest, checksum, *sizes) = (fields := decoded(data[: start - 1]))[:4], fields[4:]
    lengths = [int(size) for size in sizes]
    valid = header == _header() and len(lengths) == count and min(lengths) >= 0
    body = memoryview(data)[start:]  # no copy: it may have megabytes
    if not valid or sum(lengths) != len(body) or zlib.crc32(body) != int(checksum):
        raise ValueError("is of another version, user or host, or damaged")
    parts = []
    for length in lengths:
        parts.append(data[start : start + length])
        start += length
    return digest, parts


def dependency_lines(dependencies: Iterable[tuple[str, str]]) -> bytes:
    """Return the section of what something depends on. Raises ValueError."""
    return b"".join(encoded(pair) + b"\n" for pair in dependencies)


def holds(section: bytes) -> bool:
    """Return whether everything in a section of dependencies is unchanged."""
    pairs = (decoded(line) for line in section.split(b"\n")[:-1])
    return all(len(pair) == 2 and unchanged([(pair[0], pair[1])]) for pair in pairs)


def line(answer: Answer, dependencies: Mapping[str, str]) -> bytes:
    """Return an answer with what it depends on. Raises ValueError."""
    fields = []
    for marked, state in dependencies.items():
        mark, path = marked[0], marked[1:]
        own = path == answer.path or path.startswith(f"{answer.path}/")
        fields += [f"{mark}{_OWN}{path[len(answer.path) :]}" if own else marked, state]
    return encoded([*answer, *fields]) + b"\n"


def of_line(line: bytes) -> Answer | None:
    """Return the answer of a line if what follows it there is unchanged. Raises ValueError."""
    fields, count = decoded(line), len(Answer._fields)
    answer, rest = fields[:count], fields[count:]
    if len(answer) < count or not os.path.isabs(answer[0]) or len(rest) % 2:
        return None
    paths = (what[0] + answer[0] + what[2:] if what[1:2] == _OWN else what for what in rest[::2])
    return Answer(*answer) if unchanged(zip(paths, rest[1::2], strict=True)) else None


def plain_names(environments: Iterable[tuple[str, str]], typed: str) -> list[str]:
    """Return the names of environments (paths and names) that begin so and need no quotes.

    A name with its Python is also offered without; for one that needs quotes the name of the
    directory.
    """
    found = set()
    for path, name in environments:
        names = (name, name.partition("@")[0]) if _PLAIN.match(name) else (os.path.basename(path),)
        begun = [one for one in names if one.startswith(typed) and _PLAIN.match(one)]
        if begun and os.path.lexists(path):
            found.update(begun)
    return sorted(found)


class NamesFile:
    """The names of all environments; the content was written by anybody.

    Raises OSError, UnreadableError and ValueError if there is no file that can be used.
    """

    def __init__(self, state: Path) -> None:
        data = StateFolder(state, ".").read(NAMES, _LIMIT)
        self.digest, (self.common, self._rows, self._names) = sections(data, 3)

    def named(self, typed: str) -> Answer | None:
        """Return the only environment with the name that was ``typed``, as a scan would.

        None also for a name that may mean something else: with a kind, a Python or a path in it.
        The tiers are those of ``name_resolution``: the name itself, one alike, its beginning.
        Raises ValueError.
        """
        key = alike(typed)
        entries = list(self._entries(encoded([key]) + b"\0"))
        exact = [row for _, name, row in entries if name == typed]
        rows = exact or [row for _, _, row in entries]
        if not exact and "@" in typed:
            return None
        if not rows and "/" not in typed:
            rows = [row for _, _, row in self._entries(encoded([key]))]
        if len(set(rows)) != 1 or not holds(self.common):
            return None
        start = int(rows[0])
        return of_line(self._rows[start : self._rows.index(b"\n", start)])

    def beginning(self, typed: str) -> list[str]:
        """Return the names for completion that begin so; they may be outdated. Raises ValueError.

        As ``plain_names``, without environments that do not exist any more.
        """
        start, entries = encoded([typed]), []
        for line in self._rows.split(b"\n")[:-1]:
            path, name, _ = line.split(b"\0", 2)
            if name.startswith(start) or path[path.rfind(b"/") + 1 :].startswith(start):
                entries.append((decoded(path)[0], decoded(name)[0]))
        return plain_names(entries, typed)

    def _entries(self, beginning: bytes) -> Iterator[list[str]]:
        """Yield the lines with such a beginning: they are sorted."""
        start = 0 if self._names.startswith(beginning) else self._names.find(b"\n" + beginning) + 1
        if not start and not self._names.startswith(beginning):
            return
        while self._names.startswith(beginning, start):
            end = self._names.index(b"\n", start)
            key, name, row = decoded(self._names[start:end])
            yield [key, name, row]
            start = end + 1


def forget(state: Path) -> None:
    """Let no answer hold any more, since something changes that no file shows. Raises nothing.

    The names stay for completion.
    """
    here, folder = StateFolder(state, "."), StateFolder(state, FOLDER)
    with suppress(OSError, ValueError, UnreadableError):
        _, (_, *rest) = sections(here.read(NAMES, _LIMIT), 3)
        here.write(NAMES, written([dependency_lines([NEVER]), *rest]))
    with suppress(OSError):
        for name in folder.names():
            folder.remove(name)


def remembered(state: Path, question: str) -> Answer | None:
    """Return the answer to a question that a scan answered, if it still holds; else None.

    Raises OSError, UnreadableError and ValueError if there is no file that can be used.
    """
    data = StateFolder(state, FOLDER).read(name_about(Path(question)), _LIMIT)
    _, (asked, depends, line) = sections(data, 3)
    if asked != encoded([question]) or not holds(depends):
        return None
    return of_line(line.rstrip(b"\n"))


def question(name: str | None, directory: str) -> str:
    """Return what is asked: for a name, or for the environment of a directory."""
    return f"name\n{name}" if name is not None else f"directory\n{directory}"
