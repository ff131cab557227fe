"""Whatever happens to disk, settings and clock: what is remembered gives way to what is there.

Compared with a scan that has the records, but nothing else that an earlier scan stored: a scan with
all memory, the list that a dashboard begins with and corrects, and answers without a scan.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.answering import choice_of, user
from tests.conftest import home_in
from tests.effort import examples
from venvdash import config
from venvdash.model.sorting import in_order
from venvdash.model.summary import Summary
from venvdash.records import snapshot
from venvdash.records.answers import Answer
from venvdash.records.summaries import summary_of
from venvdash.session import Session, remembered_answers
from venvdash.system import clock, fingerprint
from venvdash.system.host import host_id
from venvdash.system.machine import Machine
from venvdash.tui.scan_state import ScanState
from venvdash.tui.table import _STATUS_OF_VIEW, Table, View
from venvdash.without_scan import command_line

_TICK = 0.02  # seconds; two of the clock of common file systems, as two seconds are of FAT's
_NAMED = ("web", "api")
_NAMES = st.sampled_from(_NAMED)
_STORES = st.sampled_from([".virtualenvs", ".local/share/virtualenvs", "more"])
_PLACES = st.sampled_from(["code/web", "code/api", "work/web"])
_VARIABLES = st.sampled_from(
    ["WORKON_HOME", "XDG_DATA_HOME", "VIRTUALENVWRAPPER_PROJECT_FILENAME", "POETRY_CACHE_DIR"]
)
_SETTINGS = st.sampled_from(
    [
        (".config/venvdash/config.toml", '[[stores]]\npath = "~/more"\n'),
        (".config/venvdash/config.toml", 'project_roots = ["~/work"]\n'),
        (".config/pypoetry/config.toml", '[virtualenvs]\npath = "~/more"\n'),
        (".config/uv/uv.toml", 'cache-dir = "~/more"\n'),
        ("code/web/poetry.toml", "[virtualenvs]\nin-project = true\n"),
        ("code/web/poetry.lock", ""),
    ]
)
_SITE = Path("lib", "python3.12", "site-packages")


def _make(prefix: Path, project: Path, digit: str) -> None:
    """Make an environment in a directory that may exist."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python").symlink_to("/usr/bin/python3")
    (prefix / _SITE / "rich-14.0.0.dist-info").mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = 3.12.{digit}\n")
    (prefix / ".project").write_text(f"{project}\n")


def _check_sums(table: Table, rows: Sequence[Summary]) -> None:
    for view, status in _STATUS_OF_VIEW.items():
        assert table.count(view) == sum(row.status is status for row in rows)
    sums = table.sums_of(View.ALL)
    assert sums.rows == len(rows)
    assert sums.reclaimable == sum(row.reclaimable or 0 for row in rows)


