"""The names under which tools look for the environment of ``/home/ada/code/webapp``."""

import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.stores.places import environment, made, reading
from venvdash.model import Edit
from venvdash.stores import registry
from venvdash.stores.base import Store
from venvdash.stores.direnv import _hashed, _readable
from venvdash.stores.links import Assignment
from venvdash.stores.roots import Layout, Root
from venvdash.system.files import UnreadableError

WEBAPP = Path("/home/ada/code/webapp")
_GNU = sys.platform == "linux" and platform.machine() == "x86_64"


def _store(name: str) -> Store:
    return next(store for store in registry() if store.name == name)


def _assigned(store: Store, path: Path, entry: Path, root: Root, **more: Any) -> Assignment:
    """Return that the environment at ``path`` is to be the project's."""
    found = replace(environment(store, reading(path, root)), entry=entry, python="3.12.4")
    return Assignment(
        **{
            "environment": found,
            "entry": entry,
            "prefix": path,
            "roots": (root,),
            "project": WEBAPP,
            "name": "webapp",
            **more,
        }
    )


def _wanted(
    folder: Path, tool: str, entry: str, prefix: str = "", depth: int = 1, **more: Any
) -> tuple[Store, Assignment]:
    """Make an entry in a store's folder, to be assigned to the project."""
    store = _store(tool)
    path = made(folder / entry / prefix)
    if tool == "pipenv":
        (path / ".project").write_text("/old")
    return store, _assigned(store, path, folder / entry, Root(folder, tool, depth=depth), **more)


@pytest.mark.parametrize(
    ("name", "entry", "prefix", "depth", "expected"),
    [
        ("poetry", "old-abcdefgh-py3.12", "", 1, "webapp-7yaSSJze-py3.12"),
        ("pdm", "old-abcdefgh-3.12", "", 1, "webapp-pWhDoDw0-3.12"),
        ("pdm", "old-Abcdefgh-dev-2", "", 1, "webapp-pWhDoDw0-dev-2"),
        ("hatch", "old/abcdefgh/old", "", 3, "webapp/7yaSSJze/webapp"),
        ("hatch", "old/abcdefgh/docs", "", 3, "webapp/7yaSSJze/docs"),
        ("hatch", "abcdefgh-unmanaged/abcdefgh/docs", "", 3,
         "7yaSSJze-unmanaged/7yaSSJze/docs"),
        ("uvlink", "old-0123456789ab-.venv", ".venv", 2, "webapp-ef2692489cde-.venv"),
        ("uvlink", "old-0123456789ab-venv", "venv", 2, "webapp-ef2692489cde-venv"),
        ("prime-uve", "old_01234567", "", 1, "webapp_ef269248"),
        ("pipenv", "old-abcdefgh", "", 1, None),  # it keeps its name, and a file names it
        ("folders", "mine", "", 1, None),
    ],
)  # fmt: skip
@pytest.mark.skipif(sys.platform != "linux", reason="other systems fold paths otherwise")
def test_the_name_that_a_tool_makes_of_the_path(
    tmp_path: Path, name: str, entry: str, prefix: str, depth: int, expected: str | None
) -> None:
    store, wanted = _wanted(tmp_path, name, entry, prefix, depth)
    found = store.expected_entry(wanted)
    assert found == (tmp_path / expected if expected else None)


@pytest.mark.skipif(not _GNU, reason="the vectors are those of Linux on x86_64 with glibc")
@pytest.mark.parametrize(
    ("entry", "project", "expected"),
    [
        ("old-cp3.11.7-0123456789abcdef", WEBAPP, "webapp-cp3.11.7-f8bc9442c6c4bc3f"),
        ("cp3.12.4-0123456789abcdef", WEBAPP, "webapp-cp3.12.4-eb83b4d56e645b28"),
        ("old-0123456789abcdef", WEBAPP.with_name("my_script.py"), "my-script-923a7d82b5c666af"),
    ],
)
def test_the_name_that_uv_makes(tmp_path: Path, entry: str, project: Path, expected: str) -> None:
    name = "" if project.suffix else "webapp"
    store, wanted = _wanted(tmp_path, "uv", entry, project=project, name=name)
    assert store.expected_entry(wanted) == tmp_path / expected


@pytest.mark.parametrize("end", ["", "-3.11"])
def test_pipenv_where_no_file_may_be_written(tmp_path: Path, end: str) -> None:
    store, wanted = _wanted(tmp_path, "pipenv", f"old-abcdefgh{end}", writes=False)
    assert store.expected_entry(wanted) == tmp_path / f"webapp-MPSes6ZT{end}"


