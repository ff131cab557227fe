"""What is opened, what is refused, and what is said before."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import listing, uv_project, venv
from tests.users import NOBODY
from venvdash.model import Row
from venvdash.session import Session, subshell
from venvdash.session.subshell import Invocation, RefusedError
from venvdash.system import startup_folders


def scanned(home: Home, cwd: Path | None = None, **variables: str) -> Session:
    given = {"SHELL": "/bin/bash", "PATH": "/usr/bin:/bin"} | variables
    return listing(home, cwd=cwd, variables=given)


def only(session: Session) -> Row:
    (row,) = session.rows.values()
    return row


def refused(session: Session, row: Row) -> str:
    with pytest.raises(RefusedError) as error:
        subshell.command(session, row, ["true"])
    return str(error.value)


def opened(session: Session, row: Row, *, here: bool = False) -> Invocation:
    made = subshell.shell(session, row, here=here)
    assert made.cleanup is not None
    startup_folders.remove(made.cleanup)
    return made


@pytest.fixture
def api(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of virtualenvwrapper's with a project."""
    monkeypatch.setattr("tempfile.tempdir", str(home.path))
    (home.path / "code" / "api").mkdir(parents=True)
    path = venv(home.path / ".virtualenvs" / "api")
    (path / ".project").write_text(str(home.path / "code" / "api"))
    return path


def test_it_starts_where_the_project_is(home: Home, api: Path) -> None:
    session = scanned(home, Path("/"))
    project = home.path / "code" / "api"
    made = opened(session, only(session))
    assert made.cwd == project
    assert "api" in made.says[0]
    assert "~/code/api" in made.says[0]
    assert len(made.says) == 1
    assert opened(session, only(session), here=True).cwd == Path("/")
    project.rename(home.path / "gone")
    made = opened(session, only(session))
    assert made.cwd == Path("/")
    assert f"Its project {project} is gone." in made.says
    (home.path / "code" / "api").symlink_to(home.path / "gone")
    made = opened(session, only(session))
    assert made.cwd == home.path / "gone"
    assert "~/gone" in made.says[0]  # where it really is


def test_it_is_remembered_as_used(home: Home, api: Path) -> None:
    session = scanned(home)
    before = time.time()
    subshell.command(session, only(session), ["true"])
    record = only(session).record
    assert record is not None
    assert record.last_shell is not None
    assert before <= record.last_shell <= (only(session).used or 0)
    again = only(scanned(home))  # as a new process sees it
    assert again.record is not None
    assert again.record.last_shell == record.last_shell
    assert (again.used or 0) >= before


def test_what_is_active_already_is_left_behind(home: Home, api: Path) -> None:
    session = scanned(
        home,
        VIRTUAL_ENV="/other",
        PATH="/other/bin:/usr/bin:/bin",
        PYTHONHOME="/nowhere",
        UV_PROJECT_ENVIRONMENT="mine",
        _OLD_VIRTUAL_PATH="/nowhere",
    )
    environ = subshell.command(session, only(session), ["true"]).environ
    assert environ["VIRTUAL_ENV"] == str(api)
    assert environ["PATH"] == f"{api}/bin:/usr/bin:/bin"
    assert not {"PYTHONHOME", "_OLD_VIRTUAL_PATH"} & set(environ)
    assert environ["UV_PROJECT_ENVIRONMENT"] == str(api)  # its project's, while this runs
    assert opened(session, only(session)).environ["UV_PROJECT_ENVIRONMENT"] == "mine"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to give files away")
@pytest.mark.parametrize("what", ["", "bin"])
def test_what_belongs_to_somebody_else_is_refused(home: Home, api: Path, what: str) -> None:
    session = scanned(home)
    os.chown(api / what, NOBODY, NOBODY)
    assert f"(uid {NOBODY})" in refused(session, only(session))


@pytest.mark.parametrize("what", ["", "bin"])
def test_what_everybody_may_write_to_is_refused(home: Home, api: Path, what: str) -> None:
    session = scanned(home)
    (api / what).chmod(0o777)
    assert "Everyone can write" in refused(session, only(session))
    (api / what).chmod(0o1777)  # others may still put programs there
    assert "Everyone can write" in refused(session, only(session))


def test_a_directory_of_programs_that_leads_elsewhere_is_looked_at_there(
    home: Home, api: Path
) -> None:
    session = scanned(home)
    elsewhere = home.path / "elsewhere"
    (api / "bin").rename(elsewhere)
    (api / "bin").symlink_to(elsewhere)
    elsewhere.chmod(0o777)
    assert "Everyone can write" in refused(session, only(session))


