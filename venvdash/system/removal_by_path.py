"""Removing a tree by paths, on systems without directory descriptors (Windows)."""

import os
import stat
from collections.abc import Collection

from venvdash.system.removal import GONE, Removed, Tell, allocated
from venvdash.system.tree_opener import MountedError


def empty_by_path(root: str, *, keep: Collection[str] = (), tell: Tell = lambda f: None) -> Removed:
    """Remove everything in ``root`` as ``empty_directory`` does, by paths."""
    result = Removed()
    device = os.lstat(root).st_dev
    todo = [("", False)]
    while todo:
        path, emptied = todo.pop()
        where = os.path.join(root, path) if path else root
        try:
            if emptied:
                if path:
                    os.rmdir(where)
                    result.entries += 1
                    tell(result.freed)
                continue
            if os.lstat(where).st_dev != device:
                raise MountedError
            todo.append((path, True))
            with os.scandir(where) as entries:
                for entry in entries:
                    name = os.path.join(path, entry.name)
                    if not _leads_elsewhere(entry) and entry.is_dir(follow_symlinks=False):
                        todo.append((name, False))
                    elif path or entry.name not in keep:
                        _unlink_by_path(entry, name, result)
        except OSError as error:
            # A parent is not empty because of a recorded failure.
            if error.errno not in GONE and not (emptied and result.failures):
                result.fail(path, error)
    return result


def _leads_elsewhere(entry: "os.DirEntry[str]") -> bool:
    # scandir takes a junction for a directory, but it is a link.
    return bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0))


def _unlink_by_path(entry: "os.DirEntry[str]", name: str, result: Removed) -> None:
    try:
        status = os.lstat(entry.path)  # Windows reports the links of an entry only here
        if stat.S_ISDIR(status.st_mode):  # a junction, whose target stays
            os.rmdir(entry.path)
        else:
            if os.name == "nt":
                os.chmod(entry.path, stat.S_IWRITE)  # it keeps what is read-only
            os.unlink(entry.path)
    except OSError as error:
        if error.errno not in GONE:
            result.fail(name, error)
        return
    result.entries += 1
    if status.st_nlink == 1:
        result.freed += allocated(status)
