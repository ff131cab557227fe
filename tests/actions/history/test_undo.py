"""Undoing each change: in its session, in a later one, and not where something came since."""

import shutil
import subprocess
import sys

import pytest

from tests.actions.history.changing import World, states
from tests.actions.relinking import differing
from tests.conftest import Home
from tests.scenario import venv
from tests.session.sharing import last, undone
from venvdash.actions.history.undo import UndoPlan
from venvdash.model import Action, Outcome
from venvdash.session import Session


def planned(session: Session, number: int | None = None) -> UndoPlan:
    """Return the plan to undo a change; there must be one."""
    plan = session.plan_undo(number)
    assert not isinstance(plan, str), plan
    return plan


@pytest.mark.slow
@pytest.mark.parametrize("records", [True, False], ids=["recorded", "no-records"])
def test_undone_in_the_same_session(world: World, action: Action, records: bool) -> None:
    before = world.snapshot()
    session = world.session(records=records)
    assert world.change(session, action).outcome is Outcome.DONE
    assert world.snapshot() != before
    plan = planned(session)
    assert (plan.change.action, plan.earlier, plan.warns) == (action, False, ())
    assert {one.outcome for one in last(session.actions.undo(plan)).results} == {Outcome.DONE}
    assert differing(world.snapshot(), before) == []
    assert next(states(session)) == (action, "undone")


@pytest.mark.slow
def test_undone_in_a_new_process(world: World, action: Action) -> None:
    before = world.snapshot()
    assert world.change(world.session(), action).outcome is Outcome.DONE
    after = world.snapshot()
    number = world.home.venvdash("history").stdout.splitlines()[1].split()[0]
    dry = world.home.venvdash("undo", "--dry-run")
    assert f"Undoing change {number}, {action}:" in dry.stdout
    assert differing(world.snapshot(), after) == []
    done = world.home.venvdash("undo")
    assert done.stdout, done.stderr
    assert differing(world.snapshot(), before) == []
    again = world.home.venvdash("undo", number, check=False)
    assert again.returncode == 2
    assert "Cannot be undone: It has already been" in again.stdout


@pytest.mark.slow
def test_without_records_older_ones_are_not_known(world: World, action: Action) -> None:
    world.change(world.session(), action)
    after = world.snapshot()
    why = world.session(records=False).plan_undo()
    assert why == "Nothing to undo. Without records, changes of earlier sessions are not known."
    done = world.home.venvdash("--no-records", "undo", check=False)
    assert (done.returncode, done.stderr) == (1, f"venvdash: {why}\n")
    assert differing(world.snapshot(), after) == []


@pytest.mark.slow
@pytest.mark.parametrize("action", [Action.RENAME, Action.MOVE, Action.COPY, Action.RESTORE])
def test_what_is_elsewhere_since_is_refused(world: World, action: Action) -> None:
    result = world.change(world.session(), action)
    place = result.place if action is not Action.RESTORE else world.app
    assert place is not None
    place.rename(place.with_name("elsewhere"))
    plan = planned(world.session(), 1 if action is not Action.RESTORE else 2)
    assert plan.refusal == f"It is no longer at {place}."


@pytest.mark.slow
@pytest.mark.parametrize("action", [Action.COPY, Action.RESTORE])
def test_what_came_since_is_asked_about(world: World, action: Action) -> None:
    result = world.change(world.session(), action)
    place = world.app if action is Action.RESTORE else result.place
    assert place is not None
    (place / "thesis.txt").write_text("years of work")
    plan = planned(world.session())
    assert plan.warns[0] == "It has changed since then."
    refused = world.home.venvdash("undo", check=False)
    assert refused.returncode == 2
    assert "nothing was changed. Use `--yes`" in refused.stderr
    assert place.exists()
    world.home.venvdash("undo", "--yes")
    assert not place.exists()
    assert any((found.path / "thesis.txt").exists() for found in world.session().trash.find()), (
        "it can be restored"
    )


