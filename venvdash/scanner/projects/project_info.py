"""One project directory: name, description, environments that it points to, git fingerprint.

The files may be hostile: reads are bounded and never block, and nothing is run. git itself is not
run, because a repository's configuration can name programs
for git to start (``core.fsmonitor``, ``core.sshCommand`` …).
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.records.descriptions import LONGEST
from venvdash.system import reads
from venvdash.system.files import (
    UnreadableError,
    names_in,
    read_head,
    read_regular,
    real,
)

VENV = ".venv"
PYPROJECT = "pyproject.toml"
PYTHON_ENVS = ".python-envs"
_PYPROJECT_LIMIT = 1024 * 1024  # bytes
_WHOLE_LIMIT = 64 * 1024  # bytes of a file that is parsed as a whole
_POINTER_LIMIT = 16 * 1024  # bytes
_LINES = 64  # lines of a .python-envs
_LOG_LINE = 4096  # bytes
_WORKTREES = 200
_DOTS = 8  # in a key; tomllib takes quadratic time for dotted keys
_NAME_LENGTH = 200

_HEADER = rb"^[ \t]*\[[ \t]*%s[ \t]*\][ \t]*(?:#.*)?\r?$"
_PROJECT = re.compile(_HEADER % rb"[\"']?project[\"']?", re.MULTILINE)
_POETRY = re.compile(_HEADER % rb"[\"']?tool[\"']?[ \t]*\.[ \t]*[\"']?poetry[\"']?", re.MULTILINE)
_NEXT = re.compile(rb"^[ \t]*\[{1,2}[^\]\n,]*\]{1,2}[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_NAME = re.compile(rb"^[ \t]*[\"']?name[\"']?[ \t]*=[^\n]{1,400}$", re.MULTILINE)
_PLAIN_NAME = re.compile(rb"^name *= *\"([A-Za-z0-9._ -]{1,200})\"\r?$")  # as nearly all are
_DESCRIPTION = re.compile(rb"^[ \t]*[\"']?description[\"']?[ \t]*=[^\n]{1,2000}$", re.MULTILINE)
_PLAIN_DESCRIPTION = re.compile(rb"^description *= *\"([\x20\x21\x23-\x5b\x5d-\x7e]*)\"\r?$")
_UNUSUAL = re.compile(rb"^[ \t]*[\"']?project[\"']?[ \t]*[.=]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class About:
    """What a project says of itself: its name, None without one, and what it is, "" for nothing."""

    name: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A pointer in a project (``.venv`` …) and the environment's path it resolves to."""

    pointer: Path
    environment: Path


def name_of(directory: str) -> str | None:
    """Return the project's name from its pyproject.toml, or None."""
    return about(directory).name


def about(directory: str) -> About:
    """Return what a project's pyproject.toml says of it.

    In the usual layout only the lines with name and description are parsed: tomllib takes a
    millisecond for a whole file, and hours for one that is made to be slow. A description of
    several lines is not read.
    """
    try:
        data = read_regular(os.path.join(directory, PYPROJECT), _PYPROJECT_LIMIT)
    except (OSError, UnreadableError):
        return About()
    if b"name" not in data:
        return About()
    for header in (_PROJECT, _POETRY):
        table = header.search(data)
        name = _name_in(data, table.end()) if table else None
        if table and name:
            return About(name, _description_in(data, table.end()))
    return _from_whole(data) if _UNUSUAL.search(data) else About()


def _name_in(data: bytes, start: int) -> str | None:
    """Return the name in the table that begins at ``start``."""
    line = _NAME.search(data, start, _end(data, start))
    if line is None:
        return None
    if plain := _PLAIN_NAME.search(line.group()):
        return plain[1].decode()
    return _usable(_toml(line.group().rstrip(b"\r")).get("name"))


def _description_in(data: bytes, start: int) -> str:
    """Return the description in the table that begins at ``start``, "" without one."""
    line = _DESCRIPTION.search(data, start, _end(data, start))
    if line is None:
        return ""
    if plain := _PLAIN_DESCRIPTION.search(line.group()):
        return _short(plain[1].decode())
    return _short(_toml(line.group().rstrip(b"\r")).get("description"))


def _short(text: object) -> str:
    """Return a description on one line, cut; "" for what is none."""
    if not isinstance(text, str):
        return ""
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def links_of(directory: str) -> tuple[Link, ...]:
    """Return the environments that the project points to, the one that tools use first.

    ``.venv`` as a link (a junction on Windows) or as a file with a path in its first line
    (PEP 832), and ``.python-envs`` with one path a line, the last being the default.
    """
    return (*_venv(directory), *_python_envs(directory))


