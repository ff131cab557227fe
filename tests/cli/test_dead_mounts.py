"""Commands while a store, a place with trash or a project lies on a mount that never answers."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.impatient import command, run
from tests.conftest import Home
from tests.mounting import hanging
from tests.scenario import orphan, venv
from tests.waiting import waited


@pytest.fixture
def server(home: Home) -> Path:
    """A store that is configured, on what is to be the dead mount; two were deleted there."""
    point = home.path / "server"
    config = home.path / ".config" / "venvdash" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[[stores]]\npath = "{point / "venvs"}"\n')
    venv(point / "venvs" / "api")
    venv(point / "venvs" / "web")
    done = run(home, "delete", "api", "web", "--yes")
    assert done.returncode == 0, done.stderr
    orphan(home, "local")
    assert run(home, "delete", "local", "--yes").returncode == 0
    return point


@pytest.fixture
def dead(server: Path) -> Iterator[Path]:
    with hanging(server) as point:
        yield point


def test_the_trash_names_the_place_and_shows_the_rest(home: Home, dead: Path) -> None:
    done = run(home, "trash", "list")
    assert done.returncode == 0
    assert "~/server/venvs does not respond; the trash there is not shown" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:2]] == ["local"]
    answer = json.loads(run(home, "trash", "list", "--json").stdout)
    assert [one["name"] for one in answer["trash"]] == ["local"]


def test_history_shows_all_of_it_and_names_the_place(home: Home, dead: Path) -> None:
    done = run(home, "history", "--json")
    changes = json.loads(done.stdout)["history"]
    states = {one["name"]: one["state"] for each in changes for one in each["environments"]}
    assert states == dict.fromkeys(("api", "web", "local"), "in trash")
    assert "~/server/venvs does not respond" in done.stderr


def test_restore_and_empty_do_what_they_can(home: Home, dead: Path) -> None:
    done = run(home, "restore", "api")
    assert done.returncode == 1
    assert "~/server/venvs does not respond" in done.stderr
    assert "nothing in the trash is named api" in done.stderr
    done = run(home, "restore", "local")
    assert (done.returncode, done.stdout) == (0, "Restored local.\n")
    done = run(home, "list")
    assert "/server/venvs: did not respond within" in done.stderr
    assert "local" in done.stdout
    assert run(home, "delete", "local", "--yes").returncode == 0
    assert (
        run(home, "trash", "empty", "--yes")
        .stdout.splitlines()[-1]
        .startswith("Deleted 1 environment")
    )


def test_nothing_there_is_forgotten(home: Home, server: Path) -> None:
    with hanging(server):
        run(home, "trash", "list")
        run(home, "list")
        run(home, "history")
    for name in ("api", "web"):
        assert run(home, "restore", name).returncode == 0
        assert (server / "venvs" / name / "pyvenv.cfg").exists()


def test_a_project_that_does_not_answer_gets_its_link_back_later(home: Home) -> None:
    project = home.path / "server" / "app"
    project.mkdir(parents=True)
    environment = venv(home.path / ".virtualenvs" / "app")
    (environment / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(environment)
    assert run(home, "delete", str(environment), "--yes").returncode == 0
    assert not os.path.lexists(project / ".venv")
    with hanging(project.parent):
        done = run(home, "restore", "app")
        assert done.returncode == 0
        assert f"{project}/.venv was not restored: {project} does not respond" in done.stdout
        assert "venvdash will try again at its next start" in done.stdout
        assert environment.exists()
        run(home, "trash", "list")
    run(home, "list")
    assert (project / ".venv").readlink() == environment


def test_a_mount_inside_a_store_does_not_hide_the_rest_of_it(home: Home) -> None:
    gone = orphan(home, "gone")
    assert run(home, "delete", str(gone), "--yes").returncode == 0
    point = gone.with_name("mounted")
    point.mkdir()
    with hanging(point):
        answer = json.loads(run(home, "trash", "list", "--json").stdout)
    assert [one["name"] for one in answer["trash"]] == ["gone"]


@pytest.mark.parametrize("words", [("trash", "list"), ("history",), ("restore", "api")])
def test_ctrl_c_ends_it_at_once(home: Home, dead: Path, words: tuple[str, ...]) -> None:
    with subprocess.Popen(
        command(*words, patience="600"),
        env=home.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        waited(lambda: hangs(process.pid))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


def hangs(pid: int) -> bool:
    """Return whether a thread of a process waits for the answer of a FUSE server."""
    waits = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stack")]
    return any("fuse" in wait for wait in waits)


def test_what_has_its_project_there_takes_its_typed_name(home: Home) -> None:
    """Nobody can tell whether the project still exists: `--yes` alone is no answer to that."""
    point = home.path / "server"
    (point / "app").mkdir(parents=True)
    environment = venv(home.path / ".virtualenvs" / "app")
    (environment / ".project").write_text(f"{point / 'app'}\n")
    with hanging(point):
        done = run(home, "delete", "app", "--yes")
        assert done.returncode == 2
        assert "venvdash cannot tell whether its project still exists" in done.stdout
        assert "`--yes --confirm app` to delete" in done.stderr
        assert environment.exists()
        done = run(home, "rename", "app", "other")
        assert "~/server/app does not respond" in done.stdout
        assert run(home, "copy", "app", "other").returncode == 0
        assert run(home, "delete", "app", "--yes", "--confirm", "app").returncode == 0
    assert not environment.exists()
