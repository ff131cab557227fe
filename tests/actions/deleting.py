"""Environments to be deleted, and what the tests of deleting look at."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows
from venvdash.actions.context import Context
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.delete.plan import plan_delete
from venvdash.actions.safety import steps
from venvdash.config import Config
from venvdash.model import Plan, Result, Row


def context(home: Home) -> Context:
    """Return the context of that user's machine as it is now."""
    return Context.current(home.machine(), Config())


def plan(home: Home, *paths: Path, table: dict[Path, Row] | None = None) -> Plan:
    """Return the plan to delete the environments at ``paths``, after one listing."""
    known = rows(home) if table is None else table
    return plan_delete([known[path] for path in paths], known, context(home))


def delete(home: Home, *paths: Path) -> list[Result]:
    """List, plan and delete, as one command does; a refusal fails the test."""
    made = plan(home, *paths)
    assert not made.refused, made.refused
    with Deleter(made, context(home)) as deleter:
        return list(deleter.run())


def one(home: Home, path: Path) -> Result:
    """Delete one environment."""
    (result,) = delete(home, path)
    return result


def trashes(directory: Path) -> list[Path]:
    """Return the trash directories directly in ``directory``."""
    return sorted(directory.glob(".venvdash-trash-*"))


def small(path: Path, name: str = "") -> Path:
    """Make what passes for an environment in a few files, much faster than a real one."""
    (path / "bin").mkdir(parents=True)
    site = path / "lib" / "python3.12" / "site-packages"
    (site / "thing-1.0.dist-info").mkdir(parents=True)
    (site / "thing-1.0.dist-info" / "METADATA").write_text("Name: thing\nVersion: 1.0\n")
    (site / "thing.py").write_text(f"NAME = {name!r}\n")
    (path / "bin" / "python").symlink_to("/usr/bin/env")
    (path / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n")
    return path


def tree(*roots: Path, without: Iterable[Path] = ()) -> str:
    """Return a hash of all that lies below ``roots``: names, kinds, permissions, texts, content.

    What is in or below ``without`` is left out, and the names of trash directories are.
    """
    found = hashlib.sha256()
    skipped = set(without)

    def walk(path: Path) -> None:
        if path in skipped:
            return
        status = path.lstat()
        mode = status.st_mode
        found.update(os.fsencode(path) + f" {mode:o} {status.st_uid} ".encode())
        if stat.S_ISLNK(mode):
            found.update(os.fsencode(os.readlink(path)))
        elif stat.S_ISREG(mode):
            found.update(path.read_bytes())
        elif stat.S_ISDIR(mode):
            for child in sorted(path.iterdir()):
                walk(child)

    for root in roots:
        walk(root)
    return found.hexdigest()


def at_step(monkeypatch: pytest.MonkeyPatch, name: str, call: Callable[[], object]) -> list[str]:
    """Call ``call`` once when the step ``name`` has been done; return the steps as they are."""
    done: list[str] = []

    def step(current: str) -> None:
        first = current not in done
        done.append(current)
        if current == name and first:
            call()

    monkeypatch.setattr(steps, "step", step)
    return done
