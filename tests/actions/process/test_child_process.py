"""Programs are heard while they run, and end with everything that they started."""

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.waiting import waited
from venvdash.actions.process import child_process
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.process.run_log import Log
from venvdash.actions.process.uv import UvError, run, stream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")


@pytest.fixture(autouse=True, params=["_Selected", "_Fed"])
def _pipes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both ways of reading pipes, and no thread may be left by either."""
    monkeypatch.setattr(child_process, "_Pipes", getattr(child_process, request.param))
    before = set(threading.enumerate())
    yield
    waited(lambda: set(threading.enumerate()) <= before)


def lines(
    home: Home, text: str, log: Log | None = None, cancel: threading.Event | None = None
) -> Generator[str, None, None]:
    """Run a shell script as if it were uv."""
    script = home.path / "uv"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    environ = {"PATH": os.environ["PATH"]}
    return stream(script, [], environ=environ, cwd=home.path, log=log or Log(), cancel=cancel)


def alive(session: int) -> list[str]:
    """Return what of a session still runs."""
    done = subprocess.run(
        ["ps", "-e", "-o", "sid=,stat=,args="], capture_output=True, text=True, check=True
    )
    found = [line.split(None, 2) for line in done.stdout.splitlines()]
    return [args for sid, stat, args in found if int(sid) == session and stat[0] != "Z"]


def test_lines_come_while_it_runs_in_their_order(home: Home) -> None:
    log = Log()
    went_on = home.path / "go"
    told = lines(
        home,
        "echo one; echo two >&2; until [ -e go ]; do sleep 0.01; done\n"
        "printf 'three\\n\\n4%%\\r5%%\\rsix'; printf '\\377\\n' >&2",
        log,
    )
    assert [next(told), next(told)] == ["one", "two"]
    assert log.runs()[0].running
    assert log.runs()[0].lines == ("one", "two")
    went_on.touch()
    assert list(told) == ["three", "4%", "5%", "six\udcff"]
    assert log.runs()[0].status == 0


def test_it_has_no_terminal_and_nothing_to_read(home: Home) -> None:
    told = lines(home, "cat; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || (echo x >/dev/tty) || echo none")
    assert list(told)[-1] == "none"


def test_a_failure_has_the_last_lines(home: Home) -> None:
    told = lines(home, "seq 100; exit 7")
    with pytest.raises(UvError) as caught:
        list(told)
    assert caught.value.words.split("\n") == [str(n) for n in range(41, 101)]
    with pytest.raises(UvError, match="exited with code -9"):
        list(lines(home, "kill -9 $$"))


def test_output_without_end_neither_blocks_nor_fills_the_memory(home: Home) -> None:
    log = Log()
    told = lines(home, "echo $$; exec yes", log)
    session = int(next(told))
    assert [next(told) for _ in range(1000)] == ["y"] * 1000
    told.close()
    assert not alive(session)
    assert not log.runs()[0].running
    longest = max(map(len, lines(home, "head -c 5000000 /dev/zero | tr '\\0' x", log)))
    assert longest <= 64 * 1024
    assert sum(map(len, log.runs()[-1].lines)) < 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("deaf", ["", "trap '' INT; ", "trap '' INT TERM; "])
def test_cancelling_ends_all_that_it_started(
    home: Home, deaf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_PATIENCE", 0.5)
    cancel, log = threading.Event(), Log()
    # One in the background, one with a group of its own as ninja makes them, one that writes.
    alone = "import os, time; os.setpgid(0, 0); time.sleep(600)"
    writing = "(while echo y; do sleep 0.01; done) >&2"
    text = (
        f"echo $$; {deaf}(sleep 600) & {sys.executable} -c '{alone}' & {writing} & echo ready; wait"
    )
    told = lines(home, text, log, cancel)
    session = int(next(told))
    assert next(line for line in told if line != "y") == "ready"
    waited(lambda: len(alive(session)) >= 4)
    cancel.set()
    with pytest.raises(CancelledError):
        for _ in told:
            pass
    assert not alive(session)
    assert log.runs()[0].status is not None


def test_cancelling_leaves_it_a_moment_to_tidy_up(home: Home) -> None:
    cancel, log = threading.Event(), Log()
    (home.path / "polite.py").write_text(
        "import pathlib, time\n"
        "try:\n    print('ready', flush=True)\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    pathlib.Path('tidied').touch()\n    print('bye')\n"
    )
    told = lines(home, f"exec {sys.executable} polite.py", log, cancel)
    next(told)
    cancel.set()
    with pytest.raises(CancelledError):
        list(told)
    assert (home.path / "tidied").exists()
    assert log.runs()[0].lines[-1] == "bye"


def test_what_leaves_and_holds_the_pipe_does_not_hold_us(home: Home) -> None:
    told = lines(home, "setsid sleep 600 & echo $!; echo done")
    left = int(next(told))
    assert list(told) == ["done"]
    os.kill(left, 9)  # which is there: nobody waited for it


def test_one_that_closes_its_output_is_waited_for(home: Home) -> None:
    told = lines(home, "echo begun; exec >&- 2>&-; sleep 0.5; touch ended; exit 3")
    with pytest.raises(UvError):
        list(told)
    assert (home.path / "ended").exists()


@pytest.mark.slow
def test_an_answer_can_be_cancelled_and_does_not_grow_without_end(home: Home) -> None:
    script = home.path / "uv"
    script.write_text("#!/bin/sh\necho $$ >pid\n$1\nexec sleep 600\n")
    script.chmod(0o755)

    def ask(text: str, cancel: threading.Event | None = None) -> None:
        environ = {"PATH": os.environ["PATH"]}
        run(script, [text], environ=environ, cwd=home.path, timeout=60, log=Log(), cancel=cancel)

    with pytest.raises(UvError, match="produced too much output"):
        ask("yes")
    assert not alive(int(Path(home.path, "pid").read_text()))
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(CancelledError):
        ask("true", cancel)
    assert not alive(int(Path(home.path, "pid").read_text()))
