import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import uv_project, venv
from tests.terminal import HOSTILE, unsafe, venvdash

ITEM = {
    *("path", "entry", "name", "kind", "location", "status", "reason"),
    *("flags", "on_disk", "reclaimable"),
    *("cache_held", "only_here", "how", "links", "edits", "confirm", "user_files"),
    *("trash_folder", "lasts_until", "unsearched", "command", "git"),
}
PLAN = {
    *("schema", "action", "items", "held", "reclaimable", "cache_held"),
    *("bytes_now", "bytes_after_trash", "low_space"),
    *("packages_only_in_cache", "unreadable_processes", "exact", "at_most", "search"),
}
DONE = {"results", "freed", "in_trash", "cleaned", "problems", "notes"}


@pytest.fixture
def scratch(home: Home) -> Path:
    return venv(home.path / ".virtualenvs" / "scratch")


def code_of(home: Home, *arguments: str) -> int:
    return run(home, *arguments, check=False).returncode


def test_without_a_terminal_nothing_is_deleted(home: Home, scratch: Path) -> None:
    for command in (("delete", "scratch"), ("delete", "scratch", "--json", "--now")):
        done = run(home, *command, check=False)
        assert done.returncode == 2
        assert "nothing was deleted" in done.stderr
        assert str(scratch.name) in done.stdout
    assert scratch.exists()
    assert code_of(home, "trash", "list") == 0


def test_the_last_line_says_what_was_freed_and_what_waits(home: Home, scratch: Path) -> None:
    done = run(home, "delete", "scratch", "--yes")
    last = done.stdout.splitlines()[-1]
    assert last.startswith("Deleted 1 of 1 environment, reclaimed 0 B.")
    assert last.endswith("in the trash for 7 days. Use `venvdash trash empty` to reclaim them now.")
    assert not scratch.exists()
    venv(home.path / ".virtualenvs" / "other")
    done = run(home, "delete", "other", "--yes", "--now")
    last = done.stdout.splitlines()[-1]
    assert last.startswith("Deleted 1 of 1 environment, reclaimed ")
    assert "KiB" in last
    assert "trash" not in last
    assert [path.name for path in scratch.parent.iterdir() if "other" in path.name] == []


def test_a_dry_run_shows_the_same_plan_and_does_nothing(home: Home, scratch: Path) -> None:
    shown = json.loads(run(home, "delete", "scratch", "--dry-run", "--json").stdout)
    assert shown.keys() == PLAN
    (item,) = shown["items"]
    assert item.keys() == ITEM
    assert (item["path"], item["name"], item["status"]) == (str(scratch), "scratch", "standalone")
    assert item["on_disk"] >= item["reclaimable"] > 0
    assert scratch.exists()
    done = json.loads(run(home, "delete", "scratch", "--yes", "--json").stdout)
    assert done.keys() == PLAN | DONE
    assert {key: done[key] for key in PLAN} == shown
    (result,) = done["results"]
    assert (result["path"], result["outcome"], result["reason"]) == (str(scratch), "done", None)
    assert done["in_trash"] == done["reclaimable"]
    assert Path(result["trash"], "pyvenv.cfg").exists()


def test_names_are_never_guessed(home: Home, scratch: Path) -> None:
    assert code_of(home, "delete") == 2
    assert code_of(home, "delete", "scrat", "--yes") == 1
    assert code_of(home, "delete", "scratch", "nobody", "--yes") == 1
    assert scratch.exists()
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    for name in ("one", "two"):
        path = venv(home.path / ".virtualenvs" / name)
        (path / ".project").write_text(str(project))
    assert code_of(home, "delete", "webapp", "--yes") == 3
    assert code_of(home, "delete", str(project), "--yes") == 3
    assert code_of(home, "delete", "webapp", "--all", "--yes") == 0
    assert [path.name for path in scratch.parent.iterdir() if path.name[0] != "."] == ["scratch"]


def test_what_is_refused_is_said(home: Home, scratch: Path) -> None:
    other = venv(home.path / ".virtualenvs" / "other")
    program = [str(scratch / "bin" / "python"), "-c", "input()"]
    user = subprocess.Popen(program, stdin=subprocess.PIPE)
    try:
        alone = run(home, "delete", "scratch", "--yes", check=False)
        both = run(home, "delete", "scratch", "other", "--yes", check=False)
    finally:
        user.kill()
        user.communicate()
    assert alone.returncode == 2
    assert f"pid {user.pid}" in alone.stdout
    assert both.returncode == 1
    assert "Skipped" in both.stdout
    assert scratch.exists()
    assert not other.exists()


def test_a_terminal_is_asked(home: Home, scratch: Path) -> None:
    for answer, exists in (("\n", True), ("n\n", True), ("\x04", True), ("y\n", False)):
        with venvdash("delete", "scratch", variables=home.variables, cwd=home.path) as terminal:
            terminal.read(lambda output: b"[y/N]" in output)
            terminal.press(answer)
            assert terminal.wait() == (2 if exists else 0), answer
        assert scratch.exists() == exists


