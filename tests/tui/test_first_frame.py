"""The dashboard begins with what the last scan found, and the present one corrects it."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rich.segment import Segment

from tests.conftest import Home
from tests.scenario import venv
from tests.terminal import program
from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import many, row, small_machine
from venvdash.actions.events import RowChanged
from venvdash.config import Config
from venvdash.model import Row, Status, Verdict
from venvdash.model.sorting import in_order
from venvdash.records import snapshot
from venvdash.records.snapshot import NAME, Settings, Snapshot, encode
from venvdash.records.summaries import summary_of
from venvdash.scanner.events import Ended, Phase, Progress
from venvdash.session import Session
from venvdash.session.events import SessionEvent
from venvdash.system.host import host_id
from venvdash.tui.table import View
from venvdash.tui.widgets.environment_list import EnvironmentList

_HOURS = 3600.0
AS_EVER = Settings()

# Reports what the first frame held, and which modules had been imported for it.
_WATCHED = """
import json, sys
from textual.drivers.linux_driver import LinuxDriver
import venvdash.tui
names, report, *arguments = json.loads(sys.argv[1])
write = LinuxDriver.write
def watched(self, data):
    if watched.first and any(name in data for name in names):
        watched.first = False
        found = [name for name in names if name in data]
        with open(report, "w") as file:
            json.dump({"names": found, "modules": sorted(sys.modules)}, file)
    write(self, data)
watched.first = True
LinuxDriver.write = watched
sys.argv[1:] = arguments
from venvdash.__main__ import main
main()
"""


def remembered(
    rows: Sequence[Row], settings: Settings = AS_EVER, hours: float = 3.2, other: int = 0
) -> Snapshot:
    """Return the snapshot that a scan of ``rows`` left so many hours ago."""
    summaries = in_order(map(summary_of, rows), settings.sort, descending=settings.descending)
    then = time.time() - hours * _HOURS
    return Snapshot(encode(summaries, "host", other=other, now=then, settings=settings), "host")


def found(rows: Sequence[Row]) -> list[SessionEvent]:
    """Return the events by which a scan finds rows: first unjudged, as a real scan does."""
    checking = Verdict(Status.CHECKING, "Searching for its project.")
    return [
        Progress(Phase.STORES, 0, 0),
        *(RowChanged(replace(one, verdict=checking, usage=None, used=None)) for one in rows),
        Progress(Phase.PROJECTS, 0, 0),
    ]


def judged(rows: Sequence[Row]) -> list[SessionEvent]:
    return [RowChanged(one, settled=True) for one in rows]


ENDED = Ended(cancelled=False, seconds=0.4)


def gated(*parts: Sequence[SessionEvent]) -> tuple[FakeSession, list[threading.Event]]:
    """Return a session whose scan waits before each part for the event of the same number."""
    gates = [threading.Event() for _ in parts]
    events = [one for gate, part in zip(gates, parts, strict=True) for one in (gate, *part)]
    return FakeSession(events), gates


@contextmanager
def drawn() -> Iterator[dict[int, set[str]]]:
    """Yield what each line of the list has shown, without its style."""
    seen: dict[int, set[str]] = {}
    draw = EnvironmentList.render_line

    def watched(self: EnvironmentList, y: int) -> object:
        strip = draw(self, y)
        seen.setdefault(y, set()).add(strip.text)
        return strip

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EnvironmentList, "render_line", watched)
        yield seen


def mark_of(driver: Driver, name: str) -> Segment:
    """Return the mark of the row of that name, with its style."""
    table = driver.main.listing.environments
    place = driver.listed.index(name)
    return next(
        segment
        for segment in table.line_at(place + 1)
        if segment.text.strip() and segment.text.strip() not in "▌✓"
    )


def dim(segment: Segment) -> bool:
    return bool(segment.style and segment.style.dim)


# In a real terminal


@contextmanager
def watched(home: Home, names: Sequence[str], *arguments: str) -> Iterator[Path]:
    """Run the dashboard in a terminal until every name is there; yield the report's file."""
    report = home.path / "report.json"
    given = json.dumps([list(names), str(report), *arguments])
    command = [sys.executable, "-c", _WATCHED, given]
    with program(command, variables=home.variables, cwd=home.path, columns=120) as screen:
        screen.read(lambda output: all(name.encode() in output for name in names), 60)
        screen.read(lambda output: b"scanned in" in output, 60)
        screen.press("q")
        assert screen.wait(60) == 0
    yield report


