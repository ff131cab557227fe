"""What tools keep in an environment comes back, and nothing is written anywhere else."""

import base64
import errno
import json
import os
import signal
from pathlib import Path

import pytest

from tests.actions.crashing import in_child
from tests.actions.deleting import small, tree
from venvdash.actions.sync import preserve
from venvdash.actions.sync.preserve import recover, saved_files, unsaved_names


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    path = small(tmp_path / "env")
    (path / ".project").write_text("/code/web")
    (path / "pipx_metadata.json").write_text("{}")
    (path / ".project").chmod(0o640)
    hook = path / "bin" / "preactivate"
    hook.write_text("#!/bin/bash\n")
    hook.chmod(0o755)
    (path / "bin" / "black").write_text("#!/bin/sh\n")
    (path / "huge.bin").write_bytes(b"x" * 100_000)
    (path / "link").symlink_to("/etc/passwd")
    os.mkfifo(path / "fifo")
    (path / "data").mkdir()
    return path


KEPT = {".project", "pipx_metadata.json", "bin/preactivate"}


def emptied(environment: Path) -> None:
    for inside in KEPT:
        (environment / inside).unlink()


def test_small_files_and_hooks_come_back_as_they_were(environment: Path, tmp_path: Path) -> None:
    before = tree(environment)
    with saved_files(environment, tmp_path / "state") as files:
        assert {file.path for file in files.files} == KEPT
        emptied(environment)
        (environment / ".project").write_text("somebody was faster")
        assert files.put_back() == []
        assert (environment / ".project").read_text() == "somebody was faster"
        (environment / ".project").unlink()
        assert files.put_back() == []
    assert tree(environment) == before
    assert recover(tmp_path / "state") == []
    assert unsaved_names(environment) == ["data", "fifo", "huge.bin", "link"]


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
@pytest.mark.parametrize("failing", ["listdir", "open"])
def test_what_cannot_be_read_is_no_empty_environment(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    call = getattr(os, failing)

    def failed(path: "str | Path", *more: object, **named: object) -> object:
        if str(path).startswith(str(environment)) or path == ".project":
            raise OSError(number, os.strerror(number))
        return call(path, *more, **named)

    monkeypatch.setattr(os, failing, failed)
    with pytest.raises(OSError, match=os.strerror(number)):
        saved_files(environment, tmp_path / "state").__enter__()
    monkeypatch.undo()


def test_two_syncs_of_one_environment(environment: Path, tmp_path: Path) -> None:
    """Each has a copy of its own, which it takes away."""
    state = tmp_path / "state"
    with saved_files(environment, state), saved_files(environment, state):
        assert len(os.listdir(state / "replacing")) == 2
    assert os.listdir(state / "replacing") == []


def test_one_of_two_syncs_is_killed(environment: Path, tmp_path: Path) -> None:
    """The other, which has begun when the files were gone already, ends well: nothing is lost."""
    state, before = tmp_path / "state", tree(environment)

    def killed() -> None:
        with saved_files(environment, state):
            emptied(environment)
            with saved_files(environment, state) as files:  # another process's
                assert {file.path for file in files.files} == set()
                (environment / "new").write_text("of the second")
            with saved_files(environment, state) as files:
                files.put_back()
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(killed) == -signal.SIGKILL
    (told,) = recover(state)
    assert ".project" in told
    (environment / "new").unlink()
    assert tree(environment) == before
    assert recover(state) == []


def test_what_cannot_be_put_back_is_told(environment: Path) -> None:
    with saved_files(environment, None) as files:
        emptied(environment)
        (environment / "bin" / "black").unlink()
        (environment / "bin" / "python").unlink()
        (environment / "bin").rmdir()
        assert files.put_back() == ["Cannot restore bin/preactivate: no such file or directory."]


def test_a_state_that_cannot_be_written_stops_it(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(OSError, match="state"), saved_files(environment, tmp_path / "state"):
        pass


def test_what_an_environment_that_is_gone_had_waits_for_it(
    environment: Path, tmp_path: Path
) -> None:
    state, aside = tmp_path / "state", tmp_path / "aside"
    with saved_files(environment, state):
        emptied(environment)
        environment.rename(aside)
    assert recover(state) == []
    aside.rename(environment)
    (sentence,) = recover(state)
    assert ".project" in sentence
    assert (environment / ".project").read_text() == "/code/web"
    assert recover(state) == []


def test_nobody_recovers_what_a_sync_still_keeps(environment: Path, tmp_path: Path) -> None:
    with saved_files(environment, tmp_path / "state"):
        emptied(environment)
        assert recover(tmp_path / "state") == []
        assert not (environment / ".project").exists()


@pytest.mark.parametrize(
    ("inside", "mode"),
    [
        *((path, 0o755) for path in ("../out", "lib/x", "/out", "bin/../../out")),
        *((path, 0o755) for path in ("..", "", "bin/", "a/b")),
        ("setuid", 0o4777),
    ],
)
def test_a_forged_bundle_writes_nothing_elsewhere(
    environment: Path, tmp_path: Path, inside: str, mode: int
) -> None:
    folder = tmp_path / "state" / preserve._FOLDER
    folder.mkdir(parents=True)
    file = {"path": inside, "mode": mode, "content": base64.b64encode(b"x").decode()}
    for name, table in {
        "a.json": {"prefix": str(environment), "files": [file]},
        "b.json": {"prefix": "relative", "files": []},
        "c.json": {"files": 1},
        "d.json": [],
    }.items():
        (folder / name).write_text(json.dumps(table))
    (folder / "e.json").write_text("{")
    os.mkfifo(folder / "f.json")
    before = tree(environment, without=[environment / "fifo"])
    assert recover(tmp_path / "state") == []
    assert tree(environment, without=[environment / "fifo"]) == before
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_put_back_is_kept_for_the_next_start(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, before = tmp_path / "state", tree(environment)

    def full(directory: Path, name: str, data: bytes, mode: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched, saved_files(environment, state) as files:
        patched.setattr(preserve, "write_atomically", full)
        emptied(environment)
        assert len(files.put_back()) == len(KEPT)
    with monkeypatch.context() as patched:
        patched.setattr(preserve, "write_atomically", full)
        (told,) = recover(state)
        assert "Cannot restore" in told
    (told,) = recover(state)
    assert "restored .project" in told
    assert tree(environment) == before
    assert recover(state) == []
