"""Projects that are elsewhere for a while, so that tests may share what took long to build."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Home


@contextmanager
def moved(project: Path, target: Path) -> Iterator[Path]:
    """Have a project at ``target``; where nobody searches, that is as good as deleted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    project.rename(target)
    try:
        yield target
    finally:
        target.rename(project)


def forget(home: Home, environments: Iterable[Path]) -> None:
    """Make venvdash forget all that it knows of a HOME."""
    shutil.rmtree(home.machine().state_directory, ignore_errors=True)
    for environment in environments:
        (environment / "venvdash.toml").unlink(missing_ok=True)