def test_the_first_frame_is_complete_and_needs_no_scanner(home: Home) -> None:
    names = [f"lab{number}" for number in range(9)]
    for name in names:
        venv(home.path / ".virtualenvs" / name)
    home.venvdash("list")
    with watched(home, names) as report:
        first = json.loads(report.read_text())
    assert first["names"] == names
    packages = ("scanner", "actions", "session", "stores", "cli")
    unwanted = ("click", "sqlite3", "psutil", *(f"venvdash.{name}" for name in packages))
    assert not [
        module
        for module in first["modules"]
        if module in unwanted or module.startswith(tuple(f"{one}." for one in unwanted))
    ]
    assert "venvdash.model.plans" not in first["modules"]


def test_without_records_nothing_is_remembered(home: Home) -> None:
    venv(home.path / ".virtualenvs" / "lab0")
    home.venvdash("list")
    file = home.machine().state_directory / NAME
    before = file.read_bytes(), file.stat().st_mtime_ns
    venv(home.path / ".virtualenvs" / "lab1")
    with watched(home, ["lab0", "lab1"], "--no-records") as report:
        assert "venvdash.records.snapshot" in json.loads(report.read_text())["modules"]
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    home.venvdash("--no-records", "list")
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_a_damaged_file_is_replaced(home: Home, content: bytes | None) -> None:
    names = ["lab0", "lab1"]
    for name in names:
        venv(home.path / ".virtualenvs" / name)
    home.venvdash("list")
    file = home.machine().state_directory / NAME
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] if content is None else content)
    with watched(home, names):
        pass
    back = snapshot.read(file.parent, host_id())
    assert back is not None
    assert [one.name for one in back.rows()] == names


