"""Answers without a scan equal those of a scan, and end when something they depend on changes."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.answering import World, environment, project
from tests.conftest import Home
from tests.stores.places import made
from venvdash.records import answers
from venvdash.session import Session
from venvdash.stores import registry


@pytest.fixture
def world(home: Home, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project `webapp` with one environment, in folders of other names."""
    environment(home, "web", project(home, "code/site", "webapp"))
    environment(home, "tools")
    (home.path / ".virtualenvs" / "unfinished" / "bin").mkdir(parents=True)
    return World(home, monkeypatch)


def _in_place(path: Path, before: str, after: str) -> None:
    """Change a file without another inode or another size."""
    assert len(before) == len(after)
    with open(path, "r+") as file:
        text = file.read()
        assert before in text
        file.seek(0)
        file.write(text.replace(before, after))


def _namesake(world: World) -> None:
    environment(world.home, "other", project(world.home, "work/webapp"))


def _finished(world: World) -> None:
    path = world.home.path / ".virtualenvs" / "unfinished"
    (path / "pyvenv.cfg").write_text("home = /usr/bin\nprompt = webapp\n")


def _replaced(world: World) -> None:
    path = world.home.path / ".virtualenvs" / "web"
    shutil.rmtree(path)
    environment(world.home, "web", world.home.path / "code" / "site")


def _store_swapped(world: World) -> None:
    store = world.home.path / ".virtualenvs"
    store.rename(store.with_name("elsewhere"))
    store.symlink_to("elsewhere")


def _configured(world: World) -> None:
    made(world.home.path / "more" / "webapp")
    file = world.home.path / ".config" / "venvdash" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[[stores]]\npath = "~/more"\n')


def _uv_settings(world: World) -> None:
    file = world.home.path / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text('cache-dir = "/elsewhere"\n')


def _variable(name: str) -> Callable[[World], None]:
    return lambda world: world.variables.update({name: str(world.home.path / "elsewhere")})


_SITE, _WEB = "code/site", ".virtualenvs/web"
_CHANGES: dict[str, Callable[[World], object]] = {
    "a namesake in a store": _namesake,
    "a folder in a store becomes an environment": _finished,
    "a store appears": lambda w: made(w.home.path / ".local/share/virtualenvs/webapp"),
    "a configured store": _configured,
    "a tool's settings": _uv_settings,
    "the store is replaced by a link": _store_swapped,
    "the environment is deleted": lambda w: shutil.rmtree(w.home.path / _WEB),
    "the environment is created again": _replaced,
    "the environment is renamed": lambda w: (w.home.path / _WEB).rename(w.home.path / "web"),
    "pyvenv.cfg, with its size": lambda w: _in_place(
        w.home.path / _WEB / "pyvenv.cfg", "version = 3.12.1", "version = 3.11.1"
    ),
    "the pointer to the project, with its size": lambda w: _in_place(
        w.home.path / _WEB / ".project", "code/site", "code/sate"
    ),
    "the pointer is removed": lambda w: (w.home.path / _WEB / ".project").unlink(),
    "the project's name, with its size": lambda w: _in_place(
        w.home.path / _SITE / "pyproject.toml", '"webapp"', '"webapi"'
    ),
    "the project's name is removed": lambda w: (w.home.path / _SITE / "pyproject.toml").unlink(),
    "the project is moved": lambda w: (w.home.path / _SITE).rename(w.home.path / "moved"),
    "WORKON_HOME": _variable("WORKON_HOME"),
    "XDG_DATA_HOME": _variable("XDG_DATA_HOME"),
    "UV_CACHE_DIR": _variable("UV_CACHE_DIR"),
    "HOME": _variable("HOME"),
}


@pytest.mark.parametrize("change", _CHANGES)
def test_a_name_is_answered_until_something_changes(world: World, change: str) -> None:
    world.remember("webapp")
    known = world.quick("webapp")
    assert known is not None
    assert known == world.slow("webapp")
    _CHANGES[change](world)
    assert world.quick("webapp") is None
    if change != "HOME":
        world.remember("webapp")
        assert world.quick("webapp") in (None, world.slow("webapp"))


def test_work_in_a_project_changes_no_answer(world: World) -> None:
    world.remember("webapp")
    (world.home.path / _SITE / "main.py").write_text("print()\n")
    (world.home.path / "notes").mkdir()
    assert world.quick("webapp") == world.slow("webapp") is not None


_PROJECT_CHANGES: dict[str, Callable[[Path], object]] = {
    "`.venv` appears": lambda site: made(site / ".venv"),
    "`.venv` as a link": lambda site: (site / ".venv").symlink_to("/nowhere"),
    "pyproject.toml": lambda site: (site / "pyproject.toml").write_text("[tool.poetry]\n"),
    "a nearer project": lambda site: (site / "inner" / "pyproject.toml").write_text(""),
    **{
        name: lambda site, name=name: (  # type: ignore[misc]  # mypy cannot infer a lambda's default
            (site / name).parent.mkdir(parents=True, exist_ok=True),
            (site / name).touch(),
        )
        for store in registry()
        for name in (*store.lock_files, *store.own_pointers)
    },
}


