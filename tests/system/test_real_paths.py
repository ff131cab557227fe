"""The real paths of many paths are those of ``os.path.realpath``."""

import os
from pathlib import Path

import pytest

from tests.noting import noted
from venvdash.system.real_paths import RealPaths


def test_real_paths_are_those_of_os_path(tmp_path: Path) -> None:
    (tmp_path / "disk" / "code").mkdir(parents=True)
    (tmp_path / "home").symlink_to("disk")
    (tmp_path / "home" / "code" / "link").symlink_to("../other")
    (tmp_path / "home" / "loop").symlink_to("loop")
    real = RealPaths()
    for path in (
        "home", "home/code", "home/code/link", "home/code/link/app", "home/gone/app", "home/loop",
        "home/loop/app", "home/code/..", "home/code/../code/app", "home/code/", "disk//code",
        "home/code/.", "", "/", "//",
    ):  # fmt: skip
        text = os.path.join(tmp_path, path)
        assert real.of(text) == os.path.realpath(text), path
        assert real.of(Path(text)) == os.path.realpath(text), path


def test_directories_above_are_resolved_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = noted(monkeypatch, os.path, "realpath")
    real = RealPaths()
    for number in range(20):
        real.of(tmp_path / str(number))
    assert resolved == [str(tmp_path)]
