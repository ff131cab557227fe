"""The remembered list: read back as written, and as none where it is anything else."""

import os
import shutil
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venvdash.model import Flag, Location, Status
from venvdash.model.sorting import in_order
from venvdash.model.summary import Summary, Sums
from venvdash.records import snapshot
from venvdash.records.snapshot import NAME, Settings, Snapshot, encode, read, write
from venvdash.records.snapshot_rows import DamagedError

HOST = "0" * 32
_TEXT = st.text(max_size=40)
_PATH = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
_SIZE = st.none() | st.integers(0, 2**60)
SUMMARIES = st.builds(
    Summary,
    path=_PATH.map(lambda name: Path("/envs", name.strip("/") or "x")),
    name=_TEXT,
    status=st.sampled_from(Status),
    reason=_TEXT,
    store=_TEXT,
    kind=_TEXT,
    python=st.none() | st.from_regex(r"3\.\d{1,2}\.\d", fullmatch=True),
    implementation=st.none() | _TEXT,
    location=st.sampled_from(Location),
    flags=st.frozensets(st.sampled_from(Flag)),
    packages=st.integers(0, 9999),
    on_disk=_SIZE,
    reclaimable=_SIZE,
    at_most=st.booleans(),
    cache_held=_SIZE,
    files=_SIZE,
    used=st.none() | st.floats(0, 2**33),
    projects=st.lists(_PATH.map("/code/{}".format), max_size=3).map(tuple),
    place=st.none() | _PATH.map("/new/{}".format),
    note=_TEXT,
    user_files=_TEXT,
    here=st.just(False),
    confirmed=st.just(False),
    gone=st.just(False),
)
LISTS = st.lists(SUMMARIES, max_size=8, unique_by=lambda row: row.path)


def some(count: int = 5) -> list[Summary]:
    first = Summary(
        Path("/envs/a"),
        "a",
        Status.LINKED,
        on_disk=10,
        reclaimable=5,
        used=1.0,
        projects=("/code/a",),
        confirmed=False,
    )
    return [first._replace(path=Path(f"/envs/{n}"), name=f"env{n}") for n in range(count)]


def encoded(rows: list[Summary], **more: object) -> bytes:
    values: dict[str, object] = {"other": 0, "now": 1000.0, "settings": Settings(), **more}
    return encode(rows, HOST, **values)  # type: ignore[arg-type]  # one of each test


@given(LISTS, st.sampled_from(["name", "size", "used", "status", "where"]), st.booleans())
def test_a_list_is_read_back_as_it_was_shown(
    rows: list[Summary], sort: str, descending: bool
) -> None:
    settings = Settings("orphans", sort, descending)
    shown = in_order(rows, sort, descending=descending)
    back = Snapshot(encoded(shown, settings=settings, other=3), HOST)
    assert list(back.rows()) == back.decode() == shown
    assert (back.settings, back.written, back.other) == (settings, 1000.0, 3)
    for status in Status:
        assert list(back.rows(status)) == [row for row in shown if row.status is status]
        assert back.sums[status].rows == len(back.rows(status))
    total = Sums.total(back.sums.values())
    assert total.reclaimable == sum(row.reclaimable or 0 for row in shown)
    assert total.rows == len(shown)


@given(st.data())
def test_a_damaged_file_is_none(data: st.DataObject) -> None:
    whole = encoded(some())
    cut = data.draw(st.integers(0, len(whole) - 1))
    put = data.draw(st.binary(max_size=9))
    for damaged in (
        whole[:cut],
        whole[:cut] + put + whole[cut + len(put) + 1 :],
        put,
        whole + b"x",
    ):
        with pytest.raises(DamagedError):
            Snapshot(damaged, HOST)


@given(st.data())
def test_what_a_stranger_wrote_with_the_right_checksum_is_checked_as_well(
    data: st.DataObject,
) -> None:
    whole = encoded(some())
    start = len(b"venvdash list 2\n") + 8
    rest = bytearray(whole[start:])
    for _ in range(data.draw(st.integers(1, 4))):
        rest[data.draw(st.integers(0, len(rest) - 1))] = data.draw(st.integers(0, 255))
    (length,) = struct.unpack_from("<I", whole, start - 8)
    forged = whole[: start - 8] + struct.pack("<II", length, zlib.crc32(rest)) + rest
    try:
        found = Snapshot(forged, HOST)
    except DamagedError:
        return
    for row in found.rows():  # never an error: a line that cannot be read has no name
        assert isinstance(row.status, Status)
        assert row.path.is_absolute()
    try:
        rows = found.decode()
    except DamagedError:
        return
    for row in rows:
        assert not row.confirmed
        assert all(os.path.isabs(project) for project in row.projects)
        assert row.on_disk is None or row.on_disk >= 0


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row._replace(path=Path("relative")),
        lambda row: row._replace(path=Path("/nul\0")),
        lambda row: row._replace(projects=("code",)),
        lambda row: row._replace(packages=-1),
        lambda row: row._replace(on_disk=True),
        lambda row: row._replace(on_disk=1.5),
        lambda row: row._replace(used=float("nan")),
        lambda row: row._replace(used=float("inf")),
        lambda row: row._replace(name=7),
        lambda row: row._replace(flags=frozenset({"no-such-flag"})),
        lambda row: row._replace(place="/\ud800"),
    ],
)
def test_every_value_is_checked(change: Callable[[Summary], Summary]) -> None:
    rows = some()
    rows[2] = change(rows[2])
    back = Snapshot(encoded(rows), HOST)
    with pytest.raises(DamagedError):
        back.decode()
    assert [row.name for row in back.rows()] == ["env0", "env1", "?", "env3", "env4"]


