"""What git says of a project before it is changed, and what git is kept from running."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import venv
from tests.tui.rows import row
from venvdash.actions.safety import git_state
from venvdash.actions.safety.git_state import git_states
from venvdash.model import Action, GitState, Proposal, Status
from venvdash.presentation.proposals import proposals_in_words


def git(place: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=place, check=True, capture_output=True)


@pytest.fixture
def project(home: Home) -> Path:
    """A project in a repository, with a tracked file, an ignored one, and one that is neither."""
    place = home.path / "code" / "web"
    place.mkdir(parents=True)
    git(place, "init", "-q")
    (place / ".gitignore").write_text(".venv\n")
    (place / "tracked.txt").write_text("1\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "first")
    (place / ".venv").symlink_to(home.path)
    return place


def asked(home: Home, *paths: Path) -> tuple[GitState, ...]:
    return git_states(paths, home.machine())


def test_tracked_ignored_and_uncommitted(home: Home, project: Path) -> None:
    paths = [project / name for name in (".venv", "tracked.txt", "absent")]
    (state,) = asked(home, *paths)
    assert state == GitState(project, 0, (project / "tracked.txt",), (project / ".venv",))
    (project / "tracked.txt").write_text("2\n")
    (project / "new.txt").touch()
    (state,) = asked(home, *paths)
    assert state.changes == 2
    (state,) = git_states([], home.machine(), [project])
    assert (state.changes, state.tracked, state.ignored) == (2, (), ())


def test_outside_a_repository_and_without_git_nothing_is_said(home: Home, project: Path) -> None:
    elsewhere = home.path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".venv").symlink_to(home.path)
    assert asked(home, elsewhere / ".venv") == ()
    home.variables["PATH"] = str(elsewhere)
    assert asked(home, project / ".venv") == ()


# A program that each of these names would leave a file.
_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "core.fsmonitor": ("{program}",),
    "core.sshCommand": ("{program}",),
    "core.pager": ("{program}",),
    "diff.external": ("{program}",),
    "diff.evil.textconv": ("{program}",),
    "filter.evil.clean": ("{program}",),
    "filter.evil.process": ("{program}",),
    "filter.evil.smudge": ("{program}",),
    "core.hooksPath": ("{hooks}",),
    "credential.helper": ("!{program}",),
    "alias.status": ("!{program}",),
    "core.gitProxy": ("{program}",),
    "remote.origin.uploadpack": ("{program}",),
    "core.alternateRefsCommand": ("{program}",),
}


@pytest.mark.parametrize("key", sorted(_PROGRAMS))
@pytest.mark.parametrize("where", ["repository", "included"])
def test_nothing_that_a_repository_names_is_run(
    home: Home, project: Path, key: str, where: str
) -> None:
    ran = home.path / "ran"
    hooks = home.path / "hooks"
    hooks.mkdir()
    program = hooks / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(program)
    (project / ".gitattributes").write_text("* filter=evil diff=evil\n")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "attributes")
    value = _PROGRAMS[key][0].format(program=program, hooks=hooks)
    config = project / ".git" / "config"
    if where == "included":
        config.write_text(f"{config.read_text()}[include]\n\tpath = more\n")
        config = config.with_name("more")
    subprocess.run(["git", "config", "--file", config, key, value], check=True)
    (project / "tracked.txt").write_text("a change of another size\n")
    (state,) = asked(home, project / ".venv", project / "tracked.txt")
    assert not ran.exists()
    assert state.changes in (1, None)
    assert state.changes is None or key in ("core.fsmonitor", "core.hooksPath")
    named = "include.path" if where == "included" else key.lower()
    assert (named in state.unknown.lower()) == (state.changes is None)
    subprocess.run(["git", "status"], cwd=project, capture_output=True, check=False)
    if key in ("core.fsmonitor", "filter.evil.clean"):
        assert ran.exists(), "git itself would have run it"


def test_filters_of_the_user_are_switched_off(home: Home, project: Path) -> None:
    ran = home.path / "ran"
    (home.path / ".gitconfig").write_text(f'[filter "mine"]\n\tclean = "touch {ran}; cat"\n')
    (project / ".gitattributes").write_text("* filter=mine\n")
    (project / "tracked.txt").write_text("3\n")
    (state,) = asked(home, project / ".venv")
    assert state.changes == 2
    assert not ran.exists()


def test_it_answers_in_time_or_says_that_it_does_not_know(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_state, "_SECONDS", 0.2)
    slow = home.path / "slow" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    home.variables["PATH"] = f"{slow.parent}:{home.variables['PATH']}"
    (state,) = asked(home, project / ".venv")
    assert (state.changes, state.unknown) == (None, "git did not answer in time")


def test_a_project_that_everyone_can_change_is_not_asked(home: Home, project: Path) -> None:
    (project / "pyproject.toml").touch()
    (project / "pyproject.toml").chmod(0o666)
    (state,) = asked(home, project / ".venv")
    assert state.changes is None


def test_it_is_in_the_plan_that_deletes_and_in_its_json(home: Home, project: Path) -> None:
    (project / ".venv").unlink()
    environment = venv(home.path / ".virtualenvs" / "web")
    (environment / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(environment)
    (project / "tracked.txt").write_text("2\n")
    shown = run(home, "delete", "web", "--dry-run").stdout
    assert "  git in ~/code/web: 1 uncommitted change; .venv is ignored" in shown.splitlines()
    (item,) = json.loads(run(home, "delete", "web", "-n", "--json").stdout)["items"]
    assert [state["changes"] for state in item["git"]] == [1]


def test_it_is_in_a_proposal() -> None:
    here = Path("/home/ana/code/web")
    states = (
        GitState(here, 0, tracked=(here / ".venv",)),
        GitState(here / "docs", None, unknown="git cannot read it"),
    )
    proposal = Proposal(Action.RELINK, row("web", Status.LINKED), git=states)
    text = [line.text for line in proposals_in_words([proposal], None)]
    assert f"  git in {here}: nothing uncommitted; .venv is tracked" in text
    assert f"  git in {here}/docs: not known what is uncommitted (git cannot read it)" in text
