"""Knowing environments again: every rule, on directories that were really moved and copied."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.records.world import World, fingerprint, make, record, wait_for_another_tick
from venvdash.model import EvidenceKind, Relation
from venvdash.records import sidecar
from venvdash.records.identity import kept, new_record, relate, valid_identity
from venvdash.records.index import Index


def copy(source: Path, target: Path) -> Path:
    wait_for_another_tick()
    subprocess.run(["cp", "-a", source, target], check=True)
    return target


def forget_everything(world: World) -> None:
    world.index.close()
    world.index.path.unlink()
    world.index = Index.open(world.index.path)


def test_never_seen(world: World) -> None:
    a, b = make(world.store / "a"), make(world.store / "b")
    seen = world.look()
    assert {memory.relation for memory in seen.values()} == {Relation.NEW}
    ids = {memory.record.identity for memory in seen.values()}
    assert len(ids) == 2
    assert all(valid_identity(identity) for identity in ids)
    assert seen[a].record.path == a
    assert seen[b].record.fingerprint == fingerprint(b)


def test_unchanged(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    memory = world.look()[a]
    assert memory.relation is Relation.SAME
    assert memory.record.identity == first.identity
    assert [p.path for p in memory.record.projects] == [world.project(a)]
    assert world.asked == []


def test_a_lost_sidecar_is_healed_from_the_index(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    (a / sidecar.NAME).unlink()
    memory = world.list()[a]
    assert memory.relation is Relation.SAME
    assert memory.record.identity == first.identity
    healed = sidecar.read(a, os.getuid())
    assert not isinstance(healed, sidecar.SidecarProblem)
    assert healed is not None
    assert healed.identity == first.identity


def test_a_lost_index_is_rebuilt_from_the_sidecar(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    forget_everything(world)
    memory = world.list()[a]
    assert memory.relation is Relation.SAME
    assert memory.record.identity == first.identity
    assert world.index.records()[a].projects[0].path == world.project(a)


def test_both_lost_is_new(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    (a / sidecar.NAME).unlink()
    forget_everything(world)
    memory = world.look()[a]
    assert memory.relation is Relation.NEW
    assert memory.record.identity != first.identity


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_moved(world: World, index: str) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    b = a.rename(world.store / "b")
    if index == "lost":
        forget_everything(world)
    memory = world.list()[b]
    assert memory.relation is Relation.RENAMED
    assert memory.record.identity == first.identity
    assert memory.record.path == b
    assert [p.path for p in memory.record.projects] == [world.project(a)]
    assert set(world.index.records()) == {b}
    assert world.look()[b].relation is Relation.SAME


def test_two_that_changed_places(world: World) -> None:
    a, b = make(world.store / "a"), make(world.store / "b")
    before = {path: memory.record.identity for path, memory in world.list().items()}
    spare = a.rename(world.store / "c")
    b.rename(a)
    spare.rename(b)
    after = world.list()
    assert {memory.relation for memory in after.values()} == {Relation.RENAMED}
    assert after[a].record.identity == before[b]
    assert after[b].record.identity == before[a]
    assert {memory.relation for memory in world.look().values()} == {Relation.SAME}


def test_a_new_one_where_another_moved_away(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    b = a.rename(world.store / "b")
    make(a)
    seen = world.list()
    assert seen[b].relation is Relation.RENAMED
    assert seen[b].record.identity == first.identity
    assert seen[a].relation is Relation.NEW
    assert seen[a].record.projects == ()


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_copy(world: World, index: str) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    b = copy(a, world.store / "b")
    if index == "lost":
        forget_everything(world)
    for _ in range(3):  # it stays a copy, listing after listing
        seen = world.list()
        assert seen[a].relation is Relation.SAME
        assert seen[a].record.identity == first.identity
        assert seen[b].relation is Relation.COPY
        assert seen[b].original == a
        assert kept(seen[b], world.now) is None
        assert set(world.index.records()) == {a}


def test_a_copy_whose_original_was_deleted(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    b = copy(a, world.store / "b")
    shutil.rmtree(a)
    memory = world.list()[b]
    assert memory.relation is Relation.RENAMED
    assert memory.record.identity == first.identity
    assert memory.record.fingerprint == fingerprint(b)


def test_a_copy_of_one_that_lost_its_sidecar(world: World) -> None:
    a = make(world.store / "a")
    world.list()
    b = copy(a, world.store / "b")
    (a / sidecar.NAME).unlink()
    seen = world.look()
    assert seen[a].relation is Relation.SAME
    assert (seen[b].relation, seen[b].original) == (Relation.COPY, a)
    forget_everything(world)
    seen = world.look()
    assert seen[a].relation is Relation.NEW
    assert (seen[b].relation, seen[b].original) == (Relation.COPY, a)


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_copy_of_one_that_is_not_in_the_table(world: World, index: str) -> None:
    a = make(world.store / "a")
    world.list()
    b = copy(a, world.store / "b")
    world.outside.add(a)
    if index == "lost":
        forget_everything(world)
    memory = world.look()[b]
    assert (memory.relation, memory.original) == (Relation.COPY, a)
    assert world.asked == [a]


def test_two_copies_of_one_that_is_gone(world: World) -> None:
    a = make(world.store / "a")
    world.list()
    b, c = copy(a, world.store / "b"), copy(a, world.store / "c")
    shutil.rmtree(a)
    seen = world.list()
    assert {memory.relation for memory in seen.values()} == {Relation.COPY}
    assert seen[b].original is seen[c].original is None
    assert set(world.index.records()) == {a}  # nothing was decided, so nothing is stored


def test_a_copy_that_claims_to_be_the_original(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    b = copy(a, world.store / "b")
    forged = replace(first, path=b, fingerprint=fingerprint(b), last_seen=world.now + 1e6)
    sidecar.write(b, forged)
    seen = world.look()
    assert seen[a].relation is Relation.SAME
    assert (seen[b].relation, seen[b].original) == (Relation.COPY, a)
    forget_everything(world)
    seen = world.look()  # without the index nothing tells them apart
    assert {memory.relation for memory in seen.values()} == {Relation.COPY}


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_back_from_a_backup(world: World, index: str, tmp_path: Path) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    subprocess.run(["tar", "-cf", tmp_path / "a.tar", "-C", world.store, "a"], check=True)
    shutil.rmtree(a)
    wait_for_another_tick()
    subprocess.run(["tar", "-xf", tmp_path / "a.tar", "-C", world.store], check=True)
    if index == "lost":
        forget_everything(world)
    memory = world.list()[a]
    assert memory.relation is Relation.RESTORED
    assert memory.record.identity == first.identity
    assert memory.record.fingerprint == fingerprint(a) != first.fingerprint
    assert world.look()[a].relation is Relation.SAME


def test_back_from_a_backup_with_a_copy_beside_it(world: World) -> None:
    a = make(world.store / "a")
    world.list()
    b = copy(a, world.store / "b")
    shutil.rmtree(a)
    copy(b, a)
    seen = world.look()
    assert seen[a].relation is Relation.RESTORED
    assert (seen[b].relation, seen[b].original) == (Relation.COPY, a)


@pytest.mark.slow
def test_uv_makes_it_again(world: World, home: Home) -> None:
    a = world.store / "a"
    home.uv("venv", a)
    first = world.list()[a].record
    sidecar.write(a, replace(first, note="mine", pinned=True))
    world.index.remember([replace(world.index.records()[a], note="mine", pinned=True)])
    home.uv("venv", "--clear", a)  # as a rule under the same inode
    assert not (a / sidecar.NAME).exists()
    memory = world.list()[a]
    assert memory.relation is Relation.RECREATED
    assert memory.record.identity != first.identity
    assert [(p.path, p.how) for p in memory.record.projects] == [
        (world.project(a), EvidenceKind.HASH)
    ]
    assert (memory.record.note, memory.record.pinned) == ("mine", True)
    again = world.look()[a]
    assert again.relation is Relation.SAME
    assert again.record.identity == memory.record.identity
    assert [p.how for p in again.record.projects] == [EvidenceKind.MENTION]


@pytest.mark.parametrize("inode", ["same", "other"])
def test_made_again(world: World, inode: str) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    wait_for_another_tick()
    if inode == "same":
        for file in a.iterdir():
            file.unlink()
        (a / "pyvenv.cfg").write_text("home = /usr/bin\n")
    else:
        other = make(world.store / "b")
        shutil.rmtree(a)
        other.rename(a)
    assert (a.stat().st_ino == first.fingerprint.inode) is (inode == "same")
    memory = world.look()[a]
    assert memory.relation is Relation.RECREATED
    assert memory.record.identity != first.identity
    assert memory.record.fingerprint == fingerprint(a)


def test_another_home_gave_it_another_id(world: World) -> None:
    a = make(world.store / "a")
    world.list()
    theirs = record(a, last_seen=world.now + 30)
    sidecar.write(a, theirs)
    world.now += 60
    memory = world.list()[a]
    assert memory.relation is Relation.SAME
    assert memory.record.identity == theirs.identity
    assert {p.path for p in world.index.records()[a].projects} >= {theirs.projects[0].path}
    assert world.look()[a].record.identity == theirs.identity


def test_another_home_made_it_again(world: World) -> None:
    a = make(world.store / "a")
    world.list()
    shutil.rmtree(a)
    wait_for_another_tick()
    make(a)
    theirs = record(a)
    sidecar.write(a, theirs)
    memory = world.look()[a]
    assert memory.relation is Relation.SAME
    assert memory.record.identity == theirs.identity
    assert memory.record.projects == theirs.projects


def test_something_else_with_an_unknown_id_is_a_hint(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    shutil.rmtree(a)
    wait_for_another_tick()
    make(a)
    stale = record(a, fingerprint=first.fingerprint)
    sidecar.write(a, stale)
    memory = world.look()[a]
    assert memory.relation is Relation.RECREATED
    assert memory.record.identity not in (first.identity, stale.identity)
    after = kept(memory, world.now)
    assert after is not None
    assert {p.how for p in after.projects} == {EvidenceKind.MENTION}


def test_a_sidecar_of_another_environment_does_not_outvote_the_index(world: World) -> None:
    a, b = make(world.store / "a"), make(world.store / "b")
    ids = {path: memory.record.identity for path, memory in world.list().items()}
    shutil.copy2(a / sidecar.NAME, b / sidecar.NAME)
    seen = world.look()
    assert {path: memory.record.identity for path, memory in seen.items()} == ids
    assert {memory.relation for memory in seen.values()} == {Relation.SAME}
    assert [p.path for p in seen[b].record.projects] == [world.project(b)]


def test_a_stranger_takes_the_unknown_id_of_another(world: World) -> None:
    """Both carry an id that the index does not know; one of them it knows by its fingerprint."""
    a = make(world.store / "a")
    first = world.list()[a].record
    b = make(world.store / "b")
    theirs = record(b)
    sidecar.write(b, theirs)
    sidecar.write(a, theirs)
    seen = world.look()
    assert (seen[b].relation, seen[b].record.identity) == (Relation.SAME, theirs.identity)
    assert (seen[a].relation, seen[a].record.identity) == (Relation.SAME, first.identity)


@pytest.mark.parametrize("identity", ["", "x" * 32, "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n"])
def test_an_id_of_the_wrong_form_is_ignored(world: World, identity: str) -> None:
    a = make(world.store / "a")
    assert not valid_identity(identity)
    found = replace(world.found()[0], sidecar=record(a, identity=identity))
    memory = relate([found], {}, lambda path: False, world.now)[a]
    assert memory.relation is Relation.NEW


def test_a_sidecar_from_the_future_does_not_win_for_ever(world: World) -> None:
    a = make(world.store / "a")
    first = world.list()[a].record
    mine = replace(world.index.records()[a], note="mine", last_seen=world.now + 50)
    world.index.remember([mine])
    sidecar.write(a, replace(first, note="forged", last_seen=world.now * 2))
    world.now += 10  # the sidecar counts as written now, the index is a little ahead
    assert world.look()[a].record.note == "mine"


def test_new_records_never_share_an_id(world: World) -> None:
    a = make(world.store / "a")
    records = [new_record(a, fingerprint(a), 5.0) for _ in range(1000)]
    assert len({one.identity for one in records}) == 1000
    assert {one.first_seen for one in records} == {5.0}
