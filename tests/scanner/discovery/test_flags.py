"""Flags that a listing sets by looking; those of references and sizes have tests of their own."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import rows, uv_project, venv
from tests.users import as_another_user, open_to_all
from venvdash.actions.journals import rename_journal, trash_journal
from venvdash.model import Flag
from venvdash.presentation.meanings import FLAG_MEANINGS
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.scanner.discovery.store_folders import JOURNALS
from venvdash.stores.roots import Entry, Root


def flags(home: Home, path: Path) -> frozenset[Flag]:
    return rows(home)[path].environment.flags


@pytest.fixture
def environment(home: Home) -> Path:
    return venv(home.path / ".virtualenvs" / "lab")


def test_a_plain_one_has_none(home: Home, environment: Path) -> None:
    assert flags(home, environment) == frozenset()


def test_every_flag_has_a_meaning() -> None:
    assert FLAG_MEANINGS.keys() == set(Flag)


@pytest.mark.slow
def test_locked_while_a_program_holds_uvs_lock(home: Home) -> None:
    path = uv_project(home, home.path / "code" / "app")
    assert flags(home, path) == {Flag.VOLATILE}
    with (path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert flags(home, path) == {Flag.VOLATILE, Flag.LOCKED}
    assert Flag.LOCKED not in flags(home, path)


def test_looking_for_a_lock_makes_none(home: Home, environment: Path) -> None:
    assert Flag.LOCKED not in flags(home, environment)
    assert not (environment / ".lock").exists()


def test_mounts_inside_and_on_it(home: Home, environment: Path) -> None:
    inside = environment / "data"
    inside.mkdir()
    with tmpfs(inside):
        assert flags(home, environment) == {Flag.MOUNTS}
    with tmpfs(environment):
        subprocess.run(["cp", "-a", f"{venv(home.path / 'other')}/.", environment], check=True)
        assert Flag.MOUNTS in flags(home, environment)
    assert Flag.MOUNTS not in flags(home, environment)


def test_read_only_file_systems_and_directories(home: Home, environment: Path) -> None:
    with tmpfs(home.path / ".virtualenvs"):
        path = venv(home.path / ".virtualenvs" / "image")
        remount = ["mount", "-o", "remount,ro", str(home.path / ".virtualenvs")]
        assert flags(home, path) == frozenset()
        subprocess.run(remount, check=True)
        assert flags(home, path) == {Flag.READ_ONLY}
    open_to_all(environment)

    def seen_by_another() -> str:
        found = inspect(
            Entry(environment, environment), Root(environment.parent, "named"), os.geteuid()
        )
        assert isinstance(found, Inspected)
        return " ".join(sorted(found.environment.flags))

    assert as_another_user(seen_by_another) == "not-owned read-only"


def test_debris_of_an_interrupted_operation(home: Home, environment: Path) -> None:
    for name in (trash_journal.NAME, rename_journal.NAME, ".venvdash-tmp-1f"):
        left = environment / name
        left.write_text("")
        read = inspect(
            Entry(environment, environment), Root(environment.parent, "named"), os.geteuid()
        )
        assert isinstance(read, Inspected)
        assert read.environment.flags == {Flag.DEBRIS}
        left.unlink()
    assert {trash_journal.NAME, rename_journal.NAME} == JOURNALS
