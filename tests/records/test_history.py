"""The history: what goes in comes out, whatever the disk called it; old indexes learn of it."""

import os
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records import values
from tests.records.world import record
from venvdash.model import Action, Package
from venvdash.records import history, tables
from venvdash.records.history import FREED, RESTORED, TRASHED, Change, ChangedEnvironment, Stage
from venvdash.records.index import Index

texts = st.just("") | values.names | values.shown
packages = st.builds(
    Package, name=texts, version=texts, origin=st.none() | texts, editable=st.booleans()
)
environments = st.builds(
    ChangedEnvironment,
    path=values.paths,
    name=values.names,
    place=st.none() | values.paths,
    inode=st.integers(0, 2**64 - 1),
    kind=values.shown,
    status=values.shown,
    reason=texts,
    project=st.none() | values.paths,
    target=st.none() | values.paths,
    python=texts,
    packages=st.lists(packages, max_size=4).map(tuple),
    on_disk=st.integers(0, 2**62),
    reclaimable=st.integers(0, 2**62),
    trash=st.none() | values.paths,
    state=st.sampled_from(["", TRASHED, FREED, RESTORED]),
    ended=values.times,
)
changes = st.builds(
    Change,
    action=st.sampled_from(Action),
    since=values.times,
    environments=st.lists(environments, min_size=1, max_size=3).map(tuple),
    stage=st.sampled_from(Stage),
    ended=values.times,
    owner=values.shown,
    journal=values.shown,
    content=values.shown,
)


def _deletion(*names: str) -> Change:
    trash = Path("/store/.venvdash-trash-1")
    found = [
        ChangedEnvironment(
            Path("/store") / name, name, inode=7, trash=trash.with_name(name), state=TRASHED
        )
        for name in names
    ]
    return Change(Action.DELETE, 5.0, tuple(found))


@pytest.mark.slow
@given(st.lists(changes, max_size=5))
@settings(deadline=None)
def test_what_is_kept_comes_back_newest_first(given_: list[Change]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        index = Index.open(path)
        stored = [replace(change, number=index.add_change(change)) for change in given_]
        assert [change.number for change in stored] == list(range(1, len(stored) + 1))
        index.close()
        index = Index.open(path, read_only=True)
        assert index.changes() == stored[::-1]
        for stage in Stage:
            assert index.changes(stage) == [one for one in stored[::-1] if one.stage is stage]
        index.close()


def test_what_became_of_the_trash_is_noted_once(path: Path) -> None:
    index = Index.open(path)
    change = _deletion("one", "other")
    index.add_change(change)
    one, other = change.environments
    assert one.trash is not None
    trash = one.trash
    for state, when in ((RESTORED, 7.0), (FREED, 9.0)):  # it is not there any more
        paths = [trash, Path("/never")]
        assert index.alter(lambda data: history.mark(data, paths, state, when))  # noqa: B023 - at once
    (found,) = index.changes()
    assert found.environments == (replace(one, state=RESTORED, ended=7.0), other)
    index.close()


def test_a_restore_that_is_undone_makes_its_deletion_undoable_again(path: Path) -> None:
    index = Index.open(path)
    index.add_change(_deletion("one"))
    (one,) = _deletion("one").environments
    assert one.trash is not None
    trash, again = one.trash, Path("/store/.venvdash-trash-2")
    index.alter(lambda data: history.mark(data, [trash], RESTORED, 7.0))
    restored = replace(one, place=one.path, trash=None, state="")
    number = index.add_change(Change(Action.RESTORE, 7.0, (restored,)))
    index.alter(lambda data: history.trash_again(data, number, restored, again, 8.0))
    restore, deletion = index.changes()
    assert (restore.stage, restore.ended, restore.environments[0].trash) == (
        Stage.UNDONE,
        8.0,
        again,
    )
    assert deletion.environments == (replace(one, trash=again, state=TRASHED),)
    index.close()


def test_a_number_is_never_used_again(path: Path) -> None:
    index = Index.open(path)
    numbers = [index.add_change(_deletion("a")) for _ in range(3)]
    gone = replace(_deletion(), number=numbers[-1])
    assert index.alter(lambda data: history.put(data, gone))
    assert [change.number for change in index.changes()] == [2, 1]
    assert index.add_change(_deletion("a")) == 4
    index.close()


def test_what_is_known_to_lie_in_the_trash_is_not_added_twice(path: Path) -> None:
    index = Index.open(path)
    index.add_change(_deletion("known"))
    found = [_deletion("known"), _deletion("unknown")]
    for _ in range(2):
        assert index.alter(lambda data: history.add_unknown(data, found))
    assert [one.environments[0].name for one in index.changes()] == ["unknown", "known"]
    index.close()


def test_the_oldest_go_first(path: Path) -> None:
    index = Index.open(path)
    for number in range(6):
        index.add_change(_deletion(*(f"{number}-{one}" for one in range(1000))))
    index.add_change(_deletion("last"))
    kept = index.changes()
    assert [change.number for change in kept] == [7, 6, 5, 4, 3]
    assert index.add_change(_deletion(*map(str, range(6000)))) == 8
    assert [len(change.environments) for change in index.changes()] == [6000]
    index.close()


def test_an_index_without_history_is_brought_up_to_date(path: Path) -> None:
    one = record(Path("/store/a"), projects=())
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    for statement in tables._STEPS[0]:
        database.execute(statement)
    database.execute(f"PRAGMA application_id = {tables._APPLICATION}")
    database.execute("PRAGMA user_version = 1")
    row = tables._row(one)[:12]  # what a record was then
    database.execute(f"INSERT INTO environment VALUES ({', '.join('?' * len(row))})", row)
    database.commit()
    database.close()
    os.chmod(path, 0o600)
    index = Index.open(path)
    assert index.problem == ""
    assert index.records() == {one.path: one}
    copy = record(Path("/store/b"), copied_from=one.path)
    assert index.remember([copy])
    assert index.records() == {one.path: one, copy.path: copy}
    assert index.changes() == []
    assert index.add_change(_deletion("a")) == 1
    index.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE changed SET packages = '{'",
        "UPDATE changed SET inode = 'x'",
        "UPDATE change SET action = 'x'",
        "UPDATE change SET stage = 'x'",
        "DROP TABLE changed",
    ],
)
def test_a_damaged_history_is_no_crash(path: Path, damage: str) -> None:
    index = Index.open(path)
    assert index.add_change(_deletion("a"))
    index.close()
    database = sqlite3.connect(path)
    database.execute(damage)
    database.commit()
    database.close()
    index = Index.open(path)
    assert index.changes() == []
    assert "damaged" in index.problem
    index.close()
