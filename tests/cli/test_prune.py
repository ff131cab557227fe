"""`venvdash prune` with each of its options, and what no deletion from the command line may do."""

import json
import os
from pathlib import Path

import pytest

from tests.actions.deleting import small, tree
from tests.cli.test_list import run
from tests.conftest import Home
from tests.deep_tree import make_deep
from tests.scenario import uv_project, venv
from tests.session.test_cleaning import cached, install


def pruned(home: Home, *options: str) -> list[str]:
    """Return the names of what a dry run would delete."""
    shown = json.loads(run(home, "prune", "--dry-run", "--json", *options, check=False).stdout)
    return sorted(item["name"] for item in shown["items"])


@pytest.fixture
def store(home: Home) -> Path:
    """A store with one named environment, which no rule picks."""
    venv(home.path / ".virtualenvs" / "scratch")
    return home.path / ".virtualenvs"


def test_each_rule_is_asked_for(home: Home, store: Path, two_pythons: tuple[Path, Path]) -> None:
    ours, other = two_pythons
    project = home.path / "code" / "webapp"
    older = uv_project(home, project, "--bare", python=other)
    current = uv_project(home, project, "--bare", python=ours)
    assert older != current
    broken = venv(store / "broken")
    (broken / "bin" / "python").unlink()
    removed = home.path / "python-3.9" / "bin"
    (broken / "bin" / "python").symlink_to(removed / "python")
    (broken / "pyvenv.cfg").write_text(f"home = {removed}\nversion = 3.9.1\n")
    unknown = home.path / ".cache" / "pypoetry" / "virtualenvs" / "lost-abcdefgh-py3.11"
    venv(unknown)
    gone = venv(store / "gone")
    (home.path / "code" / "gone").mkdir()
    (gone / ".project").write_text(str(home.path / "code" / "gone"))
    run(home, "list")
    (home.path / "code" / "gone").rmdir()
    listed = json.loads(run(home, "list", "--json").stdout)["environments"]
    statuses = {one["name"]: one["status"] for one in listed}
    assert [statuses[name] for name in ("gone", "scratch", "broken")] == [
        "orphan",
        "standalone",
        "standalone",
    ]
    names = {one["path"]: one["name"] for one in listed}
    assert pruned(home) == ["gone"]
    assert pruned(home, "--broken") == ["broken", "gone"]
    assert pruned(home, "--unknown", "--replaced") == ["gone"], "used less than 90 days ago"
    ages = ("--older-than", "0d")
    assert pruned(home, "--unknown", *ages) == sorted(["gone", names[str(unknown)]])
    assert pruned(home, "--replaced", *ages) == sorted(["gone", names[str(older)]])
    everything = ("--unknown", "--replaced", "--broken", *ages)
    assert len(pruned(home, *everything)) == 4
    assert pruned(home, *everything, "--kind", "uv") == [names[str(older)]]
    assert pruned(home, *everything, "--store", str(store)) == ["broken", "gone"]
    assert run(home, "prune", *everything, "--yes").stdout.count("Deleted 4 of 4") == 1
    assert current.exists()
    assert sorted(path.name for path in store.iterdir() if path.name[0] != ".") == ["scratch"]


def test_what_only_they_had_is_cleaned_out_of_the_cache(home: Home) -> None:
    home.variables["UV_OFFLINE"] = "1"
    install(home, home.path / ".virtualenvs" / "kept", "beta")
    install(home, home.path / ".virtualenvs" / "going", "alpha", "beta")
    shown = run(home, "delete", "going", "--dry-run").stdout
    assert "Packages used nowhere else: alpha." in shown
    assert shown.endswith("Use `--clean-cache` to remove these packages from uv's cache.\n")
    done = run(home, "delete", "going", "--yes", "--clean-cache")
    assert "Removed from uv's cache: alpha.\n" in done.stdout
    assert cached(home) == ["beta"]