def test_mirrored_stores(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name, entry, expected in (
        ("prp", "code/old/.venv", "code/webapp/.venv"),
        ("configured", "code/old/.venv", "code/webapp/.venv"),
        ("configured", "code/older", "code/webapp"),
    ):
        store, place = _store(name), tmp_path / name
        root = Root(place, name, layout=Layout.MIRRORED, base=home)
        path = made(place / entry)
        wanted = _assigned(store, path, path, root, project=home / "code" / "webapp")
        assert store.expected_entry(wanted) == place / expected
        assert (
            store.expected_entry(replace(wanted, project=WEBAPP)) is None
        )  # outside of what it mirrors


def test_layouts_of_direnv_keep_their_recipe(tmp_path: Path) -> None:
    for recipe in (_hashed, _readable):
        root = Root(tmp_path, "direnv", depth=2)
        store, path = _store("direnv"), made(tmp_path / recipe("/old") / "python-3.12")
        wanted = _assigned(store, path, path, root)
        assert store.expected_entry(wanted) == tmp_path / recipe(str(WEBAPP)) / "python-3.12"


@pytest.mark.parametrize(
    ("tool", "entry", "file"),
    [
        ("pipenv", "old-abcdefgh", ".venv"),
        ("pdm", "old-abcdefgh-3.12", ".pdm-python"),
        ("prime-uve", "old_01234567", ".env.uve"),
    ],
)
def test_what_no_tool_wrote_is_not_replaced(
    tmp_path: Path, tool: str, entry: str, file: str
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    store, wanted = _wanted(tmp_path / "store", tool, entry, project=project)
    pointer = project / file
    assert (pointer, None) in [(edit.path, edit.before) for edit in store.link_edits(wanted).edits]
    pointer.mkdir()
    with pytest.raises(UnreadableError, match=str(pointer)):
        store.link_edits(wanted)
    pointer.rmdir()
    os.mkfifo(pointer)
    with pytest.raises(UnreadableError, match=str(pointer)):
        store.link_edits(wanted)
    pointer.unlink()
    pointer.symlink_to("elsewhere")
    with pytest.raises(UnreadableError, match=str(pointer)):
        store.link_edits(wanted)


@pytest.mark.parametrize("text", ["my notes", "two\nlines", "word"])
def test_a_file_that_is_no_name_for_pipenv_is_not_replaced(tmp_path: Path, text: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    store, wanted = _wanted(tmp_path / "store", "pipenv", "old-abcdefgh", project=project)
    (project / ".venv").write_text(text)
    with pytest.raises(UnreadableError, match="was not written by pipenv"):
        store.link_edits(wanted)


def test_other_lines_of_an_env_uve_stay(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    store, wanted = _wanted(tmp_path / "store", "prime-uve", "old_01234567", project=project)
    text = "# mine\nTOKEN=1\nUV_PROJECT_ENVIRONMENT=/gone/x_01234567\n"
    (project / ".env.uve").write_text(text)
    (edit,) = store.link_edits(wanted).edits
    base = "UV_PROJECT_ENVIRONMENT=${PRIMEUVE_VENVS_PATH}/old_01234567\n"
    assert edit == Edit(project / ".env.uve", text, f"{base}# mine\nTOKEN=1\n")


@pytest.mark.parametrize("text", ["[", "a.b.c = 1\n[old-abcdefgh", "\x00"])
def test_a_damaged_index_of_poetry_stays(tmp_path: Path, text: str) -> None:
    store, wanted = _wanted(tmp_path, "poetry", "old-abcdefgh-py3.12")
    (tmp_path / "envs.toml").write_text(text)
    with pytest.raises(UnreadableError, match=r"envs\.toml is damaged"):
        store.link_edits(wanted)


def test_poetrys_choice_follows_its_environment(tmp_path: Path) -> None:
    store, wanted = _wanted(tmp_path, "poetry", "old-abcdefgh-py3.12")
    file = tmp_path / "envs.toml"

    def after(text: str) -> str | None:
        file.write_text(text)
        edits = store.link_edits(wanted).edits
        return edits[0].after if edits else text

    chosen = '[old-abcdefgh]\nminor = "3.12"\npatch = "3.12.4"\n'
    other = '[old-abcdefgh]\nminor = "3.11"\npatch = "3.11.7"\n'
    new = '[webapp-7yaSSJze]\nminor = "3.12"\npatch = "3.12.4"\n'
    rest = '# mine\n[rest-00000000]\nminor = "3.9"\n'
    assert after("") == new
    assert after(chosen) == new
    assert after(f"{rest}\n{chosen}") == f"{rest}\n{new}"
    assert after(f"{rest}\n{other}") == f"{rest}\n{other}"
    (tmp_path / "webapp-7yaSSJze-py3.9").mkdir()
    theirs = '[webapp-7yaSSJze]\nminor = "3.9"\n'
    assert after(theirs) == theirs
