"""Nothing is started from an environment into which somebody else can have put a program."""

import os
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import rows, venv
from venvdash.actions.safety.writable_by_others import exposed

OTHER = 54321  # no user of this machine
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
# What decides which programs run, below the prefix.
PLACES = ("", "bin", "pyvenv.cfg", "lib", "lib/python3.*", "lib/python3.*/site-packages")


@pytest.fixture
def path(home: Home) -> Path:
    return venv(home.path / ".virtualenvs" / "one")


def reasons(home: Home, path: Path) -> list[str]:
    environment = rows(home, records=False)[path].environment
    return list(exposed(environment, os.geteuid()))


def place_in(path: Path, pattern: str) -> Path:
    return next(path.glob(pattern)) if pattern else path


def test_an_environment_of_ones_own_is_started(home: Home, path: Path) -> None:
    assert reasons(home, path) == []


@pytest.mark.parametrize("pattern", PLACES)
def test_what_everybody_or_a_group_may_write_to_is_not(
    home: Home, path: Path, pattern: str
) -> None:
    place = place_in(path, pattern)
    place.chmod(place.stat().st_mode | 0o002)
    assert reasons(home, path) == [
        f"Everyone can write to {place}. Its programs may have been replaced by someone else."
    ]
    place.chmod(place.stat().st_mode & ~0o002 | 0o020)
    if os.geteuid() == 0:
        os.chown(place, 0, OTHER)
        assert reasons(home, path)[0].startswith(f"The group {OTHER} can write to {place}.")


@needs_root
@pytest.mark.parametrize("pattern", PLACES)
def test_what_belongs_to_somebody_else_is_not(home: Home, path: Path, pattern: str) -> None:
    place = place_in(path, pattern)
    os.chown(place, OTHER, OTHER)
    assert f"{place} belongs to another user, #{OTHER} (uid {OTHER})." in reasons(home, path)[0]


@needs_root
def test_what_belongs_to_root_is(home: Home, path: Path) -> None:
    environment = rows(home, records=False)[path].environment
    assert list(exposed(environment, OTHER)) == []


@pytest.mark.parametrize("command", [["copy", "one", "two"], ["sync", "one", "--yes"]])
def test_neither_a_copy_nor_a_sync_starts_its_python(
    home: Home, path: Path, command: list[str]
) -> None:
    """A check that runs the copy's Python would run what lies in the original."""
    witness = home.path / "ran"
    site = place_in(path, "lib/python3.*/site-packages")
    (site / "evil.pth").write_text(f"import os; open({os.fspath(witness)!r}, 'w').close()\n")
    site.chmod(0o777)
    project = home.path / "code"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "code"\nversion = "1"\n')
    (path / ".project").write_text(str(project))
    done = run(home, *command, check=False)
    assert done.returncode == 2
    assert f"Everyone can write to {str(site).replace(str(home.path), '~')}" in (
        done.stdout + done.stderr
    ).replace(str(home.path), "~")
    assert not witness.exists()
    assert not (path.parent / "two").exists()