@pytest.mark.parametrize("action", [Action.RENAME, Action.MOVE])
def test_what_came_since_goes_with_it(world: World, action: Action) -> None:
    result = world.change(world.session(), action)
    assert result.place is not None
    (result.place / "thesis.txt").write_text("years of work")
    undone(world.session())
    assert (world.app / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("action", [Action.RENAME, Action.MOVE])
def test_the_old_place_is_taken(world: World, action: Action) -> None:
    world.change(world.session(), action)
    world.app.mkdir()
    plan = planned(world.session(), 1)
    assert "already exists" in plan.refusal or "taken" in plan.refusal


@pytest.mark.parametrize("action", [Action.RENAME, Action.MOVE])
def test_one_that_was_renamed_back_by_hand_is_undone(world: World, action: Action) -> None:
    result = world.change(world.session(), action)
    assert result.place is not None
    result.place.rename(world.app)
    assert next(states(world.session())) == (action, "undone")


@pytest.mark.slow
@pytest.mark.parametrize("action", [Action.RELINK, Action.UNLINK])
def test_a_relink_whose_journal_is_gone_cannot_be_undone(world: World, action: Action) -> None:
    world.change(world.session(), action)
    shutil.rmtree(world.home.machine().state_directory / "relinks")
    assert planned(world.session(), 1).refusal == "What is needed to undo it is no longer kept."


@pytest.mark.parametrize("action", [Action.RELINK])
def test_relink_undo_marks_the_same_entry(world: World, action: Action) -> None:
    world.change(world.session(), action)
    world.home.venvdash("relink", "--undo")
    assert next(states(world.session())) == (action, "undone")


@pytest.mark.slow
@pytest.mark.parametrize("action", [Action.DELETE])
def test_a_stack_of_changes_is_undone_one_after_the_other(world: World, action: Action) -> None:
    first = world.snapshot()
    world.change(world.session(), Action.RENAME)
    renamed = world.app.with_name("renamed")
    session = world.session()
    last(session.deletions.delete(session.deletions.plan_delete([renamed])))
    world.home.venvdash("restore", str(renamed))
    assert list(states(world.session())) == [
        (Action.RESTORE, "can be undone"),
        (Action.DELETE, "undone"),
        (Action.RENAME, "can be undone"),
    ]
    undone(world.session())
    assert not renamed.exists()
    assert list(states(world.session())) == [
        (Action.RESTORE, "undone"),
        (Action.DELETE, "can be undone"),
        (Action.RENAME, "cannot be undone"),
    ]
    undone(world.session())
    assert renamed.exists()
    undone(world.session())
    assert differing(world.snapshot(), first) == []
    assert world.session().plan_undo() == "Nothing to undo."


@pytest.mark.parametrize("action", [Action.DELETE])
def test_a_part_of_a_deletion_is_restored_and_the_rest_undone(world: World, action: Action) -> None:
    before = world.snapshot()
    world.change(world.session(), action)
    world.home.venvdash("restore", "second")
    assert planned(world.session(), 1).says == ("Restores app to ~/.virtualenvs/app.",)
    world.home.venvdash("undo", "1")
    assert differing(world.snapshot(), before) == []


@pytest.mark.slow
@pytest.mark.parametrize("action", [Action.DELETE])
def test_a_damaged_index_leaves_the_trash_as_it_is(world: World, action: Action) -> None:
    before = world.snapshot()
    world.change(world.session(), action)
    (index,) = world.home.machine().state_directory.glob("*.sqlite")
    index.write_bytes(b"no database")
    for name in ("app", "second"):  # each is known again by what its trash.toml says
        assert "Restored" in world.home.venvdash("undo").stdout, name
    assert differing(world.snapshot(), before) == []


@pytest.mark.parametrize("action", [Action.RENAME])
def test_one_of_a_damaged_index_is_not_known(world: World, action: Action) -> None:
    world.change(world.session(), action)
    (index,) = world.home.machine().state_directory.glob("*.sqlite")
    index.write_bytes(b"no database")
    done = world.home.venvdash("undo", check=False)
    assert done.returncode == 1
    assert "Nothing to undo." in done.stderr
    assert world.app.with_name("renamed").is_dir()


@pytest.mark.parametrize("action", [Action.RENAME])
def test_one_that_is_in_use_is_refused(world: World, action: Action) -> None:
    world.change(world.session(), action)
    place = world.app.with_name("renamed")
    user = subprocess.Popen(["sleep", "60"], cwd=place)
    try:
        (result,) = undone(world.session()).results
    finally:
        user.kill()
        user.wait()
    assert result.outcome is Outcome.SKIPPED
    assert f"pid {user.pid}" in result.reason
    assert next(states(world.session())) == (action, "can be undone")


@pytest.mark.parametrize("action", [Action.DELETE, Action.RENAME])
def test_without_sqlite_everything_is_done_and_nothing_can_be_undone(
    world: World, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world.session()
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    assert world.change(session, action).outcome is Outcome.DONE
    why = session.plan_undo()
    assert isinstance(why, str)
    assert why.startswith("Nothing to undo. This Python has no sqlite3, so no records are kept")


def test_a_move_out_of_all_stores_is_undone_once_its_folder_is_one(home: Home) -> None:
    place, folder = venv(home.path / ".virtualenvs" / "app"), home.path / "spare"
    folder.mkdir()
    home.venvdash("move", "app", "--to", folder, "--yes")
    refused = home.venvdash("undo", "--yes", check=False)
    assert refused.returncode == 2
    assert "It is in ~/spare, which is no store" in refused.stdout
    assert "run `venvdash stores --add ~/spare` first." in refused.stdout
    home.venvdash("stores", "--add", folder)
    home.venvdash("undo", "--yes")
    assert (place / "pyvenv.cfg").is_file()
    assert not (folder / "app").exists()