def test_freeing_what_somebody_may_miss_needs_the_number(home: Home, scratch: Path) -> None:
    for answer, exists in (("y\n", True), ("2\n", True), ("1\n", False)):
        with venvdash(
            "delete", "scratch", "--now", variables=home.variables, cwd=home.path
        ) as terminal:
            terminal.read(lambda output: b"Type 1" in output)
            terminal.press(answer)
            assert terminal.wait() == (2 if exists else 0), answer
        assert scratch.exists() == exists


def test_a_terminal_sees_how_much_is_freed(home: Home, scratch: Path) -> None:
    other = venv(home.path / ".virtualenvs" / "other")
    run(home, "delete", "scratch", "--yes")
    for command in (("trash", "empty", "--yes"), ("delete", "other", "--yes", "--now")):
        with venvdash(*command, variables=home.variables, cwd=home.path) as terminal:
            assert terminal.wait() == 0
            assert re.search(
                rb"deleting permanently: [1-9][0-9.]* KiB of [0-9.]+ KiB", terminal.output
            ), command
    assert not other.exists()


# prune


def orphans(home: Home, *names: str) -> list[Path]:
    made = []
    for name in names:
        project = home.path / "code" / name
        project.mkdir(parents=True)
        made.append(venv(home.path / ".virtualenvs" / name))
        (made[-1] / ".project").write_text(str(project))
    for name in names:
        (home.path / "code" / name).rmdir()
    return made


def test_prune_deletes_orphans_and_nothing_else(home: Home, scratch: Path) -> None:
    linked = uv_project(home, home.path / "code" / "webapp")
    gone, hidden = orphans(home, "gone", "hidden")
    (home.path / ".attic" / "x").mkdir(parents=True)
    (home.path / ".attic" / "x" / ".venv").symlink_to(hidden)
    shown = json.loads(run(home, "prune", "--dry-run", "--json").stdout)
    assert [item["path"] for item in shown["items"]] == [str(gone)]
    (refused,) = shown["held"]
    assert refused["path"] == str(hidden)
    assert refused["reason"].startswith(
        "~/.attic/x/.venv points to it. Run `venvdash relink hidden "
    )
    assert "; not found in " in shown["items"][0]["reason"]
    assert code_of(home, "prune") == 2  # there is nobody to ask
    done = run(home, "prune", "--yes")
    assert "Deleted 1 of 1 environment" in done.stdout
    assert [path.exists() for path in (linked, scratch, hidden, gone)] == [True, True, True, False]
    listed = json.loads(run(home, "list", "--json", "hidden").stdout)["environments"]
    assert [row["status"] for row in listed] == ["moved"]  # what the search found is remembered
    assert run(home, "prune", "--yes").stdout.splitlines() == ["Nothing to delete."]
    (home.path / ".attic" / "x" / ".venv").unlink()
    assert code_of(home, "prune", "--yes", "--kind", "uv") == 0
    assert hidden.exists()
    assert code_of(home, "prune", "--yes", "--kind", "virtualenvwrapper", "--now") == 0
    assert not hidden.exists()
    assert run(home, "prune").stdout.splitlines() == ["Nothing to delete."]


def test_prune_narrowed_by_age(home: Home) -> None:
    (gone,) = orphans(home, "gone")
    for narrow in (("--older-than", "1d"), ("--gone-for", "1d"), ("--store", "uv")):
        assert "Nothing to delete" in run(home, "prune", "--yes", *narrow).stdout
    for wrong in (("--older-than", "soon"), ("--kind", "nothing")):
        assert code_of(home, "prune", "--yes", *wrong) == 2
    assert gone.exists()
    assert code_of(home, "prune", "--yes", "--gone-for", "0d") == 0
    assert not gone.exists()


# trash and history


def test_what_is_in_the_trash_comes_back(home: Home) -> None:
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project)
    run(home, "delete", "webapp", "--yes")
    (one,) = json.loads(run(home, "trash", "list", "--json").stdout)["trash"]
    assert (one["name"], one["original"]) == ("webapp", str(environment))
    assert one["links"] == [str(project / ".venv")]
    assert "webapp" in run(home, "trash").stdout
    assert code_of(home, "restore", "nothing") == 1
    assert run(home, "restore", "webapp").stdout == "Restored webapp.\n"
    assert (project / ".venv").resolve() == environment
    assert environment.exists()
    assert code_of(home, "restore", "webapp") == 1


def test_two_of_one_name_are_told_apart(home: Home, scratch: Path) -> None:
    run(home, "delete", "scratch", "--yes")
    venv(scratch)
    run(home, "delete", "scratch", "--yes")
    several = run(home, "restore", "scratch", check=False)
    assert several.returncode == 3
    boxes = [
        one["path"] for one in json.loads(run(home, "trash", "list", "--json").stdout)["trash"]
    ]
    assert all(Path(box).name in several.stderr for box in boxes)
    assert code_of(home, "restore", Path(boxes[0]).name) == 0
    taken = run(home, "restore", boxes[1], check=False)
    assert taken.returncode == 1
    assert "taken" in taken.stderr
    assert "`--as NAME`" in taken.stderr
    assert code_of(home, "restore", boxes[1], "--as", "scratch-2") == 0
    assert (scratch.parent / "scratch-2" / "bin" / "python").exists()


