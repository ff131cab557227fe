"""The name, git fingerprint and activity of existing projects."""

import os
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Place, ProjectRecord
from venvdash.scanner.projects import project_info
from venvdash.system import reads
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


def reading_job(path: Path, place: Place, before: ProjectRecord | None) -> Job[CurrentInfo]:
    """Return the job that reads a project; ``before`` is its record, used if unchanged."""

    def read() -> CurrentInfo:
        if before and (before.inode, before.fsid) == (place.inode, place.fsid):
            name, git = before.name, before.git
        else:
            name, git = project_info.name_of(str(path)), project_info.fingerprint(str(path))
        return CurrentInfo(path, name, git, last_worked_on(path))

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
