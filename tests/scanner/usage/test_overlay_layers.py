"""What environments take and free on overlayfs, as in a container's image layers."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.mounting import formatted, image_layer
from tests.scanner.usage.usage_tools import usage_of
from venvdash.scanner.usage.measurement import measure
from venvdash.system import overlayfs

SIZE = 1_000_000


@contextmanager
def layered(base: Path, kind: str, *, lower: Path | None = None) -> Iterator[Path]:
    """Mount overlayfs with both layers on a new file system of a kind; ``low`` is in the lower.

    Or with the ``lower`` one on another.
    """
    base = base / "disk"
    base.mkdir()
    with formatted(base, kind, size="320M", image=base.with_name("image")) as disk:
        for name in ("lower/low", "upper", "work", "merged"):
            (disk / name).mkdir(parents=True)
        (disk / "lower" / "low" / "data").write_bytes(os.urandom(SIZE))
        given = f"lowerdir={lower or disk / 'lower'},upperdir={disk}/upper,workdir={disk}/work"
        merged = str(disk / "merged")
        mount = ["mount", "-t", "overlay", "-o", given, "overlay", merged]
        if subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("needs root and overlayfs")
        try:
            if overlayfs.layer_of(Path(merged)) is None:
                pytest.skip("needs Linux 6.6, to tell layers apart")
            yield disk / "merged"
        finally:
            subprocess.run(["umount", merged], capture_output=True, check=True)


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_blocks_that_are_shared_below_are_seen(tmp_path: Path, kind: str) -> None:
    with layered(tmp_path, kind) as merged:
        for name in ("one", "two"):
            (merged / name).mkdir()
        (merged / "one" / "data").write_bytes(os.urandom(SIZE))
        subprocess.run(["sync", "-f", str(merged)], check=True)
        alone = usage_of(merged / "one")
        assert SIZE < alone.reclaimable < 1.1 * SIZE
        source, target = merged / "one" / "data", merged / "two" / "data"
        subprocess.run(["cp", "--reflink=always", str(source), str(target)], check=True)
        for usage in (usage_of(merged / "one"), usage_of(merged / "two")):
            assert usage.reclaimable < SIZE / 10
            assert (usage.exact, usage.at_most) == (False, False)


def test_links_that_are_shared_above_another_file_system(tmp_path: Path) -> None:
    """Files have another device number than their directories there."""
    lower = tmp_path / "lower"
    lower.mkdir()
    with layered(tmp_path, "xfs", lower=lower) as merged:
        (merged / "one" / "bin").mkdir(parents=True)
        source = merged / "one" / "bin" / "data"
        source.write_bytes(os.urandom(SIZE))
        os.link(source, merged / "link")
        subprocess.run(["cp", "--reflink=always", str(source), str(merged / "clone")], check=True)
        usage = usage_of(merged / "one")
        assert usage.reclaimable < SIZE / 10
        assert SIZE < usage.on_disk < 1.1 * SIZE


def test_what_lies_in_a_lower_layer_frees_at_most_what_it_takes(tmp_path: Path) -> None:
    with layered(tmp_path, "xfs") as merged:
        usage = usage_of(merged / "low")
        assert (usage.exact, usage.at_most) == (False, True)
        (merged / "low" / "more").write_bytes(b"x")
        assert usage_of(merged / "low").at_most


def test_elsewhere_the_upper_layer_has_exact_figures(tmp_path: Path) -> None:
    point = tmp_path / "point"
    (point / "low").mkdir(parents=True)
    with image_layer(point):
        if overlayfs.layer_of(point / "low") is None:
            pytest.skip("needs Linux 6.6, to tell layers apart")
        (point / "up").mkdir()
        (point / "up" / "data").write_bytes(os.urandom(SIZE))
        usage = usage_of(point / "up")
        assert (usage.exact, usage.at_most) == (True, False)
        assert usage.reclaimable == usage.on_disk > SIZE
        assert usage_of(point / "low").at_most


def test_where_layers_cannot_be_told_apart_figures_are_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlayfs, "_handle", lambda file: None)
    point = tmp_path / "point"
    point.mkdir()
    with image_layer(point):
        (point / "up").mkdir()
        (point / "up" / "data").write_bytes(os.urandom(SIZE))
        (first, _) = measure([point / "up"], {}, lambda: False)
        assert first.usage.at_most
        assert not first.usage.exact