def test_an_alias_with_a_slash_behind_it_goes_without_what_it_leads_to(home: Home) -> None:
    """``rm -r link/`` would empty the directory that the link leads to."""
    target = small(home.path / "elsewhere" / "app")
    alias = home.path / ".virtualenvs" / "app"
    alias.parent.mkdir()
    alias.symlink_to(f"{target}/")
    before = tree(target)
    for now in ([], ["--now"]):
        run(home, "delete", f"{alias}/", "--yes", *now)
        assert not alias.is_symlink()
        assert tree(target) == before
        if not now:
            assert run(home, "restore", "app").stdout == "Restored app.\n"
            assert os.readlink(alias) == f"{target}/"


@pytest.mark.parametrize("option", [[], ["--now"]])
def test_what_is_no_environment_is_not_deleted(home: Home, store: Path, option: list[str]) -> None:
    foreign = store / "data"
    foreign.mkdir()
    (foreign / "data.txt").write_text("precious")
    (foreign / "pyvenv.cfg").touch()
    before = tree(home.path, without=[home.path / ".local"])
    for name in (foreign, store, home.path, Path("/"), foreign / "data.txt", store / ".." / ".."):
        done = run(home, "delete", str(name), "--yes", *option, check=False)
        assert done.returncode in (1, 2), name
        assert "Traceback" not in done.stderr
    assert "data" not in pruned(home, "--unknown", "--broken", "--older-than", "0d")
    (store / "scratch" / "venvdash.toml").unlink()
    assert tree(home.path, without=[home.path / ".local"]) == before


def test_whatever_lies_in_it_goes_with_it(home: Home, store: Path) -> None:
    """Depth, names and permissions that no walk by paths would get through."""
    wild = small(store / "wild")
    for name in (b"n\xff", b"a\nb\x1b]", b"x" * 255):
        os.mkdir(os.fsencode(wild) + b"/" + name, 0o500)
    make_deep(wild)
    os.mkfifo(wild / "fifo")
    outside = small(home.path / "precious")
    (wild / "link").symlink_to(outside)
    before = tree(outside)
    done = run(home, "delete", "wild", "--yes", "--now")
    assert done.stdout.splitlines()[-1].startswith("Deleted 1 of 1 environment, reclaimed ")
    assert sorted(path.name for path in store.iterdir()) == ["scratch"]
    assert tree(outside) == before


def test_what_uv_prunes_meanwhile_is_not_lost(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    run(home, "delete", "webapp", "--yes")
    home.uv("cache", "prune", "-q")
    run(home, "restore", "webapp")
    assert environment.is_dir()


def states(home: Home) -> dict[str, str]:
    """Return what became of everything that was deleted, as far as anybody knows."""
    shown = json.loads(run(home, "history", "--json").stdout)["history"]
    return {one["name"]: one["state"] for each in shown for one in each["environments"]}


def test_a_disk_that_is_missing_is_no_end(home: Home) -> None:
    scratch = venv(home.path / ".virtualenvs" / "scratch")
    run(home, "delete", "scratch", "--yes")
    scratch.parent.rename(scratch.parent.with_name("away"))
    assert states(home) == {"scratch": "in trash"}


def test_an_interpreter_on_a_disk_that_is_away_breaks_nothing(home: Home, store: Path) -> None:
    project = home.path / "code" / "live"
    project.mkdir(parents=True)
    live = venv(store / "live")
    (live / ".project").write_text(str(project))
    disk = home.path / "disk"
    disk.mkdir()
    (live / "bin" / "python").unlink()
    (live / "bin" / "python").symlink_to(disk / "bin" / "python3")
    (live / "pyvenv.cfg").write_text(f"home = {disk}/bin\nversion = 3.11.2\n")
    assert pruned(home, "--broken") == []
    said = run(home, "prune", "--broken", "--yes", check=False).stdout
    assert "Its interpreter may only be temporarily unavailable: " in said
    assert "its disk may not be mounted" in said
    assert live.is_dir()
    (disk / "share").mkdir()  # the disk is there, without that Python
    assert pruned(home, "--broken") == ["live"]
