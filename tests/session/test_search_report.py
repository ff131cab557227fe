"""What a plan says of the search that was made for it: what was read, and what was not."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import orphan
from tests.session.sharing import scanned
from tests.terminal import HOSTILE, unsafe
from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.actions.delete.prune import Rules
from venvdash.config import Config
from venvdash.model import NotEntered, SearchReport, Unsearched
from venvdash.presentation.plans import plan_in_words
from venvdash.presentation.searches import search_in_words, unsearched_in_words

HOME = Path("/home/ada")


def said(report: SearchReport, home: Path = HOME) -> list[str]:
    return [*search_in_words(report, home), *unsearched_in_words(report, home)]


def snapshots(home: Home, count: int) -> None:
    for number in range(count):
        (home.path / f"disk{number}" / ".snapshots" / "1" / "snapshot").mkdir(parents=True)


def test_every_plan_of_orphans_says_what_was_searched_and_what_was_not(home: Home) -> None:
    environment = orphan(home, "webapp")
    snapshots(home, 2)
    (home.path / "timeshift").mkdir()
    session = scanned(home, Config(skip=("~/old",)))
    for plan in (
        session.deletions.plan_prune(Rules()),
        session.deletions.plan_delete([environment]),
    ):
        assert plan.search is not None
        left_out = {kind.what: (kind.count, kind.paths) for kind in plan.search.not_entered}
        assert left_out["snapshots"] == (
            2,
            tuple(home.path / f"disk{number}" / ".snapshots" for number in range(2)),
        )
        text = " ".join(" ".join(line.text for line in plan_in_words(plan, home.path)).split())
        assert f"all of {home.path.parent}. Not searched: " in text
        assert "snapshots (2)" in text
        assert "backups (~/timeshift)" in text
        assert "skipped by the configuration (~/old)" in text
        assert "node_modules" in text


def test_the_command_line_says_it_too_and_in_json_in_full(home: Home) -> None:
    orphan(home, "webapp")
    snapshots(home, 3)
    done = run(home, "prune", "--dry-run")
    assert "Not searched: " in done.stdout
    assert "Searched for projects: " in done.stdout
    report = json.loads(run(home, "prune", "--dry-run", "--json").stdout)["search"]
    assert report["directories"] > 3
    assert report["places"]
    (kind,) = (kind for kind in report["not_entered"] if kind["what"] == "snapshots")
    assert kind["count"] == 3
    assert kind["paths"] == [str(home.path / f"disk{n}" / ".snapshots") for n in range(3)]
    assert "site-packages" in report["never_entered"]
    assert report["unsearched"] == []


def test_a_plan_without_orphans_says_nothing_of_a_search(home: Home) -> None:
    orphan(home, "webapp")
    session = scanned(home)
    assert session.deletions.plan_prune(Rules(orphans=False)).search is None


def test_a_second_search_of_unchanged_folders_counts_the_same(home: Home) -> None:
    orphan(home, "webapp")
    snapshots(home, 4)
    reports = [scanned(home).deletions.plan_prune(Rules()).search for _ in range(3)]
    assert len({str(report and report.not_entered) for report in reports}) == 1


def test_many_places_are_counted_and_only_the_first_are_kept(home: Home) -> None:
    orphan(home, "webapp")
    snapshots(home, 150)
    report = scanned(home).deletions.plan_prune(Rules()).search
    assert report is not None
    (kind,) = (kind for kind in report.not_entered if kind.what == "snapshots")
    assert (kind.count, len(kind.paths)) == (150, 100)


def test_folders_of_other_users_are_counted(home: Home) -> None:
    environment = orphan(home, "webapp")
    scanned(home).deletions.plan_prune(
        Rules()
    )  # the other user cannot read, and so not import, our modules
    for name in ("theirs", "ours"):
        (home.path / name).mkdir()
    for directory, _, files in os.walk(home.path.parent):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    os.chown(home.path / "theirs", 0, 0)
    for name in ("theirs", "ours"):
        (home.path / name).chmod(0)
    open_to_all(home.path)

    def look() -> str:
        report = scanned(home).deletions.plan_delete([environment]).search
        return "\n".join(said(report, home.path)) if report else ""

    text = as_another_user(look)
    assert "folders of other users (~/theirs)" in text
    assert text.endswith("Could not be searched: ~/ours.")


def test_a_project_that_is_called_like_a_backup_is_searched(home: Home) -> None:
    environment = orphan(home, "webapp")
    project = home.path / "work" / "timeshift"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "timeshift"\n')
    (project / ".venv").symlink_to(environment)
    assert scanned(home).deletions.plan_prune(Rules()).items == ()


@pytest.mark.parametrize("place", ["elsewhere", "home/.old/kept"])
def test_folders_of_search_are_searched_wherever_they_lie(
    home: Home, tmp_path: Path, place: str
) -> None:
    """Also outside the folder to which tests limit a search, and inside one that is skipped."""
    environment = orphan(home, "webapp")
    home.variables["VENVDASH_DISKS"] = str(home.path)
    project = tmp_path / place / "a" / "b" / "c" / "renamed"
    project.mkdir(parents=True)
    (project / ".venv").symlink_to(environment)
    without = scanned(home, Config(skip=("~/.old",))).deletions.plan_prune(Rules())
    assert [item.row.path for item in without.items] == [environment]
    config = Config(search=(str(tmp_path / place),), skip=("~/.old",))
    plan = scanned(home, config).deletions.plan_prune(Rules())
    assert plan.items == ()
    assert ".venv points to it" in plan.refused[0].reason


def test_a_disk_below_a_folder_of_search_is_searched(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    home.variables["VENVDASH_DISKS"] = str(home.path)
    point = tmp_path / "elsewhere" / "disk"
    point.mkdir(parents=True)
    with tmpfs(point):
        (point / "renamed").mkdir()
        (point / "renamed" / ".venv").symlink_to(environment)
        plan = scanned(home, Config(search=(str(point.parent),))).deletions.plan_prune(Rules())
        assert plan.items == ()


def test_a_report_in_words_is_short_and_fit_to_show() -> None:
    report = SearchReport(
        1_234_567,
        (HOME, Path("/data"), Path("/srv"), Path("/mnt/x"), Path("/mnt/y")),
        ("node_modules", ".git/objects"),
        (NotEntered("snapshots", 3), NotEntered("backups", 1, (HOME / "timeshift",))),
        (
            Unsearched(HOME / "closed", "", ""),
            Unsearched(Path(f"/mnt/{HOSTILE[2]}"), "", ""),
            Unsearched(Path("/srv/envs"), "", "", frozenset()),
        ),
    )
    lines = said(report)
    assert max(map(len, lines)) <= 70
    assert not any(unsafe(line.encode()) for line in lines)
    text = " ".join(" ".join(lines).split())
    assert text.startswith(
        "Searched for projects: 1,234,567 directories, including all of ~, /data, /srv and 2 more. "
        "Not searched: snapshots (3), backups (~/timeshift), "
        "directories named node_modules, .git/objects."
    )
    assert "Could not be searched: ~/closed and /mnt/" in text
    assert "/srv/envs" not in text, "other users' projects: the reason of each says so"
    assert said(SearchReport(1, (HOME,))) == [
        "Searched for projects: 1 directory, including all of ~."
    ]
