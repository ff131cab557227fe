"""The name, git fingerprint and activity of existing projects."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Place, ProjectRecord
from venvdash.records.descriptions import Description
from venvdash.scanner.projects import project_info
from venvdash.system import reads
from venvdash.system.fingerprint import current, settled
from venvdash.system.timeouts import Job

# What changes when somebody works: commits and checkouts, and what installers write.
_GIT = (".git/index", ".git/HEAD", ".git/logs/HEAD")
_TRACES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pyproject.toml",
    "requirements.txt",
)


@dataclass(frozen=True, slots=True)
class CurrentInfo:
    """What an existing project says of itself; ``worked_on`` in seconds since the epoch."""

    path: Path
    name: str | None
    git: str | None
    worked_on: float | None
    description: Description


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a project: its record, and what it said of itself.

    ``reliable``: every later change of its files shows in their fingerprints.
    """

    record: ProjectRecord | None
    description: Description | None
    reliable: bool


def reading_job(path: Path, place: Place, before: Remembered) -> Job[CurrentInfo]:
    """Return the job that reads a project; ``before`` is used as far as it is unchanged."""

    def read() -> CurrentInfo:
        record, known, now = before.record, before.description, time.time_ns()
        same = record is not None and (record.inode, record.fsid) == (place.inode, place.fsid)
        found = current(os.path.join(path, project_info.PYPROJECT)) if before.reliable else None
        if record and same and known and found and known.fingerprint == found:
            name, description = record.name, known
        else:
            about = project_info.about(str(path))
            lasting = found if found is not None and settled(found, now) else None
            name, description = about.name, Description(about.description, lasting)
        git = record.git if record and same else project_info.fingerprint(str(path))
        return CurrentInfo(path, name, git, last_worked_on(path), description)

    return Job(path, read)


def last_worked_on(project: Path) -> float | None:
    """Return the newest mtime of a project's traces (of a script: its own), in seconds, or None."""
    base = str(project)
    newest = None
    git = _GIT if reads.lexists(os.path.join(base, ".git")) else ()
    own = ("",) if project.suffix == ".py" else ()
    for trace in (*own, *git, *_TRACES):
        try:
            changed = reads.stat(os.path.join(base, trace) if trace else base).st_mtime
        except (OSError, ValueError):
            continue
        newest = changed if newest is None else max(newest, changed)
    return newest
