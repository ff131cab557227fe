"""The project of a directory and the environment that it uses now: what no name at all means."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import uv_project
from tests.session.test_names import made, poetrys, scanned
from venvdash.model import Row
from venvdash.session import name_resolution
from venvdash.session.name_resolution import AmbiguousError, NotFoundError
from venvdash.stores._name_hashes import short_hash


def current(home: Home, cwd: Path, *, changing: bool = False, every: bool = False) -> list[Path]:
    cwd.mkdir(parents=True, exist_ok=True)
    found = scanned(home, cwd).choose(None, changing=changing, every=every)
    return [row.path for row in found.rows]


def project(home: Home, name: str, pyproject: str = "") -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(pyproject or f'[project]\nname = "{name}"\n')
    return path


def test_without_a_name_it_is_the_nearest_project_upwards(home: Home) -> None:
    outer, inner = project(home, "outer"), project(home, "outer/inner")
    own = made(home.path / ".virtualenvs" / "one", project=outer)
    nested = made(home.path / ".virtualenvs" / "two", project=inner)
    assert current(home, outer) == current(home, outer / "src" / "deep") == [own]
    assert current(home, inner / "src") == [nested]
    with pytest.raises(NotFoundError):
        current(home, home.path / "code")


def test_a_project_without_one_does_not_take_that_of_the_folder_above(home: Home) -> None:
    outer, inner = project(home, "outer"), project(home, "outer/inner")
    made(home.path / ".virtualenvs" / "one", project=outer)
    with pytest.raises(NotFoundError) as caught:
        current(home, inner / "src")
    assert str(caught.value) == str(inner)


@pytest.mark.slow
def test_the_member_of_a_workspace_has_the_environment_of_its_root(home: Home) -> None:
    root = home.path / "code" / "space"
    environment = uv_project(home, root)
    for name in ("packages/one", "packages/left", "tools/two"):
        (root / name).mkdir(parents=True)
        home.uv("init", "-q", "--bare", "--no-workspace", cwd=root / name)
    with (root / "pyproject.toml").open("a") as file:
        file.write('[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/l*"]\n')
    home.uv("sync", "-q", cwd=root / "packages" / "one")
    assert not (root / "packages" / "one" / ".venv").exists()  # so does uv itself
    assert current(home, root / "packages" / "one" / "src") == [environment]
    for name in ("packages/left", "tools/two"):
        with pytest.raises(NotFoundError):
            current(home, root / name)


def test_what_the_projects_venv_leads_to_decides(home: Home) -> None:
    path = project(home, "api")
    first, second = poetrys(home.path, path, "3.11"), poetrys(home.path, path, "3.12", used=True)
    assert current(home, path) == [second]
    (path / ".venv").symlink_to(first)
    assert current(home, path) == current(home, path / "src", changing=True) == [first]
    (path / ".venv").unlink()
    (path / ".venv").write_text(f"{first}\n")
    assert current(home, path) == [first]


def test_then_what_the_tool_itself_chose(home: Home) -> None:
    path = project(home, "app")
    store = home.path / ".local" / "share" / "pdm" / "venvs"
    digest = short_hash(str(path), "md5")
    for environment in [made(store / f"app-{digest}-{ident}") for ident in ("3.12", "dev")]:
        (path / ".pdm-python").write_text(str(environment / "bin" / "python"))
        assert current(home, path) == current(home, path, changing=True) == [environment]


def test_then_the_only_one_that_is_proven(home: Home) -> None:
    path = project(home, "app")
    first = poetrys(home.path, path, "3.11")
    assert current(home, path) == current(home, path, changing=True) == [first]
    second = poetrys(home.path, path, "3.12")
    del home.variables["PATH"]  # the Python that is found first would decide
    with pytest.raises(AmbiguousError) as caught:
        current(home, path)
    assert {row.path for _, row in caught.value.options} == {first, second}
    assert set(current(home, path, changing=True, every=True)) == {first, second}


def test_of_hatchs_environments_it_is_the_default_one(home: Home) -> None:
    path = project(home, "app")
    store = home.path / ".local/share/hatch/env/virtual/app" / short_hash(str(path))
    default, _docs = made(store / "app"), made(store / "docs")
    assert current(home, path) == [default]


def test_one_that_its_project_does_not_use_now_is_not_taken_to_be_changed(home: Home) -> None:
    path = project(home, "app")
    left = poetrys(home.path, path, "3.11")
    elsewhere = made(home.path / ".virtualenvs" / "app")
    (path / ".venv").symlink_to(elsewhere)
    assert current(home, path) == [elsewhere]
    shown: list[Row] = [row for row in scanned(home, path).rows.values() if row.path == left]
    (path / ".venv").unlink()
    note = "app@3.11: its project now uses another environment"
    assert name_resolution.implied(shown, path).note == note
    with pytest.raises(NotFoundError) as caught:
        name_resolution.implied(shown, path, changing=True)
    assert len(caught.value.suggestions) == 1


def test_a_moved_project_has_its_environments_where_it_is_now(home: Home) -> None:
    path = project(home, "app")
    environment = made(home.path / ".virtualenvs" / "app", project=path)
    (path / ".venv").symlink_to(environment)
    moved = path.rename(path.with_name("app2"))
    assert current(home, moved) == [environment]
    (moved / ".venv").unlink()
    with pytest.raises(NotFoundError):
        current(home, home.path)


def test_a_project_reached_by_a_link_is_the_same(home: Home) -> None:
    path = home.path / "disk" / "app"
    (home.path / "code").mkdir()
    path.mkdir(parents=True)
    (home.path / "code" / "app").symlink_to(path)
    environment = made(home.path / ".virtualenvs" / "app", project=home.path / "code" / "app")
    assert current(home, path) == [environment]  # as the system tells the current directory
