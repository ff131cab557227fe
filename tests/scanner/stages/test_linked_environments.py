"""Environments that only a project leads to: listed with their own location, never by a rule."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import rows, uv_project, venv
from tests.terminal import venvdash
from venvdash.actions.delete.prune import Rules, picks
from venvdash.model import EvidenceKind, Flag, Location, Status
from venvdash.tui.mark_rules import older_than, rules


def project(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(f'[project]\nname = "{path.name}"\nversion = "1"\n')
    return path


@pytest.fixture
def outside(home: Home) -> Path:
    """An environment in no store, that a project's link leads to."""
    made = venv(home.path.parent / "disk" / "webapp")
    (project(home.path / "code" / "webapp") / ".venv").symlink_to(made)
    return made


def test_the_target_of_a_link_is_listed_though_no_store_knows_it(home: Home, outside: Path) -> None:
    (row,) = rows(home).values()
    assert (row.path, row.environment.location) == (outside, Location.LINKED)
    assert row.verdict.status is Status.LINKED
    assert row.verdict.projects == (home.path / "code" / "webapp",)
    assert row.verdict.evidence is EvidenceKind.PROJECT_LINK
    assert row.name == "webapp"


@pytest.mark.parametrize("text", ["{}\n", "{}\nwhatever follows\n", "../../../disk/webapp"])
def test_the_first_line_of_a_path_file_counts(home: Home, outside: Path, text: str) -> None:
    link = home.path / "code" / "webapp" / ".venv"
    link.unlink()
    link.write_text(text.format(outside))
    assert [*rows(home)] == [outside]


def test_what_is_no_environment_or_lies_in_the_project_is_not_listed(home: Home) -> None:
    code = home.path / "code"
    (home.path / "photos").mkdir()
    (home.path / "gone.cfg").write_text("home = /usr/bin\n")
    for name, target in (
        ("folder", home.path / "photos"),
        ("file", home.path / "gone.cfg"),
        ("nowhere", home.path / "nowhere"),
        ("root", Path("/")),
        ("trash", venv(home.path / ".venvdash-trash-0" / "old")),
    ):
        (project(code / name) / ".venv").symlink_to(target)
    inside = project(code / "inside")
    (inside / ".venv").symlink_to(venv(inside / "envs" / "dev"))
    assert rows(home) == {}


def test_the_cache_of_another_uv_cache_dir_is_told_as_uvs(home: Home) -> None:
    home.variables["UV_CACHE_DIR"] = str(home.path / "scratch" / "uv")
    made = uv_project(home, home.path / "code" / "webapp")
    del home.variables["UV_CACHE_DIR"]
    row = rows(home)[made]
    environment = row.environment
    assert (environment.store, environment.traits.kind) == ("uv", "uv")
    assert (environment.location, row.verdict.status) == (Location.LINKED, Status.LINKED)
    assert {claim.how for claim in row.verdict.claims} >= {EvidenceKind.PROJECT_LINK}


def test_no_rule_picks_one(home: Home, outside: Path) -> None:
    (row,) = rows(home).values()
    now = time.time() + 10**9
    for status in Status:
        flags = frozenset({Flag.BROKEN})
        environment = replace(row.environment, flags=flags)
        changed = replace(
            row, environment=environment, verdict=replace(row.verdict, status=status), used=1.0
        )
        everything = Rules(unknown=True, replaced=True, broken=True, older_than=0)
        assert not picks(everything, changed, None, now)
        assert not any(rule.holds(changed) for rule in (*rules(now), older_than(0, now)))
        central = replace(environment, location=Location.CENTRAL)
        if status is Status.ORPHAN:
            assert picks(everything, replace(changed, environment=central), None, now)


def test_nothing_is_written_into_one(home: Home, outside: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in [outside, *outside.rglob("*")]}
    for _ in range(2):
        assert [*rows(home)] == [outside]
    assert {path: path.lstat().st_mtime_ns for path in [outside, *outside.rglob("*")]} == before


def test_it_is_known_again_when_it_is_listed_again(home: Home, outside: Path) -> None:
    first = rows(home)[outside].record
    again = rows(home)[outside].record
    assert first
    assert again
    assert first.identity == again.identity
    assert [one.path for one in again.projects] == [home.path / "code" / "webapp"]


# Deleting.


def test_yes_alone_does_not_delete_one(home: Home, outside: Path) -> None:
    for options in (["--yes"], ["--yes", "--now", "--json"]):
        done = run(home, "delete", "webapp", *options, check=False)
        assert done.returncode == 2
        assert "nothing was deleted. Use `--yes --confirm webapp` to delete" in done.stderr
    assert outside.exists()
    run(home, "delete", "webapp", "--yes", "--confirm", "webapp")
    assert not outside.exists()