def test_what_is_no_environment_any_more_is_refused(home: Home, api: Path) -> None:
    session = scanned(home)
    row = only(session)
    (api / "pyvenv.cfg").rename(api / "cfg")
    assert refused(session, row) == "It is no longer an environment."
    (api / "cfg").rename(api / "pyvenv.cfg")
    api.rename(home.path / "old")
    assert refused(session, row) == "It is no longer an environment."
    shutil.copytree(home.path / "old", api, symlinks=True)
    assert "It was replaced by another environment" in refused(session, row)
    shutil.rmtree(api)
    api.symlink_to(home.path / "old")
    assert "It was replaced by another environment" in refused(session, row)


def test_one_without_an_interpreter_is_refused(home: Home, api: Path) -> None:
    session = scanned(home)
    (api / "bin" / "python").unlink()
    assert "Its interpreter is gone" in refused(session, only(session))


def test_an_alias_opens_what_it_leads_to(home: Home, api: Path) -> None:
    target = home.path / "target"
    api.rename(target)
    api.symlink_to(target)
    session = scanned(home)
    made = subshell.command(session, only(session), ["true"])
    assert made.environ["VIRTUAL_ENV"] == str(target)
    assert not (target / "venvdash.toml").exists()
    target.chmod(0o777)
    assert str(target) in refused(session, only(session))


def test_what_cannot_be_prepared_is_refused_and_leaves_nothing(
    home: Home, api: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = scanned(home)
    full = home.path / "full"
    monkeypatch.setattr("tempfile.tempdir", str(full))
    with pytest.raises(RefusedError, match="Cannot create a temporary directory"):
        subshell.shell(session, only(session))
    full.mkdir()
    shell = home.path / "nu"
    shell.write_text("")
    shell.chmod(0o755)
    api.rename(api.with_name(os.fsdecode(b"\xff")))
    session = scanned(home, SHELL=str(shell))
    with pytest.raises(RefusedError, match="not UTF-8"):
        subshell.shell(session, only(session))
    assert list(full.iterdir()) == []


def test_it_says_which_environment_uv_would_use(home: Home, api: Path) -> None:
    project = home.path / "code" / "api"
    uv = home.path / "uv"
    uv.write_text("")
    uv.chmod(0o755)

    def said(given: str = "") -> str:
        path = f"{home.path}:/usr/bin:/bin"
        session = scanned(home, PATH=path, UV_PROJECT_ENVIRONMENT=given)
        (row,) = [row for row in session.rows.values() if row.path == api]
        return "\n".join(opened(session, row).says[1:])

    assert said() == ""  # no project of uv's
    (project / "pyproject.toml").write_text("[project]\nname = 'api'\n")
    assert said().startswith("`uv sync` here would make ~/code/api/.venv; `uv sync --active`")
    (project / "poetry.lock").touch()
    assert said() == ""
    (project / "uv.lock").touch()
    venv(project / ".venv")
    assert said().startswith("`uv sync` here uses ~/code/api/.venv;")
    shutil.rmtree(project / ".venv")
    (project / ".venv").symlink_to(api)
    assert said() == ""
    assert said("mine").startswith("`uv sync` here would make ~/code/api/m")
    (project / ".venv").unlink()
    (home.path / "code" / "pyproject.toml").write_text("[tool.uv.workspace]\nmembers = ['*']\n")
    assert said().startswith("`uv sync` here would make ~/code/.venv;")
    uv.unlink()
    assert said() == ""


def test_of_uvs_own_environments_nothing_is_said(home: Home, tmp_path: Path) -> None:
    project = home.path / "code" / "web"
    path = uv_project(home, project)
    session = scanned(home, PATH=os.environ["PATH"])
    made = opened(session, session.rows[path])
    assert made.cwd == project
    assert len(made.says) == 1
    (project / ".venv").unlink()
    assert len(opened(session, session.rows[path]).says) == 1


@pytest.mark.parametrize(("editor", "more"), [("nvim", True), ("'my code' -w", False)])
def test_an_editor_gets_the_directory_if_it_opens_directories(
    home: Home, api: Path, editor: str, more: bool
) -> None:
    session = scanned(home, EDITOR=editor)
    made = subshell.edit(session, only(session))
    project = home.path / "code" / "api"
    assert made.cwd == project
    assert made.argv == ((editor, str(project)) if more else ("my code", "-w"))
    assert made.environ["VIRTUAL_ENV"] == str(api)


def test_there_may_be_nothing_to_edit(home: Home, api: Path) -> None:
    session = scanned(home, EDITOR="vim")
    (home.path / "code" / "api").rmdir()
    with pytest.raises(RefusedError, match="does not exist"):
        subshell.edit(session, only(session))
    (api / ".project").unlink()
    shutil.rmtree(home.path / ".local")
    (api / "venvdash.toml").unlink()
    session = scanned(home, EDITOR="vim")
    with pytest.raises(RefusedError, match="belongs to no project"):
        subshell.edit(session, only(session))