@pytest.mark.parametrize("change", _PROJECT_CHANGES)
def test_a_directory_is_answered_until_its_project_changes(world: World, change: str) -> None:
    site = world.home.path / _SITE
    (site / "inner").mkdir()
    cwd = site / "inner"
    world.remember(None, cwd)
    known = world.quick(None, cwd)
    assert known is not None
    assert known == world.slow(None, cwd)
    assert world.quick(None, site) is None  # that was not asked
    _PROJECT_CHANGES[change](site)
    assert world.quick(None, cwd) is None


@pytest.mark.parametrize("change", ["a namesake in a store", "WORKON_HOME", "a tool's settings"])
def test_a_directory_is_answered_until_a_store_changes(world: World, change: str) -> None:
    cwd = world.home.path / _SITE
    world.remember(None, cwd)
    assert world.quick(None, cwd) is not None
    _CHANGES[change](world)
    assert world.quick(None, cwd) is None


def _names(world: World) -> Iterator[str]:
    session = world.scanned(records=False)
    home = world.home.path
    for row in session.rows.values():
        for name in (row.name, row.title, row.path.name, *(p.name for p in row.verdict.projects)):
            if name:
                yield from (
                    name,
                    name.upper(),
                    name[:3],
                    f"{name}@3.12",
                    f"venv:{name}",
                    f"{name}@",
                )
                yield from (
                    f"code/{name}",
                    f"{name}/",
                    f" {name}",
                    f"{name}\n",
                    name.replace("-", "_"),
                )
        yield str(row.path)
    yield from ("", ".", "..", "~", "-", "@3.12", "a\\b", "cafe\u0301", "caf\xe9", "no", str(home))


def test_every_name_is_answered_as_a_scan_does(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(home, monkeypatch)
    environment(home, "web", site := project(home, "code/site", "webapp"))
    environment(home, "web-old", site, "3.9.1")
    environment(home, "api-1", project(home, "work/api"))
    environment(home, "api-2", project(home, "play/api"))
    environment(home, "left", home.path / "code" / "gone")
    for name in (
        "cafe\u0301",
        "My.Tool",
        "two\nlines",
        "back\\slash",
        "a b",
        "x@3.12",
        "\udcff",
        "web-app",
    ):
        environment(home, name)
    session, names = world.scanned(), list(dict.fromkeys(_names(world)))
    answered = {name: world.quick(name) for name in names}
    assert {name for name, answer in answered.items() if answer} >= {"My.Tool", "MY.TOOL", "a b"}
    assert {"two\nlines", "back\\slash", "\udcff", "caf\xe9", "x@3.12"} <= {
        name for name, answer in answered.items() if answer
    }
    for name, answer in answered.items():
        assert answer in (None, _slow(session, name)), name


def _slow(session: Session, name: str) -> answers.Answer | None:
    from venvdash.session import remembered_answers
    from venvdash.session.name_resolution import AmbiguousError, NotFoundError

    try:
        choice = session.choose(name, changing=False)
    except (NotFoundError, AmbiguousError):
        return None
    return remembered_answers.answer(choice.rows[0], choice.note)


def test_one_of_several_is_answered_until_its_project_changes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(home, monkeypatch)
    site = project(home, "code/site", "webapp")
    environment(home, "old", site, "3.9.1")
    current = environment(home, "new", site)
    (site / ".venv").symlink_to(current)
    world.remember("webapp")
    known = world.quick("webapp")
    assert known is not None
    assert known == world.slow("webapp")
    assert "in use by its project (1 of 2)" in known.note
    (site / ".venv").unlink()
    assert world.quick("webapp") is None


def _damage(data: bytes) -> Iterator[bytes]:
    yield b""
    yield b"\0" * 100
    yield b"\xff\xfe" + data
    yield data[:-1]
    yield data + b"x"
    yield data.replace(b"webapp", b"webapi")
    yield data.replace(b"venvdash answers 1", b"venvdash answers 9")
    yield data.replace(f"\0{os.uname().nodename}\0".encode(), b"\0another\0")
    yield data.replace(f"\0{os.geteuid()}\0".encode(), b"\x0012345\0", 1)


@pytest.mark.parametrize("file", ["names", "answers"])
def test_what_is_damaged_is_not_used(world: World, file: str) -> None:
    state, cwd = world.home.path / ".local/state/venvdash", world.home.path / _SITE
    world.remember(None, cwd)
    (path,) = [state / "names"] if file == "names" else list((state / "answers").iterdir())
    name, data = ("webapp" if file == "names" else None), path.read_bytes()
    assert world.quick(name, cwd) is not None
    for damaged in _damage(data):
        path.write_bytes(damaged)
        assert world.quick(name, cwd) is None, damaged[:80]
    path.write_bytes(data)
    assert world.quick(name, cwd) is not None
    path.chmod(0o600)
    path.rename(path.with_name("other"))
    path.symlink_to("other")
    assert world.quick(name, cwd) is None


def test_another_users_state_directory_is_not_used(world: World) -> None:
    world.remember("webapp")
    (world.home.path / ".local/state/venvdash").chmod(0o777)
    assert world.quick("webapp") is None


def test_without_records_nothing_is_written(world: World) -> None:
    world.scanned(records=False)
    assert not (world.home.path / ".local/state/venvdash/names").exists()
    file = world.home.path / ".config" / "venvdash" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("records = false\n")
    world.remember("webapp")
    assert world.quick("webapp") is None


def test_what_was_changed_just_now_is_not_remembered(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(home, monkeypatch)
    environment(home, "web")
    monkeypatch.undo()
    world.remember("web")
    assert world.quick("web") is None
