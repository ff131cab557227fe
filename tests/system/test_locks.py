"""Locks against real uv and real processes: who waits for whom, and what is no lock."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import tmpfs
from tests.users import as_another_user, open_to_all
from venvdash.system import locks
from venvdash.system.locks import (
    Lock,
    LockState,
    environment_locked,
    lock_cache,
    lock_directory,
    lock_environment,
    share_environment,
)

_HOLDER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(file, getattr(fcntl, sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path, how: str = "LOCK_EX") -> Iterator[None]:
    """Another process holds a flock on ``path``."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, path, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    try:
        assert holder.stdout.readline() == b"held\n"
        yield
    finally:
        holder.communicate()


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    path = tmp_path / "env"
    path.mkdir()
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (path / ".lock").touch()
    return path


@pytest.mark.slow
def test_uv_waits_for_the_lock_on_an_environment(home: Home) -> None:
    environment = home.path / "env"
    home.uv("venv", environment)
    (environment / ".lock").touch()
    command = ("pip", "sync", "--allow-empty-requirements", os.devnull, "--python", environment)
    with lock_environment(environment) as lock:
        assert lock.held
        started = time.monotonic()
        home.uv(*command, UV_LOCK_TIMEOUT="2")
        assert time.monotonic() - started >= 2
    assert not environment_locked(environment)
    home.uv(*command, UV_LOCK_TIMEOUT="2")


