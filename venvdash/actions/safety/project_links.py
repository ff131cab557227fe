"""What in a project leads to an environment and goes with it: ``.venv`` as a link or a path file.

A real directory, and whatever leads elsewhere, is never touched. A path file holds the path of an
environment, as PEP 832 proposes and uv writes where links cannot be made.
"""

import errno
import os
import stat
from collections.abc import Collection, Iterator
from functools import cache, partial
from pathlib import Path

from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Content, Swap
from venvdash.actions.safety import file_swap
from venvdash.model import Direction, Edit, Environment, EvidenceKind, Link, Row
from venvdash.model.packaging import VENV_NAMES
from venvdash.system import responsiveness
from venvdash.system.directory import Directory
from venvdash.system.files import UnreadableError, own_uid, real

_NAMES = tuple(sorted(VENV_NAMES))
_POINTER_LIMIT = 4096  # bytes of a path file
# What lstat and open say of what is not there, loops, or is not for us to see.
_NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM)


def links_to(
    row: Row, *, strict: bool = False, silent: Collection[Path] | None = None
) -> tuple[tuple[Link, ...], tuple[Edit, ...]]:
    """Return the links and path files in the row's projects that lead to its environment.

    What cannot be looked at is passed over, as is a project that does not respond; with ``strict``
    an OSError is raised unless it says that nothing is there, or that we may not look. ``silent``
    are those of ``folders`` that have just not responded; without it they are asked.
    """
    places = cache(partial(_places, row.environment))
    links, edits = [], []
    candidates = list(_candidates(row))
    if silent is None:
        silent = responsiveness.unresponsive(path.parent for path in candidates)
    for path in candidates:
        try:
            if path.parent in silent:
                raise TimeoutError(errno.ETIMEDOUT, f"{path.parent} does not respond")
            mode = os.lstat(path).st_mode
            if _is_link(path, mode) and os.path.realpath(path) in places():
                links.append(Link(path, os.readlink(path)))
            elif stat.S_ISREG(mode) and path.name in VENV_NAMES:
                text = _pointer_text(path)
                if text is not None and named_by(path, text) in places():
                    edits.append(Edit(path, text, None))
        except (OSError, ValueError) as error:
            if strict and isinstance(error, OSError) and error.errno not in _NOTHING:
                raise
    return tuple(links), tuple(edits)


def _places(environment: Environment) -> set[str]:
    return {os.path.realpath(environment.path), os.path.realpath(environment.entry)}


def folders(row: Row) -> set[Path]:
    """Return the directories in which ``links_to`` looks."""
    return {path.parent for path in _candidates(row)}


def removable(path: Path) -> bool:
    """Return whether we may remove what is called ``path`` from its directory."""
    return os.access(path.parent, os.W_OK | os.X_OK)


def remove(link: Link) -> bool:
    """Remove a link if it still says what it said; False if it is not there any more.

    Raises ChangedError if something else is there by now, and OSError.
    """
    return file_swap.put(file_swap.of_link(link), project_link=True)


def restore(link: Link, place: Path) -> str:
    """Restore a link that pointed to ``place``; return what prevented it, or nothing.

    ``link`` may come from a file that anybody wrote: only what is called like an environment, in
    a directory of our own, and leads to ``place``, is made. Raises OSError, after which another
    attempt may succeed.
    """
    if not _leads(link, place):
        return f"{link.path} was not restored: it would not point to {place}"
    return _put_back(link.path, Content(link.target, link=True))


def remove_file(edit: Edit) -> bool:
    """Remove a path file if it holds what it held; False if it is not there any more.

    Raises ChangedError and OSError.
    """
    if edit.after is not None:
        raise ChangedError(f"{edit.path} has changed.")
    return file_swap.put(file_swap.of_edit(edit), project_link=True)


def restore_file(edit: Edit, place: Path) -> str:
    """Restore a path file that pointed to ``place``; return what prevented it, or nothing.

    As careful as ``restore``.
    """
    path, text = edit.path, edit.before
    if text is None or edit.after is not None or path.name not in VENV_NAMES:
        return f"{path} was not restored: it does not contain a path to an environment"
    if named_by(path, text) != os.path.realpath(place):
        return f"{path} was not restored: it would not point to {place}"
    return _put_back(path, Content(text))


def _put_back(path: Path, content: Content) -> str:
    """Restore a link or path file; return what prevented it, or nothing. Raises OSError."""
    try:
        with _parent(path) as parent:
            if not _ours(parent):
                return f"{path} was not restored: its directory belongs to another user"
            file_swap.exchange(parent, Swap(path, None, content))
    except ChangedError:
        return f"{path} was not restored: something else now has that name"
    except (FileNotFoundError, NotADirectoryError):
        return f"{path} was not restored: {path.parent} no longer exists"
    return ""


