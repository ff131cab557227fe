"""What stores read of the disk and of variables is noted: see ``system.reads``."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.reading import read
from tests.scenario import venv
from venvdash.config import Config, ConfiguredStore
from venvdash.scanner.discovery import store_folders
from venvdash.scanner.projects import project_tools
from venvdash.stores import registry
from venvdash.stores.base import Store
from venvdash.system import reads
from venvdash.system.machine import Machine

__all__ = ["read"]

_LATER = 2**62  # whatever was changed is settled


def _project(home: Home) -> Path:
    """Make a project with every file that a tool may write or look for in one."""
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    tables = "".join(f"[{store.table}]\n" for store in registry() if store.table)
    (project / "pyproject.toml").write_text(f'[project]\nname = "webapp"\n{tables}')
    environment = venv(home.path / ".virtualenvs" / "webapp")
    for store in registry():
        for name in (*store.lock_files, *store.own_pointers, *store.settings, *store.requires):
            file = project / name
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"{environment}\n")
    (project / ".venv").symlink_to(environment)
    return project


def _paths(noted: reads.Reads) -> set[str]:
    return {marked[1:] for marked in noted.states if marked[0] in "=~"}


def _asked(store: Store, machine: Machine, project: Path) -> None:
    config = Config(stores=(ConfiguredStore("~/more"), ConfiguredStore("$EXTRA/envs")))
    for root in store_folders.roots_of(store, machine, config):
        resolved = store_folders.resolve(root)
        with contextlib.suppress(OSError):
            list(store_folders.entries(resolved))
    list(store.project_roots(project, machine))
    store.use(project, machine, config)


@pytest.mark.parametrize("name", [store.name for store in registry()])
def test_what_a_store_reads_is_noted(home: Home, read: set[str], name: str) -> None:
    project = _project(home)
    plain = home.machine(project, EXTRA=str(home.path))
    machine = replace(plain, variables=reads.Variables(plain.variables))
    store = next(store for store in registry() if store.name == name)
    _asked(store, machine, project)  # what is read once and kept for good, as this platform's name
    read.clear()
    noted = reads.Reads(_LATER)
    with reads.recorded(noted):
        _asked(store, machine, project)
    above = {str(parent) for path in _paths(noted) for parent in Path(path).parents}
    assert noted.complete
    assert not read - _paths(noted) - above


def test_what_is_read_of_a_project_is_noted(home: Home, read: set[str]) -> None:
    project = _project(home)
    machine = home.machine(project)
    read.clear()
    noted = reads.Reads(_LATER)
    with reads.recorded(noted):
        project_tools.of_project(project, machine, Config())
    above = {str(parent) for path in _paths(noted) for parent in Path(path).parents}
    assert read
    assert not read - _paths(noted) - above


def test_variables_are_noted_by_name(home: Home) -> None:
    machine = replace(
        home.machine(), variables=reads.Variables({"WORKON_HOME": "$X/${Y}", "X": "/srv"})
    )
    noted = reads.Reads(_LATER)
    with reads.recorded(noted):
        assert machine.path_variable("WORKON_HOME") == Path("/srv/${Y}")
    assert noted.states == {"$WORKON_HOME": "=$X/${Y}", "$X": "=/srv", "$Y": "-"}
    assert noted.complete


@pytest.mark.parametrize(
    "question", [lambda: reads.lexists("relative"), lambda: dict(reads.Variables({}))]
)
def test_what_cannot_be_noted_is_not_complete(question: Callable[[], object]) -> None:
    noted = reads.Reads(_LATER)
    with reads.recorded(noted):
        question()
    assert not noted.complete
