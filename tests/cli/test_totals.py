"""`list --by`: what environments take together, and what lies on the disk more than once."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import venv
from venvdash.demo.wheels import make_wheel

MIB = 1024**2


def install(home: Home, prefix: Path, name: str, mode: str) -> Path:
    """Make an environment with uv, and install a package of 1 MiB that is made here."""
    wheels = home.path / "wheels"
    make_wheel(wheels, name, "1.0", {f"{name}/data.bin": bytes(range(256)) * 4096})
    home.uv("venv", "-q", prefix)
    found = ("--no-index", "--find-links", str(wheels), "--link-mode", mode)
    home.uv("pip", "install", "-q", "--python", prefix, *found, name)
    return prefix


@pytest.fixture
def user(home: Home) -> Home:
    """Two environments that share a package by hard links, and two with copies of another one."""
    for name, package, mode in (
        ("linked1", "alpha", "hardlink"),
        ("linked2", "alpha", "hardlink"),
        ("copied1", "beta", "copy"),
        ("copied2", "beta", "copy"),
    ):
        install(home, home.path / ".venvs" / name, package, mode)
    (venv(home.path / ".virtualenvs" / "other") / ".project").write_text(f"{home.path}\n")
    return home


def report(home: Home, *options: str) -> dict[str, Any]:
    answer = json.loads(run(home, "list", "--json", *options).stdout)
    assert isinstance(answer, dict)
    return answer


def du(*paths: Path) -> int:
    """Return what directories take together, as `du` counts it."""
    done = subprocess.run(["du", "-sc", "-B1", *paths], capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1].split()[0])


def test_shared_files_count_once(user: Home) -> None:
    run(user, "list")  # writes sidecars, which count from then on
    answer = report(user, "--by", "store")
    groups = {group["value"]: group for group in answer["groups"]}
    venvs = sorted((user.path / ".venvs").iterdir())
    assert groups["folders"]["environments"] == 4
    assert groups["folders"]["on_disk"] == du(*venvs)
    everything = du(*venvs, user.path / ".virtualenvs" / "other")
    assert answer["total"] == answer["total"] | {"environments": 5, "on_disk": everything}
    assert sum(group["on_disk"] for group in answer["groups"]) == everything
    alone = report(user, "--by", "kind", "--where", "venvs/linked")["total"]
    assert alone["on_disk"] == du(*(path for path in venvs if "linked" in path.name))
    assert alone["on_disk"] < sum(du(path) for path in venvs if "linked" in path.name) - MIB // 2


def test_a_package_is_held_more_than_once_where_it_was_copied(user: Home) -> None:
    answer = report(user, "--by", "status")
    (copies,) = answer["held_more_than_once"]
    assert (copies["name"], copies["version"], copies["environments"]) == ("beta", "1.0", 2)
    assert MIB <= copies["extra"] <= copies["on_disk"] / 2 + 4096
    assert report(user, "--by", "status", "-w", "venvs/linked")["held_more_than_once"] == []
    assert report(user, "--by", "status", "-w", "copied1")["held_more_than_once"] == []


def test_the_report_in_words(user: Home) -> None:
    lines = run(user, "list", "--by", "kind").stdout.splitlines()
    assert lines[0].split() == ["KIND", "ENVIRONMENTS", "SIZE", "RECLAIMABLE", "+CACHE"]
    at = lines.index("")
    assert lines[at - 1].split()[:2] == ["total", "5"]
    assert lines[at + 1] == "Held more than once:"
    assert lines[-1].split()[:3] == ["beta", "1.0", "×2"]
    shown = run(user, "list", "--by", "python", "--no-usage").stdout.splitlines()
    assert [line.split()[-1] for line in shown] == ["ENVIRONMENTS", "5", "5"]
    assert run(user, "list", "--by", "store", "--json-stream", check=False).returncode == 2
    assert run(user, "list", "--by", "colour", check=False).returncode == 2


def test_a_record_that_names_files_elsewhere_is_not_followed(user: Home) -> None:
    outside = user.path / "big"
    outside.write_bytes(b"x" * MIB)
    for name in ("linked1", "linked2"):
        (record,) = (user.path / ".venvs" / name).glob("lib/*/site-packages/alpha-1.0*/RECORD")
        text = record.read_text()
        record.unlink()
        record.write_text(f"{text}{outside},,\n../../../../../../big,,\nalpha/../../x,,\n")
    assert [one["name"] for one in report(user, "--by", "kind")["held_more_than_once"]] == ["beta"]


def test_a_list_ends_with_its_total(user: Home) -> None:
    for options, words in (
        ((), "5 environments, "),
        (("--where", "venvs/copied"), "2 environments, "),
        (("--no-usage",), "5 environments"),
        (("--no-usage",), "5 environments"),  # from memory
    ):
        *_, gap, total = run(user, "list", *options).stdout.splitlines()
        assert gap == ""
        assert total.startswith(words)
        assert total.endswith("environments" if options == ("--no-usage",) else " reclaimable")