def fingerprint(directory: str) -> str | None:
    """Return an identity of the git repository in ``directory``, or None if there is none.

    It is the SHA-256 of the first line of its log of HEAD (``.git/logs/HEAD``): the first commit
    or clone with its author and second, written once and kept when the directory is moved.
    Two clones of one project have different fingerprints, and so have the worktrees of a
    repository. ``git gc`` drops lines after 90 days, so compare it only with what was recorded
    when the project was last seen.
    """
    git = git_directory(directory)
    log = read_head(os.path.join(git, "logs", "HEAD"), _LOG_LINE)[1] if git else b""
    line = log.partition(b"\n")[0]
    if not line:
        return None
    import hashlib  # only where something is to be remembered or compared

    return hashlib.sha256(line).hexdigest()


def worktrees(directory: str) -> Iterator[str]:
    """Yield the other working trees of the repository in ``directory``, existing or not."""
    git = git_directory(directory)
    common = common_directory(directory) if git else None
    if not common:
        return
    if common != git and os.path.basename(common) == ".git":
        yield os.path.dirname(common)
    for name in names_in(os.path.join(common, "worktrees"))[:_WORKTREES]:
        place = os.path.join(common, "worktrees", name)
        file = _one_path(os.path.join(place, "gitdir"), place)
        if file and os.path.basename(file) == ".git":
            yield os.path.dirname(file)


def common_directory(directory: str) -> str | None:
    """Return the directory that all working trees of a repository share, or None."""
    git = git_directory(directory)
    return (_one_path(os.path.join(git, "commondir"), git) or git) if git else None


def _venv(directory: str) -> Iterator[Link]:
    pointer = os.path.join(directory, VENV)
    try:
        reads.readlink(pointer)  # works for junctions, too, and fails for plain directories
    except (OSError, ValueError):
        text = _text(pointer)
        line = next(iter(text.splitlines()), "") if text else ""
        # Without a slash it is a name in WORKON_HOME, as pipenv writes it.
        if "/" in line or os.sep in line:
            yield from _link(directory, pointer, line)
        return
    yield Link(Path(pointer), real(Path(pointer)))


def _python_envs(directory: str) -> Iterator[Link]:
    pointer = os.path.join(directory, PYTHON_ENVS)
    text = _text(pointer)
    for line in reversed((text or "").splitlines()[:_LINES]):
        yield from _link(directory, pointer, line)


def _link(directory: str, pointer: str, text: str) -> Iterator[Link]:
    if text.strip() and text.isprintable():
        yield Link(Path(pointer), real(Path(directory, text)))


def _text(path: str, limit: int = _POINTER_LIMIT) -> str | None:
    try:
        return read_regular(path, limit).decode()
    except (OSError, UnreadableError, UnicodeDecodeError):
        return None


def _end(data: bytes, start: int) -> int:
    following = _NEXT.search(data, start)
    return following.start() if following else len(data)


def _from_whole(data: bytes) -> About:
    """Return what is written as ``project.name = …`` or ``project = {…}``."""
    keys = (line.partition(b"=")[0] for line in data.split(b"\n"))
    if len(data) > _WHOLE_LIMIT or any(key.count(b".") > _DOTS for key in keys):
        return About()
    project = _toml(data).get("project")
    if not isinstance(project, dict):
        return About()
    return About(_usable(project.get("name")), _short(project.get("description")))


def _toml(data: bytes) -> dict[str, object]:
    import tomllib  # not needed where no project has a name

    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError):  # TOML and UTF-8 errors are ValueErrors
        return {}


def _usable(name: object) -> str | None:
    usable = isinstance(name, str) and 0 < len(name) <= _NAME_LENGTH and name.isprintable()
    return name if isinstance(name, str) and usable else None


def git_directory(directory: str) -> str | None:
    """Return the ``.git`` of the working tree ``directory``, where it lies; None if it is none."""
    git = os.path.join(directory, ".git")
    try:
        mode = reads.lstat(git).st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(mode):
        return git
    return _one_path(git, directory, "gitdir: ")  # a worktree, or a submodule


def _one_path(file: str, directory: str, before: str = "") -> str | None:
    """Return the path that a file of git's holds; relative ones start at ``directory``."""
    text = _text(file)
    line = text.rstrip("\r\n") if text else ""
    if not line.startswith(before) or not line.isprintable() or line == before:
        return None
    return os.path.normpath(os.path.join(directory, line[len(before) :]))
