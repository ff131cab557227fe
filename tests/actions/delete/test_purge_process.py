"""The process that frees the trash: started, outliving us, two at once, killed at any moment."""

import fcntl
import functools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.trashing import noted, tree
from tests.conftest import Home
from venvdash.actions.delete import freed_notes, purge
from venvdash.actions.delete.purge import running, unfinished
from venvdash.actions.delete.purge_process import PurgeProgress, processes, start, start_and_hear
from venvdash.actions.journals import trash_journal
from venvdash.system.locks import lock_directory


def until(condition: Callable[[], bool]) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("this never came to be")


def underway(path: Path) -> bool:
    return running(path) or not path.exists()


def unattended(path: Path) -> bool:
    return unfinished([path.parent]) == [path]


def child(*paths: Path, output: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    """Start the module as a process that we can kill, told of ``paths``."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from venvdash.actions.delete import purge_process as freeing; freeing.main(2)",
        ],
        stdin=subprocess.PIPE,
        stdout=output,
    )
    assert process.stdin
    with process.stdin as pipe:
        pipe.write(b"".join(os.fsencode(path) + b"\0" for path in paths))
    return process


def test_a_process_of_its_own(home: Home, store: Path, trash: Path) -> None:
    name = os.fsdecode(b".venvdash-trash-n\xff\n")
    others = [noted(tree(store / f"{name}{number}")) for number in range(3)]
    assert start([trash, *others, Path("relative")], home.machine())
    until(lambda: not os.listdir(store))
    assert start([], home.machine())


def test_it_leaves_cores_to_others_and_is_nice_to_them(home: Home) -> None:
    one = {min(os.sched_getaffinity(0))}
    look = (
        "from venvdash.actions.delete.purge_process import processes; "
        "print(processes(0), processes(1))"
    )
    pinned = subprocess.run(
        [sys.executable, "-c", look],
        preexec_fn=lambda: os.sched_setaffinity(0, one),
        capture_output=True,
        text=True,
        check=True,
    )
    assert pinned.stdout == "1 1\n"
    assert processes(spare=10_000) == 1
    ended = (
        "import os; from venvdash.actions.delete.purge_process import main; main(1); "
        "print(os.nice(0))"
    )
    group = "; print(open('/proc/self/autogroup').read())"
    grouped = os.path.exists("/proc/self/autogroup")
    freed = subprocess.run(
        [sys.executable, "-c", ended + group * grouped],
        input=b"",
        capture_output=True,
        start_new_session=True,
        check=True,
    )
    nice, *of_session = freed.stdout.decode().split("\n", 1)
    assert int(nice) == os.nice(0) + 10
    assert not grouped or of_session[0].endswith("nice 10\n\n")


@pytest.mark.slow
@pytest.mark.parametrize("start", ["start", "start_and_hear"])
def test_it_outlives_whoever_started_it(home: Home, store: Path, start: str) -> None:
    """The starter and its whole process group are killed at once, as by a closed terminal."""
    paths = [noted(tree(store / f".venvdash-trash-{n}", 300)) for n in range(2)]
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        f"from venvdash.actions.delete.purge_process import {start}\n"
        "from venvdash.system.machine import Machine\n"
        f"{start}([Path(p) for p in sys.argv[1:]], Machine.current())\n"
        "os.killpg(0, signal.SIGHUP); os.killpg(0, signal.SIGKILL)"
    )
    starter = subprocess.run([sys.executable, "-c", code, *paths], start_new_session=True)
    assert starter.returncode < 0
    until(lambda: not os.listdir(store))


def test_it_tells_how_far_it_is_and_how_it_ended(home: Home, store: Path) -> None:
    big, held = (noted(tree(store / f".venvdash-trash-{name}", 60)) for name in ("big", "held"))
    none = store / ".venvdash-trash-none"
    refused = tree(store / ".venvdash-trash-refused")
    own = (big / trash_journal.NAME).stat().st_blocks * 512
    taken = sum(path.lstat().st_blocks * 512 for path in (big, *big.rglob("*"))) - own
    with lock_directory(held):
        reports = start_and_hear([big, held, none, refused], home.machine())
        assert reports
        told = []
        while not reports.over:
            if report := reports.next(60):
                told.append(report)
    of_big = [report for report in told if report.path == big]
    assert [report.freed for report in of_big] == sorted(report.freed for report in of_big)
    assert 0 < of_big[0].freed < taken
    ends = {report.path: report for report in told if report.ended}
    assert ends == {
        big: PurgeProgress(big, taken, ended=True),
        held: PurgeProgress(held, 0, True, True, ("another venvdash process is using it",)),
        none: PurgeProgress(none, 0, ended=True),
        refused: PurgeProgress(
            refused,
            0,
            True,
            False,
            ("it has no trash.toml, so venvdash did not move it to the trash",),
        ),
    }


def test_what_another_has_freed_or_restored_is_not_noted(home: Home, store: Path) -> None:
    reports = start_and_hear([store / ".venvdash-trash-0123"], home.machine())
    assert reports is not None
    until(lambda: reports.next(0.01) is None and reports.over)
    assert list(freed_notes.noted(home.machine().state_directory)) == []


def test_whoever_does_not_listen_holds_nothing_up(store: Path) -> None:
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("needs a pipe that can be made small")
    paths = [noted(store_box(store, number)) for number in range(150)]
    process = child(*paths, output=subprocess.PIPE)
    assert process.stdout
    with process.stdout as pipe:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)  # 150 messages are more than that
        assert process.wait(60) == 0
        said = pipe.read().splitlines()
    assert os.listdir(store) == []
    assert len(said) < 150
    assert all(json.loads(line)[2] for line in said), "no message was written in part"


def store_box(store: Path, number: int) -> Path:
    path = store / f".venvdash-trash-{number}"
    path.mkdir()
    return path


def test_it_has_a_low_priority_and_no_terminal(home: Home, store: Path, trash: Path) -> None:
    with lock_directory(trash):  # it waits for that a while
        assert start([trash] * 50, home.machine())
        me, session = os.getpid(), os.getsid(0)
        low = min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
        found: list[int] = []

        def look() -> bool:
            for pid in filter(str.isdecimal, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        ours = b"purge_process.main(" in file.read()
                    if ours and int(pid) != me:
                        priority = os.getpriority(os.PRIO_PROCESS, int(pid))
                        found.extend([os.getsid(int(pid))] if priority >= low else [])
                except OSError:
                    continue
            return bool(found)

        until(look)
    assert found[0] != session
    until(lambda: not os.listdir(store))


def test_two_at_once_free_all_of_it_once(store: Path) -> None:
    paths = [noted(tree(store / f".venvdash-trash-{n}", 60)) for n in range(6)]
    first, second = child(*paths), child(*reversed(paths))
    assert (first.wait(60), second.wait(60)) == (0, 0)
    for path in unfinished([store]):  # each passed over what the other was at
        pytest.fail(f"left: {path}")
    assert os.listdir(store) == []


def test_a_path_cut_off_is_not_taken_for_another(store: Path, trash: Path) -> None:
    longer = noted(tree(store / f"{trash.name}4"))
    process = subprocess.run(
        [sys.executable, "-m", "venvdash.actions.delete.purge_process"],
        input=os.fsencode(longer)[:-1],
    )
    assert process.returncode == 0
    assert (trash / "pyvenv.cfg").exists()


@pytest.mark.slow
def test_killed_at_any_moment_the_next_start_goes_on(store: Path) -> None:
    """Any of the processes that work at it may die; the others end, or finish it."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    stopped, folders = 0, 50
    for number in range(60):
        trash = noted(tree(store / f".venvdash-trash-{number}", folders))
        process = os.fork()
        if process == 0:
            purge.purge(trash, processes=1 + number % 3)
            os._exit(0)
        until(functools.partial(underway, trash))
        time.sleep(chance.random() * 0.01)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if not trash.exists():
            continue
        assert os.listdir(store) == [trash.name], seed
        begun = (trash / trash_journal.BEGUN).exists()
        # Before the very first step, or the very last.
        assert begun or len(list(trash.rglob("*"))) in (folders * 5 + 7, 0), seed
        stopped += begun
        if begun:  # its helpers end by themselves, and then nobody has it
            until(functools.partial(unattended, trash))
        assert purge.purge(trash).gone, seed
        assert os.listdir(store) == []
    assert stopped, "it was never killed at work"
