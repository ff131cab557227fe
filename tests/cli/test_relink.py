"""`venvdash relink` and `venvdash unlink`, as people and scripts call them."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import rows
from tests.session.relinking import Moved, moved, named
from tests.terminal import HOSTILE, unsafe, venvdash
from venvdash.model import Status

PROPOSAL = {
    *("action", "path", "name", "refusal", "says", "warns", "place", "project", "python"),
    *("commands", "packages", "edits", "links", "offers", "shared", "git"),
}


@pytest.fixture
def known(home: Home) -> Moved:
    return moved(home)


def _project(home: Home, name: str = "app") -> Path:
    project = home.path / "code" / name
    project.mkdir(parents=True)
    return project


def test_without_a_project_the_moved_one_is_taken(known: Moved) -> None:
    done = run(known.home, "relink", "before")
    assert "the project is now at ~/code/after" in done.stderr
    assert "It will belong to ~/code/after." in done.stdout
    assert done.stdout.splitlines()[-1].startswith("before: done. ~/.local/share/uvlink/")
    assert rows(known.home)[known.expected].verdict.status is Status.LINKED


def test_a_dry_run_shows_the_same_and_does_nothing(known: Moved) -> None:
    shown = json.loads(run(known.home, "relink", "before", "--dry-run", "--json").stdout)
    assert set(shown) == {"schema", "proposals"}
    (proposal,) = shown["proposals"]
    assert set(proposal) == PROPOSAL
    assert (proposal["action"], proposal["refusal"]) == ("relink", None)
    assert proposal["project"] == str(known.project)
    assert proposal["place"] == str(known.expected.parent)
    assert proposal["links"] == [str(known.project / ".venv")]
    assert known.environment.exists()
    said = run(known.home, "relink", "before", "--dry-run").stdout
    assert all(sentence.replace(str(known.home.path), "~") in said for sentence in proposal["says"])
    done = json.loads(run(known.home, "relink", "before", "--json").stdout)
    assert done["proposals"] == shown["proposals"]
    assert [result["outcome"] for result in done["results"]] == ["done"]


def test_undo(known: Moved) -> None:
    run(known.home, "relink", "before")
    done = run(known.home, "relink", "--undo")
    assert done.stdout.startswith("Undid the last change to before:")
    assert known.environment.exists()
    again = run(known.home, "relink", "--undo", "--json", check=False)
    assert again.returncode == 1
    assert "no relink to undo" in json.loads(again.stdout)["results"][0]["reason"]
    assert again.stderr == "venvdash: There is no relink to undo.\n"
    assert run(known.home, "relink", "--undo", "before", check=False).returncode == 2


def test_what_may_be_meant_is_listed_where_nobody_can_choose(home: Home) -> None:
    project, path = _project(home, "shop"), named(home, "shop")
    (project / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (project / ".venv").symlink_to(home.path / "gone")
    done = run(home, "relink", "shop", check=False)
    assert done.returncode == 2
    assert str(project) in done.stderr
    assert rows(home)[path].verdict.status is Status.STANDALONE
    shutil.rmtree(project)
    done = run(home, "relink", "shop", check=False)
    assert done.returncode == 2
    assert "found no project" in done.stderr


def test_on_a_terminal_one_chooses_by_number(home: Home) -> None:
    project, path = _project(home, "shop"), named(home, "shop")
    (project / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (project / ".venv").symlink_to(home.path / "gone")
    with venvdash("relink", "shop", variables=home.variables, cwd=home.path) as screen:
        screen.read(lambda output: b"Which one" in output)
        screen.press("1\n")
        assert screen.wait() == 0
    assert (project / ".venv").resolve() == path
    assert rows(home)[path].verdict.project == project


def test_what_is_lost_is_asked_about(home: Home) -> None:
    first, second = _project(home, "first"), _project(home, "second")
    path = named(home, "shop", first)
    done = run(home, "relink", "shop", str(second), check=False)
    assert done.returncode == 2
    assert "! It will no longer belong to ~/code/first, which still exists." in done.stdout
    assert "nothing was changed" in done.stderr
    assert (path / ".project").read_text() == f"{first}\n"
    assert run(home, "relink", "shop", str(second), "--yes").returncode == 0
    assert rows(home)[path].verdict.projects == (second,)


def test_a_shared_environment(home: Home) -> None:
    first, second = _project(home, "first"), _project(home, "second")
    path = named(home, "shop", first)
    done = run(home, "relink", "shop", str(second), "--share")
    assert "beside ~/code/first" in done.stdout
    assert set(rows(home)[path].verdict.projects) == {first, second}


def test_a_refusal_has_its_status_and_its_reason(home: Home) -> None:
    project, path = _project(home), named(home, "shop")
    (project / ".venv").mkdir()
    done = run(home, "relink", "shop", str(project), check=False)
    assert done.returncode == 2
    assert "Cannot relink:" in done.stdout
    assert "is a directory" in done.stdout
    assert run(home, "relink", "nothing", check=False).returncode == 1
    assert run(home, "relink", check=False).returncode == 2
    assert run(home, "unlink", "shop", check=False).returncode == 2
    assert rows(home)[path].verdict.status is Status.STANDALONE


def test_unlink(home: Home) -> None:
    project = _project(home)
    path = named(home, "shop", project)
    done = run(home, "unlink", "shop")
    assert "It will no longer belong to ~/code/app." in done.stdout
    assert rows(home)[path].verdict.status is Status.STANDALONE
    run(home, "relink", "--undo")
    assert rows(home)[path].verdict.project == project


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_link_is_hidden_from_git_on_request(home: Home) -> None:
    project = _project(home)
    named(home, "shop")
    home.run("git", "init", "-q", cwd=project)
    (project / ".gitignore").write_text(".venv/\n")
    exclude = project / ".git" / "info" / "exclude"
    before = exclude.read_text()

    def shown() -> bool:
        return ".venv" in home.run("git", "status", "--short", cwd=project).stdout

    said = run(home, "relink", "shop", str(project))
    assert "git would show .venv as a new file" in said.stdout
    assert exclude.read_text() == before
    assert shown()
    run(home, "relink", "--undo")
    with venvdash("relink", "shop", str(project), variables=home.variables, cwd=home.path) as tty:
        tty.read(lambda output: b"Exclude it" in output)
        tty.press("y\n")
        assert tty.wait() == 0
    assert not shown()
    run(home, "relink", "--undo")
    assert exclude.read_text() == before
    run(home, "relink", "shop", str(project), "--git-exclude")
    assert exclude.read_text().endswith("/.venv\n")
    assert not shown()


def test_hostile_names_reach_no_terminal_raw(home: Home) -> None:
    for name in HOSTILE:
        if "/" in name:
            continue
        project = _project(home, name)
        path = named(home, f"env-{name}", project)
        away = project.rename(home.path / "code" / f"away-{name}")
        (away / ".venv").symlink_to(path)
        for arguments in (("relink", str(path)), ("unlink", str(path)), ("relink", "--undo")):
            with venvdash(*arguments, variables=home.variables, cwd=home.path) as screen:
                screen.read(lambda output: b"[y/N]" in output or b"Which" in output, 10)
                screen.press("y\n")
                screen.wait()
                assert unsafe(screen.output) == []
        assert os.path.lexists(path)
