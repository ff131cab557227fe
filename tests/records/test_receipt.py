"""Receipts: what goes in comes out, whatever the disk called it; old indexes learn of them."""

import os
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records import values
from tests.records.world import record
from venvdash.model import Package
from venvdash.records import tables
from venvdash.records.index import Index
from venvdash.records.receipt import FREED, RESTORED, TRASHED, Receipt

texts = st.just("") | values.names | values.shown
packages = st.builds(
    Package, name=texts, version=texts, origin=st.none() | texts, editable=st.booleans()
)
receipts = st.builds(
    Receipt,
    path=values.paths,
    name=values.names,
    deleted=values.times,
    kind=values.shown,
    status=values.shown,
    reason=texts,
    project=st.none() | values.paths,
    python=texts,
    packages=st.lists(packages, max_size=4).map(tuple),
    on_disk=st.integers(0, 2**62),
    reclaimable=st.integers(0, 2**62),
    trash=st.none() | values.paths,
    state=st.sampled_from([TRASHED, FREED, RESTORED]),
    ended=values.times,
)


@given(st.lists(receipts, max_size=5))
@settings(deadline=None)
def test_what_is_kept_comes_back_newest_first(given_: list[Receipt]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        index = Index.open(path)
        assert index.keep_receipts(given_), index.problem
        index.close()
        index = Index.open(path, read_only=True)
        assert index.receipts() == given_[::-1]
        index.close()


def test_what_became_of_the_trash_is_noted_once(path: Path) -> None:
    one = Receipt(Path("/store/a"), "a", 5.0, trash=Path("/store/.venvdash-trash-1"))
    other = replace(one, trash=Path("/store/.venvdash-trash-2"))
    index = Index.open(path)
    assert index.keep_receipts([one, other])
    assert one.trash is not None
    assert index.mark_receipts([one.trash, Path("/never")], RESTORED, 7.0)
    assert index.mark_receipts([one.trash], FREED, 9.0)  # it is not there any more
    assert index.receipts() == [other, replace(one, state=RESTORED, ended=7.0)]
    index.close()


def test_the_oldest_go_first(path: Path) -> None:
    index = Index.open(path)
    many = [Receipt(Path(f"/store/{n}"), str(n), float(n)) for n in range(5003)]
    assert index.keep_receipts(many)
    kept = index.receipts()
    assert (len(kept), kept[0].name, kept[-1].name) == (5000, "5002", "3")
    index.close()


def test_an_index_without_receipts_is_brought_up_to_date(path: Path) -> None:
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
    assert index.receipts() == []
    assert index.keep_receipts([Receipt(Path("/store/a"), "a", 5.0)])
    index.close()


def test_damaged_packages_are_no_crash(path: Path) -> None:
    index = Index.open(path)
    assert index.keep_receipts([Receipt(Path("/store/a"), "a", 5.0)])
    index.close()
    database = sqlite3.connect(path)
    database.execute("UPDATE receipt SET packages = '{'")
    database.commit()
    database.close()
    index = Index.open(path)
    assert index.receipts() == []
    assert "damaged" in index.problem
    index.close()
