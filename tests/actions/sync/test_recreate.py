"""Environments that are missing are recreated where they were, with uv."""

import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import listing, remove, venv
from venvdash.actions.events import Finished
from venvdash.demo.wheels import make_wheel
from venvdash.model import Outcome, Proposal, Result, Status
from venvdash.session import Session
from venvdash.system import host

FEATURE = 'preview-features = ["centralized-project-envs"]\n'


@dataclass
class World:
    """A HOME with wheels to install, and projects that need one of them."""

    home: Home

    def configure(self, settings: str = "") -> None:
        """Write uv's settings: nothing is downloaded."""
        file = self.home.path / ".config" / "uv" / "uv.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        index = f'no-index = true\nfind-links = ["{self.home.path / "wheels"}"]\n'
        file.write_text(f'{settings}{index}python-downloads = "never"\n')

    def project(self, name: str, requires: str = ">=3.9") -> Path:
        """Make a project that needs the package "greeter"."""
        path = self.home.path / "code" / name
        path.mkdir(parents=True, exist_ok=True)
        (path / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = "{requires}"\n'
            'dependencies = ["greeter"]\n'
        )
        return path

    def uv(self, *arguments: str | Path, cwd: Path) -> None:
        """Run uv with its settings alone."""
        from uv import find_uv_bin

        self.home.run(find_uv_bin(), *arguments, cwd=cwd)

    def recreate(self, *names: str) -> tuple[list[Proposal], list[Result]]:
        """Plan to recreate what is missing, or those of it that are named, and do it."""
        session = listing(self.home)
        rows = [row for row in session.missing.values() if not names or row.name in names]
        proposals = list(session.actions.sync_each(sorted(rows, key=lambda row: row.name)))
        return proposals, carried_out(session, proposals)


def carried_out(session: Session, proposals: list[Proposal]) -> list[Result]:
    *_, finished = session.actions.apply(proposals, threading.Event())
    assert isinstance(finished, Finished)
    return list(finished.results)


def said(python: Path, code: str) -> str:
    """Return what a Python prints; it must succeed."""
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def version(python: Path) -> str:
    return said(python, "import sys; print('%d.%d' % sys.version_info[:2])")


def works(environment: Path) -> bool:
    """Return whether what the project needs can be imported."""
    return said(environment / "bin" / "python", "import greeter; print('yes')") == "yes"


@pytest.fixture
def world(home: Home) -> World:
    make_wheel(home.path / "wheels", "greeter", "1.0")
    made = World(home)
    made.configure()
    return made


def dangling(world: World, name: str, target: Path) -> Path:
    """Make a project whose ``.venv`` points to a place where nothing is."""
    project = world.project(name)
    (project / ".venv").symlink_to(target)
    return project


def test_ten_are_back_with_one_command_after_uv_cache_prune(world: World) -> None:
    world.configure(FEATURE)
    projects = [world.project(f"p{number}") for number in range(10)]
    for project in projects:
        world.uv("sync", "-q", cwd=project)
    targets = [(project / ".venv").resolve() for project in projects]
    world.home.venvdash("list", "--no-usage")
    world.uv("cache", "prune", "-q", cwd=world.home.path)
    assert not any(target.exists() for target in targets)
    assert len(listing(world.home).missing) == 10
    world.home.venvdash("sync", "--missing", "--yes")
    session = listing(world.home)
    assert session.missing == {}
    assert {row.verdict.status for row in session.rows.values()} == {Status.LINKED}
    assert set(session.rows) == set(targets)
    for project in projects:
        assert works(project / ".venv")
        world.uv("sync", "--check", cwd=project)


def test_the_target_of_a_link_is_created_and_the_link_stays(world: World) -> None:
    target = world.home.path / "scratch" / "ada" / "venvs" / "web"
    project = dangling(world, "web", target)
    (world.home.path / "scratch").mkdir()
    (proposal,), (result,) = world.recreate()
    assert proposal.refusal == ""
    assert proposal.warns == (
        "~/scratch/ada/venvs/web is in no store, and venvdash has not seen an environment there"
        " before.",
    )
    assert [(one.name, one.action) for one in proposal.packages] == [("greeter", "installed")]
    assert result.outcome is Outcome.DONE
    assert result.reason.endswith("Installed: greeter 1.0.")
    assert os.readlink(project / ".venv") == str(target)
    assert works(target)
    session = listing(world.home)
    assert session.missing == {}
    assert session.rows[target].verdict.projects == (project,)


def test_an_empty_directory_there_is_used(world: World) -> None:
    target = world.home.path / "scratch" / "web"
    dangling(world, "web", target)
    target.mkdir(parents=True)
    _, (result,) = world.recreate()
    assert result.outcome is Outcome.DONE
    assert works(target)


def test_the_python_last_used_is_used_again(world: World, two_pythons: tuple[Path, Path]) -> None:
    target = world.home.path / "scratch" / "web"
    project = dangling(world, "web", target)
    target.mkdir(parents=True)
    older = sorted(two_pythons, key=lambda python: [int(x) for x in version(python).split(".")])[0]
    world.uv("sync", "-q", "--python", older, cwd=project)
    listing(world.home)
    remove(target)
    (proposal,), (result,) = world.recreate()
    assert result.outcome is Outcome.DONE, result.reason
    assert proposal.python is not None
    assert proposal.python.startswith(f"{version(older)}.")
    assert version(target / "bin" / "python") == version(older)
    remove(target)
    newer = next(python for python in two_pythons if python != older)
    world.project("web", f">={version(newer)}")
    (proposal,), (result,) = world.recreate()
    assert any(one.startswith(f"It had Python {version(older)}.") for one in proposal.says)
    assert works(target)


