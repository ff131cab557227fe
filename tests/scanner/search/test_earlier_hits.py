"""A second search reads only what changed, and finds the same."""

import os
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.search.searching import searched
from tests.scenario import orphan
from venvdash.records import directories
from venvdash.records.directories import Directories, Question
from venvdash.scanner.search import walk


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the change times of directories that were made a moment ago."""
    monkeypatch.setattr(walk, "_YOUNG", 0)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The directories that were listed, whether with scandir or listdir."""
    found: list[str] = []
    scandir, listdir = os.scandir, os.listdir

    def note(path: object) -> None:
        if threading.current_thread().name == "venvdash-search":
            found.append(str(path))

    def scanned(path: str) -> object:
        note(path)
        return scandir(path)

    def named(path: str) -> list[str]:
        note(path)
        return listdir(path)

    monkeypatch.setattr(os, "scandir", scanned)
    monkeypatch.setattr(os, "listdir", named)
    return found


def tree(home: Home) -> Path:
    top = home.path / "tree"
    for first in "abc":
        for second in "xyz":
            (top / first / second / "leaf").mkdir(parents=True)
    time.sleep(0.02)  # past the tick of the file system's clock
    return top


def below(read: list[str], top: Path) -> set[str]:
    found = {path.removeprefix(f"{top}/") for path in read if path.startswith(f"{top}/")}
    read.clear()
    return found


@pytest.mark.usefixtures("old")
def test_only_what_changed_is_read_again(home: Home, read: list[str]) -> None:
    environment, top = orphan(home, "webapp"), tree(home)
    first = searched(home, environment)
    assert len(below(read, top)) == 21
    second = searched(home, environment)
    assert below(read, top) == set()
    assert (first.report.directories, first.hits) == (second.report.directories, second.hits)
    (top / "a" / "new" / "deep").mkdir(parents=True)
    (top / "b" / "x" / "leaf").rmdir()
    (top / "c" / "y").rename(top / "c" / "other")
    (top / "b" / "z" / "leaf" / ".venv").symlink_to(environment)
    time.sleep(0.02)
    third = searched(home, environment)
    assert "b/z/leaf/.venv points to it" in third.hits[environment].reason
    (top / "b" / "z" / "leaf" / ".venv").unlink()
    time.sleep(0.02)
    read.clear()
    fourth = searched(home, environment)
    assert not fourth.hits
    assert "a/x" not in below(read, top)
    searched(home, environment)
    assert below(read, top) == set()
    assert fourth.report.directories == first.report.directories + 1


def test_what_changed_a_moment_ago_is_read_again(home: Home, read: list[str]) -> None:
    environment, top = orphan(home, "webapp"), tree(home)
    searched(home, environment)
    read.clear()
    searched(home, environment)
    assert len(below(read, top)) == 21


@pytest.mark.usefixtures("old")
def test_a_pointer_whose_text_changed_is_followed(home: Home) -> None:
    environment, top = orphan(home, "webapp"), tree(home)
    pointer = top / "a" / "x" / ".venv"
    pointer.write_text("/somewhere/else\n")
    time.sleep(0.02)
    assert not searched(home, environment).hits
    pointer.write_text(f"{environment}\n")  # the directory does not change
    assert searched(home, environment).hits


@pytest.mark.usefixtures("old")
def test_another_question_is_asked_anew(home: Home, read: list[str]) -> None:
    environment, top = orphan(home, "webapp"), tree(home)
    searched(home, environment)
    home.uv("init", "-q", "--script", "gone.py")
    home.uv("run", "-q", "gone.py")
    (home.path / "gone.py").unlink()
    (script,) = (home.path / ".cache/uv/environments-v2").glob("gone-*")
    read.clear()
    searched(home, environment, script)
    assert len(below(read, top)) == 21
    searched(home, environment, script)
    assert below(read, top) == set()
    searched(home, environment)
    assert below(read, top) == set()


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("harm", ["cut", "garbage", "empty", "link", "stranger", "writable"])
def test_a_memory_that_cannot_be_trusted_is_none(home: Home, harm: str, tmp_path: Path) -> None:
    environment, top = orphan(home, "webapp"), tree(home)
    searched(home, environment)
    (top / "a" / "x" / "leaf" / ".venv").symlink_to(environment)
    folder = home.path / ".local/state/venvdash" / directories.FOLDER
    for file in folder.iterdir():
        data = file.read_bytes()
        if harm == "link":
            target = tmp_path / file.name
            file.rename(target)
            file.symlink_to(target)
        elif harm == "stranger":
            os.chown(file, 65534, 65534)
        elif harm == "writable":
            folder.chmod(0o777)
        else:
            file.write_bytes(
                {"cut": data[:-30], "garbage": data[:60] + os.urandom(900)}.get(harm, b"")
            )
    assert searched(home, environment).hits
    assert not list(folder.glob(".venvdash-tmp-*"))


def test_without_records_nothing_is_written(home: Home) -> None:
    from venvdash.config import Config

    environment = orphan(home, "webapp")
    searched(home, environment, config=Config(records=False))
    assert not (home.path / ".local/state/venvdash" / directories.FOLDER).exists()


def test_a_stream_of_records(tmp_path: Path) -> None:
    memory, question = Directories(tmp_path), Question("x", {"stems": frozenset("ab")})

    def first(place: str, question: Question) -> object:
        reader, writer = memory.open(place, question)
        writer.drop()
        found = reader.take(0)
        reader.close()
        return found

    reader, writer = memory.open("/p", question)
    assert reader.take(0) is None
    large = b"\0".join(b"%06d" % number for number in range(100_000))
    writer.add(0, (1, 2, large, b".venv"))
    for number in range(5000):
        writer.add(1, (number, 3, b"a\0b", b""))
    writer.keep(directories.named("/p"))
    reader, writer = memory.open("/p", Question("x", {"stems": frozenset("a")}))
    writer.drop()
    assert reader.take(0) == (1, 2, large, b".venv")
    assert reader.take(1) == (0, 3, b"a\0b", b"")
    reader.skip(0)
    assert reader.take(1) is None
    assert first("/p", question) == (1, 2, large, b".venv")
    assert first("/p", Question("x", {"stems": frozenset("c")})) is None
    assert first("/p", Question("y", {"stems": frozenset()})) is None
    assert first("/q", question) is None
