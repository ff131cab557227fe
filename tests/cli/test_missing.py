"""Projects whose environment is gone: listed apart, never picked, hidden on request."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.answering import World
from tests.conftest import Home
from tests.scenario import listing, remove, uv_project, venv


@pytest.fixture
def web(home: Home) -> Path:
    """A project whose environment was seen once, and then deleted from uv's cache."""
    environment = uv_project(home, home.path / "code" / "web", "--bare")
    home.venvdash("list")
    remove(environment)
    return environment


def answer(home: Home, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(home.venvdash(*arguments, "--json").stdout)
    return found


def missing(home: Home, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(home, "list", *arguments)["projects_without_environment"]
    return found


def names(found: Iterable[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in found]


def test_it_is_listed_apart_with_what_was_known(home: Home, web: Path) -> None:
    found = answer(home, "list")
    assert found["environments"] == []
    (one,) = found["projects_without_environment"]
    assert one["name"] == "web"
    assert one["project"] == str(home.path / "code" / "web")
    assert one["path"] == str(web)
    assert (one["store"], one["status"]) == ("uv", "missing")
    assert one["python"].count(".") == 2
    assert one["on_disk"] > 0
    assert one["last_seen"]
    link = home.path / "code" / "web" / ".venv"
    assert one["reason"] == f"{link} points to {web}, where nothing is now."


def test_the_table_has_a_row_and_its_total_does_not_count_it(home: Home, web: Path) -> None:
    venv(home.path / ".virtualenvs" / "other")
    for usage in ((), ("--no-usage",)):
        lines = home.venvdash("list", *usage).stdout.splitlines()
        assert [line.split()[0] for line in lines[1:3]] == ["other", "web"]
        assert "missing" in lines[2]
        assert "~/code/web" in lines[2]
        assert lines[-1].startswith("1 environment")
        assert lines[-1].endswith(", 1 project without environment")


def test_queries_and_filters_know_it(home: Home, web: Path) -> None:
    venv(home.path / ".virtualenvs" / "other")
    for chosen in (
        ("--where", "status:missing"),
        ("--status", "missing"),
        ("web",),
        ("--project", str(home.path / "code" / "web")),
    ):
        found = answer(home, "list", "--no-usage", *chosen)
        assert names(found["projects_without_environment"]) == ["web"], chosen
        assert found["environments"] == [], chosen
    assert missing(home, "--where", "not:status:missing") == []
    assert answer(home, "list", "--by", "status")["groups"][0]["environments"] == 1


def test_the_remembered_list_has_it_and_notices_that_it_is_back(
    home: Home, web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv(home.path / ".virtualenvs" / "zoo")
    world = World(home, monkeypatch)
    for arguments in ((), ("--json",)):
        for _ in range(8):
            scanned = world.listed(*arguments)
            remembered = world.listed_quickly(*arguments)
            if remembered is not None:
                break
        assert remembered == scanned
        assert "web" in scanned
    uv_project(home, home.path / "code" / "web", "--bare")
    assert world.listed_quickly() is None


def test_what_venvdash_deleted_is_not_missed(home: Home) -> None:
    project = home.path / "code" / "web"
    environment = uv_project(home, project, "--bare")
    home.venvdash("list")
    home.venvdash("delete", "web", "--yes")
    (project / ".venv").symlink_to(environment)  # as git may bring it back
    assert missing(home) == []
    home.venvdash("undo", "--yes")
    assert names(answer(home, "list")["environments"]) == ["web"]
    remove(environment)  # not by venvdash, and after it was seen again
    assert names(missing(home)) == ["web"]


def test_forget_hides_it_until_it_is_undone(home: Home, web: Path) -> None:
    assert answer(home, "forget", "web") == {
        "schema": 3,
        "forgotten": [{"name": "web", "project": str(home.path / "code" / "web")}],
    }
    assert missing(home) == []
    (change,) = answer(home, "history")["history"]
    assert (change["action"], change["state"]) == ("forget", "can be undone")
    home.venvdash("undo")
    assert names(missing(home)) == ["web"]
    (change,) = answer(home, "history")["history"]
    assert change["state"] == "undone"


def test_forgetting_ends_when_it_has_an_environment_again(home: Home, web: Path) -> None:
    home.venvdash("forget", str(home.path / "code" / "web"))
    uv_project(home, home.path / "code" / "web", "--bare")
    home.venvdash("list")
    remove(web)
    assert names(missing(home)) == ["web"]


def test_forget_says_what_can_be_forgotten(home: Home, web: Path) -> None:
    done = home.venvdash("forget", "wed", check=False)
    assert done.returncode == 1
    assert "Those without one: web." in done.stderr


def test_no_rule_and_no_name_picks_it(home: Home, web: Path) -> None:
    plan = answer(home, "prune", "--dry-run", "--replaced", "--unknown")
    assert plan["items"] == plan["held"] == []
    done = home.venvdash("delete", "web", "--yes", check=False)
    assert done.returncode == 1
    assert (home.path / "code" / "web" / ".venv").is_symlink()


def test_without_a_link_the_tool_must_use_that_place(home: Home, web: Path) -> None:
    project = home.path / "code" / "web"
    (project / ".venv").unlink()
    assert listing(home).missing == {}  # without the preview feature uv uses .venv
    settings = home.path / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('preview-features = ["centralized-project-envs"]\n')
    (row,) = listing(home).missing.values()
    assert row.verdict.reason == f"uv kept its environment at {web}, where nothing is now."
    venv(project / ".venv")
    assert listing(home).missing == {}  # uv would delete it


def test_a_link_to_something_else_is_left_alone(home: Home) -> None:
    for name, target in {"files": "files", "none": "gone", "bare": "gone2"}.items():
        project = home.path / "code" / name
        project.mkdir(parents=True)
        (project / ".venv").symlink_to(home.path / target)
        if name != "bare":
            (project / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        else:
            (project / ".git").mkdir()
    (home.path / "files").mkdir()
    (home.path / "files" / "thesis.txt").write_text("mine")
    assert [row.name for row in listing(home).missing.values()] == ["none"]


def test_a_project_that_uses_another_environment_lacks_none(home: Home, web: Path) -> None:
    other = venv(home.path / ".virtualenvs" / "web")
    (other / ".project").write_text(f"{home.path / 'code' / 'web'}\n")
    assert listing(home).missing == {}
