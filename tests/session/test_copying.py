"""Copies, names and moves through the session: what is proposed, done, and remembered."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import at_step, small, tree
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.prefixes import conda_prefix
from tests.scenario import linked_project, listing, rows, uv_project, venv
from tests.session.sharing import last, undone
from venvdash.actions import destinations
from venvdash.actions.destinations import TargetError, refused_name
from venvdash.actions.errors import ChangedError
from venvdash.actions.events import Finished
from venvdash.actions.journals.relink_journal import RelinkJournals
from venvdash.model import Action, Outcome, Proposal, Result, Row, Status
from venvdash.model.status import State
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.session import Session

pytestmark = pytest.mark.slow


@pytest.fixture
def app(home: Home) -> Path:
    """An environment in whose name nothing was made for anybody."""
    return venv(home.path / ".virtualenvs" / "app")


@pytest.fixture
def project(home: Home, app: Path) -> Path:
    """The project of that environment, with a link to it."""
    return linked_project(home, app)


def done(session: Session, proposal: Proposal, cancel: threading.Event | None = None) -> Result:
    """Carry a proposal out; a refusal fails the test."""
    assert proposal.refusal == ""
    finished = last(session.actions.apply([proposal], cancel))
    return finished.results[0]


def row(session: Session, path: Path) -> Row:
    return session.rows[path]


def test_a_copy_is_another_environment(home: Home, app: Path, project: Path) -> None:
    session = listing(home)
    before = row(session, app).record
    proposal = session.actions.copy(row(session, app), "try it")
    copy = app.with_name("try it")
    assert (proposal.action, proposal.place, proposal.warns) == (Action.COPY, copy, ())
    assert proposal.says[0] == "Recreates it; it has no packages."
    result = done(session, proposal)
    assert (result.outcome, result.place) == (Outcome.DONE, copy)
    for _ in range(2):
        shown = rows(home)
        assert shown[app].verdict.status is Status.LINKED
        assert shown[app].verdict.project == project
        assert (shown[copy].verdict.status, shown[copy].verdict.projects) == (Status.STANDALONE, ())
        mine, its = shown[copy].record, shown[app].record
        assert mine is not None
        assert its is not None
        assert before is not None
        assert its.identity == before.identity != mine.identity
        assert (mine.copied_from, its.copied_from) == (app, None)
    assert os.readlink(project / ".venv") == str(app)
    shutil.rmtree(home.machine().state_directory)  # the sidecars say it, too
    again = rows(home)[copy].record
    assert again is not None
    assert mine is not None
    assert (again.identity, again.copied_from) == (mine.identity, app)


def test_all_files_are_copied_and_it_is_no_dispute(home: Home, app: Path) -> None:
    linked_project(home, app)
    (app / "data.txt").write_text("mine")
    session = listing(home)
    proposal = session.actions.copy(row(session, app), "copy")
    assert "Copies all files" in proposal.says[0]
    assert "data.txt" in proposal.says[0]
    done(session, proposal)
    copy = app.with_name("copy")
    assert (copy / "data.txt").read_text() == "mine"
    shown = rows(home)
    assert shown[app].verdict.status is Status.LINKED
    assert shown[copy].verdict.status is Status.STANDALONE


def test_a_copy_of_uvs_goes_where_it_is_found(home: Home) -> None:
    project = home.path / "code" / "webapp"
    original = uv_project(home, project)
    session = listing(home)
    proposal = session.actions.copy(row(session, original), "try")
    place = home.path / ".virtualenvs" / "try"
    assert proposal.place == place
    assert proposal.refusal == ""
    assert proposal.says[0].startswith(
        "The copy goes to ~/.virtualenvs: uv only finds environments"
    )
    assert not place.parent.exists()
    cancel = threading.Event()
    cancel.set()
    assert last(session.actions.apply([proposal], cancel)).results[0].outcome is Outcome.SKIPPED
    assert not place.parent.exists()
    assert done(session, proposal).outcome is Outcome.DONE
    assert os.readlink(project / ".venv") == str(original)
    shown = rows(home)
    assert shown[original].verdict.status is Status.LINKED
    assert shown[place].verdict.status is Status.STANDALONE

    proposal = session.actions.copy(row(session, original), "try", root=original.parent)
    assert proposal.place == original.with_name("try")
    assert any("will not find an environment named try" in one for one in proposal.warns)
    assert any("`uv cache prune` would delete it" in one for one in proposal.warns)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/a", ".venvdash-x", "-e", ".hidden", " a", "a@3", "a\\b", "a:b"]
)
def test_names_that_are_refused(home: Home, app: Path, name: str) -> None:
    assert refused_name(name)
    session = listing(home)
    for proposal in (
        session.actions.copy(row(session, app), name),
        session.actions.rename(row(session, app), name),
    ):
        assert proposal.refusal == refused_name(name)
    finished = last(session.actions.apply([session.actions.rename(row(session, app), name)]))
    assert finished.results[0].outcome is Outcome.SKIPPED
    assert app.exists()


def test_what_is_refused(home: Home, app: Path) -> None:
    taken = small(app.with_name("taken"))
    tools = home.path / ".local" / "share" / "uv" / "tools"
    tools.mkdir(parents=True)
    tool = small(tools / "black")
    (tool / "uv-receipt.toml").write_text("[tool]\n")
    conda_prefix(home.path / "miniconda3" / "envs" / "science", "numpy-2.0-py312_0")
    alias = app.with_name("alias")
    alias.symlink_to(app)
    broken = small(app.with_name("broken"))
    (broken / "bin" / "python").unlink()
    session = listing(home)
    changes, before = session.actions, tree(home.path / ".virtualenvs")

    def why(proposal: Proposal) -> str:
        assert last(changes.apply([proposal])).results[0].outcome is Outcome.SKIPPED
        return proposal.refusal

    assert "taken" in why(changes.copy(row(session, app), "taken"))
    assert "taken" in why(changes.rename(row(session, app), "taken"))
    assert "that contains '" in why(changes.rename(row(session, app), "it's"))
    assert "that contains '" in why(changes.copy(row(session, app), "it's"))
    assert "only it may add environments there" in why(
        changes.copy(row(session, app), "x", root=tools)
    )
    assert "only it may add environments there" in why(changes.move(row(session, app), tools))
    assert "does not exist" in why(changes.move(row(session, app), home.path / "gone"))
    assert "is inside an environment" in why(changes.move(row(session, app), taken / "lib"))
    assert "already there" in why(changes.move(row(session, app), app.parent))
    assert "is a link" in why(changes.copy(row(session, alias), "x"))
    assert "is a link" in why(changes.rename(row(session, alias), "x"))
    assert "interpreter no longer exists" in why(changes.copy(row(session, broken), "x"))
    for path in (tool, home.path / "miniconda3" / "envs" / "science"):
        assert "is managed by a tool" in why(changes.copy(row(session, path), "x"))
        assert "is managed by a tool" in why(changes.rename(row(session, path), "x"))
        assert "is managed by a tool" in why(changes.move(row(session, path), app.parent))
    assert tree(home.path / ".virtualenvs") == before
    (broken / "data").write_text("x")
    assert "Cannot use another Python" in why(
        changes.copy(row(session, broken), "x", python="3.11")
    )


def test_a_new_name(home: Home, app: Path, project: Path) -> None:
    session = listing(home)
    before = row(session, app).record
    proposal = session.actions.rename(row(session, app), "shop")
    new = app.with_name("shop")
    assert proposal.place == new
    assert [(link.path, link.target) for link in proposal.links] == [(project / ".venv", str(new))]
    assert proposal.warns == ()
    events = list(session.actions.apply([proposal]))
    states = [event.state for event in events if hasattr(event, "state")]
    assert states == [State.QUEUED, State.RENAMING, State.DONE]
    assert isinstance(events[-1], Finished)
    shown = rows(home)
    assert list(shown) == [new]
    assert (shown[new].verdict.status, shown[new].verdict.project) == (Status.LINKED, project)
    record = shown[new].record
    assert record is not None
    assert before is not None
    assert (record.identity, record.path) == (before.identity, new)


def test_a_new_name_that_its_tool_does_not_know(home: Home) -> None:
    original = uv_project(home, home.path / "code" / "webapp")
    session = listing(home)
    proposal = session.actions.rename(row(session, original), "webapp")
    assert any("uv cache will not find" in one for one in proposal.warns)
    assert done(session, proposal).outcome is Outcome.DONE
    assert os.readlink(home.path / "code" / "webapp" / ".venv") == str(original.with_name("webapp"))


def test_what_names_it_from_outside_is_told(home: Home, app: Path) -> None:
    kernel = home.path / ".local" / "share" / "jupyter" / "kernels" / "app" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(f'{{"argv": ["{app}/bin/python", "-m", "ipykernel_launcher"]}}')
    session = listing(home)
    (warning,) = session.actions.rename(row(session, app), "shop").warns
    assert "is not updated" in warning
    assert "kernel.json" in warning


def test_what_another_venvdash_has_relinked_meanwhile(
    home: Home, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its new link is not among those that would follow, nor in the record that would go along."""
    linked_project(home, app)
    other = home.path / "code" / "other"
    other.mkdir()
    slow, fast = listing(home), listing(home)
    proposal = slow.actions.rename(row(slow, app), "new")
    assert done(fast, fast.actions.relink(row(fast, app), other)).outcome is Outcome.DONE
    before = tree(home.path / "code", home.path / ".virtualenvs")
    result = done(slow, proposal)
    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "It has been linked to another project since it was listed."
    assert tree(home.path / "code", home.path / ".virtualenvs") == before

    def relink() -> None:  # while it is renamed
        with pytest.raises(ChangedError, match="Another venvdash"):
            RelinkJournals(fast.machine.state_directory, wait=0.0)

    steps = at_step(monkeypatch, "renamed", relink)
    session = listing(home)
    result = done(session, session.actions.rename(row(session, app), "new"))
    assert "renamed" in steps
    assert (other / ".venv").readlink() == result.place
    assert rows(home)[app.with_name("new")].verdict.project == other


