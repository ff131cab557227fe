import os
import threading
from pathlib import Path

from tests.mounting import hanging
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner


def _never() -> bool:
    return False


def _job(number: int) -> Job[int]:
    return Job(Path(str(number)), lambda: number)


def test_results_come_in_order() -> None:
    jobs = [_job(number) for number in range(500)]
    answers = TimedRunner(5, _never).run(jobs)
    assert list(answers) == list(range(500))


def test_no_jobs_end_at_once() -> None:
    assert list(TimedRunner(5, _never).run([])) == []


def test_a_job_that_raises_is_told_and_passed_over() -> None:
    def bad() -> int:
        raise RuntimeError("no")

    first, second = TimedRunner(5, _never).run([Job(Path("bad"), bad), _job(2)])
    assert isinstance(first, Failed)
    assert first.path == Path("bad")
    assert second == 2


def test_a_mount_that_never_answers_is_given_up(tmp_path: Path) -> None:
    point = tmp_path / "dead"
    point.mkdir()
    with hanging(point):
        stat = Job(point / "x", lambda: os.stat(point / "x").st_size)
        first, second, third = TimedRunner(0.3, _never).run([stat, stat, _job(3)])
    assert first == TimedOut(point / "x", 0.3)
    assert second == TimedOut(point / "x", 0.25)  # the second of its kind gets less time
    assert third == 3


def test_a_late_answer_is_not_told_twice(tmp_path: Path) -> None:
    late = threading.Event()
    jobs = [Job(Path("late"), lambda: late.wait(60) and -1), _job(1), _job(2)]
    answers = []
    for answer in TimedRunner(0.3, _never).run(jobs):
        answers.append(answer)
        late.set()
    assert [a for a in answers if isinstance(a, TimedOut)]
    assert [a for a in answers if isinstance(a, int)] == [1, 2]


def test_cancelling_ends_it_while_a_job_hangs(tmp_path: Path) -> None:
    stop, release = threading.Event(), threading.Event()
    threading.Timer(0.1, stop.set).start()
    answers = list(TimedRunner(60, stop.is_set).run([Job(Path("x"), lambda: release.wait(60))]))
    release.set()
    assert answers == []
