"""On a system where nothing was run, venvdash looks, and changes nothing until that is allowed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.actions.deleting import small
from tests.conftest import Home
from venvdash.cli import cli
from venvdash.config import Config
from venvdash.session import Session
from venvdash.system.machine import Machine

LOOKING = (["list"], ["info", "mine"], ["path", "mine"], ["stores"], ["trash"], ["history"])
CHANGING = (
    ["delete", "mine", "--yes"],
    ["delete", "mine", "--yes", "--now"],
    ["prune", "--yes"],
    ["sync", "mine", "--yes"],
    ["relink", "mine", "."],
    ["unlink", "mine"],
    ["copy", "mine", "new"],
    ["rename", "mine", "new"],
    ["move", "mine", "--to", "."],
    ["trash", "empty", "--yes"],
    ["restore", "mine"],
    ["undo"],
)


@pytest.fixture(params=[("darwin", "macOS"), ("win32", "Windows"), ("freebsd15", "freebsd15")])
def system(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A value of ``sys.platform``, and what the system is called."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def environment(home: Home) -> Path:
    return small(home.path / ".virtualenvs" / "mine")


@pytest.fixture
def elsewhere(
    home: Home, environment: Path, system: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Home:
    """The user's machine with the name of another system."""
    variables = home.variables | {"WORKON_HOME": str(environment.parent)}
    machine = replace(home.machine(), platform=system[0], variables=variables)
    monkeypatch.setattr(Machine, "current", lambda: machine)
    return home


def run(arguments: Sequence[str]) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_looking_works(elsewhere: Home, command: list[str]) -> None:
    done = run(command)
    assert done.exit_code == 0, done.output
    assert "untested" not in done.output


@pytest.mark.parametrize("command", CHANGING, ids=" ".join)
def test_nothing_is_changed_until_it_is_allowed(
    elsewhere: Home, environment: Path, system: tuple[str, str], command: list[str]
) -> None:
    done = run(command)
    assert done.exit_code == 2, done.output
    assert f"venvdash was never run on {system[1]}, so it changes nothing there" in done.output
    assert "write `untested = true` into " in done.output
    assert "Nothing was changed." in done.output
    assert environment.is_dir()


def test_once_it_is_allowed_nothing_is_refused(elsewhere: Home) -> None:
    file = Machine.current().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("untested = true\n")
    for command in CHANGING[:2], CHANGING[7:8]:
        for arguments in command:
            done = run([*arguments, "--dry-run"])
            assert done.exit_code == 0, done.output
            assert "mine" in done.output


def test_plans_of_a_session_are_refused(
    home: Home, environment: Path, system: tuple[str, str]
) -> None:
    """The dashboard shows these plans: see ``tests/tui/test_untested.py``."""
    variables = home.variables | {"WORKON_HOME": str(environment.parent)}
    machine = replace(home.machine(), platform=system[0], variables=variables)
    for allowed in (False, True):
        session = Session(machine, Config(untested=allowed))
        for _ in session.scan(usage=False):
            pass
        row = session.rows[environment]
        actions = session.actions
        proposals = [
            actions.copy(row, "new"),
            actions.rename(row, "new"),
            actions.relink(row, home.path),
            actions.sync(row),
        ]
        refused = [one.refusal for one in proposals]
        plan = session.deletions.plan_delete([environment])
        refused += [one.reason for one in plan.refused] or [""]
        assert [("never run on" in (reason or "")) for reason in refused] == [not allowed] * 5