def test_one_that_had_a_namesake_is_found_by_its_project(home: Home) -> None:
    first = uv_project(home, home.path / "code" / "web")
    uv_project(home, home.path / "work" / "web")
    run(home, "delete", str(first), "--yes")
    (one,) = json.loads(run(home, "trash", "list", "--json").stdout)["trash"]
    assert one["name"] == "code/web"
    assert run(home, "restore", "web").stdout == "Restored code/web.\n"
    assert first.exists()


def test_what_is_freed_at_once_is_not_said_to_lie_in_the_trash(home: Home, scratch: Path) -> None:
    done = json.loads(run(home, "delete", "scratch", "--yes", "--now", "--json").stdout)
    assert [result["trash"] for result in done["results"]] == [None]
    assert list(scratch.parent.iterdir()) == []


def test_the_trash_is_emptied_only_on_request(home: Home, scratch: Path) -> None:
    empty = run(home, "trash", "empty")
    assert (empty.stdout, empty.stderr) == ("", "The trash is empty.\n")
    other = venv(home.path / ".virtualenvs" / "other")
    run(home, "delete", "scratch", "other", "--yes")
    assert code_of(home, "trash", "empty") == 2
    assert len(json.loads(run(home, "trash", "list", "--json").stdout)["trash"]) == 2
    assert code_of(home, "trash", "empty", "scratch", "--yes") == 0
    assert code_of(home, "restore", "other") == 0
    assert other.exists()
    run(home, "delete", "other", "--yes")
    done = json.loads(run(home, "trash", "empty", "--yes", "--json").stdout)
    assert [result["outcome"] for result in done["results"]] == ["done"]
    assert done["freed"] > 0
    assert list(scratch.parent.iterdir()) == []


def test_history_tells_what_had_been_installed(home: Home) -> None:
    uv_project(home, home.path / "code" / "webapp", "--lib")
    assert code_of(home, "history") == 0
    nothing = run(home, "history", "webapp", check=False)
    assert nothing.returncode == 1
    assert "No recorded change matches webapp" in nothing.stderr
    run(home, "delete", "webapp", "--yes", "--now")
    (change,) = json.loads(run(home, "history", "--json").stdout)["history"]
    assert (change["number"], change["action"], change["undoable"]) == (1, "delete", False)
    (one,) = change["environments"]
    assert (one["name"], one["state"], one["status"]) == ("webapp", "freed", "linked")
    assert one["project"] == str(home.path / "code" / "webapp")
    assert [package["name"] for package in one["packages"]] == ["webapp"]
    shown = run(home, "history", "webapp").stdout
    assert "webapp 0.1.0" in shown
    assert "~/code/webapp" in shown


def test_hostile_names_reach_no_terminal(home: Home) -> None:
    for name in HOSTILE:
        venv(home.path / ".virtualenvs" / name.replace("/", "_"))
    paths = [str(path) for path in (home.path / ".virtualenvs").iterdir()]
    for command in (
        ("delete", *paths, "--dry-run"),
        ("delete", *paths, "--yes"),
        ("trash",),
        ("history",),
        ("restore", HOSTILE[2]),
        ("trash", "empty", "--yes"),
    ):
        with venvdash(*command, variables=home.variables, cwd=home.path) as terminal:
            assert terminal.wait(60) == 0, command
            assert unsafe(terminal.output.replace(b"\r\x1b[K", b"")) == []


def test_user_files_are_shown_and_ask_for_the_name(home: Home, scratch: Path) -> None:
    (scratch / "notebooks").mkdir()
    (scratch / "notebooks" / "plan.ipynb").write_text("mine")
    done = run(home, "delete", "scratch", "--yes", "--now", check=False)
    assert done.returncode == 2
    assert "user-files: 1 file, 4 B: notebooks/" in done.stdout
    assert "Use `--yes --confirm scratch` to delete without confirmation" in done.stderr
    shown = json.loads(run(home, "delete", "scratch", "--dry-run", "--json").stdout)
    (item,) = shown["items"]
    places = [{"path": "notebooks", "what": "directory"}]
    assert item["user_files"] == {"count": 1, "size": 4, "places": places}
    assert item["flags"] == ["user-files"]
    assert "your own files" in item["confirm"]
    for answer, status in (("y\n", 2), ("scratch\n", 0)):
        with venvdash("delete", "scratch", "-y", variables=home.variables, cwd=home.path) as asked:
            asked.read(lambda output: b"Type scratch to delete 1 environment" in output)
            asked.press(answer)
            assert asked.wait() == status
        assert scratch.exists() == bool(status)


def test_a_script_confirms_by_name(home: Home, scratch: Path) -> None:
    (scratch / "data.csv").write_text("1")
    assert code_of(home, "delete", "scratch", "--yes", "--confirm", "other") == 2
    assert code_of(home, "delete", "scratch", "--yes", "--confirm", "scratch") == 0
    assert not scratch.exists()
