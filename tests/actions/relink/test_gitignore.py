"""Held against git itself: whether it would show a link, and whether it is hidden then."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.actions.relink.gitignore import exclusion

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def _repository(home: Home, ignored: str = "") -> Path:
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    home.run("git", "init", "-q", cwd=project)
    if ignored:
        (project / ".gitignore").write_text(ignored)
    return project


def _shown(home: Home, directory: Path) -> bool:
    """Return whether git shows the link ``.venv`` of a directory as a new file."""
    out = home.run("git", "status", "--short", "--untracked-files=all", ".", cwd=directory).stdout
    return any(line.endswith(".venv") for line in out.splitlines())


@pytest.mark.parametrize(
    "ignored",
    [
        "",
        ".venv\n",
        ".venv/\n",
        "/.venv\n",
        "*venv\n",
        "*venv/\n",
        ".*\n",
        "**/.venv\n",
        ".venv\n!.venv\n",
        "!.venv\n.venv/\n",
        "# .venv\n",
        "\\.venv\n",
        "sub/\n",
        "*\n",
        " .venv\n",
        ".venv   \n",
        "venv\n",
    ],
)
@pytest.mark.parametrize("below", ["", "sub"])
def test_what_git_would_show_can_be_hidden(home: Home, ignored: str, below: str) -> None:
    project = _repository(home, ignored)
    directory = project / below
    directory.mkdir(exist_ok=True)
    link = directory / ".venv"
    edit = exclusion(link, home.machine())
    link.symlink_to(home.path)
    assert _shown(home, directory) == (edit is not None or "!" in ignored)
    if edit is not None:
        assert edit.path == project / ".git" / "info" / "exclude"
        assert edit.before == edit.path.read_text()
        edit.path.write_text(edit.after or "")
        assert not _shown(home, directory)
        assert exclusion(link, home.machine()) is None


def test_the_users_own_ignore_files_count(home: Home) -> None:
    project = _repository(home)
    assert exclusion(project / ".venv", home.machine())
    usual = home.path / ".config" / "git" / "ignore"
    usual.parent.mkdir(parents=True)
    usual.write_text(".venv\n")
    assert exclusion(project / ".venv", home.machine()) is None
    usual.unlink()
    (home.path / "mine").write_text(".venv\n")
    (home.path / ".gitconfig").write_text("[core]\n\texcludesFile = ~/mine\n")
    assert exclusion(project / ".venv", home.machine()) is None
    (project / ".venv").symlink_to(home.path)
    assert not _shown(home, project)


def test_a_worktree_shares_the_file_of_its_repository(home: Home) -> None:
    project = _repository(home)
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    home.run("git", *who, "commit", "-q", "--allow-empty", "-m", "x", cwd=project)
    tree = home.path / "code" / "tree"
    home.run("git", "worktree", "add", "-q", tree, cwd=project)
    edit = exclusion(tree / ".venv", home.machine())
    assert edit
    assert edit.path == project / ".git" / "info" / "exclude"
    (tree / ".venv").symlink_to(home.path)
    assert _shown(home, tree)
    edit.path.write_text(edit.after or "")
    assert not _shown(home, tree)


def test_names_with_signs_of_patterns(home: Home) -> None:
    project = _repository(home)
    odd = project / "a [b]*?"
    odd.mkdir()
    edit = exclusion(odd / ".venv", home.machine())
    assert edit
    edit.path.write_text(edit.after or "")
    (odd / ".venv").symlink_to(home.path)
    assert not _shown(home, odd)


def test_outside_a_repository_and_where_nothing_may_be_written(home: Home) -> None:
    (home.path / "code").mkdir()
    assert exclusion(home.path / "code" / ".venv", home.machine()) is None
    project = _repository(home)
    exclude = project / ".git" / "info" / "exclude"
    exclude.unlink()
    edit = exclusion(project / ".venv", home.machine())
    assert edit
    assert edit.before is None
    os.mkfifo(exclude)
    assert exclusion(project / ".venv", home.machine()) is None
    exclude.unlink()
    exclude.symlink_to(home.path / "secret")
    (home.path / "secret").write_text("x")
    assert exclusion(project / ".venv", home.machine()) is None


def test_git_is_not_run(home: Home) -> None:
    """A repository's configuration can name programs for git to start."""
    project = _repository(home)
    with (project / ".git" / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = touch {home.path}/ran; false\n")
    assert exclusion(project / ".venv", home.machine())
    assert not (home.path / "ran").exists()
