"""Which owners are trusted, and which files other users can change.

The rule is git's for ``safe.directory``: files of the effective user are trusted, and files of
root, who can change everything. If a program is started, or a file is trusted because no other
user could have created it, permissions are checked, too.
"""

import errno
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from venvdash.system import reads
from venvdash.text import because, visible

_OVERFLOW = 65534  # the id of users that a user namespace does not map (user_namespaces(7))
_SO = "Its programs may have been replaced by someone else."
_ALL_IDS = ["0", "0", "4294967295"]


def trusted(uid: int, user: int | None = None) -> bool:
    """Return whether files of ``uid`` are trusted: root's, and the user's own.

    The user is ``user``, or the effective one. In a container all users that are not mapped have
    the same uid, which is not trusted.
    """
    if not hasattr(os, "geteuid"):
        return True
    if unmapped(uid):
        return False
    return uid in (os.geteuid() if user is None else user, 0)


def unmapped(uid: int) -> bool:
    """Return whether ``uid`` stands for all users that the present container does not map."""
    if uid != _OVERFLOW:
        return False
    try:
        with open("/proc/self/uid_map") as file:
            return file.read(4096).split() != _ALL_IDS
    except OSError:
        return False


def writable_by_others(status: os.stat_result) -> bool:
    """Return whether other users than the owner and root can write to a file with this status.

    A group counts unless it is root's or the owner's private one: with the owner's name and no
    further members, as Debian and Fedora create for every user (with the umask 002 that group may
    write to everything). The members are only looked up if the group may write.
    """
    if os.name != "posix":
        return False
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not is_private_group(
        status.st_gid, status.st_uid
    )


def writers(status: os.stat_result) -> str:
    """Return the users of ``writable_by_others``, as the beginning of a sentence."""
    if status.st_mode & stat.S_IWOTH:
        return "Everyone"
    import grp

    try:
        return f"The group {grp.getgrgid(status.st_gid).gr_name}"
    except (KeyError, OSError):
        return f"The group {status.st_gid}"


def exposed(entry: Path, prefix: Path, site: Path | None, uid: int | None) -> Iterator[str]:
    """Yield why programs of an environment must not be started by ``uid``, a sentence each.

    What decides which programs run: its directories, and the file that names its interpreter.
    Another user owns one of them, or can write to it.
    """
    paths = [*dict.fromkeys((entry, prefix))]
    paths += [prefix / "bin", prefix / "Scripts", prefix / "pyvenv.cfg"]
    if site is not None:
        below = len(site.parts) - len(prefix.parts)
        paths += [site, *islice(site.parents, below - 1)]
    for path in paths if uid is not None else []:
        try:
            status = reads.identity(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield f"Cannot read {visible(path)}: {because(error)}."
            continue
        if not trusted(status.st_uid, uid):
            who = f"{user_name(status.st_uid)} (uid {status.st_uid})"
            yield f"{visible(path)} belongs to another user, {who}. {_SO}"
        elif writable_by_others(status):
            yield f"{writers(status)} can write to {visible(path)}. {_SO}"


def is_private_group(gid: int, uid: int) -> bool:
    """Return whether a group has no member but its user, or is root's."""
    import grp
    import pwd

    if gid == 0:
        return True
    try:
        group, owner = grp.getgrgid(gid), pwd.getpwuid(uid)
    except (KeyError, OSError):  # its members are unknown
        return False
    return group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}


def other_owner(path: str | os.PathLike[str]) -> int | None:
    """Return the uid of another user who owns ``path``, None if it is trusted.

    The owner of its target, or of the nearest existing directory above it, and of every link in the
    path: the owner of a link decides where it points.
    """
    full = os.path.abspath(path)
    for current in (*reversed(Path(full).parents), Path(full)):
        try:
            status = reads.identity(current, follow=False)
        except OSError:
            break
        if stat.S_ISLNK(status.st_mode) and not trusted(status.st_uid):
            return status.st_uid
    owner = _owner(reads.realpath(full))
    return None if owner is None or trusted(owner) else owner


def _owner(path: str) -> int | None:
    """Return the owner of ``path``, or of the nearest directory above it; None if unknown."""
    while True:
        try:
            return reads.identity(path).st_uid
        except OSError:
            above = os.path.dirname(path)
            if above == path:
                return None
            path = above


def user_name(uid: int) -> str:
    """Return a user's name, or ``#`` and the number, as sudo accepts it."""
    if os.name == "posix":
        import pwd

        try:
            return pwd.getpwuid(uid).pw_name
        except (KeyError, OSError):
            pass
    return f"#{uid}"


def check_folder(path: Path) -> None:
    """Raise PermissionError if another user could have created files in the folder.

    It, or the nearest existing directory above it, must belong to the effective user or root, and
    no other user may write into it. Links in the path are followed if they are trusted.
    """
    owner = other_owner(path)
    if owner is not None:
        raise PermissionError(
            errno.EPERM, f"belongs to another user ({user_name(owner)})", str(path)
        )
    try:
        found = reads.identity(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    if writable_by_others(found):
        raise PermissionError(errno.EPERM, "can be written to by other users", str(path))
