"""Deleting as a user does, for what the tools say of it afterwards."""

import os
from pathlib import Path

import pytest

from tests.actions.deleting import tree
from tests.conftest import Home


def freed(home: Home, *paths: Path) -> str:
    """Delete environments and free them at once; return what was said beside that."""
    done = home.venvdash("delete", "--now", "--yes", *paths)
    assert not any(path.exists() for path in paths)
    return done.stderr


def untouched_until_freed(home: Home, path: Path, *places: Path) -> None:
    """Delete and restore an environment: meanwhile and after it all in ``places`` is as it was."""

    def said(*arguments: str | Path) -> None:
        home.venvdash(*arguments)

    said("list")  # writes the sidecar
    lock = [path / ".lock", path / ".venv" / ".lock"]  # deleting takes uv's lock, and leaves it
    whole, rest = tree(*places, without=lock), tree(*places, without=[path])
    said("delete", "--yes", path)
    (trash,) = home.path.rglob(".venvdash-trash-*")  # beside it, or in a folder of our own
    assert tree(*places, without=[trash]) == rest
    said("restore", path)
    assert tree(*places, without=lock) == whole


def become(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the variables of that user: the purge reads its own."""
    for name in [name for name in os.environ if not name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)
    for name, value in home.variables.items():
        monkeypatch.setenv(name, value)
