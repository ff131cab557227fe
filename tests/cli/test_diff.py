"""`venvdash diff`: the packages of two environments, compared."""

import json
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from venvdash.demo.wheels import make_wheel
from venvdash.model import Package
from venvdash.presentation.package_diff import package_diff


def install(home: Home, prefix: Path, *packages: str) -> Path:
    """Make an environment with uv, and install packages made here, each as ``name==version``."""
    wheels = home.path / "wheels"
    for package in packages:
        name, _, version = package.partition("==")
        make_wheel(wheels, name, version, {f"{name}/__init__.py": b"x = 1\n"})
    home.uv("venv", "-q", prefix)
    found = ("--no-index", "--find-links", str(wheels))
    home.uv("pip", "install", "-q", "--python", prefix, *found, *packages)
    return prefix


@pytest.fixture
def user(home: Home) -> Home:
    install(home, home.path / ".venvs" / "one", "alpha==1.0", "beta==2.0", "gamma==1.0")
    install(home, home.path / ".venvs" / "two", "alpha==1.0", "beta==3.0", "delta_x==1.0")
    return home


def test_what_differs_is_shown_in_a_table(user: Home) -> None:
    shown = run(user, "diff", "one", "two").stdout.splitlines()
    assert [line.split() for line in shown[:4]] == [
        ["PACKAGE", "one", "two"],
        ["beta", "2.0", "3.0"],
        ["gamma", "1.0", "-"],
        ["delta_x", "-", "1.0"],
    ]
    assert shown[4:] == ["", "1 different, 1 only in one, 1 only in two, 1 the same"]
    same = "0 different, 0 only in one, 0 only in one, 3 the same\n"
    assert run(user, "diff", "one", "one").stdout == same


def test_json_says_the_same(user: Home) -> None:
    answer = json.loads(run(user, "diff", "one", "two", "--json").stdout)
    assert [answer[end]["name"] for end in ("first", "second")] == ["one", "two"]
    (different,) = answer["different"]
    assert (different["name"], different["first"]["version"], different["second"]["version"]) == (
        "beta",
        "2.0",
        "3.0",
    )
    assert [one["name"] for one in answer["only_in_first"]] == ["gamma"]
    assert [one["name"] for one in answer["only_in_second"]] == ["delta_x"]
    assert answer["same"] == 1


def test_what_cannot_be_compared_ends_with_1(user: Home) -> None:
    (site,) = (user.path / ".venvs" / "two").glob("lib/*/site-packages")
    site.rename(site.with_name("elsewhere"))
    site.touch()
    done = run(user, "diff", "one", "two", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the packages of two cannot be read" in done.stderr
    assert run(user, "diff", "one", "three", check=False).returncode == 1
    assert run(user, "diff", "one", check=False).returncode == 2


def test_names_are_compared_as_pip_does_and_origins_count() -> None:
    found = package_diff(
        [Package("Typing_Extensions", "4.9"), Package("app", "1.0", "file:///code/app", True)],
        [Package("typing-extensions", "4.9"), Package("app", "1.0")],
    )
    assert [first.name for first, _ in found.different] == ["app"]
    assert found.same == 1
    assert "app      1.0 (editable)  1.0" in list(found.lines("a", "b"))
