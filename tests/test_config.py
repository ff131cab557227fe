"""The settings that are not told with their stores."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from textual.theme import BUILTIN_THEMES

from venvdash.config import (
    CODEC,
    SORTS,
    TABLES,
    THEMES,
    Config,
    DashboardSettings,
    load,
    reference,
)
from venvdash.model.sorting import SORT_KEYS
from venvdash.tui.table import View


def problem(folder: Path, text: str) -> str:
    """Return what is reported of the only mistake in a configuration."""
    (one,) = written(folder, text).problems
    return one.message


def written(folder: Path, text: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load(path)


def test_how_long_the_trash_is_kept(tmp_path: Path) -> None:
    assert load(tmp_path / "none").trash.keep == 7
    assert written(tmp_path, "").trash.keep == 7
    assert written(tmp_path, "[trash]\n").trash.keep == 7
    assert written(tmp_path, "[trash]\nkeep = 30\n").trash.keep == 30
    assert written(tmp_path, "trash.keep = 0.5\n").trash.keep == 0.5
    assert written(tmp_path, "trash.keep = 0\n").trash.keep == 0


def test_how_projects_are_linked(tmp_path: Path) -> None:
    assert load(tmp_path / "none").project_link == "auto"
    for value in ("auto", "link", "file", "none"):
        assert written(tmp_path, f'project_link = "{value}"\n').project_link == value
    for text in ('"symlink"', "true", "[]", "1"):
        config = written(tmp_path, f"project_link = {text}\n")
        assert config.project_link == "auto"
        (one,) = config.problems
        assert "toml:1: `project_link` must be one of auto, link, file, none." in one.message
        assert not one.protects
        assert not config.unsafe


@pytest.mark.parametrize(
    "text",
    [
        "trash = 7",
        "trash.keep = -1",
        "trash.keep = '7'",
        "trash.keep = true",
        "trash.keep = nan",
        "trash.keep = inf",
        "trash.kept = 7",
    ],
)
def test_what_is_no_time_is_refused(tmp_path: Path, text: str) -> None:
    assert "toml:1: `trash" in problem(tmp_path, text)
    config = written(tmp_path, text)
    assert config.trash.keep == 7
    assert config.unsafe


@pytest.mark.parametrize("path", ["/", "//", "/.", "/tmp/.."])
def test_the_root_of_the_file_system_is_no_store(tmp_path: Path, path: str) -> None:
    text = f'[[stores]]\npath = "{path}"\n'
    assert "not the root of the file system" in problem(tmp_path, text)
    assert written(tmp_path, text).stores == ()
    text = f'store = "{path}"\n'
    assert "not the root of the file system" in problem(tmp_path, text)
    assert written(tmp_path, text).store == ""


def test_what_would_take_the_parser_for_ever_is_refused(tmp_path: Path) -> None:
    assert "too many dots" in problem(tmp_path, f"{'a.' * 100_000}b = 1\n")
    assert "nested too deep" in problem(tmp_path, f"skip = {'[' * 1000}\n")
    assert written(tmp_path, 'skip = ["/a.b.c.d.e.f.g.h.i.j.k.l/[x]"]\n')


@pytest.mark.parametrize("key", ["search", "skip", "project_roots"])
def test_folders_mean_the_same_in_every_directory(tmp_path: Path, key: str) -> None:
    for text in ("", "code", "./code", "~ada/code", "*", "/code\\u0000"):
        said = problem(tmp_path, f'{key} = ["/srv", "{text}"]\n')
        assert f"toml:1: `{key}` must be absolute" in said
    assert "toml:1: `store` must be absolute" in problem(tmp_path, 'store = "venvs"\n')
    assert "toml:1: `store` must be a string" in problem(tmp_path, "store = false\n")
    assert written(tmp_path, f'{key} = ["~", "~/code", "$SRV/code", "/srv"]\n')


MISTAKES = """\
# a comment
skip = ["/kept"]
serach = ["/x"]
project_link = "banana"
trash = { keep = "x" }

[[stores]]
path = "~/one"

[[stores]]
path = "~/two"
layout = "banana"
"""


def test_each_mistake_has_its_line_and_the_rest_counts(tmp_path: Path) -> None:
    config = written(tmp_path, MISTAKES)
    assert config.skip == ("/kept",)
    assert (config.project_link, config.trash.keep, config.stores) == ("auto", 7, ())
    file = tmp_path / "config.toml"
    assert {one.message for one in config.problems} == {
        f"{file}:3: `serach` is not a known setting. Did you mean `search`?",
        f"{file}:4: `project_link` must be one of auto, link, file, none. The default is used.",
        f"{file}:5: `trash.keep` must be a number of days. The default is used.",
        f"{file}:12: `stores.layout` must be one of flat, mirrored. The default is used.",
    }
    assert "serach" in config.unsafe or "trash" in config.unsafe or "stores" in config.unsafe


def test_what_cannot_be_read_at_all_is_unsafe(tmp_path: Path) -> None:
    unreadable = written(tmp_path, "skip = [")
    assert "invalid TOML" in unreadable.unsafe
    assert not unreadable.records  # it may say so
    assert "at line 2" in written(tmp_path, "records = true\n= 3\n").unsafe
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in load(tmp_path / "folder").unsafe
    assert not load(tmp_path / "none").unsafe


def test_settings_are_those_of_the_code() -> None:
    keys = {one.key for one in reference.settings()}
    inner = {f"{name}.{key}" for name, table in TABLES.items() for key in table.keys}
    assert keys == {key for key in CODEC.keys if key not in TABLES} | inner


@pytest.mark.parametrize("setting", reference.settings(), ids=lambda one: one.key)
def test_every_example_and_default_is_valid(tmp_path: Path, setting: reference.Setting) -> None:
    config = written(tmp_path, setting.example)
    assert config.problems == ()
    (one,) = [one for one in reference.effective(config, setting.example) if one.line]
    assert one.setting == setting
    assert reference.toml(one.value) != setting.default
    table, _, key = setting.key.rpartition(".")
    text = f"[{table}]\n" * bool(table) + f"{key} = {setting.default}\n"
    assert replace(written(tmp_path, text), path=None) == Config()


def test_the_choices_are_those_of_the_dashboard() -> None:
    assert set(THEMES) == set(BUILTIN_THEMES)
    assert set(SORTS) == set(SORT_KEYS)
    for view in View:
        read = CODEC.read({"dashboard": {"view": view.value}})
        assert read.dashboard == DashboardSettings(view=view.value)


def test_a_mistake_in_how_it_looks_stops_nothing(tmp_path: Path) -> None:
    for text in ('theme = "banana"', "sorrt = 1"):
        config = written(tmp_path, f"[dashboard]\n{text}\n")
        assert config.problems
        assert not config.unsafe
    assert written(tmp_path, "dashboard = 1\n").problems
    assert written(tmp_path, "[trash]\nkep = 1\n").unsafe
    assert written(tmp_path, "[[stores]]\npath = '/x'\nlayuot = 1\n").unsafe


def test_the_template_is_only_comments_and_each_can_be_taken(tmp_path: Path) -> None:
    assert written(tmp_path, reference.template()).problems == ()
    lines = reference.template().splitlines()
    code = [line[2:] for line in lines if re.match(r"# (\[|[a-z_.]+ = )", line)]
    config = written(tmp_path, "\n".join(code))
    assert config.problems == ()
    assert all(one.line for one in reference.effective(config, "\n".join(code)))