def test_note_and_identity_stay(world: World) -> None:
    target = world.home.path / "scratch" / "web"
    project = dangling(world, "web", target)
    target.mkdir(parents=True)
    world.uv("sync", "-q", cwd=project)
    session = listing(world.home)
    row = session.actions.note(session.rows[target], "mine")
    remove(target)
    world.recreate()
    record = listing(world.home).rows[target].record
    assert record is not None
    assert row.record is not None
    assert (record.note, record.identity) == ("mine", row.record.identity)


def test_a_project_with_requirements(world: World) -> None:
    target = world.home.path / "scratch" / "web"
    project = dangling(world, "web", target)
    (project / "pyproject.toml").unlink()
    (project / "requirements.txt").write_text("greeter\n")
    target.parent.mkdir()
    (proposal,), (result,) = world.recreate()
    assert [command[:2] for command in proposal.commands] == [("uv", "venv"), ("uv", "pip")]
    assert result.outcome is Outcome.DONE, result.reason
    assert works(target)


def test_what_cannot_be_recreated_is_named_with_the_reason(world: World) -> None:
    scratch = world.home.path / "scratch"
    scratch.mkdir()
    dangling(world, "fine", scratch / "fine")
    project = dangling(world, "impossible", scratch / "impossible")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "impossible"\nversion = "1"\ndependencies = ["no-such-package"]\n'
    )
    project = dangling(world, "pipenv", scratch / "pipenv")
    (project / "pyproject.toml").unlink()
    (project / "Pipfile").write_text("[packages]\n")
    project = dangling(world, "poetry", world.home.path / ".cache/pypoetry/virtualenvs/poetry-x")
    done = world.home.venvdash("sync", "--missing", "--yes", check=False)
    assert done.returncode == 1
    assert "Cannot sync: uv cannot sync it" in done.stdout
    assert "no-such-package" in done.stdout
    assert "run `pipenv sync` there" in done.stdout
    assert "poetry creates it: run `poetry install` in ~/code/poetry." in " ".join(
        done.stdout.split()
    )
    assert works(scratch / "fine")
    assert sorted(row.name for row in listing(world.home).missing.values()) == [
        "impossible",
        "pipenv",
        "poetry",
    ]


def test_nothing_is_done_where_something_came_meanwhile(world: World) -> None:
    target = world.home.path / "scratch" / "web"
    dangling(world, "web", target)
    target.parent.mkdir()
    session = listing(world.home)
    proposals = list(session.actions.sync_each(list(session.missing.values())))
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    (result,) = carried_out(session, proposals)
    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "Something is at ~/scratch/web by now: scan again."
    assert os.listdir(target) == ["thesis.txt"]


def test_it_asks_and_can_be_narrowed(world: World) -> None:
    scratch = world.home.path / "scratch"
    scratch.mkdir()
    for name in ("api", "web"):
        dangling(world, name, scratch / name)
    done = world.home.venvdash("sync", "--missing", "web", check=False)
    assert done.returncode == 2
    assert "Use `--yes` to continue" in done.stderr
    assert "api" not in done.stdout
    world.home.venvdash("sync", "--missing", "--where", "python:3.2", "--yes")
    assert list(scratch.iterdir()) == []
    world.home.venvdash("sync", "--missing", "web", "--yes")
    assert [path.name for path in scratch.iterdir()] == ["web"]
    done = world.home.venvdash("sync", "api", check=False)
    assert done.returncode == 1
    assert "Run `venvdash sync --missing` to recreate missing environments." in done.stderr


def test_each_host_of_a_cluster_has_its_own_and_the_link_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, target = world.home.path / "scratch", world.home.path / "scratch" / "ada" / "web"
    project = dangling(world, "web", target)

    def on(name: str) -> None:
        """Go to another host: HOME is the same, its scratch disk is its own."""
        monkeypatch.setattr(host, "_machine", lambda: name * 32)
        host.host_id.cache_clear()
        disk = world.home.path / f"disk-{name}"
        (disk / "ada").mkdir(parents=True, exist_ok=True)
        if scratch.exists():
            scratch.rename(world.home.path / f"disk-{'b' if name == 'a' else 'a'}")
        disk.rename(scratch)

    try:
        on("a")
        world.recreate()
        assert [row.verdict.status for row in listing(world.home).rows.values()] == [Status.LINKED]
        on("b")
        session = listing(world.home)
        assert session.rows == {}
        (row,) = session.missing.values()
        assert (row.path, row.verdict.projects) == (target, (project,))
        assert os.readlink(project / ".venv") == str(target)
        world.recreate()
        assert works(target)
        assert os.readlink(project / ".venv") == str(target)
        on("a")
        assert listing(world.home).missing == {}
        assert works(project / ".venv")
        shutil.rmtree(scratch / "ada")  # the disk of this host is wiped
        assert [row.path for row in listing(world.home).missing.values()] == [target]
        on("b")
        assert listing(world.home).missing == {}
        assert works(project / ".venv")
    finally:
        host.host_id.cache_clear()


def test_a_real_venv_directory_is_never_replaced(world: World) -> None:
    world.configure(FEATURE)
    project = world.project("web")
    world.uv("sync", "-q", cwd=project)
    target = (project / ".venv").resolve()
    listing(world.home)
    remove(target)
    (project / ".venv").unlink()
    venv(project / ".venv")
    (project / ".venv" / "thesis.txt").write_text("mine")
    assert listing(world.home).missing == {}
