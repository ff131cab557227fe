"""What a scan learned is stored once its rows are shown, and never before."""

import errno
import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.actions.crashing import in_child
from tests.actions.deleting import small
from tests.answering import user
from tests.conftest import Home
from tests.scenario import venv
from tests.waiting import waited
from venvdash.cli import cli
from venvdash.config import Config
from venvdash.model import Record, Status
from venvdash.records import answers, pins, sidecar
from venvdash.records import snapshot as lists
from venvdash.records.index import Index, index_path
from venvdash.session import Session
from venvdash.system.host import host_id

_PIPE = 4096  # bytes, the smallest that Linux has


def environments(home: Home, count: int) -> list[Path]:
    """Make environments that name a project, and the projects."""
    made = [small(home.path / ".virtualenvs" / f"app{number}") for number in range(count)]
    for path in made:
        project = home.path / "code" / path.name
        project.mkdir(parents=True, exist_ok=True)
        (path / ".project").write_text(f"{project}\n")
    return made


def scanned(home: Home) -> Session:
    session = Session(home.machine(), Config())
    for _ in session.scan(usage=False):
        pass
    return session


def remembered(home: Home) -> Session:
    session = scanned(home)
    assert session.remember() == []
    return session


def in_index(home: Home) -> dict[Path, Record]:
    index = Index.open(index_path(home.machine(), host_id()), read_only=True)
    try:
        return index.records()
    finally:
        index.close()


def test_a_scan_stores_nothing_before_it_is_told_to(home: Home) -> None:
    made = environments(home, 3)
    session = scanned(home)
    assert all(row.record for row in session.rows.values())
    assert not any((path / sidecar.NAME).exists() for path in made)
    assert in_index(home) == {}
    assert session.remember() == []
    assert all(isinstance(sidecar.read(path, os.getuid()), Record) for path in made)
    assert set(in_index(home)) == set(made)


def test_a_change_is_stored_after_what_the_scan_learned(home: Home) -> None:
    first, second = environments(home, 2)
    session = scanned(home)
    session.actions.note(session.rows[first], "for the demo")
    assert set(in_index(home)) == {first, second}
    session.remember()
    found = sidecar.read(first, os.getuid())
    assert isinstance(found, Record)
    assert found.note == "for the demo"
    assert found.projects


def test_the_list_and_its_names_are_stored_as_a_deletion_left_them(home: Home) -> None:
    first, second = environments(home, 2)
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    state = session.machine.state_directory
    for _ in session.deletions.delete(session.deletions.plan_delete([first])):
        pass
    assert set(in_index(home)) >= {first, second}  # but no more: it would be outdated by now
    assert not (state / lists.NAME).exists()
    assert not (state / answers.NAMES).exists()
    session.remember()
    listed = lists.read(state, host_id())
    assert listed is not None
    assert [row.path for row in listed.decode()] == [second]
    assert answers.NamesFile(state).beginning("") == [session.rows[second].name]


def test_a_list_stores_nothing_before_its_output_was_read(home: Home) -> None:
    made = environments(home, 12)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    command = [sys.executable, "-m", "venvdash", "list", "--json", "--no-usage"]
    listing = subprocess.Popen(command, stdout=writing, env=home.variables, cwd=home.path)
    os.close(writing)

    def full() -> bool:
        waiting = fcntl.ioctl(reading, termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder) == _PIPE

    waited(full)
    assert listing.poll() is None
    assert not any((path / sidecar.NAME).exists() for path in made)
    assert in_index(home) == {}
    with open(reading, "rb") as output:
        assert len(output.read()) > 2 * _PIPE
    assert listing.wait(timeout=60) == 0
    assert all((path / sidecar.NAME).exists() for path in made)
    assert set(in_index(home)) == set(made)


def snapshot(*roots: Path) -> dict[Path, tuple[int, int, int]]:
    """Return inode, size and time of everything below these directories."""
    found = {}
    for root in roots:
        for path in [root, *root.rglob("*")]:
            status = path.lstat()
            found[path] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def sidecars(paths: Iterable[Path]) -> dict[Path, Record]:
    """Return the sidecars, which must all be whole."""
    found = {path: sidecar.read(path, os.getuid()) for path in paths}
    assert all(isinstance(one, Record) for one in found.values()), found
    return {path: one for path, one in found.items() if isinstance(one, Record)}


def test_nothing_is_flushed_for_each_sidecar(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = environments(home, 3)
    session = scanned(home)
    flushed: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: flushed.append(os.readlink(f"/proc/self/fd/{file}"))
    )
    session.remember()
    assert not [place for place in flushed if ".virtualenvs" in place]
    assert sidecars(made)


def test_what_is_known_is_neither_read_nor_written_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = environments(home, 3)
    remembered(home)
    before = snapshot(*made)
    calls: list[Path] = []
    monkeypatch.setattr(sidecar, "read", lambda path, uid: calls.append(path))
    monkeypatch.setattr(sidecar, "write", lambda path, record, flush: calls.append(path))
    monkeypatch.setattr(Index, "alter", lambda self, change: calls.append(self.path))
    remembered(home)
    assert calls == []
    assert snapshot(*made) == before


def test_a_new_index_takes_over_what_sidecars_say(home: Home) -> None:
    made = environments(home, 3)
    remembered(home)
    before, records = snapshot(*made), sidecars(made)
    index_path(home.machine(), host_id()).unlink()
    remembered(home)
    assert snapshot(*made) == before
    found = in_index(home)
    assert {path: one.identity for path, one in found.items()} == {
        path: one.identity for path, one in records.items()
    }


