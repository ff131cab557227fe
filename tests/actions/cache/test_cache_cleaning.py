"""`venvdash cache`: what it says is free is freed, and nothing that an environment needs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.conftest import Home
from tests.scenario import remove
from tests.session.sharing import last, scanned, shared_home
from venvdash.demo.wheels import make_wheel, payload
from venvdash.model import Outcome
from venvdash.model.cached_packages import CacheUse
from venvdash.session import Session
from venvdash.system.locks import lock_cache

pytestmark = pytest.mark.slow

SIZES = {"alpha": 300_000, "beta": 50_000, "gamma": 120_000, "delta": 700_000}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Home]:
    """A HOME on its own file system: what is freed can be measured."""
    with shared_home(tmp_path) as home:
        for name, size in SIZES.items():
            modules = {f"{name}/__init__.py": b"x = 1\n", f"{name}/data.bin": payload(size, name)}
            make_wheel(home.path / "wheels", name, "1.0", modules)
        yield home


def install(home: Home, prefix: Path, *packages: str, mode: str = "hardlink") -> Path:
    """Make an environment with uv, and install packages made here."""
    if not prefix.exists():
        home.uv("venv", "-q", prefix)
    found = ("--no-index", "--find-links", str(home.path / "wheels"), "--link-mode", mode)
    home.uv("pip", "install", "-q", "--python", prefix, *found, *packages)
    return prefix


def use_of(session: Session) -> CacheUse:
    return session.actions.cache_use(Event())


def names(use: CacheUse) -> list[str]:
    return [package.name for package in use.free]


def used_bytes(home: Home) -> int:
    status = os.statvfs(home.path)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def test_what_no_environment_has_is_freed_to_the_byte(user: Home) -> None:
    kept = install(user, user.path / ".virtualenvs" / "kept", "alpha", "beta")
    gone = install(user, user.path / "gone", "alpha", "gamma", "delta")
    remove(gone)
    session = scanned(user)
    use = use_of(session)
    assert names(use) == ["delta", "gamma"]
    assert use.reclaimable > SIZES["delta"] + SIZES["gamma"]
    assert 0 < use.held < SIZES["alpha"] + SIZES["beta"] + 100_000
    before = used_bytes(user)
    finished = last(session.actions.clean_cache(use.free, Event()))
    assert finished.cleaned == ("delta", "gamma")
    assert finished.freed == use.reclaimable == before - used_bytes(user)
    user.run(kept / "bin" / "python", "-c", "import alpha, beta")
    assert names(use_of(session)) == []


@pytest.mark.parametrize(
    ("mode", "where"),
    [
        ("hardlink", "store"),
        ("symlink", "store"),
        ("copy", "store"),
        ("symlink", "project"),
        ("symlink", "trash"),
        ("hardlink", "elsewhere"),
        ("copy", "elsewhere"),
    ],
)
def test_what_an_environment_needs_stays(user: Home, mode: str, where: str) -> None:
    """Elsewhere no scan looks; hard links still show that something has it."""
    prefix = user.path / ".virtualenvs" / "one"
    if where == "project":
        project = user.path / "app"
        project.mkdir()
        (project / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\n')
        other = install(user, user.path / ".virtualenvs" / "other", "beta")
        (other / ".project").write_text(f"{project}\n")
        prefix = project / ".venv"
    elif where == "elsewhere":
        prefix = user.path / "a" / "b" / "c"
    install(user, prefix, "alpha", mode=mode)
    session = scanned(user)
    if where == "trash":
        last(session.deletions.delete(session.deletions.plan_delete([prefix])))
    assert names(use_of(session)) == (["alpha"] if (mode, where) == ("copy", "elsewhere") else [])


def test_what_was_installed_meanwhile_stays(user: Home) -> None:
    remove(install(user, user.path / "gone", "alpha", "beta"))
    other = user.path / ".virtualenvs" / "other"
    install(user, other, "gamma")
    session = scanned(user)
    use = use_of(session)
    assert names(use) == ["alpha", "beta"]
    install(user, other, "alpha", mode="copy")
    finished = last(session.actions.clean_cache(use.free, Event()))
    assert finished.cleaned == ("beta",)
    assert finished.notes == ("alpha was not removed: an environment has it now.",)


def test_a_uv_that_runs_is_not_waited_for(user: Home) -> None:
    remove(install(user, user.path / "gone", "alpha"))
    session = scanned(user)
    use = use_of(session)
    with lock_cache(user.path / ".cache" / "uv"):
        (result,) = last(session.actions.clean_cache(use.free, Event())).results
    assert result.outcome is Outcome.FAILED
    assert "another uv is running" in result.reason
    assert names(use_of(session)) == ["alpha"]


def test_an_environment_that_cannot_be_read_stops_it(user: Home) -> None:
    remove(install(user, user.path / "gone", "alpha"))
    prefix = install(user, user.path / ".virtualenvs" / "one", "beta")
    session = scanned(user)
    (site,) = prefix.glob("lib/python*/site-packages")
    remove(site)
    site.symlink_to("site-packages")  # a loop
    use = use_of(session)
    assert names(use) == []
    assert str(prefix) in use.unread


def venvdash(home: Home, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    ran = home.run(sys.executable, "-m", "venvdash", *arguments, check=False)
    assert ran.returncode == code, ran.stderr
    return ran


def test_the_command(user: Home) -> None:
    remove(install(user, user.path / "gone", "alpha", "gamma"))
    install(user, user.path / ".virtualenvs" / "one", "beta")
    shown = venvdash(user, "cache").stdout
    assert "no environment uses" in shown
    assert "Removes 2 packages" in venvdash(user, "cache", "clean", "--dry-run").stdout
    assert (
        "beta is used by 1 environment" in venvdash(user, "cache", "clean", "beta", code=2).stderr
    )
    assert "does not hold nope" in venvdash(user, "cache", "clean", "nope", code=1).stderr
    assert "--yes" in venvdash(user, "cache", "clean", code=2).stderr
    assert "Removed 1 package" in venvdash(user, "cache", "clean", "alpha", "--yes").stdout
    user.variables["UV_LINK_MODE"] = "symlink"
    refused = venvdash(user, "cache", "clean", "--yes", code=2)
    assert "UV_LINK_MODE" in refused.stderr
    del user.variables["UV_LINK_MODE"]
    assert "Removed 1 package" in venvdash(user, "cache", "clean", "--yes").stdout
    assert "Nothing to clean" in venvdash(user, "cache", "clean").stderr


def test_no_cache_is_an_empty_one(user: Home) -> None:
    assert json.loads(venvdash(user, "cache", "list", "--json").stdout)["cache"]["packages"] == []
    assert "Nothing to clean" in venvdash(user, "cache", "clean").stderr
