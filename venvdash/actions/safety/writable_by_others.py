"""Who else may have put the programs there that are started from an environment.

One rule for everything that starts something of an environment: shells and commands, the check
whether a copy runs, uv's question to its interpreter before a sync. git's rule for
``safe.directory`` (an owner who is neither the user nor root) and, as what lies there is run,
permissions: everybody's, and those of a group that has other members (``trust``). The directory
that an environment lies in is not asked about, nor the interpreter that it was made from: those
were its maker's choice, and are often an administrator's.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from venvdash.model import Environment
from venvdash.scanner.discovery.site_packages import site_directory
from venvdash.system import trust
from venvdash.text import visible


def exposed(environment: Environment, uid: int | None) -> Iterator[str]:
    """Yield why nothing in an environment may be started, a sentence each."""
    site = site_of(environment)
    inside = Path(site) if site else None
    yield from trust.exposed(environment.entry, environment.path, inside, uid)


# Beside what is looked for in the directories above as well.
_OF_PROJECT = (
    "uv.lock",
    "requirements.txt",
    "setup.py",
    "setup.cfg",
    "MANIFEST.in",
    ".python-version",
)


def site_of(environment: Environment) -> str | None:
    """Return the site-packages of an environment; None if there is none."""
    try:
        listing = frozenset(os.listdir(environment.path))
    except OSError:
        return None
    return site_directory(str(environment.path), environment.python, listing)


def foreign_project(place: Path, uid: int | None) -> str:
    """Return why building the project (or script) at ``place`` would run others' code, "" if not.

    A sync runs a project's build backend, also for uv's dry run, and uv heeds a ``pyproject.toml``
    and a ``uv.toml`` of every directory above it. As with git's ``safe.directory`` it is the owner
    that counts; that colleagues may write to a checkout of one's own does not make it foreign,
    unless everybody may.
    """
    if uid is None:
        return ""
    for path in _deciding(place):
        try:
            status = os.stat(path)
        except OSError:  # most of them are not there
            continue
        if not trust.trusted(status.st_uid, uid):
            return f"{visible(path)} belongs to another user, {trust.user_name(status.st_uid)}"
        if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            return f"everyone can write to {visible(path)}"
    return ""


def _deciding(place: Path) -> Iterator[Path]:
    """Yield what decides which code a sync of the project runs."""
    real = Path(os.path.realpath(place))
    yield real
    folder = real
    if os.path.isfile(real):
        folder = real.parent
        yield folder
    for name in _OF_PROJECT:
        yield folder / name
    for above in (folder, *folder.parents):
        yield from (above / "pyproject.toml", above / "uv.toml")
