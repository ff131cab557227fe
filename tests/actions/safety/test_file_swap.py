"""One name exchanged for another: only what was shown, and never through a link."""

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

import pytest

from tests.actions.crashing import in_child
from tests.conftest import Home
from tests.session.relinking import named, relinked
from tests.users import NOBODY
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Content, Swap
from venvdash.actions.safety.file_swap import links_possible, look, put, tidy
from venvdash.model import Outcome

LINK, FILE = Content("target", link=True), Content("text\n")


def _make(path: Path, content: Content | None) -> None:
    if content is not None:
        path.symlink_to(content.text) if content.link else path.write_text(content.text)


@pytest.mark.parametrize("before", [None, LINK, FILE, Content("other", link=True)])
@pytest.mark.parametrize("after", [None, LINK, FILE, Content("other\n")])
def test_there_and_back(tmp_path: Path, before: Content | None, after: Content | None) -> None:
    path = tmp_path / "name"
    _make(path, before)
    swap = Swap(path, before, after)
    assert put(swap) == (before != after)
    assert look(path) == after
    assert not put(swap), "done already"
    assert put(swap.back()) == (before != after)
    assert look(path) == before
    assert [found.name for found in tmp_path.iterdir()] == ["name"] * (before is not None)


@pytest.mark.parametrize("there", [None, LINK, FILE])
def test_what_is_not_as_it_was_shown_stays(tmp_path: Path, there: Content | None) -> None:
    path = tmp_path / "name"
    _make(path, there)
    with pytest.raises(ChangedError, match="has changed since"):
        put(Swap(path, Content("shown"), Content("wanted")))
    assert look(path) == there


def test_what_is_neither_link_nor_text(tmp_path: Path) -> None:
    directory, pipe, binary, large = (tmp_path / name for name in ("dir", "pipe", "bin", "large"))
    directory.mkdir()
    os.mkfifo(pipe)
    binary.write_bytes(b"\xff\xfe")
    large.touch()
    os.truncate(large, 32 << 20)
    for path in (directory, pipe, binary, large):
        for before in (None, LINK, FILE):
            with pytest.raises(ChangedError, match=str(path)):
                put(Swap(path, before, LINK))
    assert directory.is_dir()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to give a file away")
def test_another_users_file(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_text("text\n")
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(ChangedError, match="another user"):
        put(Swap(path, FILE, LINK))


def test_a_directory_that_became_a_link_is_not_entered(tmp_path: Path) -> None:
    """Neither where it is the last on the way nor before."""
    for below in ("project", "above/project"):
        project = tmp_path / below
        project.mkdir(parents=True)
        swapped = tmp_path / Path(below).parts[0]
        away = tmp_path / f"away-{swapped.name}"
        swapped.rename(away)
        swapped.symlink_to(away)
        with pytest.raises((ChangedError, OSError)):
            put(Swap(project / "name", None, LINK))
        assert not list(away.rglob("name"))
        tidy(Swap(project / "name", None, LINK))


def test_what_a_crash_left_beside_it_goes(tmp_path: Path) -> None:
    for name in (".venvdash-tmp-relink", ".venvdash-tmp-relink-new"):
        (tmp_path / name).touch()
    tidy(Swap(tmp_path / "name", None, LINK))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".venvdash-tmp-relink").touch()
    assert put(Swap(tmp_path / "name", None, FILE))
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_text("text\n")
    path.chmod(0o640)
    put(Swap(path, FILE, Content("other\n")))
    assert path.stat().st_mode & 0o777 == 0o640


def _forbid_links() -> None:
    """Let the kernel refuse this process every new symbolic link (seccomp(2))."""
    numbers = {"x86_64": (88, 266), "aarch64": (36,)}.get(platform.machine())
    if sys.platform != "linux" or numbers is None:
        os._exit(77)
    load, equal, allow, refuse = 0x20, 0x15, 0x7FFF0000, 0x00050000 | 1  # EPERM
    program = [(load, 0, 0, 0)]
    for place, number in enumerate(numbers):
        program.append((equal, len(numbers) - place, 0, number))
    program += [(0x06, 0, 0, allow), (0x06, 0, 0, refuse)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    filters = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filters):
        os._exit(77)


def test_where_no_links_can_be_made_a_file_leads_there(home: Home) -> None:
    project, path = home.path / "code" / "app", named(home, "shop")
    project.mkdir(parents=True)

    def attempt() -> None:
        _forbid_links()
        if links_possible(project):
            os._exit(1)
        os._exit(0 if relinked(home, path, project).outcome is Outcome.DONE else 2)

    code = in_child(attempt)
    if code == 77:
        pytest.skip("needs Linux with seccomp, to forbid links")
    assert code == 0
    assert not (project / ".venv").is_symlink()
    assert (project / ".venv").read_text() == str(path)
    assert [found.name for found in project.iterdir()] == [".venv"]
