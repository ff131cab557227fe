"""What names an environment and is no project of it holds it: tasks, settings, scripts, paths."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.search.searching import listed, searched
from tests.scenario import orphan, venv
from tests.session.sharing import last, scanned
from venvdash.actions.delete.prune import Rules
from venvdash.model import Status

# What lies where (ENV is the environment's path), below a folder that no listing reads.
NAMED = {
    "Makefile": ("work/Makefile", "test:\n\t~/.virtualenvs/webapp/bin/pytest\n"),
    "make's variable": ("work/makefile", "PY = $(HOME)/.virtualenvs/webapp/bin/python\n"),
    "justfile": ("work/justfile", "run:\n  ENV/bin/python x.py\n"),
    "activated by name": ("work/Makefile", "run:\n\tworkon webapp && pytest\n"),
    "a workspace": ("work/all.code-workspace", '{"settings": {"x.interpreter": "ENV/bin/python"}}'),
    "VS Code's tasks": ("work/.vscode/tasks.json", '{"command": "ENV/bin/python"}'),
    "pyright": ("work/pyrightconfig.json", '{"venvPath": "~/.virtualenvs", "venv": "webapp"}'),
    "pyright in pyproject.toml": (
        "work/pyproject.toml",
        '[tool.pyright]\nvenvPath = "ENV/.."\nvenv = "webapp"\n',
    ),
    "a version file": ("work/.python-version", "webapp\n"),
    "a script": ("scripts/report", "#!ENV/bin/python\nprint()\n"),
    "a script beside a README": ("job/report.py", "#!ENV/bin/python3.11\n"),
    "a shell script": ("tools/run.sh", "#!/bin/sh\ncd /x\n. ENV/bin/activate\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMED)
def test_what_names_an_environment_holds_it_as_long_as_it_does(home: Home, kind: str) -> None:
    environment = orphan(home, "webapp")
    place, text = NAMED[kind]
    file = home.path / ".x" / "a" / "b" / "c" / place
    file.parent.mkdir(parents=True)
    file.write_text(text.replace("ENV", str(environment)))
    if "README" in kind:
        (file.parent / "README.md").touch()
    reason = f"~/.x/a/b/c/{place} refers to it."
    first = scanned(home)
    assert first.rows[environment].verdict.status is Status.ORPHAN
    plan = first.deletions.plan_prune(Rules())
    assert plan.items == ()
    assert plan.refused[0].reason == f"{reason} Run `venvdash delete webapp` to delete it anyway."
    # The list agrees from now on, in a new process as well, until the file goes.
    for _ in range(2):
        session = scanned(home)
        verdict = session.rows[environment].verdict
        assert (verdict.status, verdict.reason, verdict.place) == (Status.MOVED, reason, None)
        assert session.deletions.plan_prune(Rules()).items == ()
    file.unlink()
    session = scanned(home)
    assert session.rows[environment].verdict.status is Status.ORPHAN
    assert [item.row.path for item in session.deletions.plan_prune(Rules()).items] == [environment]


def test_what_a_file_names_is_deleted_with_its_typed_name(home: Home) -> None:
    environment = orphan(home, "webapp")
    (home.path / "work").mkdir()
    (home.path / "work" / "Makefile").write_text(f"{environment}/bin/python\n")
    session = scanned(home)
    (item,) = session.deletions.plan_delete([environment]).items
    assert item.confirm == "~/work/Makefile refers to it."
    assert (
        last(session.deletions.delete(session.deletions.plan_delete([environment])))
        .results[0]
        .trash
    )


def test_a_path_file_of_another_environment_holds(home: Home) -> None:
    environment = orphan(home, "webapp")
    other = venv(home.path / ".virtualenvs" / "other")
    (site,) = other.glob("lib/python*/site-packages")
    (inner,) = environment.glob("lib/python*/site-packages")
    (site / "_virtualenv_path_extensions.pth").write_text(f"{inner}\n")
    hit = searched(home, environment).hits[environment]
    assert (hit.place, hit.is_project) == (other, False)
    assert hit.reason.endswith("_virtualenv_path_extensions.pth refers to it.")


def test_an_environment_does_not_hold_itself(home: Home, tmp_path: Path) -> None:
    """Its own scripts name it, those of a copy or in the trash name the original."""
    environment = orphan(home, "webapp")
    (environment / "src" / "tool").mkdir(parents=True)
    (environment / "src" / "tool" / "Makefile").write_text(f"{environment}/bin/python\n")
    copy = tmp_path / "trash" / "webapp"
    for prefix in (environment, copy):
        (prefix / "bin").mkdir(parents=True, exist_ok=True)
        (prefix / "bin" / "tool").write_text(f"#!{environment}/bin/python\n")
    (copy / "pyvenv.cfg").touch()
    assert not searched(home, environment).hits


@pytest.mark.parametrize(
    "text",
    ["/elsewhere/webapp/bin/python", "~/.virtualenvs/webapp2/bin/python", "# webapp", "\0\xff"],
)
def test_what_names_something_else_does_not_hold(home: Home, text: str) -> None:
    environment = orphan(home, "webapp")
    (home.path / "work").mkdir()
    (home.path / "work" / "Makefile").write_text(text)
    assert not searched(home, environment).hits


def test_a_link_on_the_way_is_followed(home: Home, tmp_path: Path) -> None:
    environment = orphan(home, "webapp")
    (tmp_path / "envs").symlink_to(environment.parent)
    (home.path / "work").mkdir()
    (home.path / "work" / "Makefile").write_text(f"{tmp_path}/envs/webapp/bin/python\n")
    assert searched(home, environment).hits[environment].place == home.path / "work"


def test_a_live_project_that_names_another_environment_holds_it(home: Home) -> None:
    """Though it has an environment of its own."""
    environment = orphan(home, "webapp")
    project = home.path / "code" / "shop"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (project / ".venv").symlink_to(venv(home.path / ".virtualenvs" / "shop"))
    (project / "tox.ini").write_text(f"[testenv]\ncommands = {environment}/bin/pytest\n")
    assert listed(home)[0].rows[environment].verdict.status is Status.ORPHAN
    assert (
        searched(home, environment).hits[environment].reason == "~/code/shop/tox.ini refers to it."
    )