def test_uv_at_work_holds_the_lock(home: Home) -> None:
    """A real ``uv pip install`` that builds a package holds it as long as the build lasts."""
    environment, source = home.path / "env", home.path / "slow"
    home.uv("venv", environment)
    source.mkdir()
    fifo = home.path / "fifo"
    os.mkfifo(fifo)
    (source / "pyproject.toml").write_text(
        '[project]\nname = "slow"\nversion = "1"\n[build-system]\nrequires = []\n'
        'build-backend = "backend"\nbackend-path = ["."]\n'
    )
    (source / "backend.py").write_text(f"open({str(fifo)!r}).read()\nraise SystemExit('enough')\n")
    from uv import find_uv_bin

    uv = subprocess.Popen(
        [find_uv_bin(), "pip", "install", "--offline", "--python", environment, source],
        env=home.variables,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with fifo.open("w"):  # opened on both sides: the build runs
        with lock_environment(environment) as lock:
            assert (lock.state, lock.reason) == (LockState.BUSY, "another program holds its lock")
        assert environment_locked(environment)
    assert uv.wait(60)
    assert lock_environment(environment, wait=5).held


@pytest.mark.slow
def test_cache_prune_waits_for_our_share_and_uv_does_not(home: Home) -> None:
    environment, cache = home.path / "env", home.path / "cache"
    home.uv("venv", environment, UV_CACHE_DIR=str(cache))
    with lock_cache(cache) as lock:
        assert lock.held
        home.uv("pip", "list", "--python", environment, UV_CACHE_DIR=str(cache))
        from uv import find_uv_bin

        prune = (find_uv_bin(), "cache", "prune", "--cache-dir", cache)
        pruned = home.run(*prune, check=False, UV_LOCK_TIMEOUT="2")
        assert pruned.returncode == 2, pruned
    home.uv("cache", "prune", UV_CACHE_DIR=str(cache))
    with held_elsewhere(cache / ".lock"), lock_cache(cache) as lock:
        assert lock.busy


@pytest.mark.parametrize("lock", [lock_environment, lock_cache, share_environment])
def test_no_file_is_made_where_uv_made_none(
    environment: Path, lock: Callable[[Path], Lock]
) -> None:
    (environment / ".lock").unlink()
    with lock(environment) as got:
        assert (got.state, got.reason) == (LockState.NONE, "it has no .lock")
    assert not environment_locked(environment)
    assert not (environment / ".lock").exists()


@pytest.mark.parametrize("how", ["LOCK_EX", "LOCK_SH"])
def test_it_never_waits_unless_told_to(environment: Path, how: str) -> None:
    (environment / ".lock").touch()
    with held_elsewhere(environment / ".lock", how):
        for directory in (environment, os.open(environment, os.O_RDONLY)):
            with lock_environment(directory) as lock:
                assert lock.busy
        assert not lock_environment(environment, wait=0.05).held
    with lock_environment(environment) as lock:
        assert lock.held


def test_waiting_ends_when_the_lock_is_free(environment: Path) -> None:
    first = lock_environment(environment)
    child = os.fork()
    if child == 0:
        first.release()  # its copy of the descriptor
        with lock_environment(environment, wait=60) as lock:
            os._exit(0 if lock.held else 1)
    first.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_lock_ends_with_its_process(environment: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        lock_environment(environment)
        os.write(writer, b"!")
        signal.pause()
    os.read(reader, 1)
    assert environment_locked(environment)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not environment_locked(environment)


def test_what_is_no_lock_file_is_not_opened_up_or_followed(environment: Path) -> None:
    elsewhere = environment.parent / "elsewhere"
    elsewhere.touch()
    lock_file = environment / ".lock"
    lock_file.unlink()
    lock_file.symlink_to(elsewhere)
    with lock_environment(environment) as lock:
        assert (lock.state, lock.reason) == (LockState.NONE, "its .lock is a symbolic link")
    lock_file.unlink()
    os.mkfifo(lock_file)
    assert lock_environment(environment).state is LockState.NONE
    lock_file.unlink()
    lock_file.mkdir()
    with lock_environment(environment) as lock:
        assert (lock.state, lock.reason) == (LockState.NONE, "its .lock is not a regular file")


def test_a_lock_file_replaced_meanwhile_is_not_taken_for_the_one(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = locks._open
    opened: list[int] = []

    def and_replaced(name: str, dir_fd: int | None, create: bool) -> int:
        descriptor = real(name, dir_fd, create)
        if not opened:
            (environment / ".lock").unlink()
            (environment / ".lock").touch()
        opened.append(os.fstat(descriptor).st_ino)
        return descriptor

    monkeypatch.setattr(locks, "_open", and_replaced)
    with lock_environment(environment) as lock:
        assert lock.held
        assert len(opened) == 2
        assert environment_locked(environment)


def test_nothing_to_lock(tmp_path: Path, environment: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_environment(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        lock_directory(tmp_path / "none")
    descriptor = os.open(environment, os.O_RDONLY)
    (environment / "pyvenv.cfg").unlink()
    (environment / ".lock").unlink()
    environment.rmdir()
    with pytest.raises(FileNotFoundError):
        lock_environment(descriptor)
    os.close(descriptor)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF])
def test_a_file_system_without_locks_forbids_nothing(
    environment: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock_environment(environment) as lock:
        assert (lock.state, lock.reason) == (
            LockState.NONE,
            "its file system does not support locks",
        )


def test_an_error_that_is_no_matter_of_locks_is_raised(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int, operation: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", fail)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="Input/output error"):
        lock_environment(environment)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_read_only_file_system(tmp_path: Path) -> None:
    point = tmp_path / "mounted"
    point.mkdir()
    with tmpfs(point):
        (point / "with").mkdir()
        (point / "without").mkdir()
        (point / "with" / ".lock").touch()
        subprocess.run(["mount", "-o", "remount,ro", point], check=True)
        with lock_environment(point / "with") as lock, lock_environment(point / "without") as none:
            assert lock.held
            assert none.state is LockState.NONE
            assert none.reason == "it has no .lock"
        with lock_directory(point) as lock:
            assert lock.held


def test_another_users_environment(environment: Path) -> None:
    (environment / ".lock").touch(0o600)
    (environment / ".lock").chmod(0o600)
    open_to_all(environment)
    said = as_another_user(lambda: repr(lock_environment(environment)))
    assert said == "Lock(none, 'its .lock cannot be opened: permission denied')"


def test_a_directory_is_locked_itself(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    descriptor = os.open(store, os.O_RDONLY)
    with lock_directory(store) as first, lock_directory(descriptor) as second:
        assert (first.held, second.busy) == (True, True)
        assert lock_directory(store, shared=True).busy
    with lock_directory(descriptor, shared=True) as first, lock_directory(store) as second:
        assert (first.held, second.busy) == (True, True)
    os.close(descriptor)
    assert not os.listdir(store)
    (tmp_path / "link").symlink_to(store)
    with pytest.raises(NotADirectoryError):
        lock_directory(tmp_path / "link")
