"""What is recognised as an environment's project: by hash, by inode and birth, by history."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import formatted, tmpfs
from tests.scanner.search.searching import listed, searched
from tests.scenario import orphan, uv_project, venv
from venvdash.model import Status
from venvdash.scanner.search import recheck
from venvdash.scanner.search.identities import RecordedProjects
from venvdash.stores import of_name


def deep(home: Home) -> Path:
    """Return a place that no listing looks at."""
    path = home.path / ".x" / "a" / "b" / "c"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize("renamed", [False, True])
def test_a_hash_proves_the_project_of_an_unknown_environment(home: Home, renamed: bool) -> None:
    """Nothing leads from the project, and it may call itself something else by now."""
    project = deep(home) / "webapp"
    environment = uv_project(home, project, "--no-package")
    (project / ".venv").unlink()
    if renamed:
        file = project / "pyproject.toml"
        file.write_text(file.read_text().replace("webapp", "quite-another"))
    session, _ = listed(home)
    verdict = session.rows[environment].verdict
    assert verdict.status is Status.UNKNOWN, verdict.reason
    hit = searched(home, environment).hits[environment]
    assert (hit.project, hit.reason) == (
        project,
        "The hash in its name is that of ~/.x/a/b/c/webapp.",
    )


@pytest.mark.parametrize(
    ("tool", "place", "name"),
    [
        ("poetry", ".cache/pypoetry/virtualenvs", "webapp-{}-py3.11"),
        ("pipenv", ".local/share/virtualenvs", "webapp-{}"),
    ],
)
def test_a_hash_counts_though_the_project_has_another_name(
    home: Home, tool: str, place: str, name: str
) -> None:
    project = deep(home) / "renamed"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "renamed"\n')
    (project / "Pipfile").touch()
    store = of_name(tool)
    digests = store.digests(project, ()) if store else None
    assert digests is not None
    (digest,) = digests
    environment = venv(home.path / place / name.format(digest))
    (environment / ".project").write_text(f"{home.path}/gone/webapp")
    assert searched(home, environment).hits[environment].project == project


@pytest.mark.parametrize("memory", [True, False])
def test_a_script_that_was_moved_is_found(home: Home, memory: bool) -> None:
    script = home.path / "bin" / "tool"
    script.parent.mkdir()
    first = "#!/usr/bin/env -S uv run --script\n"
    script.write_text(first + "# /// script\n# dependencies = []\n# ///\n")
    home.uv("run", "-q", "--script", script)
    (environment,) = (home.path / ".cache" / "uv" / "environments-v2").glob("tool-*")
    if memory:
        listed(home)
    moved = deep(home) / ("renamed" if memory else "tool")
    script.rename(moved)
    assert searched(home, environment).hits[environment].project == moved


def test_a_directory_is_recognised_by_its_birth(home: Home) -> None:
    """Neither name nor repository nor pointer is left: inode and birth time decide."""
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project)
    listed(home)
    shutil.rmtree(project / ".git", ignore_errors=True)
    (project / ".venv").unlink()
    (project / "pyproject.toml").unlink()
    moved = deep(home) / "else"
    project.rename(moved)
    session, facts = listed(home)
    hit = searched(home, environment).hits[environment]
    assert (hit.project, "the directory that was its project" in hit.reason) == (moved, True)
    recorded = RecordedProjects([session.rows[environment].environment], facts)
    (inode,) = recorded.inodes
    assert recorded.by_inode(str(home.path), inode) == []  # another birth


def test_a_snapshot_is_not_entered_and_a_subvolume_is(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    point = tmp_path / "disk"
    point.mkdir()
    with formatted(point, "btrfs"):
        if shutil.which("btrfs") is None:
            pytest.skip("needs btrfs-progs")
        for name in ("live", "inner"):
            subprocess.run(["btrfs", "-q", "subvolume", "create", point / name], check=True)
        (point / "live" / "p").mkdir()
        (point / "live" / "p" / ".venv").symlink_to(environment)
        snapshot = ["btrfs", "-q", "subvolume", "snapshot", "-r", point / "live", point / "kept"]
        subprocess.run([str(part) for part in snapshot], check=True)
        assert searched(home, environment).hits[environment].project == point / "live" / "p"
        shutil.rmtree(point / "live" / "p")
        findings = searched(home, environment)
        assert not findings.hits
        assert "snapshots" in {place.what for place in findings.report.not_entered}
        assert not findings.unsearched


def test_what_came_back_after_the_search_is_found(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    session, facts = listed(home)
    wanted = [session.rows[environment].environment]
    findings = searched(home, environment)
    assert findings.held(wanted[0]) == ""
    checked = recheck(session.machine, session.config, wanted, facts, findings)
    assert checked.hits == {}
    project = home.path / "code" / "back"
    project.mkdir()
    (project / ".venv").symlink_to(environment)
    checked = recheck(session.machine, session.config, wanted, facts, findings)
    assert checked.held(wanted[0]) == "~/code/back/.venv points to it."
    shutil.rmtree(project)
    point = tmp_path / "disk"
    point.mkdir()
    with tmpfs(point):
        checked = recheck(session.machine, session.config, wanted, facts, findings)
        assert f"{point} was mounted after the search" in checked.held(wanted[0])


def test_a_tree_that_is_too_deep_is_held_with_a_line_that_works(home: Home) -> None:
    environment = orphan(home, "webapp")
    here = os.open(home.path, os.O_RDONLY)
    name = "d" * 200
    for _ in range(25):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    session, _ = listed(home)
    reason = searched(home, environment).held(session.rows[environment].environment)
    assert "was not searched" in reason
    assert f'skip = ["{home.path}' in reason
    shutil.rmtree(home.path / name)