class Memory(RuleBasedStateMachine):
    """Changes a HOME in every way that matters, and looks at it as dashboard and commands do."""

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp()).resolve()
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("VENVDASH_DISKS", str(self.directory))
        self.patch.setattr(fingerprint, "RACY", int(_TICK * 1e9))
        self.home = home_in(self.directory)
        self.variables: dict[str, str] = {}
        self.looks = 0
        self.offset = 0.0  # seconds by which the clock is ahead
        self.shown: list[Summary] = []  # what the last scan ended with
        self.renamed = False  # since then: only a scan notices that another has the same name
        _make(self._path(".virtualenvs", "web"), self.home.path / "code/web", "1")
        (self.home.path / "code/web").mkdir(parents=True)

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.patch.undo()
            shutil.rmtree(self.directory)

    def _path(self, store: str, name: str) -> Path:
        return self.home.path / store / name

    def _machine(self, **variables: str) -> Machine:
        machine = self.home.machine(None, **self.variables, **variables)

        def now() -> clock.Moment:
            moment = clock.now()
            return replace(moment, wall=moment.wall + self.offset)

        return replace(machine, clock=now)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        """Set the clock; where it is ahead, files are older than they were made."""
        if self.offset > 0:
            time.sleep(2 * _TICK)
        real = time.time_ns
        with self.patch.context() as patch:
            patch.setattr(time, "time_ns", lambda: real() + int(self.offset * 1e9))
            yield

    # What changes

    @rule(store=_STORES, name=_NAMES, place=_PLACES, digit=st.sampled_from("12"))
    def create(self, store: str, name: str, place: str, digit: str) -> None:
        if not os.path.lexists(self._path(store, name)):
            _make(self._path(store, name), self.home.path / place, digit)
            self.renamed = True

    @rule(store=_STORES, name=_NAMES)
    def delete(self, store: str, name: str) -> None:
        path = self._path(store, name)
        if path.is_symlink():
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)

    @rule(store=_STORES, name=_NAMES, place=_PLACES, digit=st.sampled_from("12"))
    def recreate_under_the_same_inode(self, store: str, name: str, place: str, digit: str) -> None:
        prefix = self._path(store, name)
        if prefix.is_dir() and not prefix.is_symlink():
            for inner in prefix.iterdir():
                shutil.rmtree(inner) if inner.is_dir() else inner.unlink()
            _make(prefix, self.home.path / place, digit)
            self.renamed = True

    @rule(one=_STORES, name=_NAMES, other=_STORES, to=_NAMES)
    def swap(self, one: str, name: str, other: str, to: str) -> None:
        first, second = self._path(one, name), self._path(other, to)
        between = self.directory / "between"
        for source, target in ((first, between), (second, first), (between, second)):
            if os.path.lexists(source) and not os.path.lexists(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                source.rename(target)
                self.renamed = True

    @rule(one=_STORES, name=_NAMES, to=_NAMES)
    def swap_link(self, one: str, name: str, to: str) -> None:
        path = self._path(one, name)
        if path.is_symlink():
            path.unlink()
        if not os.path.lexists(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(self._path("more", to))
            self.renamed = True

    @rule(store=_STORES, name=_NAMES, digit=st.sampled_from("123"))
    def edit_keeping_size_and_time(self, store: str, name: str, digit: str) -> None:
        file = self._path(store, name) / "pyvenv.cfg"
        if file.is_file():
            times = file.stat()
            file.write_text(f"home = /usr/bin\nversion = 3.12.{digit}\n")
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    @rule(store=_STORES, name=_NAMES, place=_PLACES)
    def point_elsewhere(self, store: str, name: str, place: str) -> None:
        if self._path(store, name).is_dir():
            (self._path(store, name) / ".project").write_text(f"{self.home.path / place}\n")
            self.renamed = True

    @rule(store=_STORES, name=_NAMES, package=st.sampled_from("ab"), size=st.integers(0, 9))
    def install(self, store: str, name: str, package: str, size: int) -> None:
        site = self._path(store, name) / _SITE
        if site.is_dir():
            info = site / f"{package}-1.0.dist-info"
            shutil.rmtree(info, ignore_errors=True)
            info.mkdir()
            (info / "METADATA").write_bytes(bytes(4096 * size))

    @rule(place=_PLACES, name=_NAMES)
    def create_project(self, place: str, name: str) -> None:
        (self.home.path / place).mkdir(parents=True, exist_ok=True)
        (self.home.path / place / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        self.renamed = True

    @rule(place=_PLACES, to=_PLACES)
    def move_project(self, place: str, to: str) -> None:
        source, target = self.home.path / place, self.home.path / to
        if source.is_dir() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            self.renamed = True

    @rule(place=_PLACES)
    def delete_project(self, place: str) -> None:
        shutil.rmtree(self.home.path / place, ignore_errors=True)
        self.renamed = True

    @rule(variable=_VARIABLES)
    def set_variable(self, variable: str) -> None:
        if self.variables.pop(variable, None) is None:
            named = variable.endswith("FILENAME")
            self.variables[variable] = ".owner" if named else str(self.home.path / "more")

    @rule(given=_SETTINGS)
    def edit_settings(self, given: tuple[str, str]) -> None:
        file, text = self.home.path / given[0], given[1]
        if file.is_file() and file.read_text() == text:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.renamed = True

    @rule(hours=st.sampled_from([-30, -1, 1, 30]))
    def set_clock(self, hours: int) -> None:
        self.offset += hours * 3600.0

    @precondition(lambda self: self.offset)
    @rule()
    def correct_clock(self) -> None:
        self.offset = 0.0

    # What is seen

    @invariant()
    def look(self) -> None:
        """Start the dashboard, let it scan, and compare: now, or when nothing is too recent."""
        self.looks += 1
        if self.looks % 2:
            time.sleep(2 * _TICK)  # so that all is remembered, and the next step changes it
        with self._clock():
            with user(self.home, self.variables):
                answers = {name: command_line.remembered(name) for name in _NAMED}
            session = self._session(self._machine())
            state = ScanState()
            held = self._begin(state)
            for event in session.scan():
                state.take([event])
                self._check_held(state, held)
            state.end(session.problems)
            state.table.arrange()
            expected = self._scanned(self._without_caches())
            self._compare(state, session, expected)
            self._check_answers(answers, expected)
            session.remember()
            self.shown = sorted(map(summary_of, session.rows.values()))
            self.renamed = False

    def _session(self, machine: Machine) -> Session:
        return Session(machine, config.of(machine))

    def _scanned(self, machine: Machine) -> Session:
        session = self._session(machine)
        for _ in session.scan():
            """Only what it ends with counts."""
        return session

    def _without_caches(self) -> Machine:
        """Return the machine with a state directory that has records and nothing else."""
        state, other = self._machine().state_directory, self.directory / "state"
        shutil.rmtree(other, ignore_errors=True)
        if state.exists():
            shutil.copytree(state, other)
            for cache in ("inspections", "list", "names", "search"):
                path = other / cache
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            for index in other.glob("*.sqlite"):
                with closing(sqlite3.connect(index)) as connection, connection:
                    connection.execute("DELETE FROM size")
        return self._machine(VENVDASH_STATE_DIR=str(other))

    def _begin(self, state: ScanState) -> dict[Path, Summary]:
        """Draw what is remembered, and return it by path."""
        machine = self._machine()
        memory = snapshot.read(machine.state_directory, host_id(), machine.cwd)
        if memory is None:
            assert not self.shown
            return {}
        state.table.remember(memory)
        drawn = list(state.table.shown)
        assert not any(row.confirmed for row in drawn)
        assert not state.table.rows, "nothing that can be acted on"
        _check_sums(state.table, drawn)
        assert sorted(row._replace(confirmed=True, here=False) for row in drawn) == [
            row._replace(here=False) for row in self.shown
        ]
        return {row.path: row for row in drawn}

    def _check_held(self, state: ScanState, held: dict[Path, Summary]) -> None:
        """While it scans, each row is what is remembered, so marked, or what the scan found."""
        for path, row in state.table.summaries.items():
            if not row.confirmed:
                assert row._replace(gone=False) == held[path]
                assert not row.gone or path not in state.table.rows
            else:
                assert path in state.table.rows

    def _check_answers(self, answers: dict[str, Answer | None], expected: Session) -> None:
        for name, answer in answers.items():
            if answer is not None and not self.renamed:
                choice = choice_of(expected, name)
                assert choice is not None
                right = remembered_answers.answer(choice.rows[0], choice.note)
                if self.offset:  # `site` depends on whether dates are in the future, the rest not
                    answer, right = answer._replace(site=""), right._replace(site="")
                assert answer == right

    def _compare(self, state: ScanState, session: Session, expected: Session) -> None:
        table = state.table
        assert sorted(session.rows) == sorted(expected.rows)
        for path, row in session.rows.items():
            other = expected.rows[path]
            assert row.environment == other.environment
            assert row.verdict == other.verdict
            assert summary_of(row) == summary_of(other)
        assert sorted(session.problems, key=repr) == sorted(expected.problems, key=repr)
        rows = [summary_of(row) for row in session.rows.values()]
        assert list(table.shown) == in_order(rows, table.sort, descending=table.descending)
        assert all(row.confirmed for row in table.shown)
        assert not table.held
        _check_sums(table, rows)


TestMemory = Memory.TestCase
TestMemory.settings = settings(
    max_examples=examples(20, least=3), stateful_step_count=15, deadline=None
)
