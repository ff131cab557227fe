"""The settings that are not told with their stores."""

from pathlib import Path

import pytest

from venvdash.config import Config, ConfigError, load


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
        with pytest.raises(ConfigError, match="project_link"):
            written(tmp_path, f"project_link = {text}\n")


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
    with pytest.raises(ConfigError, match="trash"):
        written(tmp_path, text)


@pytest.mark.parametrize("path", ["/", "//", "/.", "/tmp/.."])
def test_the_root_of_the_file_system_is_no_store(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="not the root of the file system"):
        written(tmp_path, f'[[stores]]\npath = "{path}"\n')


def test_what_would_take_the_parser_for_ever_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too many dots"):
        written(tmp_path, f"{'a.' * 100_000}b = 1\n")
    with pytest.raises(ConfigError, match="nested too deep"):
        written(tmp_path, f"skip = {'[' * 1000}\n")
    assert written(tmp_path, 'skip = ["/a.b.c.d.e.f.g.h.i.j.k.l/[x]"]\n')


@pytest.mark.parametrize("key", ["search", "skip", "project_roots"])
def test_folders_mean_the_same_in_every_directory(tmp_path: Path, key: str) -> None:
    for text in ("", "code", "./code", "~ada/code", "*", "/code\\u0000"):
        with pytest.raises(ConfigError, match=f"`{key}` must be absolute paths"):
            written(tmp_path, f'{key} = ["/srv", "{text}"]\n')
    assert written(tmp_path, f'{key} = ["~", "~/code", "$SRV/code", "/srv"]\n')
