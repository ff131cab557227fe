"""Environments that share files with each other and with uv's cache, on their own file system."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import Home, home_in
from tests.mounting import tmpfs
from venvdash.actions.events import ActionEvent, Finished
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel, payload
from venvdash.model import Row
from venvdash.session import Session

PACKAGES = {"alpha": 300_000, "beta": 50_000, "gamma": 120_000, "delta": 7_000}
# Each shares something with both others, with one other only, and something with nobody.
ENVIRONMENTS = {
    "one": ("alpha", "beta"),
    "two": ("alpha", "beta", "gamma"),
    "three": ("alpha", "gamma", "delta"),
}


@contextlib.contextmanager
def shared_home(directory: Path) -> Iterator[Home]:
    """A HOME on a file system of its own; what venvdash remembers lies elsewhere."""
    point = directory / "mounted"
    point.mkdir()
    with tmpfs(point, "64m"):
        home = home_in(point)
        home.variables["VENVDASH_STATE_DIR"] = str(directory / "state")
        home.variables["UV_OFFLINE"] = "1"
        yield home


def make_environments(home: Home) -> dict[str, Path]:
    """Make the environments with uv, as it does by default: hard links into its cache."""
    wheels = home.path / "wheels"
    for name, size in PACKAGES.items():
        modules = {f"{name}/__init__.py": b"x = 1\n", f"{name}/data.bin": payload(size, name)}
        make_wheel(wheels, name, "1.0", modules)
    made = {}
    for name, packages in ENVIRONMENTS.items():
        made[name] = home.path / ".virtualenvs" / name
        home.uv("venv", "-q", made[name])
        found = ("--no-index", "--find-links", str(wheels))
        home.uv("pip", "install", "-q", "--python", made[name], *found, *packages)
    assert os.stat(next(made["one"].rglob("alpha/data.bin"))).st_nlink == 4
    return made


def scanned(home: Home, config: Config | None = None, *, records: bool = True) -> Session:
    """Return a session after its first scan, as a new process would have it."""
    session = Session(home.machine(), config or Config(), records=records)
    for _ in session.scan():
        pass
    session.remember()
    return session


def measured(home: Home, config: Config | None = None) -> Session:
    """Return a session after a scan that measured sidecars as well, which the first one writes."""
    scanned(home, config)
    return scanned(home, config)


def named(session: Session, *names: str) -> list[Path]:
    """Return the paths of the environments that are called so."""
    rows: dict[str, Row] = {row.name: row for row in session.rows.values()}
    return [rows[name].path for name in names]


def last(events: Iterator[ActionEvent]) -> Finished:
    """Return what a deletion, a change or an undo ended with."""
    *_, finished = events
    assert isinstance(finished, Finished)
    return finished


def undone(session: Session, number: int | None = None) -> Finished:
    """Undo the newest change, or the one with that number; a refusal fails the test."""
    plan = session.plan_undo(number)
    assert not isinstance(plan, str), plan
    assert not plan.refusal, plan.refusal
    return last(session.actions.undo(plan))


def used(path: Path) -> int:
    """Return the bytes taken on the file system of ``path``."""
    found = os.statvfs(path)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def only_in(directory: Path) -> int:
    """Return the bytes of files that have no link outside ``directory``, and of its folders."""
    links: dict[int, int] = {}
    facts: dict[int, os.stat_result] = {}
    for folder, _, files in os.walk(directory):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            found = os.lstat(path)
            links[found.st_ino] = links.get(found.st_ino, 0) + 1
            facts[found.st_ino] = found
    own = [
        found
        for inode, found in facts.items()
        if stat.S_ISDIR(found.st_mode) or links[inode] == found.st_nlink
    ]
    return sum(found.st_blocks * 512 for found in own)