def test_its_typed_name_deletes_one_and_it_can_be_restored(home: Home, outside: Path) -> None:
    for said, status in (("1\n", 2), ("y\n", 2), ("webapp\n", 0)):
        with venvdash(
            "delete", "webapp", "--yes", variables=home.variables, cwd=home.path
        ) as terminal:
            terminal.read(lambda output: b"Type webapp to delete" in output)
            terminal.press(said)
            assert terminal.wait() == status, terminal.output
        assert outside.exists() == bool(status)
    run(home, "restore", "webapp")
    assert [*rows(home)] == [outside]


def test_with_others_its_name_is_asked_for_all_the_same(home: Home, outside: Path) -> None:
    other = venv(home.path / ".virtualenvs" / "scratch")
    done = run(home, "delete", "webapp", "scratch", "--yes", check=False)
    assert done.returncode == 2
    assert "must be confirmed by name: it is outside all stores" in done.stdout
    assert outside.exists()
    assert other.exists()


def test_one_in_another_project_is_refused(home: Home) -> None:
    mine = venv(project(home.path / "code" / "mine") / ".venv")
    (project(home.path / "code" / "guest") / ".venv").symlink_to(mine)
    done = run(home, "delete", str(mine), "--yes", check=False)
    assert done.returncode == 2
    assert "It is inside a project: ~/code/mine." in done.stdout
    assert mine.exists()


def test_a_repository_of_settings_in_home_is_no_project(home: Home, outside: Path) -> None:
    (home.path / ".git").mkdir()
    mine = outside.rename(home.path / "elsewhere")
    link = home.path / "code" / "webapp" / ".venv"
    link.unlink()
    link.symlink_to(mine)
    assert "None of these can be deleted" not in run(home, "delete", "webapp", "-n").stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs two users")
def test_one_of_another_user_is_refused(home: Home, outside: Path) -> None:
    for path in [outside, *outside.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    done = run(home, "delete", "webapp", "--yes", check=False)
    assert done.returncode == 2
    assert "It belongs to another user (uid 12345)." in done.stdout
    assert outside.exists()


# Where it is shown.


def test_the_command_line_says_where_it_lies(home: Home, outside: Path) -> None:
    assert "linked [no store]" in run(home, "list", "--no-usage").stdout
    listed = json.loads(run(home, "list", "--no-usage", "--json").stdout)
    assert [one["location"] for one in listed["environments"]] == ["linked"]
    assert "linked: in no store" in run(home, "info", "webapp", "--no-usage").stdout
    assert (
        json.loads(run(home, "info", "webapp", "--json").stdout)["environment"]["location"]
        == "linked"
    )
    assert (
        json.loads(run(home, "delete", "webapp", "-n", "--json").stdout)["items"][0]["location"]
        == "linked"
    )


# Where nothing points to it any more.


def test_it_stays_listed_when_its_link_is_gone(home: Home, outside: Path) -> None:
    place = home.path / "code" / "webapp"
    first = rows(home)[outside]
    (place / ".venv").unlink()
    row = rows(home)[outside]
    assert row.environment.location is Location.LINKED
    assert (row.verdict.status, row.verdict.projects) == (Status.LINKED, (place,))
    assert row.record
    assert first.record
    assert row.record.identity == first.record.identity
    (place / ".venv").symlink_to(outside)
    assert len(rows(home)) == 1
    shutil.rmtree(place)
    assert rows(home)[outside].verdict.status is Status.ORPHAN
    assert not picks(Rules(older_than=0), rows(home)[outside], None, time.time())
    assert "webapp" not in run(home, "prune", "-n").stdout
    shutil.rmtree(outside)
    assert rows(home) == {}


def test_a_link_to_the_environment_in_another_project_leaves_no_row(home: Home) -> None:
    mine = venv(project(home.path / "code" / "mine") / ".venv")
    link = project(home.path / "code" / "guest") / ".venv"
    link.symlink_to(mine)
    assert [*rows(home)] == [mine]
    link.unlink()
    assert rows(home) == {}


def test_another_environment_in_its_place_is_not_taken_for_it(home: Home, outside: Path) -> None:
    assert [*rows(home)] == [outside]
    (home.path / "code" / "webapp" / ".venv").unlink()
    shutil.rmtree(outside)
    outside.mkdir()
    (outside / "notes.txt").touch()
    assert rows(home) == {}
