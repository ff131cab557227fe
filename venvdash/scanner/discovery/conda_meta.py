"""Reads ``conda-meta``, which takes the place of ``pyvenv.cfg`` in conda and pixi environments.

Sources: https://docs.conda.io/projects/conda/en/stable/dev-guide/ and conda/gateways/disk. Every
installed package has a record ``<name>-<version>-<build>.json``; ``history`` begins with the time
of the first transaction, ``==> 2026-01-31 12:00:00 <==`` in local time, and is appended to.
"""

import os
import re
import stat
from dataclasses import dataclass

from venvdash.model import EnvironmentIdentity, Package
from venvdash.stores.base import normalised
from venvdash.system import reads
from venvdash.system.files import read_head

NAME = "conda-meta"
_HEAD = 4096  # bytes of history, which grows with every transaction
_FIRST = re.compile(r"==> (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) <==")
_VERSION = re.compile(r"^# conda version: ([0-9a-z.]{1,20})$", re.MULTILINE)


class NotAnEnvironmentError(Exception):
    """A directory is not an environment; the text says why."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What ``conda-meta`` says of a prefix.

    ``python`` is the version of the package of that name, None without one (R, C++ …). ``made``
    and ``changed`` are in seconds since the epoch.
    """

    fingerprint: EnvironmentIdentity
    packages: tuple[Package, ...]
    python: str | None
    creator: str | None
    made: float
    changed: float

    def with_site(self, site: tuple[Package, ...]) -> tuple[Package, ...]:
        """Return the packages of conda and of ``site``, each once."""
        own = {normalised(package.name) for package in self.packages}
        return (*self.packages, *(p for p in site if normalised(p.name) not in own))


def read(path: str, inode: int, names: frozenset[str]) -> Meta:
    """Return what lies in ``path``/conda-meta; ``names`` and ``inode`` are those of ``path``.

    Raises NotAnEnvironmentError, or OSError where it cannot be read.
    """
    if names & {"envs", "pkgs"}:
        raise NotAnEnvironmentError("is a conda installation, not one of its environments")
    directory = os.path.join(path, NAME)
    status = reads.lstat(directory)
    if not stat.S_ISDIR(status.st_mode):
        raise NotAnEnvironmentError("its conda-meta is not a directory")
    listing = reads.listdir(directory)
    packages = _packages(listing)
    if not packages and not {"history", "pixi"} & set(listing):
        raise NotAnEnvironmentError("its conda-meta contains neither a history nor packages")
    history, head = read_head(os.path.join(directory, "history"), _HEAD)
    text = head.decode("utf-8", "replace")
    made = _first_transaction(text)
    version = _VERSION.search(text)
    fingerprint = EnvironmentIdentity(
        inode,
        history.st_ino if history else status.st_ino,
        # Not the file's times: each transaction changes them. Seconds, as any year fits then.
        *([int(made[0])] * 2 if made else [0, 0]),
    )
    changed = max(status.st_mtime, history.st_mtime if history else 0.0)
    return Meta(
        fingerprint=fingerprint,
        packages=packages,
        python=next((p.version for p in packages if p.name == "python"), None),
        creator=f"conda {version[1]}" if version else None,
        made=min(made[1], changed) if made else getattr(status, "st_birthtime", status.st_mtime),
        changed=changed,
    )


def _packages(listing: list[str]) -> tuple[Package, ...]:
    packages = []
    for name in sorted(listing):
        parts = name.removesuffix(".json").rsplit("-", 2)
        if name.endswith(".json") and len(parts) == 3 and all(parts):
            packages.append(Package(parts[0], parts[1]))
    return tuple(packages)


def _first_transaction(history: str) -> tuple[float, float] | None:
    """Return the time in the first line, in seconds: read as UTC, and as local time.

    The first does not change with the machine's time zone.
    """
    from datetime import UTC, datetime

    line = _FIRST.match(history)
    if line is None:
        return None
    try:
        when = datetime.fromisoformat(line[1])
        return when.replace(tzinfo=UTC).timestamp(), when.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
