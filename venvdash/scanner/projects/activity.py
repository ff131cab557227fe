"""When a project was last worked on: the age that people mean by "used"."""

import os
from pathlib import Path

# What changes when somebody works: commits and checkouts, and what installers write.
_TRACES = (
    ".git/index",
    ".git/HEAD",
    ".git/logs/HEAD",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pyproject.toml",
    "requirements.txt",
)


def last_worked_on(project: Path) -> float | None:
    """Return the newest mtime (seconds) of a project's traces, None where it has none.

    For a script, its own.
    """
    base = str(project)
    newest = None
    for trace in ("", *_TRACES) if project.suffix == ".py" else _TRACES:
        try:
            found = os.stat(os.path.join(base, trace) if trace else base).st_mtime
        except (OSError, ValueError):
            continue
        newest = found if newest is None else max(newest, found)
    return newest
