"""The process that frees the trash: started, outliving us, two at once, killed at any moment."""

import functools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.trashing import noted, tree
from tests.conftest import Home
from venvdash.actions import journal, purge
from venvdash.actions.purge import running, start, unfinished
from venvdash.system.locks import lock_directory


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    path.mkdir()
    return path


@pytest.fixture
def trash(store: Path) -> Path:
    return noted(tree(store / ".venvdash-trash-0123"))


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


def child(*paths: Path) -> "subprocess.Popen[bytes]":
    """Start the module as a process that we can kill, told of ``paths``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "venvdash.actions.purge"], stdin=subprocess.PIPE
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


def test_it_outlives_whoever_started_it(home: Home, store: Path) -> None:
    """The starter and its whole process group are killed at once, as by a closed terminal."""
    paths = [noted(tree(store / f".venvdash-trash-{n}", 300)) for n in range(2)]
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from venvdash.actions.purge import start; from venvdash.system.machine import Machine\n"
        "start([Path(p) for p in sys.argv[1:]], Machine.current())\n"
        "os.killpg(0, signal.SIGHUP); os.killpg(0, signal.SIGKILL)"
    )
    starter = subprocess.run([sys.executable, "-c", code, *paths], start_new_session=True)
    assert starter.returncode < 0
    until(lambda: not os.listdir(store))


def test_it_has_a_low_priority_and_no_terminal(home: Home, store: Path, trash: Path) -> None:
    with lock_directory(trash):  # it waits for that a while
        assert start([trash] * 50, home.machine())
        me, session = os.getpid(), os.getsid(0)
        found: list[tuple[int, int]] = []

        def look() -> bool:
            for pid in filter(str.isdecimal, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        ours = b"venvdash.actions.purge as purge" in file.read()
                    if ours and int(pid) != me and os.getpriority(os.PRIO_PROCESS, int(pid)) > 0:
                        found.append(
                            (os.getpriority(os.PRIO_PROCESS, int(pid)), os.getsid(int(pid)))
                        )
                except OSError:
                    continue
            return bool(found)

        until(look)
    assert found[0][0] >= 10
    assert found[0][1] != session
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
        [sys.executable, "-m", "venvdash.actions.purge"], input=os.fsencode(longer)[:-1]
    )
    assert process.returncode == 0
    assert (trash / "pyvenv.cfg").exists()


def test_killed_at_any_moment_the_next_start_goes_on(store: Path) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    stopped = 0
    for number in range(40):
        trash = noted(tree(store / f".venvdash-trash-{number}", 150))
        process = child(trash)
        until(functools.partial(underway, trash))
        time.sleep(chance.random() * 0.03)
        process.kill()
        process.wait()
        if not trash.exists():
            continue
        assert os.listdir(store) == [trash.name], seed
        begun = (trash / journal.BEGUN).exists()
        # Before the very first step, or the very last.
        assert begun or len(list(trash.rglob("*"))) in (150 * 5 + 8, 0), seed
        stopped += begun
        if begun:  # its helpers end by themselves, and then nobody has it
            until(functools.partial(unattended, trash))
        assert purge.purge(trash).gone, seed
        assert os.listdir(store) == []
    assert stopped, "it was never killed at work"