def test_no_two_rows_have_one_path() -> None:
    with pytest.raises(DamagedError):
        Snapshot(encoded([*some(1), *some(1)]), HOST).decode()


def test_the_list_of_a_copied_home_counts_as_none(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write(old, HOST, some(), other=0, now=1000.0)
    shutil.copytree(old, new)
    assert read(new, HOST) is None
    assert read(old, HOST) is not None
    old.rename(tmp_path / "older")
    assert read(tmp_path / "older", HOST) is None, "its paths are the old ones"


def test_another_host_user_or_version_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, HOST, some(), other=0, now=1000.0)
    assert read(tmp_path, HOST) is not None
    assert read(tmp_path, "1" * 32) is None
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "own_uid", lambda: 12345)
        assert read(tmp_path, HOST) is None
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "STORED", ("path",))
        assert read(tmp_path, HOST) is None
    file = tmp_path / NAME
    file.write_bytes(file.read_bytes().replace(b"venvdash list 2\n", b"venvdash list 3\n"))
    assert read(tmp_path, HOST) is None


@pytest.mark.parametrize("kind", ["nothing", "link", "directory", "fifo", "others", "hard link"])
def test_what_is_no_file_of_the_users_own_counts_as_none(tmp_path: Path, kind: str) -> None:
    state, file = tmp_path / "state", tmp_path / "state" / NAME
    write(state, HOST, some(), other=0, now=1000.0)
    moved = file.rename(tmp_path / "elsewhere")
    if kind == "link":
        file.symlink_to(moved)
    elif kind == "directory":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file)
    elif kind == "others":
        moved.rename(file)
        state.chmod(0o777)
    elif kind == "hard link":
        os.link(moved, file)
    assert read(state, HOST) is None


def test_the_file_is_written_only_when_something_changed(tmp_path: Path) -> None:
    assert write(tmp_path, HOST, some(), other=0, now=1000.0)
    assert not write(tmp_path, HOST, some(), other=0, now=1030.0)
    assert write(tmp_path, HOST, some(4), other=0, now=1031.0), "a row less"
    assert write(tmp_path, HOST, some(4), other=1, now=1032.0), "another count"
    assert write(tmp_path, HOST, some(4), other=1, now=2000.0), "the date is old"
    back = read(tmp_path, HOST)
    assert back is not None
    assert back.written == 2000.0


def test_who_has_no_settings_keeps_those_of_the_dashboard(tmp_path: Path) -> None:
    settings = Settings("orphans", "size", True)
    write(tmp_path, HOST, some(), other=0, now=1000.0, settings=settings)
    write(tmp_path, HOST, some(3), other=0, now=1001.0)
    back = read(tmp_path, HOST)
    assert back is not None
    assert back.settings == settings
    assert len(back.rows()) == 3


def test_the_rows_of_the_present_project_are_marked(tmp_path: Path) -> None:
    row = some(1)[0]
    write(tmp_path, HOST, [row], other=0, now=1.0)
    for cwd, here in ((Path("/code/a/src"), True), (Path("/code/b"), False), (None, False)):
        back = read(tmp_path, HOST, cwd)
        assert back is not None
        assert back.rows()[0].here is here


def test_several_that_write_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    def work(count: int) -> None:
        for round_ in range(15):
            write(tmp_path, HOST, some(count), other=0, now=float(round_))

    writers = [threading.Thread(target=work, args=(count,)) for count in (3, 40, 200)]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        back = read(tmp_path, HOST)
        if back is not None:
            seen.add(len(back.decode()))
    for writer in writers:
        writer.join()
    last = read(tmp_path, HOST)
    assert last is not None
    assert seen | {len(last.decode())} <= {3, 40, 200}
    assert [file.name for file in tmp_path.iterdir()] == [NAME]
