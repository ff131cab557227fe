"""The packages of an environment, compared with others, and read again only when they changed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.noting import noted
from tests.scanner.discovery.inspecting import read
from tests.tui.rows import row
from venvdash.demo.wheels import make_wheel
from venvdash.model import Package, Row
from venvdash.model.installed import OtherVersion
from venvdash.session import installed


def others() -> list[Row]:
    def one(name: str, *versions: str) -> Row:
        return row(name, packages=[Package("Hello", version) for version in versions])

    alias = one("alias", "9")
    alias = replace(alias, environment=replace(alias.environment, target=Path("/x")))
    return [one("a", "0.9"), one("b", "0.9"), one("c", "0.8"), one("d", "1.0"), alias]


def lab(home: Home, version: str = "1.0") -> Row:
    path = home.path / ".venvs" / "lab"
    if not path.exists():
        home.uv("venv", "-q", path)
    wheel = make_wheel(home.path, "hello", version)
    home.uv("pip", "install", "-q", "--python", path / "bin" / "python", wheel)
    (site,) = path.glob("lib/*/site-packages")
    os.utime(site, (1_700_000_000, 1_700_000_000))
    return replace(row("lab"), environment=read(path).environment)


def test_other_versions_are_counted(home: Home) -> None:
    mine = lab(home)
    (package,) = installed.InstalledPackages().of(mine, [mine, *others()])
    assert package.elsewhere == (OtherVersion("0.9", 2), OtherVersion("0.8", 1))


def test_nothing_is_read_again_while_nothing_changed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "settled", lambda one, now: True)
    calls = noted(monkeypatch, installed, "installed_packages")
    mine, packages = lab(home), installed.InstalledPackages()
    first = packages.of(mine, [])
    assert packages.of(mine, []) == first
    assert len(calls) == 1
    newer = lab(home, "1.1")
    (package,) = packages.of(newer, [])
    assert package.package.version == "1.1"
    assert len(calls) == 2


def test_what_was_just_changed_is_not_remembered(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, packages = lab(home), installed.InstalledPackages()
    (site,) = mine.path.glob("lib/*/site-packages")
    (site / "new").mkdir()
    packages.of(mine, [])
    monkeypatch.setattr(installed, "installed_packages", lambda environment: ())
    assert packages.of(mine, []) == ()
