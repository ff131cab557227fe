"""Sizes, sources and requirements of the packages in real environments."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.prefixes import conda_prefix
from tests.scanner.discovery.inspecting import read
from venvdash.demo.wheels import make_wheel, payload
from venvdash.model.installed import InstalledPackage
from venvdash.scanner.usage import package_files
from venvdash.scanner.usage.installed_packages import installed_packages


@pytest.fixture
def lab(home: Home) -> Path:
    """An environment of uv's with a large package and one that requires it."""
    path = home.path / ".venvs" / "lab"
    home.uv("venv", "-q", path)
    wheels = home.path / "wheels"
    big = make_wheel(wheels, "big", "1.0", {"big/data.bin": payload(200_000, "big")})
    small = make_wheel(
        wheels,
        "small",
        "2.0",
        requires=("big>=1", 'tests; extra == "tests"', 'old; python_version < "3"'),
        entry_points={"small": "small:main"},
    )
    home.uv("pip", "install", "-q", "--python", path / "bin/python", big, small)
    return path


def packages(path: Path) -> dict[str, InstalledPackage]:
    return {one.name: one for one in installed_packages(read(path).environment)}


def test_size_source_and_requirements_are_read(lab: Path) -> None:
    found = packages(lab)
    big, small = found["big"], found["small"]
    assert (big.source.value, small.source.value) == ("archive", "archive")
    assert (small.requires, big.requires) == (("big",), ())
    assert (small.required_by, big.required_by) == ((), ("small",))
    (site,) = lab.glob("lib/*/site-packages")
    folders = [site / "big", site / "big-1.0.dist-info"]
    blocks = sum(file.lstat().st_blocks for folder in folders for file in folder.iterdir())
    assert big.on_disk == blocks * 512 > 200_000


def test_sources_of_direct_url(lab: Path) -> None:
    (info,) = lab.glob("lib/*/site-packages/big-*.dist-info")
    for more, source in (
        ({"vcs_info": {"vcs": "git", "commit_id": "1"}}, "git"),
        ({"vcs_info": {"vcs": "hg"}}, "vcs"),
        ({"dir_info": {}}, "directory"),
        ({"dir_info": {"editable": True}}, "editable"),
        ({"vcs_info": 7}, "vcs"),
        ({}, "archive"),
    ):
        (info / "direct_url.json").write_text(json.dumps({"url": "https://a:b@host/x"} | more))
        big = packages(lab)["big"]
        assert (big.source.value, big.package.origin) == (source, "https://****@host/x")
    (info / "direct_url.json").unlink()
    assert packages(lab)["big"].source.value == "index"


def test_files_outside_the_environment_are_not_counted(lab: Path, home: Home) -> None:
    before = packages(lab)["big"].on_disk
    (home.path / "secret").write_bytes(b"x" * 100_000)
    (record,) = lab.glob("lib/*/site-packages/big-*.dist-info/RECORD")
    with record.open("a") as file:
        file.write(f"{home.path}/secret,,\n" + "../" * 20 + "etc/passwd,,\n\0,,\n")
    assert packages(lab)["big"].on_disk == before


def test_without_a_list_the_size_is_unknown(lab: Path) -> None:
    (record,) = lab.glob("lib/*/site-packages/big-*.dist-info/RECORD")
    (record.parent / "METADATA").unlink()
    record.unlink()
    subprocess.run(["mkfifo", record], check=True)
    big = packages(lab)["big"]
    assert (big.on_disk, big.requires) == (None, None)
    assert big.required_by == ("small",)


def test_no_more_files_are_looked_at_than_the_limit(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venvdash.scanner.usage.installed_packages._MOST_FILES", 3)
    looked: list[str] = []
    real = package_files.inodes_of
    monkeypatch.setattr(
        "venvdash.scanner.usage.installed_packages.inodes_of",
        lambda paths: real(looked.append(path) or path for path in paths),  # type: ignore[func-returns-value]
    )
    assert None in [one.on_disk for one in packages(lab).values()]
    assert len(looked) <= 3


def test_condas_records_name_the_files(home: Home) -> None:
    path = conda_prefix(home.path / "envs" / "sci", "numpy-1.0-0")
    file = path / "meta" / "numpy.so"
    file.parent.mkdir()
    file.write_bytes(b"x" * 10_000)
    record = path / "conda-meta" / "numpy-1.0-0.json"
    record.write_text(
        json.dumps({"files": ["meta/numpy.so", "../../../etc/passwd", "/etc/passwd"]})
    )
    numpy = packages(path)["numpy"]
    assert numpy.source.value == "conda"
    assert numpy.on_disk == file.lstat().st_blocks * 512
