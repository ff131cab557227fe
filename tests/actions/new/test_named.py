"""Environments that are created under a name: whole in their place, or not there at all."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import listing, venv
from venvdash.actions.events import Finished, Progressed
from venvdash.actions.new.plan import NewEnvironment
from venvdash.demo.wheels import greeting, make_wheel
from venvdash.model import Action, Outcome, Proposal, Result, Status
from venvdash.session import Session

_OFFLINE = {"UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
PYTHON = str(Path(sys.executable).resolve())


@pytest.fixture
def wheel(home: Home) -> Path:
    home.variables |= _OFFLINE
    return make_wheel(
        home.path / "my wheels",
        "hello",
        "1.0",
        {"hello/__init__.py": greeting("hello")},
        {"hello": "hello:main"},
    )


def result(session: Session, proposal: Proposal, cancel: threading.Event | None = None) -> Result:
    (*_, finished) = session.actions.apply([proposal], cancel)
    assert isinstance(finished, Finished)
    return finished.results[0]


def wanted(name: str, *packages: Path | str) -> NewEnvironment:
    return NewEnvironment(name, PYTHON, tuple(map(str, packages)))


def left(home: Home, store: str = ".venvs") -> list[str]:
    place = home.path / store
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_created_listed_used_and_undone(home: Home, wheel: Path) -> None:
    done = home.venvdash("new", "é ml", "--python", PYTHON, "--with", str(wheel))
    made = home.path / ".venvs" / "é ml"
    assert "é ml: done. ~/.venvs/é ml" in done.stdout
    ran = subprocess.run([made / "bin" / "hello"], capture_output=True, text=True, check=True)
    assert ran.stdout == "hello\n"
    assert b".venvdash-tmp-" not in (made / "bin" / "activate").read_bytes()
    (row,) = listing(home).rows.values()
    assert (row.name, row.verdict.status) == ("é ml", Status.STANDALONE)
    assert [package.name for package in row.environment.packages] == ["hello"]
    assert "created" not in home.venvdash("history").stdout
    assert "can be undone" in home.venvdash("history").stdout
    assert "Moved é ml to the trash." in home.venvdash("undo").stdout
    assert left(home) != ["é ml"]
    assert home.venvdash("restore", "é ml").returncode == 0
    assert left(home) == ["é ml"]


def test_the_plan_changes_nothing_and_names_every_command(home: Home, wheel: Path) -> None:
    arguments = (
        "new",
        "ml",
        "--python",
        PYTHON,
        "--with",
        "./my wheels/hello-1.0-py3-none-any.whl",
    )
    done = home.venvdash(*arguments, "--dry-run")
    assert f"runs uv venv --python {PYTHON} ~/.venvs/ml" in done.stdout
    assert "runs uv pip install --python ~/.venvs/ml '~/my wheels/hello-1.0" in done.stdout
    assert not (home.path / ".venvs").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("..", "path separator"),
        ("a/b", "path separator"),
        ("-x", "cannot start with -"),
        (".x", "cannot start with a dot"),
        (".venvdash-tmp-1", "reserved"),
        ("a@3.11", "cannot contain @"),
        ("it's", "activation script"),
        ("a\nb", "cannot be displayed"),
        ("n" * 256, "too long"),
        ("taken", "exists in ~/elsewhere/taken: delete it first"),
        ("TAKEN", "exists in ~/elsewhere/taken"),
        ("webapp", "is already the environment of ~/code/webapp, in ~/elsewhere/w"),
    ],
)
def test_names_that_are_refused(home: Home, wheel: Path, name: str, why: str) -> None:
    elsewhere = home.path / "elsewhere"
    venv(elsewhere / "taken")
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    (venv(elsewhere / "w") / ".project").write_text(str(project))
    session = listing(home, variables={"WORKON_HOME": str(elsewhere)})
    proposal = session.actions.new(wanted(name))
    assert why in proposal.refusal
    assert result(session, proposal).outcome is Outcome.SKIPPED
    assert left(home, "elsewhere") == ["taken", "w"]


@pytest.mark.parametrize(
    ("package", "why"),
    [
        ("--index-url=x", "is an option"),
        ("./nothing", "does not exist"),
        ("~/empty[dev]", "is no package: it has no pyproject.toml"),
    ],
)
def test_what_cannot_be_installed_is_refused(
    home: Home, wheel: Path, package: str, why: str
) -> None:
    (home.path / "empty").mkdir()
    assert why in listing(home).actions.new(wanted("ml", package)).refusal


def test_a_python_that_does_not_exist_is_refused(home: Home, wheel: Path) -> None:
    for python in ("3.99", "--x", "./python"):
        proposal = listing(home).actions.new(NewEnvironment("ml", python))
        assert "uv finds no Python" in proposal.refusal or "is an option" in proposal.refusal


def test_a_source_tree_is_editable_only_where_asked(home: Home, wheel: Path) -> None:
    tree = home.path / "my lib"
    tree.mkdir()
    (tree / "pyproject.toml").write_text("[project]\nname = 'mylib'\nversion = '1'\n")
    asked = NewEnvironment("ml", PYTHON, ("./my lib[dev]",), ("~/my lib",))
    proposal = listing(home).actions.new(asked)
    assert proposal.extra == (f"{tree}[dev]", "--editable", str(tree))
    assert proposal.commands[1][-3:] == proposal.extra


def test_what_fails_leaves_nothing(home: Home, wheel: Path) -> None:
    session = listing(home)
    failed = result(session, session.actions.new(wanted("ml", "no-such-package-of-anybody")))
    assert failed.outcome is Outcome.FAILED
    assert "no-such-package-of-anybody" in failed.reason
    assert failed.reason.endswith("Nothing was created.")
    assert not (home.path / ".venvs").exists()
    assert session.actions.history() == []


def test_a_place_that_is_taken_meanwhile_is_left_alone(home: Home, wheel: Path) -> None:
    session = listing(home)
    proposal = session.actions.new(wanted("ml"))
    (home.path / ".venvs" / "ml").mkdir(parents=True)
    assert result(session, proposal).outcome is Outcome.SKIPPED
    assert left(home) == ["ml"]
    assert list((home.path / ".venvs" / "ml").iterdir()) == []


def test_cancelled(home: Home, wheel: Path) -> None:
    session, cancel = listing(home), threading.Event()
    proposal = session.actions.new(wanted("ml", wheel))
    told = []
    for event in session.actions.apply([proposal], cancel):
        told.append(event)
        if isinstance(event, Progressed) and "packages" in event.doing:
            cancel.set()
    assert isinstance(told[-1], Finished)
    assert told[-1].results[0].reason == "Cancelled. Nothing was created."
    assert not (home.path / ".venvs").exists()


@pytest.mark.parametrize("step", ["making", "created", "installed", "put", "change ended"])
def test_killed_at_each_step(home: Home, wheel: Path, step: str) -> None:
    """It lies in its place, whole, or what there is of it goes to the trash at the next start."""
    session = listing(home)
    proposal = session.actions.new(wanted("ml", wheel))
    assert in_child(killing(lambda: result(session, proposal), step)) == -signal.SIGKILL
    there = (home.path / ".venvs" / "ml").exists()
    assert there is (step in ("put", "change ended"))
    home.venvdash("list")  # the next start
    home.venvdash("history")
    assert [name for name in left(home) if name.startswith(".venvdash-tmp-")] == []
    assert ("ml" in left(home)) is there
    again = listing(home)
    changes = [(one.change.action, one.state) for one in again.actions.history()]
    assert changes == ([(Action.NEW, "can be undone")] if there else [])
    if there:
        subprocess.run([home.path / ".venvs" / "ml" / "bin" / "hello"], check=True)
        home.venvdash("undo", "--yes")
    assert "ml" not in left(home)
    session = listing(home)
    assert result(session, session.actions.new(wanted("ml"))).outcome is Outcome.DONE


def test_a_full_disk_leaves_nothing(home: Home, wheel: Path) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store, "12k"):
        session = listing(home)
        failed = result(session, session.actions.new(wanted("ml", wheel)))
        assert failed.outcome is Outcome.FAILED
        assert left(home, ".virtualenvs") == []


def test_a_store_that_cannot_be_written_is_refused(home: Home, wheel: Path) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store, "1m,ro"):
        assert "read-only" in listing(home).actions.new(wanted("ml")).refusal


def test_uvs_own_settings_do_not_lead_it_elsewhere(home: Home, wheel: Path) -> None:
    config = home.path / ".config" / "uv"
    config.mkdir(parents=True)
    (config / "uv.toml").write_text(f"[pip]\ntarget = '{home.path}/else'\n")
    variables = {"VIRTUAL_ENV": "/other", "UV_PYTHON": "3.99", "UV_VENV_SEED": "1"}
    session = listing(home, variables=variables)
    failed = result(session, session.actions.new(wanted("ml", wheel)))
    assert "uv's settings set `target` under [pip]" in failed.reason
    assert left(home) == []
    (config / "uv.toml").unlink()
    assert result(session, session.actions.new(wanted("ml", wheel))).outcome is Outcome.DONE
    assert not os.path.lexists(home.path / "else")