def test_a_link_in_its_place_is_not_copied(home: Home, app: Path) -> None:
    session = listing(home)
    proposal = session.actions.copy(row(session, app), "new")
    app.rename(home.path / "app")
    app.symlink_to(home.path / "app")
    result = done(session, proposal)
    assert result.outcome is not Outcome.DONE
    assert result.reason == f"Not a directory: {app}. The original is unchanged."
    assert os.listdir(app.parent) == ["app"]


def test_into_another_folder(home: Home, app: Path, project: Path) -> None:
    session = listing(home)
    proposal = session.actions.move(row(session, app), destinations.named(session, "folders"))
    place = home.path / ".venvs" / "app"
    assert proposal.place == place
    assert done(session, proposal).outcome is Outcome.DONE
    assert os.readlink(project / ".venv") == str(place)
    assert list(rows(home)) == [place]
    session = listing(home)
    elsewhere = home.path / "elsewhere"
    elsewhere.mkdir()
    proposal = session.actions.move(row(session, place), elsewhere)
    assert any("~/elsewhere is not in a store" in one for one in proposal.warns)
    assert done(session, proposal).outcome is Outcome.DONE
    assert (elsewhere / "app" / "pyvenv.cfg").exists()
    with pytest.raises(TargetError, match="There is no store named nothing"):
        destinations.named(session, "nothing")
    assert destinations.named(session, "~/x") == home.path / "x"


