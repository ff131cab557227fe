"""``--where`` on list, prune, sync and delete, in environments that uv made."""

import json
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.cli.test_prune import pruned
from tests.conftest import Home
from tests.scenario import uv_project, venv
from venvdash.demo.wheels import make_wheel


def with_package(home: Home, prefix: Path, version: str) -> Path:
    """Make an environment with uv, and install a version of a package made here."""
    wheels = home.path / "wheels"
    make_wheel(wheels, "alpha", version, {"alpha/__init__.py": b"x = 1\n" * 100})
    home.uv("venv", "-q", prefix)
    found = ("--no-index", "--find-links", str(wheels))
    home.uv("pip", "install", "-q", "--python", prefix, *found, f"alpha=={version}")
    return prefix


@pytest.fixture
def user(home: Home) -> Home:
    """An orphan with an old package, a linked one, and two that are standalone."""
    for name, version in (("lost", "1.5"), ("web", "1.5.1")):
        project = home.path / "code" / name
        project.mkdir(parents=True)
        path = with_package(home, home.path / ".virtualenvs" / name, version)
        (path / ".project").write_text(f"{project}\n")
    run(home, "list", "--no-usage")
    (home.path / "code" / "lost").rmdir()
    with_package(home, home.path / ".venvs" / "new", "2.0")
    venv(home.path / ".venvs" / "empty")
    return home


def names(home: Home, *queries: str, more: tuple[str, ...] = ("--no-usage",)) -> list[str]:
    given = [part for query in queries for part in ("-w", query)]
    answer = json.loads(run(home, "list", "--json", *more, *given).stdout)
    return [environment["name"] for environment in answer["environments"]]


def test_list_shows_what_matches(user: Home) -> None:
    assert names(user, "pkg:alpha..1") == ["lost", "web"]
    assert names(user, "pkg:alpha>=2") == ["new"]
    assert names(user, "not:pkg:alpha") == ["empty"]
    assert names(user, "status:orphan,standalone", "pkg:alpha") == ["lost", "new"]
    assert names(user, "code/web") == ["web"]
    assert names(user, "files:1.. not:reclaimable:1GB..", more=()) == [
        "empty",
        "lost",
        "new",
        "web",
    ]
    shown = run(user, "list", "--no-usage", "--where", "pkg:Alpha..1").stdout.splitlines()
    assert [line.split()[-3:-1] for line in shown[1:-2]] == [["alpha", "1.5"], ["alpha", "1.5.1"]]
    answer = json.loads(run(user, "list", "--json", "--no-usage", "-w", "pkg:alpha web").stdout)
    (environment,) = answer["environments"]
    assert [one["version"] for one in environment["matched_packages"]] == ["1.5.1"]
    assert answer["undecided"] == []
    (line,) = run(user, "list", "--json-stream", "-w", "pkg:alpha@2").stdout.splitlines()
    assert json.loads(line)["matched_packages"][0]["version"] == "2.0"


def test_packages_that_cannot_be_read_are_reported(user: Home) -> None:
    (site,) = (user.path / ".venvs" / "new").glob("lib/*/site-packages")
    site.rename(site.with_name("elsewhere"))
    site.touch()
    for _ in range(2):  # read, and remembered
        done = run(user, "list", "--json", "--no-usage", "-w", "not:pkg:alpha")
        answer = json.loads(done.stdout)
        assert [one["name"] for one in answer["environments"]] == ["empty"]
        reason = "packages not known"
        path = str(user.path / ".venvs" / "new")
        assert answer["undecided"] == [{"path": path, "reason": reason}]
        assert f"1 environment not decided: {reason} (1).\n" in done.stderr


def test_a_wrong_query_ends_with_2_before_anything_is_done(user: Home) -> None:
    for command in ("list", "prune", "sync", "delete"):
        done = run(user, command, "--where", "statu:orphan", check=False)
        assert done.returncode == 2
        assert "unknown key statu:. Did you mean status:?" in done.stderr
        assert run(user, command, "-w", " ", check=False).returncode == 2
    done = run(user, "list", "--no-usage", "-w", "size:1GB..", check=False)
    assert (done.returncode, done.stdout) == (2, "")


def test_on_prune_it_only_narrows(user: Home) -> None:
    run(user, "list")
    assert pruned(user) == ["lost"]
    assert pruned(user, "--where", "pkg:alpha") == ["lost"]
    assert pruned(user, "--where", "status:standalone") == []
    assert pruned(user, "--where", "pkg:alpha>=2") == []
    assert pruned(user, "-w", "pkg:alpha", "-w", "size:1GB..") == []


def test_delete_takes_only_what_no_project_and_no_tool_uses(user: Home) -> None:
    done = run(user, "delete", "--where", "status:linked", "--dry-run")
    assert done.stdout == "Nothing to delete.\n"
    plan = json.loads(run(user, "delete", "--where", "pkg:alpha", "-n", "--json").stdout)
    assert sorted(item["name"] for item in plan["items"]) == ["lost", "new"]
    run(user, "pin", "new")
    assert run(user, "delete", "--where", "not:empty", "--yes").stdout.count("Deleted 1 of 1") == 1
    left = sorted(names(user))
    assert left == ["empty", "new", "web"]
    (user.path / ".venvs" / "empty" / "notes.txt").write_text("mine")
    done = run(user, "delete", "--where", "empty", "--yes", check=False)
    assert "None of these can be deleted." in done.stdout
    assert sorted(names(user)) == left


def test_delete_wants_names_or_a_query(user: Home) -> None:
    for arguments in ((), ("new", "-w", "new"), ("--all", "-w", "new")):
        assert run(user, "delete", *arguments, "--yes", check=False).returncode == 2
    assert len(names(user)) == 4


def test_sync_takes_what_its_project_uses(home: Home) -> None:
    for name in ("api", "web"):
        uv_project(home, home.path / "code" / name, "--bare")
    done = run(home, "sync", "--where", "api", "--dry-run")
    assert "\nAlready up to date" not in done.stdout
    assert [line.split() for line in done.stdout.splitlines() if line[:1].isalnum()] == [
        ["api", "linked"]
    ]
    done = run(home, "sync", "--where", "nothing")
    assert done.stderr == "venvdash: No environment that its project uses matches.\n"
