"""Against links that the real uv-workon makes."""

import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import rows
from tests.stores.places import made, paths, reading
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Flag, Status
from venvdash.session import Session
from venvdash.stores.roots import Layout, Root
from venvdash.stores.uv_workon import STORE


@pytest.fixture
def workon(tool: Tool) -> Path:
    """The program."""
    return tool("uv-workon")


def _project(home: Home, name: str, environment: str = ".venv") -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
    home.run("git", "init", "-q", cwd=path)
    home.uv("venv", "-q", "--no-project", environment, cwd=path)
    return path


def _links(home: Home, workon: Path, *options: str | Path) -> dict[str, Path]:
    """Link environments, and return what uv-workon then lists: names and where they lead."""
    (home.path / ".virtualenvs").mkdir(exist_ok=True)
    home.run(workon, "link", "--yes", *options)
    lines = home.run(workon, "list").stdout.splitlines()
    return {line.split()[0]: Path(line.split()[1]) for line in lines}


def test_what_uv_workon_lists_is_listed(home: Home, workon: Path) -> None:
    app, lab = _project(home, "app"), _project(home, "lab", ".venv-3.12")
    home.uv("venv", "-q", home.path / ".virtualenvs" / "central", cwd=home.path)
    linked = _links(home, workon, app, lab / ".venv-3.12", "--link-name", "app", "--link-name", "L")
    shown = {row.environment.path.name: row for row in rows(home).values()}
    assert {
        name: row.environment.target or row.environment.path for name, row in shown.items()
    } == linked
    assert set(linked) == {"app", "L", "central"}
    for name, project in (("app", app), ("L", lab)):
        found, verdict = shown[name].environment, shown[name].verdict
        assert (found.store, found.traits.kind) == ("uv-workon", "uv-workon")
        assert (verdict.status, verdict.project) == (Status.LINKED, project)
        assert Flag.ALIAS in found.flags
        assert found.entry == home.path / ".virtualenvs" / name
    assert shown["central"].environment.traits.kind == "venv"


def test_a_link_costs_nothing_and_one_to_nowhere_is_no_environment(
    home: Home, workon: Path
) -> None:
    app = _project(home, "app")
    _links(home, workon, app, _project(home, "gone"))
    (home.path / "code" / "gone" / ".venv").rename(home.path / "away")
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    (row,) = session.rows.values()
    assert row.environment.path.name == "app"
    assert row.usage is not None
    assert (row.usage.apparent, row.usage.reclaimable) == (0, 0)


def test_links_to_what_other_tools_keep_stay_theirs(home: Home, workon: Path, tool: Tool) -> None:
    project = home.path / "code" / "shared"
    project.mkdir(parents=True)
    home.run(tool("uvlink"), "link", cwd=project)
    home.uv("venv", "-q", "--allow-existing", ".venv", cwd=project)
    _links(home, workon, project, "--link-name", "shared")
    shown = rows(home)
    assert {row.environment.traits.kind for row in shown.values()} == {"uvlink"}
    assert {row.verdict.project for row in shown.values()} == {project}
    assert len(shown) == 2


def test_it_has_no_folder_of_its_own(home: Home) -> None:
    assert (
        paths(STORE, home.machine(WORKON_HOME="/w"), Config(stores=(ConfiguredStore("x"),))) == []
    )


@pytest.mark.parametrize(
    ("place", "project"),
    [("code/app/.venv", "code/app"), ("code/app/venv", "code/app"), ("code/env", "code"),
     ("code/other", None), ("code/marked/py312", "code/marked")],
)  # fmt: skip
def test_which_links_lead_into_projects(home: Home, place: str, project: str | None) -> None:
    (home.path / "code" / "marked").mkdir(parents=True)
    (home.path / "code" / "marked" / "setup.py").touch()
    found = reading(made(home.path / place), Root(home.path / "store", "folders"))
    assert (STORE.recognise(found) is not None) == (project is not None)
    assert [os.path.relpath(claim.project, home.path) for claim in STORE.claims(found)] == (
        [project] if project else []
    )


def test_what_lies_in_a_store_is_no_link(home: Home) -> None:
    for root in (
        Root(home.path, "folders", depth=2),
        Root(home.path / "m", "configured", layout=Layout.MIRRORED, base=home.path),
    ):
        path = home.path / "x" / ".venv"
        found = reading(path if path.exists() else made(path), root)
        assert STORE.recognise(found) is None
        assert list(STORE.claims(found)) == []