@pytest.fixture
def disk(home: Home) -> Iterator[Path]:
    """A folder on a file system of its own."""
    path = home.path / "envs"
    path.mkdir()
    with tmpfs(path, "64m"):
        yield path


def test_to_another_file_system_and_back(home: Home, app: Path, project: Path, disk: Path) -> None:
    before = tree(app)
    session = listing(home)
    identity = row(session, app).record
    assert identity is not None
    proposal = session.actions.move(row(session, app), disk)
    assert f"Copies all files to {proposal.place}, on another file system" in proposal.says[0]
    assert "Moves the original to the trash" in proposal.warns[0]
    result = done(session, proposal)
    place = disk / "app"
    assert (result.outcome, result.place) == (Outcome.DONE, place), result
    assert result.trash is not None
    assert os.readlink(project / ".venv") == str(place)
    assert not app.exists()
    shown = rows(home)
    assert list(shown) == [place]
    assert (shown[place].verdict.status, shown[place].verdict.project) == (
        Status.LINKED,
        project,
    )
    record = shown[place].record
    assert record is not None
    assert record.identity == identity.identity
    finished = undone(session)
    assert finished.results[0].outcome is Outcome.DONE
    known = rows(home)[app].record
    assert known is not None
    assert known.identity == identity.identity
    for name in (".lock", SIDECAR):
        (app / name).unlink(missing_ok=True)
    assert tree(app) == before
    assert not place.exists()
    assert os.readlink(project / ".venv") == str(app)


