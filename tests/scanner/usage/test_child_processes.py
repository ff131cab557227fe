"""The child processes: killed, stuck, cancelled, orphaned; and what they import."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scanner.usage.usage_tools import age, du, fill
from venvdash.scanner.usage import child_processes, workload
from venvdash.scanner.usage import measurement as usage_module
from venvdash.scanner.usage.footprint import unpack
from venvdash.scanner.usage.measurement import Measurement, measure
from venvdash.system.mounts import Mount, Mounts

pytestmark = pytest.mark.skipif(not child_processes.available(), reason="no child processes here")


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Ten small environments, which are measured by children."""
    monkeypatch.setattr(workload, "_WORTH", -1)
    made = [tmp_path / f"env{number}" for number in range(10)]
    for root in made:
        fill(root, [f"d{number % 9}/f{number}" for number in range(60)], 3000)
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """Every child that is started; on a busy machine a killed one takes its time to end."""
    monkeypatch.setattr(child_processes, "_ENDING", 60.0)
    children: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noting(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        child = popen(*arguments, **options)
        children.append(child)
        return child

    monkeypatch.setattr(subprocess, "Popen", noting)
    return children


def never() -> bool:
    return False


def in_time(iterator: Iterator[Measurement]) -> list[Measurement]:
    """Collect in a thread, so that a hang fails the test instead of stopping all."""
    found: list[Measurement] = []
    thread = threading.Thread(target=lambda: found.extend(iterator), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "hangs"
    return found


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_niced_children_share_the_work_and_are_gone_at_the_end(
    roots: list[Path], started: list["subprocess.Popen[bytes]"]
) -> None:
    measuring = measure(roots, {}, never)
    next(measuring)
    assert len(started) == 2
    below = os.nice(0) + 5
    wait_until(
        lambda: all(os.getpriority(os.PRIO_PROCESS, child.pid) == below for child in started)
    )
    rest = list(measuring)
    assert len(rest) == 2 * len(roots) - 1
    assert all(child.returncode is not None for child in started)


@pytest.mark.slow
def test_a_stopped_child_is_given_up_and_its_path_reported(
    roots: list[Path],
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = [child_processes.Job(number, os.fsencode(root)) for number, root in enumerate(roots)]
    running = child_processes.run(jobs, never, patience=3)
    answers = [next(running)]
    os.kill(started[0].pid, signal.SIGSTOP)
    answers += list(running)
    assert sorted(answer.job.index for answer in answers) == list(range(10))
    assert [answer.kind for answer in answers].count("h") == 1
    assert all(child.returncode is not None for child in started)


@pytest.mark.slow
def test_trees_on_the_same_dead_mount_are_not_tried_one_by_one(
    roots: list[Path], started: list["subprocess.Popen[bytes]"]
) -> None:
    jobs = [
        child_processes.Job(number, os.fsencode(root), group="/net")
        for number, root in enumerate(roots)
    ]
    running = child_processes.run(jobs, never, children=1, patience=3)
    first = next(running)
    os.kill(started[0].pid, signal.SIGSTOP)
    answers = [first, *running]
    assert sorted(answer.job.index for answer in answers) == list(range(10))
    assert {answer.kind for answer in answers[2:]} == {"h"}
    assert len(started) == 1


@pytest.mark.parametrize("always", [False, True], ids=["once", "always"])
def test_killed_children_lose_no_path(
    roots: list[Path], started: list["subprocess.Popen[bytes]"], always: bool
) -> None:
    found = []
    measuring = measure(roots, {}, never)
    found.append(next(measuring))
    for child in started:
        child.kill()
    for sized in measuring:
        found.append(sized)
        for child in started if always else ():
            if child.poll() is None:
                child.kill()
    assert [sized.path for sized in found[10:]] == roots
    assert sorted(sized.path for sized in found[:10]) == roots
    for sized in found:
        assert not sized.problem
        assert sized.usage.on_disk == du(sized.path)


def test_children_that_cannot_start_are_done_without(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for executable in ("/does/not/exist", "/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        found = in_time(measure(roots, {}, never))
        assert [sized.usage.on_disk for sized in found[10:]] == [du(root) for root in roots]


def test_cancelled_it_ends_without_more_and_leaves_no_child(
    roots: list[Path], started: list["subprocess.Popen[bytes]"]
) -> None:
    cancel = threading.Event()
    measuring = measure(roots, {}, cancel.is_set)
    next(measuring)
    for child in started:
        os.kill(child.pid, signal.SIGSTOP)  # nothing more can come from them
    cancel.set()
    assert in_time(measuring) == []
    assert all(child.returncode is not None for child in started)


@pytest.mark.parametrize("worthwhile", [-1, 10**9], ids=["children", "here"])
def test_closing_it_early_leaves_no_child(
    roots: list[Path],
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
    worthwhile: int,
) -> None:
    monkeypatch.setattr(workload, "_WORTH", worthwhile)
    measuring = measure(roots, {}, never)
    next(measuring)
    measuring.close()  # type: ignore[attr-defined]  # a generator, typed as iterator
    assert all(child.returncode is not None for child in started)
    assert bool(started) == (worthwhile < 0)


def test_cancelled_within_one_large_tree(tmp_path: Path) -> None:
    fill(tmp_path / "root", [f"f{number}" for number in range(600)], 1)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3  # before the tree, at its start, and within its one directory

    assert list(measure([tmp_path / "root"], {}, cancelled)) == []
    assert asked > 3


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed while the child idles: end of input is what ends it."""
    code = (
        "import os, sys, time\n"
        "from venvdash.scanner.usage import child_processes as workers\n"
        "jobs = [workers.Job(0, os.fsencode(sys.argv[1]))]\n"
        "pool = workers._Pool(workers.deque(jobs), 10)\n"
        "pool.start()\n"
        "print(pool.children[0].process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.kill()
    wait_until(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_network_mount_is_only_ever_asked_by_children(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what is remembered of it is checked there: a dead server must not stop this process."""
    for root in roots:
        age(root)
    server = Mounts((Mount("/", "nfs4", "server:/"),))
    measured = list(measure(roots, {}, never, mounts=server))
    note = {sized.path: sized.remember for sized in measured if sized.remember}
    assert len(note) == 10

    def asked(*rest: Any) -> None:
        raise AssertionError(rest)

    monkeypatch.setattr(usage_module, "recheck", asked)
    monkeypatch.setattr(usage_module, "count", asked)
    again = list(measure(roots, note, never, mounts=server))
    assert [sized.usage.measured for sized in again[10:]] == [
        sized.usage.measured for sized in measured[10:]
    ]
    assert all(sized.remember is None for sized in again)


def test_the_protocol_survives_large_requests(tmp_path: Path) -> None:
    """A remembered note larger than a pipe takes at once."""
    fill(tmp_path / "root", ["file"])
    job = child_processes.Job(0, os.fsencode(tmp_path / "root"), remembered=os.urandom(3_000_000))
    (answer,) = child_processes.run([job], never)
    found = unpack(answer.data)
    assert found
    assert found.blocks * 512 == du(tmp_path / "root")


def test_a_child_imports_little() -> None:
    code = "import sys, venvdash.scanner.usage.tree_count; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "venvdash.system.walk" in loaded
    heavy = {"textual", "pathlib", "dataclasses", "typing", "json", "sqlite3", "subprocess"}
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not (loaded & heavy) - set(bare.stdout.split())


def test_children_are_given_trees_in_turn(roots: list[Path]) -> None:
    jobs = [child_processes.Job(number, os.fsencode(root)) for number, root in enumerate(roots)]
    pool = child_processes._Pool(deque(jobs), 10)
    try:
        pool.start()
        pool.start()
        pool._feed()
        assert [[job.index for job in child.jobs] for child in pool.children] == [[0, 2], [1, 3]]
    finally:
        pool.end()


def test_every_one_of_many_small_trees_is_answered_once(tmp_path: Path) -> None:
    roots = [tmp_path / f"env{number}" for number in range(300)]
    for root in roots:
        root.mkdir()
    jobs = [child_processes.Job(number, os.fsencode(root)) for number, root in enumerate(roots)]
    answers = list(child_processes.run(jobs, never))
    assert sorted(answer.job.index for answer in answers) == list(range(300))
    for answer in answers:
        footprint = unpack(answer.data)
        assert footprint is not None
        assert footprint.inode == roots[answer.job.index].stat().st_ino
