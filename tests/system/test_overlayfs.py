"""Which directories of a container's image layers can be renamed, as the kernel itself does it."""

import errno
import os
from pathlib import Path

import pytest

from tests.mounting import image_layer, tmpfs
from venvdash.system import overlayfs
from venvdash.system.mounts import Mounts


def _store(tmp_path: Path) -> Path:
    store = tmp_path / "store"
    for name in ("lower", "merged"):
        (store / name / "lib").mkdir(parents=True)
    return store


def _renames(path: Path) -> bool:
    aside = path.with_name("aside")
    try:
        path.rename(aside)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    aside.rename(path)
    return True


def test_directories_of_an_image(tmp_path: Path) -> None:
    with image_layer(_store(tmp_path)) as store:
        (store / "merged" / "new").touch()
        (store / "upper").mkdir()
        mounts = Mounts.read()
        for name in ("lower", "merged", "upper"):
            known = overlayfs.renamable(store / name, mounts)
            if known is None:
                pytest.skip("needs Linux 6.6, to tell layers apart")
            assert known is _renames(store / name), name
        assert overlayfs.renamable(store / "upper", mounts)
        assert not overlayfs.renamable(store / "lower", mounts)


def test_where_overlayfs_renames_them(tmp_path: Path) -> None:
    with image_layer(_store(tmp_path), "redirect_dir=on") as store:
        assert overlayfs.renamable(store / "lower", Mounts.read())
        assert _renames(store / "lower")


def test_other_file_systems(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert overlayfs.renamable(other, Mounts.read())
    with tmpfs(other):
        (other / "folder").mkdir()
        assert overlayfs.renamable(other / "folder", Mounts.read())


def test_where_the_kernel_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlayfs, "_handle", lambda path: None)
    with image_layer(_store(tmp_path)) as store:
        assert overlayfs.renamable(store / "lower", Mounts.read()) is None
        assert os.listdir(store / "lower") == ["lib"]
