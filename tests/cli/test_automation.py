"""Pruning from a timer: what docs/automation.md says is run, and beside a program that works."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.docs import README
from tests.effort import examples
from tests.scenario import orphan, uv_project
from venvdash.system import locks

PAGE = README.parent / "docs" / "automation.md"
PRUNE = ("prune", "--yes", "--json", "--wait", "60s")


@pytest.fixture
def installed(home: Home) -> Path:
    """A ``~/.local/bin/venvdash``."""
    program = home.path / ".local" / "bin" / "venvdash"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m venvdash "$@"\n')
    program.chmod(0o755)
    (home.path / ".cache").mkdir(exist_ok=True)
    return program


def blocks(kind: str) -> list[str]:
    """Return the blocks of code of one kind on the page."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_unit_runs_what_prunes(home: Home, installed: Path) -> None:
    gone = orphan(home, "gone")
    service, timer = blocks("ini")
    (command,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    done = home.run(*shlex.split(command.replace("%h", str(home.path))))
    (item,) = json.loads(done.stdout)["items"]
    assert item["path"] == str(gone)
    assert not gone.exists()
    assert blocks("console")[0].split()[2:] == shlex.split(command)[1:]
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name, text in (("service", service), ("timer", timer)):
        unit = home.path / f"venvdash-prune.{name}"
        unit.write_text(text.replace("%h", str(home.path)))
        said = home.run("systemd-analyze", "verify", "--user", unit, check=False)
        assert f"{unit.name}:" not in said.stdout + said.stderr


def test_the_line_for_cron_prints_only_if_there_is_something(home: Home, installed: Path) -> None:
    (line,) = blocks("text")
    command = line.split(maxsplit=5)[5]
    quiet = home.run("/bin/sh", "-c", command)
    assert (quiet.stdout, quiet.returncode) == ("", 0)
    gone = orphan(home, "gone")
    loud = home.run("/bin/sh", "-c", command)
    assert "gone" in loud.stdout
    assert loud.returncode == 0
    assert gone.is_dir()


def test_the_status_of_a_dry_run_says_whether_there_is_something(home: Home) -> None:
    assert home.venvdash("prune", "--dry-run", "--exit-code").returncode == 0
    gone = orphan(home, "gone")
    assert home.venvdash("prune", "--dry-run").returncode == 0
    assert home.venvdash("prune", "--dry-run", "--exit-code", check=False).returncode == 4
    shown = home.venvdash("prune", "--dry-run", "--exit-code", "--json", check=False)
    plan = json.loads(shown.stdout)
    assert shown.returncode == 4
    assert plan["bytes_now"] == 0
    assert plan["bytes_after_trash"] == plan["reclaimable"] > 0
    free = json.loads(home.venvdash("prune", "--dry-run", "--now", "--json").stdout)
    assert free["bytes_now"] == free["reclaimable"] > 0
    assert free["bytes_after_trash"] == 0
    (gone / "notes.txt").write_text("mine")  # held: no rule takes what holds files of the user's
    held = home.venvdash("prune", "--dry-run", "--exit-code", "--json")
    (left,) = json.loads(held.stdout)["held"]
    assert left["path"] == str(gone)
    assert "your own files" in left["reason"]
    assert json.loads(home.venvdash(*PRUNE).stdout)["items"] == []
    assert gone.is_dir()


@pytest.mark.parametrize(
    "wrong", [("--exit-code",), ("-n", "--wait", "soon"), ("-n", "--wait", "-1s")]
)
def test_wrong_options_are_refused(home: Home, wrong: tuple[str, ...]) -> None:
    done = home.venvdash("prune", *wrong, check=False)
    assert done.returncode == 2
    assert done.stdout == ""


def test_it_waits_as_long_as_it_is_told_for_another_venvdash(home: Home) -> None:
    gone = orphan(home, "gone")
    with locks.lock_directory(gone.parent):
        done = home.venvdash("prune", "--yes", "--wait", "0s", check=False)
        assert done.returncode == 1
        assert "Another venvdash process is using this store" in done.stderr
        waiting = subprocess.Popen(
            [sys.executable, "-m", "venvdash", "prune", "--yes", "--json", "--wait", "10m"],
            env=home.variables,
            stdout=subprocess.PIPE,
        )
        assert waiting.stdout
        assert waiting.stdout.read(1) == b"{"  # the plan, which it carries out now
        assert waiting.poll() is None
        assert gone.is_dir()
    waiting.communicate()
    assert waiting.returncode == 0
    assert not gone.exists()


def test_beside_a_sync_it_takes_orphans_and_nothing_else(home: Home) -> None:
    project = home.path / "code" / "live"
    live = uv_project(home, project, "--bare")
    stop, failed = threading.Event(), list[str]()

    def sync() -> None:
        while not stop.is_set():
            try:
                home.uv("sync", "-q", "--reinstall", cwd=project)
            except (subprocess.CalledProcessError, AssertionError) as error:
                failed.append(str(error))

    thread = threading.Thread(target=sync)
    thread.start()
    try:
        for number in range(int(os.environ.get("VENVDASH_TEST_PRUNES", examples(8, least=2)))):
            gone = orphan(home, f"gone{number}")
            done = home.venvdash(*PRUNE, check=False)
            results = json.loads(done.stdout)["results"]
            assert [one["path"] for one in results] == [str(gone)]
            assert done.returncode == 0, done.stderr
            assert not gone.exists()
            assert (live / "pyvenv.cfg").is_file()
    finally:
        stop.set()
        thread.join()
    assert failed == []
    assert home.uv("sync", "--check", cwd=project) == ""