def test_several_at_once_leave_a_whole_list(home: Home) -> None:
    for number in range(3):
        venv(home.path / ".virtualenvs" / f"lab{number}")
    command = [sys.executable, "-m", "venvdash"]
    lists = [
        subprocess.Popen(
            [*command, *arguments],
            env=home.variables,
            cwd=home.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for arguments in (["list"], ["list", "--json"], ["prune", "--dry-run"])
    ]
    assert [one.wait(120) for one in lists] == [0, 0, 0]
    back = snapshot.read(home.machine().state_directory, host_id())
    assert back is not None
    assert [one.name for one in back.decode()] == ["lab0", "lab1", "lab2"]


# What is remembered


def test_all_is_there_before_the_scan_says_anything() -> None:
    session, _ = gated([ENDED])
    memory = remembered(small_machine(), other=2)

    async def script(driver: Driver) -> None:
        assert driver.listed == [one.name for one in memory.rows()]
        assert "1 all 13   2 orphans 1   3 unknown 1   4 replaced 1   5 other 2" in driver.lines[0]
        assert "as of 3 h ago, checking 0/13" in driver.lines[1]
        assert "data-notebooks" in driver.text
        assert "5.2 GiB" in driver.text
        assert driver.current == "api"
        assert all(dim(mark_of(driver, name)) for name in ("api", "shop"))

    drive(session, script, (120, 30), snapshot=memory)


def test_nothing_moves_or_changes_when_nothing_has_changed() -> None:
    rows = [replace(one, here=False) for one in small_machine()]  # there is no directory here
    session, gates = gated(found(rows), judged(rows), [ENDED])

    async def script(driver: Driver) -> None:
        for gate in gates:
            gate.set()
            await driver.pilot.pause(0.15)
        await driver.scanned()
        assert "as of" not in driver.text
        assert not dim(mark_of(driver, "shop"))

    with drawn() as seen:
        drive(session, script, (120, 30), snapshot=remembered(rows))
    assert all(len(texts) == 1 for texts in seen.values()), seen


def test_the_age_stays_where_there_is_little_room() -> None:
    rows = small_machine()
    counting = Progress(Phase.PROJECTS, 1234, 99999)
    session, gates = gated([*found(rows), counting], [*judged(rows), ENDED])

    async def script(driver: Driver) -> None:
        gates[0].set()
        await driver.until(lambda: driver.workbench.scans.state.progress == counting)
        await driver.pilot.pause()
        assert driver.lines[1].rstrip().endswith("as of 3 h ago")
        gates[1].set()
        await driver.scanned()

    drive(session, script, (64, 24), snapshot=remembered(rows))


def test_order_and_cursor_hold_until_the_scan_ends() -> None:
    sizes = {"a": 9, "b": 7, "c": 5, "d": 3}
    before = [row(name, mib=size, reclaimable=size) for name, size in sizes.items()]
    grown = row("d", Status.ORPHAN, mib=100, reclaimable=100, path=before[3].path)
    now = [before[0], before[2], grown, row("new", mib=8, reclaimable=8)]
    session, gates = gated(found(now), judged(now), [ENDED])
    memory = remembered(before, Settings("all", "size", True))

    async def script(driver: Driver) -> None:
        assert driver.listed == ["a", "b", "c", "d"]
        await driver.press("j", "j")
        assert driver.current == "c"
        gates[0].set()
        await driver.until(lambda: "checking 4/4" in driver.lines[1])
        assert driver.listed[:4] == ["a", "b", "c", "d"]
        statuses = [one.status for one in driver.rows[:4]]
        assert statuses == [Status.LINKED] * 4, "never back to checking"
        gates[1].set()
        await driver.until(lambda: "orphan" in "".join(driver.lines[3:9]))
        assert driver.listed == ["a", "b", "c", "d", "new"]
        assert driver.current == "c"
        assert dim(mark_of(driver, "b")), "it is gone"
        assert not dim(mark_of(driver, "a"))
        gates[2].set()
        await driver.scanned()
        assert driver.listed == ["d", "a", "new", "c"]
        assert driver.current == "c"

    drive(session, script, (120, 30), snapshot=memory)


def test_who_sorts_gets_another_order_at_once() -> None:
    rows = small_machine()
    session, gates = gated(found(rows), [*judged(rows), ENDED])

    async def script(driver: Driver) -> None:
        await driver.press("I")
        by_name = driver.listed
        assert by_name == sorted(by_name, reverse=True)
        gates[0].set()
        await driver.pilot.pause(0.2)
        assert driver.listed == by_name
        gates[1].set()
        await driver.scanned()
        assert driver.listed == by_name

    drive(session, script, (120, 30), snapshot=remembered(rows))
    assert session.kept == Settings("all", "name", True)


def test_a_scan_that_fails_leaves_what_is_remembered() -> None:
    session = FakeSession([OSError("the disk said no")])

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert len(driver.listed) == 13
        totals = driver.main.listing.totals.render()
        assert "as of 3 h ago: the scan failed" in totals.plain
        await driver.press("d")
        await driver.until(lambda: "was not checked again. Press r to rescan." in driver.text)

    drive(session, script, (120, 30), snapshot=remembered(small_machine()))


def test_a_list_that_turns_out_to_be_damaged_is_forgotten() -> None:
    rows = small_machine()
    memory = remembered(rows)
    broken = bytearray(memory._records)
    broken[5:9] = b"]]]]"
    memory._records = memoryview(bytes(broken))
    session, gates = gated(found(rows), [*judged(rows), ENDED])

    async def script(driver: Driver) -> None:
        for gate in gates:
            gate.set()
        await driver.scanned()
        assert len(driver.listed) == len(rows)
        assert "?" not in driver.listed

    drive(session, script, (120, 30), snapshot=memory)


def test_the_view_and_the_order_of_the_last_time_come_back() -> None:
    rows = many(40)
    session, _ = gated([ENDED])
    memory = remembered(rows, Settings("orphans", "size", True))

    async def script(driver: Driver) -> None:
        assert driver.main.listing.table.view is View.ORPHANS
        orphans = [one for one in rows if one.verdict.status is Status.ORPHAN]
        sizes = [one.on_disk or 0 for one in driver.rows]
        assert sizes == sorted((one.usage.on_disk for one in orphans if one.usage), reverse=True)

    drive(session, script, (120, 30), snapshot=memory)


def test_only_what_is_drawn_is_decoded() -> None:
    memory = remembered(many(2000))
    items = memory.rows()
    assert len(items) == 2000
    assert [one.name for one in items[:3]] == [f"project-{n:05}" for n in range(3)]
    assert len(memory._decoded) == 3


def test_a_real_machine_is_corrected(home: Home) -> None:
    store = home.path / ".virtualenvs"
    for name in ("kept", "gone"):
        venv(store / name)
    home.venvdash("list")
    memory = snapshot.read(home.machine().state_directory, host_id())
    (store / "gone").rename(home.path / "elsewhere")
    venv(store / "new")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.listed == ["kept", "new"]

    drive(Session(home.machine(), Config()), script, (120, 30), snapshot=memory)
