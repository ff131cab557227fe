"""Copying, renaming and moving as typed."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.deleting import tree
from tests.built import Built
from tests.cli.test_list import named, run
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import uv_project, venv
from tests.terminal import HOSTILE, unsafe, venvdash
from tests.waiting import waited

PROPOSAL = {
    *("action", "path", "name", "refusal", "says", "warns", "place", "project", "python"),
    *("commands", "packages", "edits", "links"),
}


@pytest.fixture
def app(home: Home) -> Path:
    return venv(home.path / ".virtualenvs" / "app")


def test_a_copy(home: Home, app: Path) -> None:
    shown = run(home, "copy", "app", "try", "--dry-run").stdout
    assert "Recreates it; it has no packages." in shown
    (proposal,) = json.loads(run(home, "copy", "app", "try", "-n", "--json").stdout)["proposals"]
    for command in proposal["commands"]:
        assert f"  runs {shlex.join(command)}".replace(str(home.path), "~") in shown.splitlines()
    assert proposal["commands"]
    assert named(home) == ["app"]
    done = run(home, "copy", "app", "try")
    assert done.stdout.splitlines()[-1] == "app: done. ~/.virtualenvs/try"
    assert named(home) == ["app", "try"]
    assert "copy of" in run(home, "info", "try").stdout
    record = json.loads(run(home, "info", "try", "--json").stdout)["environment"]["record"]
    assert record["copied_from"] == str(app)
    refused = run(home, "copy", "app", "try", check=False)
    assert refused.returncode == 2
    assert "Cannot copy: ~/.virtualenvs/try already exists." in refused.stdout


def test_a_python_that_is_not_there_is_refused_before_anything_is_done(
    home: Home, app: Path
) -> None:
    done = run(home, "copy", "app", "try", "--python", "3.99", check=False)
    assert done.returncode == 2
    assert "Cannot copy: uv finds no Python 3.99." in done.stdout
    assert "package index" not in done.stderr
    assert named(home) == ["app"]


def test_as_json(home: Home, app: Path) -> None:
    answer = json.loads(run(home, "copy", "app", "try", "--to", "folders", "--json").stdout)
    (proposal,) = answer["proposals"]
    assert proposal.keys() >= PROPOSAL
    place = home.path / ".venvs" / "try"
    assert (proposal["action"], proposal["place"]) == ("copy", str(place))
    assert [command[0] for command in proposal["commands"]] == ["uv"] * len(proposal["commands"])
    (result,) = answer["results"]
    assert (result["outcome"], result["path"], result["place"]) == ("done", str(app), str(place))
    assert place.exists()
    refused = run(home, "rename", "app", "it's", "--json", check=False)
    assert refused.returncode == 2
    assert "that contains '" in json.loads(refused.stdout)["proposals"][0]["refusal"]


def test_a_new_name_and_another_folder(home: Home, app: Path) -> None:
    assert run(home, "rename", "app", "my shop").returncode == 0
    assert named(home) == ["my shop"]
    (home.path / "envs").mkdir()
    done = run(home, "move", "my shop", "--to", "~/envs")
    assert done.stdout.splitlines()[-1] == "my shop: done. ~/envs/my shop"
    assert os.listdir(home.path / "envs") == ["my shop"]
    assert run(home, "move", "my shop", "--to", "~/nowhere", check=False).returncode == 2
    assert run(home, "move", "my shop", "--to", "no-store", check=False).returncode == 2
    assert run(home, "rename", "nobody", "x", check=False).returncode == 1


def test_what_its_tool_would_not_find_is_asked_first(home: Home) -> None:
    original = uv_project(home, home.path / "code" / "webapp")
    asked = run(home, "rename", "webapp", "shop", check=False)
    assert asked.returncode == 2
    assert "! uv cache will not find an environment named shop" in asked.stdout
    assert "nothing was changed" in asked.stderr
    assert original.exists()
    assert run(home, "rename", "webapp", "shop", "--yes").returncode == 0
    assert (original.with_name("shop") / "pyvenv.cfg").exists()


def test_to_another_file_system(home: Home, app: Path) -> None:
    (home.path / "envs").mkdir()
    with tmpfs(home.path / "envs", "64m"):
        asked = run(home, "move", "app", "--to", "~/envs", check=False)
        assert asked.returncode == 2
        assert "! Moves the original to the trash" in asked.stdout
        done = run(home, "move", "app", "--to", "~/envs", "--yes")
        assert "The original is in the trash." in done.stdout
        assert os.listdir(home.path / "envs") == ["app"]
        assert "app" in run(home, "trash").stdout
        run(home, "restore", "app")
        assert app.exists()


def test_interrupted(home: Home, built: Built) -> None:
    """Ctrl+C in the middle: it ends cleanly, and nothing is there."""
    original = built("uv")
    settings = home.path / ".config" / "venvdash" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'records = false\n[[stores]]\npath = "{original.parent}"\n')
    store = home.path / ".virtualenvs"
    store.mkdir()
    before = tree(original)
    command = [sys.executable, "-m", "venvdash", "copy", str(original), "copy", "--to", str(store)]
    variables = home.variables | {"UV_OFFLINE": "1"}
    with subprocess.Popen(
        command, env=variables, cwd=home.path, stdout=-1, stderr=-1, text=True
    ) as process:
        waited(lambda: any(store.glob(".venvdash-tmp-*/copy/*")))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "Cancelled. Nothing was changed." in said
    assert os.listdir(store) == []
    assert tree(original) == before


def test_names_made_to_break_a_terminal(home: Home) -> None:
    store = home.path / ".virtualenvs"
    for number, name in enumerate(HOSTILE[2:]):
        path = venv(store / name)
        for command, status in (
            (("copy", str(path), f"copy{number}"), 0),
            (("copy", str(path), f"{name}2"), 2),
            (("rename", str(path), f"name{number}"), 0),
        ):
            with venvdash(*command, variables=home.variables, cwd=home.path) as terminal:
                assert terminal.wait(60) == status, command
                assert unsafe(terminal.output.replace(b"\r\x1b[K", b"")) == []
        assert (store / f"copy{number}").exists()
        assert (store / f"name{number}").exists()
