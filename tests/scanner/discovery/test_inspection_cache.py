"""What is remembered of environments is used only while it is what reading them would give."""

import json
import os
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.conftest import Home
from tests.effort import examples
from tests.noting import noted
from tests.stores import test_reads
from venvdash.config import Config
from venvdash.model import Package
from venvdash.records import inspections
from venvdash.records.inspections import Inspections
from venvdash.scanner import service
from venvdash.scanner.discovery import inspection
from venvdash.scanner.events import EnvironmentFound, InspectionsChanged, VerdictsDecided
from venvdash.scanner.stages.scan_state import SavedRecords
from venvdash.stores.roots import Entry, Root
from venvdash.system import fingerprint, reads
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mount, Mounts

read = test_reads.read  # the fixture: every path that this process reads
_HOST = "0" * 32
_TICK = 0.02  # seconds; two of the clock of common file systems, as two seconds are of FAT's
_SITE = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")


@pytest.fixture(autouse=True)
def _short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "RACY", int(_TICK * 1e9))


def _make(prefix: Path, version: str = "3.11.1") -> None:
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python").symlink_to(sys.executable)
    (prefix / _SITE / "rich-14.0.0.dist-info").mkdir(parents=True)
    home = Path(sys.executable).parent
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    (prefix / "pyvenv.cfg").write_text(f"home = {home}\nversion = {minor}.{version[-1]}\n")


def _scan(
    machine: Machine, known: Inspections
) -> tuple[Inspections, list[Any], list[tuple[Path, tuple[Path, ...]]]]:
    """Return what a scan remembers, the environments it found, and whose they are."""
    found: list[Any] = []
    claimed: list[tuple[Path, tuple[Path, ...]]] = []
    for event in service.scan(
        machine, Config(), SavedRecords, known, usage=False, search=False, cancelled=lambda: False
    ):
        if isinstance(event, InspectionsChanged):
            known = event.inspections
        elif isinstance(event, VerdictsDecided):
            claimed = sorted(event.facts.claimed.items())
        elif isinstance(event, EnvironmentFound):
            found.append(event.environment)
    return known, found, claimed


def _remembered(home: Home) -> tuple[Machine, Inspections]:
    """Make an environment with a project, and return what a scan remembers of it."""
    _make(home.path / ".virtualenvs" / "a")
    (home.path / ".virtualenvs" / "a" / ".project").write_text("/code/a\n")
    time.sleep(2 * _TICK)
    machine = home.machine()
    known, _, _ = _scan(machine, Inspections())
    return machine, known


def _stored(machine: Machine, known: Inspections) -> Inspections:
    inspections.write(machine.state_directory, _HOST, known)
    return inspections.read(machine.state_directory, _HOST)


def _first(data: dict[str, Any]) -> list[Any]:
    first: list[Any] = next(iter(data["environments"].values()))
    return first


