"""Deleting beside a real uv that installs, or prunes, at the same time."""

import shutil
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.actions.deleting import at_step, context, one, plan
from tests.conftest import Home
from tests.scenario import rows, uv_project, venv
from tests.session.sharing import undone
from tests.waiting import waited
from venvdash.actions.delete import trash
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.recovery.stores import recover_stores
from venvdash.config import Config
from venvdash.model import Outcome
from venvdash.session import Session

_LOCKED = "It is locked because uv is using it."
_BACKEND = """
import pathlib, time, zipfile
METADATA = "Metadata-Version: 2.1\\nName: slow\\nVersion: 1.0\\n"
WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
def build_wheel(directory, config_settings=None, metadata_directory=None):
    here = pathlib.Path(__file__).parent
    (here / "started").touch()
    while not (here / "go").exists():
        time.sleep(0.01)
    name = "slow-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as wheel:
        wheel.writestr("slow.py", "")
        wheel.writestr("slow-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("slow-1.0.dist-info/WHEEL", WHEEL)
        wheel.writestr("slow-1.0.dist-info/RECORD", "")
    return name
"""


class Installing:
    """`uv pip install` of a package whose build goes on when ``finish`` is called."""

    def __init__(self, home: Home, environment: Path) -> None:
        self._package = home.path / "slow"
        self._package.mkdir()
        (self._package / "backend.py").write_text(_BACKEND)
        (self._package / "pyproject.toml").write_text(
            '[project]\nname = "slow"\nversion = "1.0"\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        python = environment / "bin" / "python"
        self._process = subprocess.Popen(
            [find_uv_bin(), "pip", "install", "-q", "--offline", "--python", python, self._package],
            env=home.variables,
        )

    def until_building(self) -> None:
        waited((self._package / "started").exists)

    def until_it_waits_for_the_lock(self) -> None:
        """A waiting process is the holder's line with an arrow in /proc/locks."""

        def waits() -> bool:
            lines = Path("/proc/locks").read_text().splitlines()
            return any("->" in line and f" {self._process.pid} " in line for line in lines)

        waited(waits)

    def finish(self) -> int:
        (self._package / "go").touch()
        return self._process.wait(60)


def _environment(home: Home) -> Path:
    return venv(home.path / ".virtualenvs" / "app")


def test_an_environment_that_uv_installs_into_is_refused_as_locked(home: Home) -> None:
    environment = _environment(home)
    known = rows(home)
    installing = Installing(home, environment)
    installing.until_building()
    made = plan(home, environment, table=known)
    assert installing.finish() == 0
    assert [refusal.reason for refusal in made.refused] == [_LOCKED]


def test_uv_that_starts_after_the_plan_is_seen(home: Home) -> None:
    environment = _environment(home)
    made = plan(home, environment)
    with Deleter(made, context(home)) as deleter:
        installing = Installing(home, environment)
        installing.until_building()
        result = deleter.apply(made.items[0])
        assert installing.finish() == 0
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, _LOCKED)
    assert (environment / "lib").is_dir()


def test_uv_that_starts_in_between_leaves_debris_that_is_shown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _environment(home)
    (environment / ".lock").touch()  # as uv makes it when it works there first
    made = plan(home, environment)
    started: list[Installing] = []

    def start() -> None:
        started.append(Installing(home, environment))
        started[0].until_it_waits_for_the_lock()

    at_step(monkeypatch, "unused", start)
    with Deleter(made, context(home)) as deleter:
        assert deleter.apply(made.items[0]).outcome is Outcome.DONE
    started[0].finish()  # it may fail, or install into a directory that it makes again
    session = Session(home.machine(), Config())
    list(session.scan(usage=False))
    assert environment not in session.rows
    assert [odd.path for odd in session.oddities] == [environment]
    assert "the remains of an environment" in session.oddities[0].reason

    (found,) = trash.find(context(home))
    taken = trash.restore(found)
    assert (taken.outcome, "taken" in taken.reason) == (Outcome.SKIPPED, True)
    assert trash.restore(found, trash.free_name(found)).outcome is Outcome.DONE
    assert (environment.with_name("app-restored") / "pyvenv.cfg").is_file()


def test_what_was_lost_from_the_trash_is_an_outcome(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    one(home, environment)
    (found,) = trash.find(context(home))
    shutil.rmtree(found.path)
    assert trash.find(context(home)) == []
    result = trash.restore(found)
    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "It is no longer in the trash."
    assert recover_stores(context(home)) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["prune", "clean"])
def test_undo_works_after_uv_has_cleared_its_cache(home: Home, command: str) -> None:
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project, "--bare")
    inode = environment.stat().st_ino
    other = uv_project(home, home.path / "code" / "other", "--bare")
    session = Session(home.machine(), Config())
    list(session.scan(usage=False))
    list(session.deletions.delete(session.deletions.plan_delete([environment])))
    home.uv("cache", command, "-q")
    assert not environment.parent.exists() or list(environment.parent.iterdir()) == []
    assert not other.exists()

    done = undone(session)
    assert [result.outcome for result in done.results] == [Outcome.DONE], done
    assert environment.stat().st_ino == inode
    assert (project / ".venv").resolve() == environment
    home.uv("sync", "-q", "--check", cwd=project)
    assert rows(home)[environment].verdict.status == "linked"
