"""Compare and replace: one link or file in a directory is replaced if it is as expected.

The new one is renamed over the old one, so that other programs see one of the two. A replacement
that is already made is skipped, so recovery after a crash can repeat it.
"""

import errno
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Content, Swap
from venvdash.model import Edit, Link
from venvdash.system.atomic import PREFIX
from venvdash.system.directory import Directory, permit_like
from venvdash.system.files import UnreadableError, own_uid, real

_LIMIT = 16 * 1024 * 1024  # bytes; a registry of all projects is the largest
_ASIDE = PREFIX + "relink"  # the name of the new one until it is in its place
_UNWRITTEN = _ASIDE + "-new"  # … and until it is whole
# Of these it is not the file system that knows no links.
_OTHERWISE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EEXIST, errno.EIO)


def of_edit(edit: Edit) -> Swap:
    """Return an edit as a swap."""
    texts = (edit.before, edit.after)
    before, after = (None if text is None else Content(text) for text in texts)
    return Swap(_placed(edit.path), before, after)


def of_link(link: Link) -> Swap:
    """Return the removal of a link as a swap."""
    return Swap(_placed(link.path), Content(link.target, link=True), None)


def of_redirected(edit: Edit) -> Swap:
    """Return the edit of a link's text as a swap."""
    texts = (edit.before, edit.after)
    before, after = (None if text is None else Content(text, link=True) for text in texts)
    return Swap(_placed(edit.path), before, after)


def _placed(path: Path) -> Path:
    return real(path.parent) / path.name


def look(path: Path) -> Content | None:
    """Return the present link or file at ``path``, None where there is nothing.

    Raises ChangedError, whose text is a sentence, for anything but a link or a small text file,
    and OSError.
    """
    try:
        with _parent(path) as parent:
            _refuse_others(parent, path)
            return _look(parent, path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def put(
    swap: Swap, *, project_link: bool = False, check: Callable[[], None] = lambda: None
) -> bool:
    """Replace what is there; return whether there was anything to do.

    ``project_link``: it may be gone, then nothing is done, and a file may be another user's.
    ``check`` is called just before the replacement; if it raises, nothing has changed.

    Raises ChangedError where neither ``before`` nor ``after`` is there, and OSError.
    """
    with _parent(swap.path) as parent:
        if not project_link:
            _refuse_others(parent, swap.path)
        elif not parent.has(swap.path.name):
            return False
        return exchange(parent, swap, check)


def exchange(parent: Directory, swap: Swap, check: Callable[[], None] = lambda: None) -> bool:
    """Do as ``put`` in the open directory, without regard to the owner of what is there."""
    name = swap.path.name
    _tidy(parent)
    now = _look(parent, swap.path)
    if now == swap.after:
        return False
    _compare(swap, now)
    try:
        if swap.after is not None:
            _make_aside(parent, name, swap.after)
        check()
        _compare(swap, _look(parent, swap.path))
        if swap.after is None:
            parent.unlink(name)
        elif now is None:
            parent.rename(_ASIDE, name)  # never over what came there meanwhile
        else:
            parent.replace(_ASIDE, name)
    except FileExistsError:
        raise ChangedError(f"Something else now exists at {swap.path}.") from None
    finally:
        _tidy(parent)
    parent.sync()
    return True


def _compare(swap: Swap, now: Content | None) -> None:
    """Raise ChangedError where it is not ``before`` that is there now."""
    if now == swap.before:
        return
    if now is not None and now.link and swap.before is not None and swap.before.link:
        raise ChangedError(f"{swap.path} now points to another location.")
    raise ChangedError(f"{swap.path} has changed since the plan was shown.")


def tidy(swap: Swap) -> None:
    """Remove what a crash left beside what was to be exchanged. Raises nothing."""
    with suppress(ChangedError, OSError), _parent(swap.path) as parent:
        _tidy(parent)


def _tidy(parent: Directory) -> None:
    for name in (_ASIDE, _UNWRITTEN):
        with suppress(OSError):
            parent.unlink(name)


def links_possible(directory: Path) -> bool:
    """Return whether a link can be made in ``directory``: one is, and is removed. Raises OSError.

    False only where the file system, or the system's policy, knows no links.
    """
    with _parent(directory / _ASIDE) as parent:
        with suppress(FileNotFoundError):
            parent.unlink(_ASIDE)
        try:
            parent.make_link(_ASIDE, "venvdash")
        except OSError as error:
            if error.errno in _OTHERWISE:
                raise
            return False
        parent.unlink(_ASIDE)
    return True


def _make_aside(parent: Directory, name: str, content: Content) -> None:
    if content.link:
        parent.make_link(_ASIDE, content.text)
        return
    data = content.text.encode()
    with suppress(FileNotFoundError):
        status = parent.look(name)
        if stat.S_ISREG(status.st_mode):
            parent.write(_ASIDE, data, _UNWRITTEN, prepare=permit_like(status))
            return
    parent.write(_ASIDE, data, _UNWRITTEN, 0o644)


def _refuse_others(parent: Directory, path: Path) -> None:
    """Raise ChangedError for another user's file."""
    with suppress(FileNotFoundError):
        status = parent.look(path.name)
        if stat.S_ISREG(status.st_mode) and own_uid() not in (None, status.st_uid):
            raise ChangedError(f"{path} belongs to another user.")


def _look(parent: Directory, path: Path) -> Content | None:
    name = path.name
    try:
        mode = parent.look(name).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISREG(mode):
        try:
            return Content(parent.read(name, _LIMIT).decode())
        except UnicodeDecodeError:
            raise ChangedError(f"{path} is not a text file.") from None
        except UnreadableError as error:
            raise ChangedError(f"{path} {error}.") from error
    try:
        return Content(parent.link_text(name), link=True)  # or a junction, a directory to lstat
    except OSError:
        what = "a directory" if stat.S_ISDIR(mode) else "neither a link nor a file"
        raise ChangedError(f"{path} is {what}.") from None


def _parent(path: Path) -> Directory:
    """Open the directory of ``path``. Raises ChangedError where links lead elsewhere by now."""
    directory = Directory(path.parent)
    if directory.real() != path.parent:
        directory.close()
        raise ChangedError(f"{path.parent} now points to another location.")
    return directory