def changed_for(row: Row, new: Path) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    """Return how the links and path files that lead to the row's entry would lead to ``new``.

    Each with its text before and after; absolute ones stay absolute. Raises OSError.
    """
    here, files = links_to(row, strict=True)
    entry = row.environment.entry
    links = [Edit(one.path, one.target, _moved(one.path, one.target, entry, new)) for one in here]
    edits = []
    for file in files:
        text = file.before or ""
        after = text.replace(text.strip(), _moved(file.path, text.strip(), entry, new))
        edits.append(Edit(file.path, text, after))
    return tuple(links), tuple(edits)


def _moved(path: Path, text: str, entry: Path, new: Path) -> str:
    led = Path(os.path.realpath(path.parent / text))
    place = new / led.relative_to(os.path.realpath(entry))
    return str(place) if os.path.isabs(text) else os.path.relpath(place, real(path.parent))


def redirect(change: Edit) -> bool:
    """Replace a link that says ``before`` by one that says ``after``; False if it is gone.

    Raises ChangedError if something else is there by now, and OSError.
    """
    return _changed(change, file_swap.of_redirected(change))


def rewrite(change: Edit) -> bool:
    """Give a path file that holds ``before`` the text ``after``; False if it is gone.

    Raises ChangedError if something else is there by now, and OSError.
    """
    return _changed(change, file_swap.of_edit(change))


def _changed(change: Edit, swap: Swap) -> bool:
    if change.before is None or change.after is None:
        raise ChangedError(f"{change.path} has changed.")
    return file_swap.put(swap, project_link=True)


def may_follow(change: Edit, place: Path, former: Path) -> bool:
    """Return whether what a journal says of a link or path file is what we would have written.

    A file that anybody wrote may say it: only what is called like an environment, in a directory
    of our own, leads to ``former``, where nothing is any more, and then to ``place``, is changed.
    """
    texts = ((change.before, former), (change.after, place))
    if os.path.lexists(former) or any(
        text is None or not _leads(Link(change.path, text.strip()), led) for text, led in texts
    ):
        return False
    try:
        with _parent(change.path) as parent:
            return _ours(parent)
    except OSError:
        return False


def _candidates(row: Row) -> Iterator[Path]:
    """Yield where links may be: in its projects, and where a link was seen."""
    projects: dict[Path, None] = dict.fromkeys(row.verdict.projects)
    projects.update((claim.project, None) for claim in row.verdict.claims if claim.proves)
    if row.verdict.place is not None:
        projects[row.verdict.place] = None
    if row.environment.traits.script:
        projects = {}
    paths = {path / name: None for path in projects for name in _NAMES}
    for claim in row.verdict.claims:
        if (
            claim.how is EvidenceKind.PROJECT_LINK
            and claim.direction is Direction.PROJECT
            and claim.source
        ):
            paths[Path(claim.source)] = None
    # Only what ``restore`` would make again.
    named = (path for path in paths if path.is_absolute() and path.name in VENV_NAMES)
    yield from (path for path in named if _outside(path, row))


def _outside(path: Path, row: Row) -> bool:
    """Return whether it lies outside the environment: what is inside goes with it anyway."""
    text = os.fspath(path)
    inside = (os.fspath(row.environment.path), os.fspath(row.environment.entry))
    return not any(text == place or text.startswith(place + os.sep) for place in inside)


def _is_link(path: Path, mode: int) -> bool:
    # uv makes junctions on Windows, which are directories to lstat.
    junction = getattr(os.path, "isjunction", None)  # Python 3.12
    return stat.S_ISLNK(mode) or bool(junction and junction(path))


def _pointer_text(path: Path) -> str | None:
    with _parent(path) as parent:
        try:
            return parent.read(path.name, _POINTER_LIMIT).decode()
        except UnreadableError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from error
            return None
        except UnicodeDecodeError:
            return None


def named_by(path: Path, text: str) -> str:
    """Return the directory that a path file names: absolute, or relative to its own directory."""
    named = text.strip()
    if not named or "\n" in named or "\0" in named:
        return ""
    try:
        return os.path.realpath(path.parent / named)
    except (OSError, ValueError):
        return ""


def _leads(link: Link, place: Path) -> bool:
    """Return whether a link of this text would lead to ``place`` or to what lies in it."""
    if "\0" in link.target or link.path.name not in VENV_NAMES:
        return False
    try:
        led = Path(os.path.realpath(link.path.parent / link.target))
    except (OSError, ValueError):
        return False
    return led.is_relative_to(os.path.realpath(place))


def _parent(path: Path) -> Directory:
    return Directory(Path(os.path.realpath(path.parent)))


def _ours(directory: Directory) -> bool:
    return own_uid() in (None, directory.status().st_uid)