def _reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which every path is added whose pyvenv.cfg is read."""
    return noted(monkeypatch, inspection, "_look")


def test_what_is_unchanged_is_not_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, known = _remembered(home)
    without = _scan(machine, Inspections())
    read = _reads(monkeypatch)
    known = _stored(machine, known)
    assert _scan(machine, known) == (known, *without[1:])
    assert read == []
    assert without[2] == [(home.path / ".virtualenvs" / "a", (Path("/code/a"),))]


def test_what_was_changed_just_now_is_not_remembered(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, _ = _remembered(home)
    pointer = home.path / ".virtualenvs" / "a" / ".project"
    pointer.write_text("/code/b\n")
    changed = pointer.stat().st_mtime_ns
    monkeypatch.setattr(time, "time_ns", lambda: changed)
    assert _scan(machine, Inspections())[0] == {}


def test_what_was_changed_in_the_future_is_not_remembered(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, _ = _remembered(home)
    early = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: early)
    assert _scan(machine, Inspections())[0] == {}


def test_what_a_link_leads_to_is_read_again(home: Home) -> None:
    machine, _ = _remembered(home)
    site = home.path / ".virtualenvs" / "a" / _SITE
    site.rename(home.path / "elsewhere")
    site.symlink_to(home.path / "elsewhere")
    time.sleep(2 * _TICK)
    known, (before,), _ = _scan(machine, Inspections())
    (home.path / "elsewhere" / "click-8.2.0.dist-info").mkdir()
    _, (after,), _ = _scan(machine, known)
    assert len(after.packages) == len(before.packages) + 1


@pytest.mark.parametrize("fstype", ["nfs4", "fuse.sshfs", "vfat"])
def test_disks_without_reliable_times_are_read_each_time(
    home: Home, monkeypatch: pytest.MonkeyPatch, fstype: str
) -> None:
    machine, _ = _remembered(home)
    mounts = Mounts((Mount("/", fstype, "server:/"),))
    monkeypatch.setattr(Mounts, "read", lambda: mounts)
    assert _scan(machine, Inspections())[0] == {}


def test_other_settings_of_a_store_are_read_again(home: Home) -> None:
    machine, known = _remembered(home)
    other = replace(
        machine, variables={**machine.variables, "VIRTUALENVWRAPPER_PROJECT_FILENAME": ".owner"}
    )
    (home.path / ".virtualenvs" / "a" / ".owner").write_text("/code/b\n")
    assert _scan(other, known)[1:] == _scan(other, Inspections())[1:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(format=[0]),
        lambda data: data.pop("packages"),
        lambda data: data["packages"].append(["pip", 1, None, False]),
        lambda data: data.update(environments=[]),
        lambda data: _first(data).pop(),
        lambda data: _first(data)[0].__setitem__(0, "relative"),
        lambda data: _first(data)[1].append(1),
        lambda data: _first(data)[1].__setitem__(0, "2"),
        lambda data: _first(data)[1].__setitem__(0, True),
        lambda data: _first(data).__setitem__(2, -1),
        lambda data: _first(data)[4].append(None),
        lambda data: _first(data)[4].__setitem__(0, None),
        lambda data: _first(data)[5].__setitem__(1, "a\0b"),
        lambda data: _first(data)[-3].append(-1),
        lambda data: _first(data)[-2].append(["/x", "guess", ""]),
        lambda data: _first(data)[-1].append([1, "/x", "/y"]),
    ],
)
def test_a_damaged_file_is_as_none(home: Home, damage: Callable[[dict[str, Any]], None]) -> None:
    machine, known = _remembered(home)
    assert _stored(machine, known) == known
    file = machine.state_directory / "inspections" / _HOST
    header, *lines = file.read_text().splitlines()
    environments = [[json.loads(part) for part in line.split("\t")] for line in lines]
    data = {**json.loads(header), "environments": dict(environments)}
    damage(data)
    lines = ["\t".join(map(json.dumps, each)) for each in dict(data.pop("environments")).items()]
    file.write_text("\n".join([json.dumps(data), *lines]))
    damaged = inspections.read(machine.state_directory, _HOST)
    assert [path for path in damaged if damaged.get(path)] == []
    file.write_bytes(b"{")
    assert inspections.read(machine.state_directory, _HOST) == {}
    file.unlink()
    file.symlink_to("/dev/zero")
    assert inspections.read(machine.state_directory, _HOST) == {}


def test_an_environment_whose_line_is_damaged_is_read_again(home: Home) -> None:
    _make(home.path / ".virtualenvs" / "b")
    machine, known = _remembered(home)
    assert len(_stored(machine, known)) == 2
    file = machine.state_directory / "inspections" / _HOST
    header, first, second = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([header, first[:-9], second]))
    found = inspections.read(machine.state_directory, _HOST)
    again, environments, _ = _scan(machine, found)
    assert again == known
    assert environments == _scan(machine, Inspections())[1]


def test_what_is_remembered_stays_in_one_block(home: Home) -> None:
    _, known = _remembered(home)
    path, inspection = next(iter(known.items()))
    for number in range(1_000):
        known.add(f"{path}{number}", replace(inspection, files=inspection.files * 2))
    data = b"\n".join(known.encoded())
    tracemalloc.start()
    found = Inspections.of(data)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(found) == len(known)
    assert used < len(data) / 2


def test_packages_that_no_environment_has_any_more_are_forgotten(home: Home) -> None:
    machine, known = _remembered(home)
    (path,) = known
    for number in range(3_000):
        packages = (Package(f"package{number}", "1.0"),)
        known = known.updated([], {path: replace(known[path], packages=packages)})
    assert known[path].packages == packages
    inspections.write(machine.state_directory, _HOST, known)
    text = (machine.state_directory / "inspections" / _HOST).read_text()
    assert text.count("package") < 1_100


@pytest.mark.parametrize("name", ["a", "app-AbCdEfGh", "app-AbCdEfGh-py3.11", "app-abcdef12-venv"])
@pytest.mark.parametrize("pointer", [None, "/code/a", "/code/a\n"])
@pytest.mark.parametrize("place", [".virtualenvs", "src/a/.venvs"])
def test_whatever_is_read_of_an_environment_is_noted(
    home: Home, read: set[str], name: str, pointer: str | None, place: str
) -> None:
    prefix = home.path / place / name
    _make(prefix)
    with (prefix / "pyvenv.cfg").open("a") as cfg:
        cfg.write("prompt = app\nuv = 0.13.9\n")
    for file in (".lock", "bin/activate", "bin/postactivate", f"{_SITE}/a.egg-link"):
        (prefix / file).write_text(f"{home.path}\n")
    for info in ("a-1.0.dist-info", "app-1.0.dist-info"):
        (prefix / _SITE / info).mkdir()
    (prefix / _SITE / "b.pth").write_text(f"{home.path / 'src'}\n")
    (prefix / _SITE / "linked").symlink_to(home.path)
    if pointer is not None:
        (prefix / ".project").write_text(pointer)
    entry, root = Entry(prefix, prefix), Root(prefix.parent, "virtualenvwrapper")
    inspection._read(entry, root)  # what is read once and kept, as the stores
    read.clear()
    with reads.recorded() as noted:
        inspection._read(entry, root)
    assert noted.complete
    assert not read - set(noted.paths)


_NAMES = st.sampled_from(["a", "b", "app-AbCdEfGh-py3.11"])
_FILES = st.sampled_from(
    ["/code/p", "/code/q", "home = /usr", "import sys", "{}", '{"url": "file:///code/p"}']
)
_INFOS = st.sampled_from(["rich-14.0.0.dist-info", "a-1.0.dist-info", "b.egg-info"])


class Environments(RuleBasedStateMachine):
    """Changes environments as tools, people and a bad clock do, and scans after each change."""

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.store = self.directory / ".virtualenvs"
        self.project = self.directory / "code" / "p"
        (self.project / "src").mkdir(parents=True)
        (self.directory / "code" / "q").mkdir()
        _make(self.store / "a")
        self.machine = Machine(self.directory, {}, sys.platform, self.directory, os.getuid())
        self.known = Inspections()

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            shutil.rmtree(self.directory)

    def _site(self, name: str) -> Path | None:
        site = self.store / name / _SITE
        return site if site.is_dir() else None

    @rule(name=_NAMES, digit=st.sampled_from("12"))
    def create_again(self, name: str, digit: str) -> None:
        prefix = self.store / name
        if prefix.is_symlink():
            prefix.unlink()
        elif prefix.exists():
            shutil.rmtree(prefix)
        _make(prefix, digit)

    @rule(name=_NAMES)
    def delete(self, name: str) -> None:
        shutil.rmtree(self.store / name, ignore_errors=True)

    @rule(one=_NAMES, other=_NAMES)
    def swap(self, one: str, other: str) -> None:
        first, second = self.store / one, self.store / other
        between = self.directory / "between"
        for source, target in ((first, between), (second, first), (between, second)):
            if os.path.lexists(source) and not os.path.lexists(target):
                source.rename(target)

    @rule(one=_NAMES, other=_NAMES)
    def link(self, one: str, other: str) -> None:
        if not os.path.lexists(self.store / one):
            (self.store / one).symlink_to(other)

    @rule(one=_NAMES, other=_NAMES, inner=st.sampled_from(["lib", str(_SITE), "bin"]))
    def link_inside(self, one: str, other: str, inner: str) -> None:
        path = self.store / one / inner
        if path.is_dir() and not path.is_symlink() and one != other:
            shutil.rmtree(path)
            path.symlink_to(self.store / other / inner)

    @rule(name=_NAMES, digit=st.sampled_from("123"))
    def edit_keeping_size_and_time(self, name: str, digit: str) -> None:
        file = self.store / name / "pyvenv.cfg"
        if file.is_file():
            times = file.stat()
            file.write_text(file.read_text().rstrip("\n123") + f"{digit}\n")
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    @rule(
        name=_NAMES,
        file=st.sampled_from(
            [".project", ".lock", "bin/postactivate", "bin/activate", "venvdash.toml"]
        ),
        text=_FILES,
    )
    def write(self, name: str, file: str, text: str) -> None:
        path = self.store / name / file
        if path.parent.is_dir():
            path.write_text(text)

    @rule(name=_NAMES, info=_INFOS, text=_FILES)
    def install(self, name: str, info: str, text: str) -> None:
        if site := self._site(name):
            (site / info).mkdir(exist_ok=True)
            editable = {"url": self.project.as_uri(), "dir_info": {"editable": True}}
            record = json.dumps(editable) if text.startswith("/") else text
            (site / info / "direct_url.json").write_text(record)

    @rule(name=_NAMES, info=_INFOS)
    def uninstall(self, name: str, info: str) -> None:
        if site := self._site(name):
            shutil.rmtree(site / info, ignore_errors=True)

    @rule(name=_NAMES, inner=st.sampled_from(["", "/src", "/gone"]))
    def write_path_file(self, name: str, inner: str) -> None:
        if site := self._site(name):
            (site / "a.pth").write_text(f"{self.project}{inner}\n")

    @rule(name=st.sampled_from(["pyproject.toml", "src/setup.py"]))
    def change_the_source_of_editable_installs(self, name: str) -> None:
        file = self.project / name
        if file.exists():
            file.unlink()
        else:
            file.touch()

    @rule(name=_NAMES, gone=st.sampled_from(["pyvenv.cfg", ".project", ".lock", "bin/python"]))
    def remove(self, name: str, gone: str) -> None:
        if os.path.lexists(self.store / name / gone):
            (self.store / name / gone).unlink()

    @rule()
    def wait(self) -> None:
        time.sleep(2 * _TICK)
        self.scan()  # what is remembered now is what the next steps change

    @rule(back=st.sampled_from([1, 3600]))
    def scan_while_the_clock_is_behind(self, back: int) -> None:
        behind = time.time_ns() - back * 1_000_000_000
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: behind)
            self.scan()

    @invariant()
    def scan(self) -> None:
        known, found, claimed = _scan(self.machine, self.known)
        assert (found, claimed) == _scan(self.machine, Inspections())[1:]
        self.known = _stored(self.machine, known)
        assert self.known == known


TestEnvironments = Environments.TestCase
TestEnvironments.settings = settings(
    max_examples=examples(100), stateful_step_count=25, deadline=None
)