def test_a_pinned_one_is_not_moved_to_another_file_system(
    home: Home, app: Path, disk: Path
) -> None:
    session = listing(home)
    record = row(session, app).record
    assert record is not None
    pinned = replace(row(session, app), record=replace(record, pinned=True))
    assert "pinned" in session.actions.move(pinned, disk).refusal


def test_moving_breaks_off(home: Home, app: Path) -> None:
    """The disk fills up, or the original is in use when it is to go."""
    project = linked_project(home, app)
    other = home.path / "envs"
    other.mkdir()
    with tmpfs(other, "4m"):
        (app / "big").write_bytes(os.urandom(3_000_000))
        before = tree(app)
        session = listing(home)
        before = tree(app)
        proposal = session.actions.move(row(session, app), other)
        with suppress(OSError), (other / "filler").open("wb", buffering=0) as file:
            for _ in range(500):
                file.write(b"x" * 4096)
        result = last(session.actions.apply([proposal])).results[0]
        assert result.outcome is not Outcome.DONE
        assert sorted(os.listdir(other)) == ["filler"]
        assert tree(app) == before
        assert os.readlink(project / ".venv") == str(app)


def test_what_a_crash_left_is_told_and_freed(home: Home, app: Path) -> None:
    from tests.actions.crashing import in_child
    from venvdash.actions.copy import finishing

    (app / "data").write_text("x")
    session = listing(home)
    proposal = session.actions.copy(row(session, app), "copy")

    def copy() -> None:
        setattr(finishing, "leftovers", lambda *given: os.kill(os.getpid(), 9))
        list(session.actions.apply([proposal]))

    assert in_child(copy) == -9
    later = listing(home)
    (said,) = [problem.message for problem in later.problems]
    assert "its creation was interrupted" in said
    assert "`venvdash trash empty` deletes them permanently" in said
    assert list(later.rows) == [app]
    (found,) = later.trash.find()
    assert (found.name, found.status) == ("copy", "debris")
    finished = last(later.trash.empty())
    assert finished.results[0].outcome is Outcome.DONE
    assert os.listdir(app.parent) == ["app"]
    assert listing(home).problems == []


def test_a_listing_that_remembers_nothing_tidies_nothing(home: Home, app: Path) -> None:
    session = listing(home, records=False)
    result = done(session, session.actions.copy(row(session, app), "copy"))
    assert result.outcome is Outcome.DONE
    assert not (app.with_name("copy") / "venvdash.toml").exists()
