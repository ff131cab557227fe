"""Completing a directory that is typed: on real directories of all sorts."""

import os
import threading
from pathlib import Path

import pytest

from tests.users import as_another_user, open_to_all
from venvdash.system.machine import Machine
from venvdash.tui import path_completion
from venvdash.tui.path_completion import complete


def names(text: str, home: Path) -> list[str]:
    return [path.name for path in complete(text, Machine(home=home, cwd=home)).found]


def completed(text: str, home: Path) -> str:
    return complete(text, Machine(home=home, cwd=home)).completed


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "alpha",
        "alpine",
        "beta/gamma",
        ".config/x",
        "Über",
        "$HOME",
        "a b",
        "two\nlines",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "alp.txt").touch()
    (tmp_path / "link").symlink_to("beta")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    return tmp_path


def test_directories_and_links_to_such_are_found_and_hidden_ones_when_asked(tree: Path) -> None:
    everything = ["$HOME", "a b", "alpha", "alpine", "beta", "link", "two\nlines", "Über"]
    assert names("~/", tree) == everything
    assert names("~", tree) == everything
    assert names(f"{tree}/", tree) == everything
    assert names("al", tree) == ["alpha", "alpine"]
    assert names("~/.", tree) == [".config"]
    assert names("link/", tree) == ["gamma"]
    assert names("beta/../a", tree) == ["a b", "alpha", "alpine"]


def test_what_is_typed_grows_as_far_as_it_is_certain(tree: Path) -> None:
    assert completed("al", tree) == "alp"
    assert completed("alpi", tree) == "alpine/"
    assert completed("~/be", tree) == "~/beta/"
    assert completed("~/beta/", tree) == "~/beta/gamma/"
    assert completed("~", tree) == "~/"
    assert completed("nothing", tree) == "nothing"
    assert completed("Ü", tree) == "Über/"
    assert completed("two", tree) == "two", "it could not be typed; it is in the list"


def test_trouble_is_told_and_nothing_raised(tree: Path) -> None:
    machine = Machine(home=tree, cwd=tree)
    assert complete("gone/", machine).trouble == "No such file or directory"
    assert complete("alp.txt/", machine).trouble == "Not a directory"
    assert complete("loop/", machine).trouble
    assert complete("nul\0l/", machine).trouble
    assert complete("x" * 5000 + "/", machine).trouble == "File name too long"
    assert completed("gone/", tree) == "gone/"


def test_a_closed_directory_says_so(tree: Path) -> None:
    open_to_all(tree)
    (tree / "beta").chmod(0o700)

    def other() -> str:
        return complete("beta/", Machine(home=tree, cwd=tree)).trouble

    assert as_another_user(other) == "Permission denied"


def test_one_that_does_not_answer_is_given_up(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, real = threading.Event(), os.scandir

    def hangs(path: Path) -> "os._ScandirIterator[str]":
        gate.wait(30)
        return real(path)

    monkeypatch.setattr(path_completion, "_PATIENCE", 0.1)
    monkeypatch.setattr(os, "scandir", hangs)
    assert complete("~/", Machine(home=tree, cwd=tree)).trouble == "It does not respond."
    gate.set()


def test_thousands_are_cut(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / f"d{number:05}").mkdir()
    found = complete("~/d", Machine(home=tmp_path, cwd=tmp_path))
    assert len(found.found) == 500
    assert found.completed == "~/d0", "of all of them"
