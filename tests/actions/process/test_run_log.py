"""The log of commands: complete while it is small, bounded when it is not, whoever writes it."""

import threading
from pathlib import Path

from tests.conftest import Home
from venvdash.actions.process import run_log
from venvdash.actions.process.run_log import Log, Run, typed


def test_a_run_is_there_while_it_runs_and_stays_with_what_it_said() -> None:
    log = Log()
    recording = log.begin(
        [Path("/opt/bin/uv"), "sync"], Path("/p"), {"UV_PROJECT_ENVIRONMENT": "/a b"}
    )
    recording.line("Resolved 3 packages")
    (run,) = log.runs()
    assert (run.running, run.status, run.lines) == (True, None, ("Resolved 3 packages",))
    assert run.shown == "UV_PROJECT_ENVIRONMENT='/a b' uv sync"
    assert (run.command, run.cwd) == (("/opt/bin/uv", "sync"), Path("/p"))
    recording.line("a\udcffb")
    recording.ended(2)
    recording.ended(0)  # too late
    recording.line("too late as well")
    (ended,) = log.runs()
    assert run.lines == ("Resolved 3 packages",), "a snapshot does not change"
    assert (ended.running, ended.status) == (False, 2)
    assert ended.lines == ("Resolved 3 packages", "a\udcffb")
    assert ended.seconds is not None
    assert ended.seconds >= 0


def test_changes_tell_that_there_is_something_new() -> None:
    log = Log()
    seen = [log.changes]
    recording = log.begin(["uv"], Path("/"))
    seen.append(log.changes)
    recording.line("x")
    seen.append(log.changes)
    recording.ended(0)
    seen.append(log.changes)
    assert seen == sorted(set(seen))


def test_what_is_kept_is_bounded_in_runs_lines_and_bytes() -> None:
    log = Log()
    for number in range(run_log.RUNS + 5):
        log.begin(["uv", str(number)], Path("/")).ended(0)
    runs = log.runs()
    assert len(runs) == run_log.RUNS
    assert (runs[0].number, runs[-1].number) == (6, run_log.RUNS + 5)

    many = log.begin(["many"], Path("/"))
    for number in range(run_log.LINES + 7):
        many.line(str(number))
    run = log.runs()[-1]
    assert (len(run.lines), run.dropped, run.lines[0]) == (run_log.LINES, 7, "7")

    long = log.begin(["long"], Path("/"))
    for _ in range(200):
        long.line("x" * 1_000_000)
    long.lines("\n".join(["y" * 100] * 100_000))
    run = log.runs()[-1]
    assert sum(len(line) + 1 for line in run.lines) <= run_log.BYTES
    assert len(run.lines) + run.dropped <= 200 + 100_000
    assert run.lines[-1] == "y" * 100


def test_many_threads_write_and_one_reads() -> None:
    log = Log()
    end = threading.Event()
    torn: list[Run] = []

    def write(number: int) -> None:
        recording = log.begin([str(number)], Path("/"))
        for line in range(500):
            recording.line(f"{number} {line}")
        recording.ended(number)

    def read() -> None:
        while not end.is_set():
            torn.extend(
                run
                for run in log.runs()
                if any(line != f"{run.command[0]} {at}" for at, line in enumerate(run.lines))
            )

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    end.set()
    reader.join()
    assert not torn
    assert sorted(run.number for run in log.runs()) == list(range(1, 9))
    assert all(len(run.lines) == 500 and str(run.status) == run.command[0] for run in log.runs())


def test_a_command_is_shown_as_one_types_it(home: Home) -> None:
    assert typed(["/usr/bin/uv", "pip", "list"]) == "uv pip list"
    assert typed([r"uv.exe", "a b", "$x"], {"A": "1 2", "B": ""}) == "A='1 2' B='' uv 'a b' '$x'"
