"""The index: what goes in comes out, and whatever is wrong with it is told, never raised."""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Home
from tests.records import values
from tests.records.world import NOW, filled, record
from venvdash.model import EvidenceKind, ProjectRecord, Record, Usage, UserFiles, UserPlace
from venvdash.records.index import Index, index_path
from venvdash.system.machine import Machine


def plain(index: Index) -> dict[Path, Record]:
    """The records, with their projects in one order."""
    return {path: _ordered(one) for path, one in index.records().items()}


def _ordered(one: Record) -> Record:
    return replace(one, projects=tuple(sorted(one.projects, key=lambda project: project.path)))


@pytest.mark.slow
@given(st.lists(values.records, max_size=6, unique_by=lambda one: one.path))
@settings(deadline=None)
def test_what_is_remembered_comes_back(given_: list[Record]) -> None:
    given_ = [replace(one, identity=f"{n:032x}") for n, one in enumerate(given_)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        for _ in range(2):
            index = Index.open(path)
            assert index.remember(given_), index.problem
            index.close()
        index = Index.open(path)
        assert plain(index) == {one.path: _ordered(one) for one in given_}
        assert {p.path for p in index.projects()} == {p.path for r in given_ for p in r.projects}
        assert index.problem == ""
        index.close()


def test_the_file_is_private_and_its_name_may_be_anything(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"st\xffa?te#") / "ho%st.sqlite"
    one = filled(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == [path.name]
    again = Index.open(path)
    assert again.records() == {one.path: one}
    again.close()


def test_a_record_replaces_what_had_its_id_or_its_path(path: Path) -> None:
    one = filled(path)
    index = Index.open(path)
    moved = replace(one, path=Path("/store/b"))
    assert index.remember([moved])
    assert index.records() == {moved.path: moved}
    other = record(Path("/store/b"))
    assert index.remember([other])
    assert index.records() == {other.path: other}
    index.close()


def test_sizes_go_in_and_out_and_away(path: Path) -> None:
    one = filled(path)
    index = Index.open(path)
    first = {one.path: (Usage(1, 2**62, 3, 4, None, False, 5.5, at_most=True), b"\0trace")}
    places = (("a\udc80/", UserPlace.CHECKOUT), ("notes.txt", UserPlace.FILE))
    own = UserFiles(2**40, 2**50, places)
    second = {Path("/store/b"): (Usage(1, 2, 3, 4, 5, True, 6.5, own, 7), b"")}
    assert index.remember_scan([], {}, first) == set()
    assert index.remember_scan([], {}, second) == set()
    assert index.sizes() == first | second
    assert index.forget([one.path])
    assert index.sizes() == second
    index.close()


def test_projects_outlive_their_environments(path: Path) -> None:
    old = ProjectRecord(Path("/code/old"), EvidenceKind.USER, name="old", first_seen=1, last_seen=2)
    newer = replace(old, how=EvidenceKind.HASH, last_seen=9)
    other = ProjectRecord(Path("/code/other"), EvidenceKind.HASH, last_seen=5)
    one = record(Path("/store/a"), projects=(old,))
    two = record(Path("/store/b"), projects=(newer, other))
    index = Index.open(path)
    assert index.remember([one, two])
    assert index.projects() == (newer, other)
    assert index.forget([one.path, two.path, Path("/never/seen")])
    assert index.records() == {}
    assert index.projects() == (newer, other)
    index.close()


def test_forgotten_projects_do_not_pile_up(path: Path) -> None:
    index = Index.open(path)
    gone = []
    for number in range(1100):
        project = ProjectRecord(Path(f"/code/{number}"), EvidenceKind.HASH, last_seen=number)
        gone.append(record(Path(f"/store/{number}"), projects=(project,)))
    assert index.remember(gone)
    assert index.forget(one.path for one in gone)
    kept = index.projects()
    assert len(kept) == 1000
    assert kept[0].last_seen == 1099
    index.close()


def test_read_only_makes_nothing(path: Path) -> None:
    index = Index.open(path, read_only=True)
    assert not index.usable
    assert index.problem == ""
    assert not index.remember([record(Path("/store/a"))])
    index.close()
    assert not path.parent.exists()


def test_read_only_writes_nothing(path: Path) -> None:
    one = filled(path)
    before = path.read_bytes()
    index = Index.open(path, read_only=True)
    assert index.records() == {one.path: one}
    assert not index.remember([replace(one, note="new")])
    assert not index.forget([one.path])
    assert index.records() == {one.path: one}
    index.close()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


# Where it lies.


def test_where_it_lies(home: Home) -> None:
    def state(**variables: str) -> Path:
        return Machine(home=Path("/h"), variables=variables).state_directory

    assert state() == Path("/h/.local/state/venvdash")
    assert state(XDG_STATE_HOME="/s") == Path("/s/venvdash")
    assert state(XDG_STATE_HOME="s") == Path("/h/.local/state/venvdash")
    assert state(XDG_STATE_HOME="/s", VENVDASH_STATE_DIR="~/v") == Path("/h/v")
    assert index_path(home.machine(), "abc").name == "abc.sqlite"


def test_nothing_slow_is_imported_before_it_is_needed(home: Home) -> None:
    code = (
        "import sys, venvdash.records.index, venvdash.records.sidecar, venvdash.records.identity;"
        "print({'sqlite3', 'tomlkit', 'platformdirs', 'psutil', 'json'} & set(sys.modules))"
    )
    assert home.run(sys.executable, "-c", code).stdout.strip() == "set()"


def test_a_listing_of_many(path: Path) -> None:
    many = [record(Path(f"/store/{n}"), last_seen=NOW + n) for n in range(3000)]
    index = Index.open(path)
    assert index.remember(many)
    assert index.records() == {one.path: one for one in many}
    index.close()


def test_a_scan_leaves_what_another_process_stored_since_it_began(path: Path) -> None:
    index, other = Index.open(path), Index.open(path)
    one, two, three = (record(Path("/store") / name) for name in ("a", "b", "c"))
    assert index.remember([one, two])
    known = index.records()
    noted = replace(one, note="from the other", last_seen=NOW + 1)
    renamed = replace(two, path=Path("/store/new"), last_seen=NOW + 1)
    rival = record(three.path)  # first seen by both
    assert other.remember([noted, renamed, rival])
    scanned = [replace(each, last_seen=NOW + 2) for each in (one, two, three)]
    four = record(Path("/store/d"))
    assert index.remember_scan([*scanned, four], known, {}) == {four.path}
    expected = {each.path: each for each in (noted, renamed, rival, four)}
    assert index.records() == expected
    again = replace(four, last_seen=NOW + 3)
    assert index.remember_scan([again], index.records(), {}) == {four.path}
    index.close()
    other.close()


def test_the_work_of_a_scan_grows_with_the_records(path: Path) -> None:
    counts = []
    for number in (200, 400):
        many = [record(Path(f"/store/{number}-{n}")) for n in range(number)]
        index = Index.open(path.with_name(f"{number}.sqlite"))
        steps = [0]

        def count(steps: list[int] = steps) -> int:
            steps[0] += 1
            return 0

        assert index._database is not None
        index._database.set_progress_handler(count, 100)  # instructions of SQLite's machine
        assert index.remember_scan(many, {}, {})
        known = index.records()
        later = [replace(one, last_seen=NOW + 1) for one in many]
        assert len(index.remember_scan(later, known, {}) or ()) == number
        counts.append(steps[0])
        index.close()
    assert counts[1] < 2.5 * counts[0]