@pytest.mark.parametrize("left", [b"", bytes(500)], ids=["empty", "zeros"])
def test_a_sidecar_that_a_power_failure_left_is_no_record(home: Home, left: bytes) -> None:
    made = environments(home, 2)
    remembered(home)
    for path in made:
        (path / sidecar.NAME).write_bytes(left)
        assert isinstance(sidecar.read(path, os.getuid()), sidecar.SidecarProblem)
    before = in_index(home)
    session = remembered(home)
    assert {row.verdict.status for row in session.rows.values()} == {Status.LINKED}
    assert {one.identity for one in in_index(home).values()} == {
        one.identity for one in before.values()
    }


def test_what_another_process_changed_meanwhile_stays(home: Home) -> None:
    first, second = environments(home, 2)
    remembered(home)
    (first / "pyvenv.cfg").touch()  # so that there is something to store of both
    (second / "pyvenv.cfg").touch()
    slow = scanned(home)
    quick = scanned(home)
    quick.actions.note(quick.rows[first], "for the demo")
    quick.actions.pin(quick.rows[second], pinned=True)
    assert slow.remember() == []
    for found in (in_index(home), sidecars([first, second])):
        assert found[first].note == "for the demo"
        assert found[second].pinned
    again = scanned(home)
    quick.actions.pin(quick.rows[second], pinned=False)
    again.remember()
    assert not in_index(home)[second].pinned
    assert not pins.read(home.machine().state_directory).paths


def test_several_processes_at_once_lose_nothing(home: Home) -> None:
    made = environments(home, 25)
    command = [sys.executable, "-m", "venvdash"]
    commands = [
        [*command, "list", "--json"],
        [*command, "list", "--no-usage"],
        [*command, "prune", "--dry-run"],
        [*command, "note", "app3", "for the demo"],
    ]
    running = [
        subprocess.Popen(
            one, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.variables, cwd=home.path
        )
        for one in commands
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert (process.returncode, said) == (0, b"")
    remembered(home)
    found = in_index(home)
    assert set(found) == set(made)
    assert all(one.projects for one in found.values())
    assert found[made[3]].note == "for the demo"
    for path, one in sidecars(made).items():
        assert (one.identity, one.note) == (found[path].identity, found[path].note)


def test_a_kill_while_sidecars_are_written_loses_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = environments(home, 4)
    session = scanned(home)
    write = sidecar.write
    written: list[Path] = []

    def write_two(path: Path, record: Record, *, flush: bool) -> None:
        if len(written) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        written.append(path)
        write(path, record, flush=flush)

    monkeypatch.setattr(sidecar, "write", write_two)
    assert in_child(session.remember) == -signal.SIGKILL
    monkeypatch.undo()
    found = in_index(home)
    assert set(found) == set(made)
    assert sum((path / sidecar.NAME).exists() for path in made) == 2
    remembered(home)
    for path, one in sidecars(made).items():
        assert one.identity == found[path].identity


def test_where_nothing_can_be_written_only_the_records_are_lost(home: Home) -> None:
    made = environments(home, 2)
    before = snapshot(*made)
    done = subprocess.run(
        [sys.executable, "-m", "venvdash", "list", "--json", "--no-usage"],
        env=home.variables,
        cwd=home.path,
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        timeout=60,
    )
    assert done.returncode == 0
    listed = json.loads(done.stdout)["environments"]
    assert {one["status"] for one in listed} == {"linked"}
    assert b"so no records are kept" in done.stderr
    assert b"2 sidecars cannot be written: " in done.stderr
    assert b"Traceback" not in done.stderr
    assert set(snapshot(*made)) == set(before)


def test_without_records_nothing_is_written(home: Home) -> None:
    environments(home, 3)
    home.venvdash("list")  # makes what is not the records'
    for name in (*home.path.rglob("*.sqlite"), *home.path.rglob(sidecar.NAME)):
        name.unlink()
    for _ in range(2):
        before = snapshot(home.path)
        for words in (
            ["list"],
            ["list", "--json", "--no-usage"],
            ["prune", "-n"],
            ["info", "app1"],
        ):
            home.venvdash("--no-records", *words, check=False)
            assert snapshot(home.path) == before, words
        home.venvdash("list")  # now with an index and sidecars


def test_the_work_of_storing_grows_with_the_environments(home: Home) -> None:
    counts = []
    for number in (15, 30):
        shutil.rmtree(home.path / ".virtualenvs", ignore_errors=True)
        environments(home, number)
        session = scanned(home)
        calls = [0]

        def count(*_: object, calls: list[int] = calls) -> None:
            calls[0] += 1

        sys.setprofile(count)
        try:
            session.remember()
        finally:
            sys.setprofile(None)
        counts.append(calls[0])
        assert len(sidecars(session.rows)) == number
        index_path(home.machine(), host_id()).unlink()
    assert counts[1] < 2.2 * counts[0]


def test_a_lost_file_of_pins_is_made_again_from_the_records(home: Home) -> None:
    made = environments(home, 3)
    session = remembered(home)
    for path in made[:2]:
        session.actions.pin(session.rows[path], pinned=True)
    state = home.machine().state_directory
    known = pins.read(state)
    (state / pins.NAME).unlink()
    remembered(home)
    assert pins.read(state) == known
    assert set(known.paths.values()) == set(made[:2])


def test_records_that_cannot_be_stored_are_a_warning_after_the_output(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv(home.path / ".virtualenvs" / "web")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sidecar, "write", full)
    with user(home, {}):
        done = CliRunner().invoke(cli, ["list", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["errors"] == []
    assert "1 sidecar cannot be written: no space left on device" in done.stderr.casefold()
