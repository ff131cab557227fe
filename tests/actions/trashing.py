"""Directories that look like deleted environments."""

import sys
import time
from pathlib import Path

from venvdash.actions.journals import trash_journal
from venvdash.model import Trashed
from venvdash.system.directory import Directory


def tree(path: Path, folders: int = 4) -> Path:
    """Return a directory that looks like an environment."""
    for number in range(folders):
        folder = path / f"lib/python3.11/site-packages/pkg{number}"
        folder.mkdir(parents=True)
        for file in range(4):
            (folder / f"m{file}.py").write_bytes(b"x" * 5000)
    (path / "bin").mkdir()
    (path / "bin/python").symlink_to(sys.executable)
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return path


def noted(path: Path) -> Path:
    """Put the journal into what is to look deleted."""
    with Directory(path) as directory:
        original = path.parent / "env"
        trash_journal.write(directory, Trashed(path, original, "env", since=time.time()))
    return path
