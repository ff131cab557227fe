"""uv is found where it may be, and what it says reaches the caller."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from venvdash.actions.process.run_log import Log
from venvdash.actions.process.uv import UvError, find_uv, run


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_one_on_path_wins(home: Home) -> None:
    own = script(home.path / "bin" / "uv", "#!/bin/sh\n")
    assert find_uv(home.machine(PATH=f"/nowhere:{own.parent}:/usr/bin")) == own


def test_a_relative_directory_on_path_is_passed_over(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(home.path / "bin" / "uv", "#!/bin/sh\n")
    monkeypatch.chdir(home.path)
    assert find_uv(home.machine(PATH="bin:"), bundled=False) is None


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_one_on_path_it_comes_from_the_package(home: Home, path: str) -> None:
    assert find_uv(home.machine(PATH=path)) == Path(find_uv_bin())
    assert find_uv(home.machine(PATH=path), bundled=False) is None


def test_the_output_is_captured_and_the_environment_is_the_given_one(home: Home) -> None:
    uv = Path(find_uv_bin())
    environ = {"HOME": str(home.path), "UV_CACHE_DIR": str(home.path / "c d")}
    done = run(uv, ["cache", "dir"], environ=environ, cwd=home.path, timeout=60, log=Log())
    assert (done.returncode, done.stdout) == (0, f"{home.path}/c d\n")


def test_a_failure_says_what_was_run_and_in_uvs_words(home: Home) -> None:
    uv = Path(find_uv_bin())
    with pytest.raises(UvError) as caught:
        run(
            uv,
            ["pip", "list", "--python", "/no such"],
            environ={},
            cwd=home.path,
            timeout=60,
            log=Log(),
        )
    error = caught.value
    assert error.command == "uv pip list --python '/no such'"
    assert "/no such" in error.words
    assert str(home.path) in error.advice
    assert all(part in str(error) for part in (error.command, error.words, error.advice))


def test_a_silent_failure_says_its_code(home: Home) -> None:
    quiet = script(home.path / "uv", "#!/bin/sh\nexit 3\n")
    with pytest.raises(UvError, match="exited with code 3"):
        run(quiet, [], environ={}, cwd=home.path, timeout=60, log=Log())


def test_what_cannot_be_started_says_so(home: Home) -> None:
    for uv, cwd in [(home.path / "none", home.path), (Path(find_uv_bin()), home.path / "none")]:
        with pytest.raises(UvError, match="cannot be started"):
            run(uv, ["version"], environ={}, cwd=cwd, timeout=60, log=Log())


def test_bytes_that_are_no_text_do_not_hurt(home: Home) -> None:
    odd = script(home.path / "uv", "#!/bin/sh\nprintf 'a\\377b'\n")
    assert run(odd, [], environ={}, cwd=home.path, timeout=60, log=Log()).stdout == "a\udcffb"


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended may stay a zombie until its parent looks."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_taking_too_long_ends_the_whole_group(home: Home) -> None:
    slow = script(
        home.path / "uv", "#!/bin/sh\necho waiting >&2\nsleep 600 &\necho $! >child\nwait\n"
    )
    with pytest.raises(UvError, match=r"waiting\nstopped after 2 seconds"):
        run(slow, [], environ=dict(os.environ), cwd=home.path, timeout=2, log=Log())
    child = int((home.path / "child").read_text())
    until = time.monotonic() + 30
    while alive(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(child)


def test_every_run_is_in_the_log_however_it_ends(home: Home) -> None:
    log = Log()
    talks = script(home.path / "uv", "#!/bin/sh\necho $A\necho no >&2\nexit $1\n")
    run(talks, ["0"], environ={}, cwd=home.path, timeout=60, log=log, variables={"A": "b c"})
    with pytest.raises(UvError):
        run(talks, ["4"], environ={"A": "x"}, cwd=home.path, timeout=60, log=log)
    with pytest.raises(UvError):
        run(home.path / "none", [], environ={}, cwd=home.path, timeout=60, log=log)
    well, badly, never = log.runs()
    assert (well.status, well.lines, well.shown) == (0, ("b c", "no"), "A='b c' uv 0")
    assert (badly.status, badly.lines) == (4, ("x", "no"))
    assert never.status is None
    assert not never.running
    assert never.lines[0].startswith("cannot be started: ")
