"""What the other tools keep of an environment that is freed, and what the user is told of it."""

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.actions.deleting import one, small, trashes
from tests.cli.test_list import run
from tests.conftest import Home
from tests.freeing import become, freed
from tests.mounting import hanging
from tests.realtools import Tool
from tests.users import NOBODY
from tests.waiting import waited
from venvdash.actions.delete import pending_messages, purge, purge_process, tool_leftovers
from venvdash.config import Config
from venvdash.session import Session

REGISTRY = Path(".local", "share", "prime-uve", "cache.json")
VENVS = Path(".cache", "prime-uve", "venvs")
NAME = "app_01234567"


@pytest.fixture
def user(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The HOME, and this process, in which the purge then runs, being that user."""
    become(home, monkeypatch)
    return home


def in_trash(home: Home, entry: Path) -> Path:
    """Make an environment, delete it, and return where it lies."""
    box = one(home, small(entry)).trash
    assert box
    return box


def told(home: Home) -> tuple[str, ...]:
    return pending_messages.told(home.machine().state_directory)


# prime-uve's registry


def registry(home: Home, *entries: tuple[str, str, str]) -> Path:
    """Write the registry: for each project what ``venv_path`` and its expanded form are."""
    file = home.path / REGISTRY
    file.parent.mkdir(parents=True, exist_ok=True)
    venvs = {
        project: {"venv_path": given, "venv_path_expanded": expanded, "project_name": "é"}
        for project, given, expanded in entries
    }
    file.write_text(json.dumps({"version": "1.0", "venvs": venvs}, indent=2))
    return file


def projects(file: Path) -> list[str]:
    return list(json.loads(file.read_text())["venvs"])


def test_only_what_means_the_freed_one_leaves_the_registry(user: Home) -> None:
    entry, other = user.path / VENVS / NAME, small(user.path / VENVS / "other_01234567")
    older = small(user.path / "prime-uve" / "venvs" / "old_01234567")
    box = in_trash(user, entry)
    base = "${PRIMEUVE_VENVS_PATH}"
    file = registry(
        user,
        ("/p/one", f"{base}/{NAME}", str(entry)),
        ("/p/moved", f"{base}/{NAME}", f"/nowhere/{NAME}"),
        ("/p/old", str(entry), ""),
        ("/p/other", f"{base}/other_01234567", str(other)),
        ("/p/older", f"{base}/old_01234567", str(entry.with_name("old_01234567"))),
        ("/p/gone", f"{base}/gone_01234567", "/nowhere/gone_01234567"),
    )
    file.chmod(0o640)
    before = json.loads(file.read_text())
    assert purge.purge(box).gone
    assert projects(file) == ["/p/other", "/p/older", "/p/gone"]
    after = json.loads(file.read_text())
    assert after["venvs"].items() <= before["venvs"].items()
    assert file.read_text() == json.dumps(after, indent=2)
    assert file.stat().st_mode & 0o777 == 0o640
    assert older.exists()
    assert told(user) == ()


def test_a_name_that_another_folder_has_keeps_its_place(user: Home) -> None:
    box = in_trash(user, user.path / "prime-uve" / "venvs" / NAME)
    small(user.path / VENVS / NAME)
    file = registry(
        user,
        ("/p/one", f"${{PRIMEUVE_VENVS_PATH}}/{NAME}", f"{user.path}/prime-uve/venvs/{NAME}"),
    )
    text = file.read_text()
    assert purge.purge(box).gone
    assert file.read_text() == text


@contextmanager
def locked(home: Home, tool: Tool) -> Iterator["subprocess.Popen[str]"]:
    """Have prime-uve's own library hold the registry's lock."""
    code = (
        "import sys; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]):\n    print('held', flush=True)\n    input()"
    )
    python = tool("prime-uve").parent / "python"
    command = [str(python), "-c", code, str((home.path / REGISTRY).with_name("cache.lock"))]
    held = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert held.stdout
        assert held.stdout.readline() == "held\n"
        yield held
    finally:
        held.kill()
        held.communicate()


def test_a_registry_that_stays_locked_is_left_alone(
    user: Home, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_leftovers, "_LOCKED", 0.2)
    entry = user.path / VENVS / NAME
    box = in_trash(user, entry)
    file = registry(user, ("/p/one", str(entry), str(entry)))
    with locked(user, tool):
        assert purge.purge(box).gone
    assert projects(file) == ["/p/one"]
    assert told(user) == (
        f"{NAME.rpartition('_')[0]} was deleted permanently, but prime-uve may still "
        f"list it: {file}: "
        "another program holds its lock. That file was left unchanged.",
    )


def test_a_registry_is_waited_for(user: Home, tool: Tool) -> None:
    entry = user.path / VENVS / NAME
    box = in_trash(user, entry)
    file = registry(user, ("/p/one", str(entry), str(entry)), ("/p/two", "/x", "/x"))
    with locked(user, tool) as held:
        threading.Timer(0.5, held.kill).start()
        assert purge.purge(box).gone
        assert held.poll() is not None
    assert projects(file) == ["/p/two"]
    assert told(user) == ()


def test_a_lock_that_leads_elsewhere_is_not_taken(user: Home) -> None:
    entry = user.path / VENVS / NAME
    box = in_trash(user, entry)
    file = registry(user, ("/p/one", str(entry), str(entry)))
    file.with_name("cache.lock").symlink_to(user.path / "made by us")
    assert purge.purge(box).gone
    assert projects(file) == ["/p/one"]
    assert "its cache.lock is a symbolic link" in told(user)[0]
    assert not (user.path / "made by us").exists()


# Directories, links and pointers


def test_folders_that_mirrored_the_project_go_and_no_others(home: Home) -> None:
    root = home.path / "envs"
    settings = home.path / ".config" / "venvdash" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[[stores]]\npath = "~/envs"\nlayout = "mirrored"\n')
    home.variables["WORKON_HOME"] = str(root / "work")
    webapp, api = small(root / "code/webapp/.venv"), small(root / "code/api/.venv")
    deep, inside = small(root / "deep/er/x/.venv"), small(root / "work/app/.venv")
    (root / "deep" / "notes").touch()
    assert freed(home, webapp) == ""
    assert sorted(path.name for path in (root / "code").iterdir()) == ["api"]
    assert freed(home, api, deep, inside) == ""
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*")) == [
        "deep",
        "deep/notes",
        "work",  # virtualenvwrapper's own
    ]
    last = small(root / "code/.venv")
    (root / "deep" / "notes").unlink()
    assert freed(home, last) == ""
    assert sorted(os.listdir(root)) == ["deep", "work"]


def test_a_folder_waits_for_what_lies_in_the_trash_there(user: Home) -> None:
    root = user.path / ".local" / "share" / "prp"
    first, second = (
        in_trash(user, root / "code" / "webapp" / name) for name in (".venv", ".venv-3.12")
    )
    assert purge.purge(first).gone
    assert trashes(root / "code" / "webapp") == [second]
    assert purge.purge(second).gone
    assert list(root.iterdir()) == []


def test_a_layout_of_direnv_goes_whole(user: Home) -> None:
    digest = hashlib.sha1(b"/code/app").hexdigest()
    layouts = user.path / ".cache" / "direnv" / "layouts"
    older, newer = (in_trash(user, layouts / digest / f"python-3.{n}") for n in (11, 12))
    (layouts / digest / "bin").mkdir()  # something else that `.envrc` made
    assert purge.purge(older).gone
    assert purge.purge(newer).gone
    assert os.listdir(layouts / digest) == ["bin"]
    third = in_trash(user, layouts / digest / "python-3.13")
    (layouts / digest / "bin").rmdir()
    assert purge.purge(third).gone
    assert list(layouts.iterdir()) == []


def test_an_alias_that_is_no_link_or_leads_elsewhere_stays(user: Home) -> None:
    versions = user.path / ".pyenv" / "versions"
    (versions / "3.12.1" / "bin").mkdir(parents=True)
    names = ("directory", "moved", "own")
    boxes = [in_trash(user, versions / "3.12.1" / "envs" / name) for name in names]
    (versions / "directory").mkdir()
    (versions / "moved").symlink_to(versions / "3.12.1")
    (versions / "own").symlink_to("3.12.1/envs/own")
    for box in boxes:
        assert purge.purge(box).gone
    assert sorted(os.listdir(versions)) == ["3.12.1", "directory", "moved"]
    assert told(user) == ()


def test_a_project_that_does_not_answer_holds_nothing_up(
    user: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_leftovers, "_PATIENCE", 0.3)
    project = user.path / "code" / "app"
    project.mkdir(parents=True)
    entry = small(user.path / ".local/share/pdm/venvs/app-abcdefgh-3.12")
    (project / ".pdm-python").write_text(str(entry / "bin" / "python"))
    box = one(user, entry).trash
    assert box
    with hanging(project):
        assert purge.purge(box).gone
    assert told(user) == (
        f"app was deleted permanently, but pdm may still list it: {project} does not respond. "
        "That file was left unchanged.",
    )
    assert (project / ".pdm-python").exists()


# Telling


@pytest.fixture
def foreign(home: Home) -> Path:
    """poetry's index, which belongs to another user, beside an environment."""
    if os.getuid():
        pytest.skip("needs root, to give a file to another user")
    entry = small(home.path / ".cache/pypoetry/virtualenvs/app-abcdefgh-py3.12")
    index = entry.with_name("envs.toml")
    index.write_text('[app-abcdefgh]\nminor = "3.12"\n')
    os.chown(index, NOBODY, NOBODY)
    return index


def sentence(index: Path) -> str:
    return (
        f"app was deleted permanently, but poetry may still list it: {index} belongs to "
        "another user. "
        "That file was left unchanged."
    )


def test_whoever_frees_is_told_and_it_is_no_failure(home: Home, foreign: Path) -> None:
    entry = foreign.with_name("app-abcdefgh-py3.12")
    done = run(home, "delete", str(entry), "--now", "--yes")
    assert done.stderr == f"venvdash: {sentence(foreign)}\n"
    assert done.stdout.splitlines()[-1].startswith("Deleted 1 of 1 environment, reclaimed ")
    small(entry)
    run(home, "delete", str(entry), "--yes")
    answer = json.loads(run(home, "trash", "empty", "--yes", "--json").stdout)
    assert (answer["problems"], answer["notes"]) == ([], [sentence(foreign)])
    assert foreign.read_text() == '[app-abcdefgh]\nminor = "3.12"\n'
    assert "may still list" not in run(home, "list").stderr


def test_what_was_freed_meanwhile_is_told_at_the_next_start(home: Home, foreign: Path) -> None:
    entry = foreign.with_name("app-abcdefgh-py3.12")
    run(home, "delete", str(entry), "--yes")
    assert purge_process.start(trashes(entry.parent), home.machine())
    waited(lambda: not trashes(entry.parent))
    session = Session(home.machine(), Config())
    for _ in session.scan(usage=False):
        pass
    assert [problem.message for problem in session.problems] == [sentence(foreign)]
    assert sentence(foreign) not in run(home, "list").stderr
