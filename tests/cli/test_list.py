import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Home, home_in
from tests.mounting import formatted
from tests.scenario import uv_project, venv
from tests.terminal import HOSTILE, unsafe, venvdash
from venvdash.model import Status

KEYS = {
    *("name", "path", "entry", "store", "kind", "location", "python"),
    *("implementation", "base"),
    *(
        "project",
        "projects",
        "evidence",
        "status",
        "reason",
        "place",
        "flags",
        "usage",
        "endangered",
        "note",
        "description",
    ),
    *("packages", "created", "changed", "used", "sidecar"),
}


def run(home: Home, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return home.venvdash(*arguments, check=check)


def listed(home: Home, *arguments: str) -> list[dict[str, object]]:
    answer = json.loads(run(home, "list", "--json", "--no-usage", *arguments).stdout)
    environments = answer["environments"]
    assert isinstance(environments, list)
    return environments


def named(home: Home, *arguments: str) -> list[object]:
    return [environment["name"] for environment in listed(home, *arguments)]


@pytest.fixture
def some(home: Home) -> Home:
    """Two projects and an environment without one."""
    for name in ("api", "web"):
        (home.path / "code" / name).mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / name)
        (path / ".project").write_text(str(home.path / "code" / name))
    venv(home.path / ".venvs" / "scratch")
    return home


def test_an_upper_bound_is_marked_and_remembered(tmp_path: Path) -> None:
    """A file system that compresses does not tell how much comes back."""
    point = tmp_path / "point"
    point.mkdir()
    with formatted(point, "btrfs", size="128M", options="compress-force=zstd"):
        home = home_in(point)
        made = venv(home.path / ".venvs" / "scratch")
        (made / "text").write_bytes(b"text" * 100_000)
        subprocess.run(["sync", "-f", str(point)], check=True)
        for _ in range(2):
            _, line, _, total = run(home, "list").stdout.splitlines()
            assert re.fullmatch(
                r"1 environment, [\d.]+ KiB on disk, at most [\d.]+ KiB reclaimable", total
            )
            assert re.search(r" ≤\d[\d.]* [KM]iB ", line), line
            assert len(line.replace(" [user-files]", "")) <= 80
        assert "≤" in run(home, "info", "scratch").stdout


def test_the_json_object(some: Home) -> None:
    (some.path / ".virtualenvs" / "junk").mkdir()
    answer = json.loads(run(some, "list", "--json").stdout)
    others = {"projects_without_environment", "not_environments", "stores", "errors"}
    assert set(answer) == {"schema", "environments"} | others
    assert answer["schema"] == 3
    assert [set(one) for one in answer["environments"]] == [KEYS] * 3
    usage = answer["environments"][0]["usage"]
    figures = {"apparent", "on_disk", "reclaimable", "cache_held", "exact", "at_most", "files"}
    assert set(usage) == figures | {"user_files", "missing_files"}
    assert usage["user_files"] == {"count": 0, "size": 0, "places": []}
    assert usage["on_disk"] >= usage["reclaimable"] > 0
    assert [odd["path"] for odd in answer["not_environments"]] == [
        str(some.path / ".virtualenvs" / "junk")
    ]
    assert all(store["why"] == "default" for store in answer["stores"])


def test_the_stream_has_a_line_for_each_environment(some: Home) -> None:
    lines = run(some, "list", "--json-stream").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert sorted(one["name"] for one in found) == ["api", "scratch", "web"]
    assert all(set(one) == KEYS | {"schema"} and one["usage"]["on_disk"] for one in found)
    assert {one["status"] for one in found} == {"linked", "standalone"}


def test_names_filters_and_order(some: Home) -> None:
    assert named(some) == ["api", "scratch", "web"]
    assert named(some, "--reverse") == ["web", "scratch", "api"]
    assert named(some, "--status", "standalone") == ["scratch"]
    for both in (
        ["standalone", "--status", "linked"],
        ["standalone,linked"],
        ["standalone, linked"],
    ):
        assert named(some, "--status", *both) == ["api", "scratch", "web"]
    assert named(some, "--kind", "virtualenvwrapper") == ["api", "web"]
    assert named(some, "--kind", "virtualenvwrapper,venv") == ["api", "scratch", "web"]
    assert named(some, "--store", "virtualenvwrapper,uv") == ["api", "web"]
    assert named(some, "--store", str(some.path / ".venvs")) == ["scratch"]
    assert named(some, "--store", "virtualenvwrapper") == ["api", "web"]
    assert named(some, "--store", f"{some.path}/code/../.venvs/") == ["scratch"]
    assert named(some, "web", "API") == ["api", "web"]
    assert named(some, "code/web") == ["web"]
    assert named(some, str(some.path / "code" / "api")) == ["api"]
    assert named(some, "--sort", "status") == ["api", "web", "scratch"]
    for number in range(9):
        (some.path / ".venvs" / "scratch" / "lib" / f"more{number}").touch()
    answer = json.loads(run(some, "list", "--json", "--sort", "files").stdout)
    assert answer["environments"][0]["name"] == "scratch"


def test_what_is_not_found_is_said_and_the_rest_is_listed(some: Home) -> None:
    done = run(some, "list", "--no-usage", "wbe", "api", check=False)
    assert done.returncode == 1
    assert "api" in done.stdout
    assert "no environment is named wbe. Did you mean web?" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--kind", "nonsense"),
        ("list", "--status", "nonsense"),
        ("list", "--status", "orphan,nonsense"),
        ("list", "--status", "orphan,"),
        ("prune", "--kind", ""),
        ("prune", "--store", "uv,"),
        ("prune", "--dry-run", "--store", "nonsense"),
        ("list", "--store", "uv,nonsense"),
        ("prune", "--kind", "uv,nonsense"),
        ("list", "--json", "--json-stream"),
        ("nonsense",),
        (),
        ("demo",),
    ],
)
def test_wrong_usage_ends_with_2_and_words(home: Home, arguments: tuple[str, ...]) -> None:
    done = run(home, *arguments, check=False)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr
    if not arguments:
        assert "venvdash list" in done.stderr


@pytest.mark.parametrize("content", ["stores = 3", "records = [", 'colour = "red"', "\0", "x" * 9])
def test_a_wrong_configuration_is_said_and_left_alone(some: Home, content: str) -> None:
    path = some.path / "c.toml"
    path.write_text(content)
    some.variables["VENVDASH_CONFIG"] = str(path)
    done = run(some, "list")
    assert "scratch" in done.stdout
    assert str(path) in done.stderr
    assert path.read_text() == content


def test_no_environments_says_where_it_looked(home: Home) -> None:
    done = run(home, "list")
    assert done.stdout == ""
    assert "do not exist" in done.stderr
    assert "venvdash stores" in done.stderr
    assert "venvdash demo" in done.stderr
    (home.path / ".virtualenvs").mkdir()
    assert "~/.virtualenvs (virtualenvwrapper): empty" in run(home, "list").stderr


def test_no_records_writes_nothing(some: Home) -> None:
    def tree() -> set[Path]:
        return set(some.path.rglob("*"))

    before = tree()
    run(some, "--no-records", "list")
    assert tree() == before
    (some.path / "c.toml").write_text("records = false\n")
    some.variables["VENVDASH_CONFIG"] = str(some.path / "c.toml")
    before = tree()
    run(some, "list")
    assert tree() == before
    del some.variables["VENVDASH_CONFIG"]
    run(some, "list")
    assert (some.path / ".virtualenvs" / "api" / "venvdash.toml").exists()


def test_stores_says_what_is_looked_at_and_why(some: Home) -> None:
    some.variables["WORKON_HOME"] = str(some.path / "mine")
    answer = json.loads(run(some, "stores", "--json").stdout)
    by_path = {store["path"]: store for store in answer["stores"]}
    mine = by_path[str(some.path / "mine")]
    assert (mine["why"], mine["source"], mine["exists"]) == ("variable", "WORKON_HOME", False)
    assert by_path[str(some.path / ".venvs")]["environments"] == 1
    table = run(some, "stores").stdout
    assert "variable: WORKON_HOME; does not exist" in table
    assert answer["searched"]["known projects"] == 2
    assert "known projects" in table


def test_a_store_behind_two_names_is_listed_once(some: Home) -> None:
    (some.path / "envs").symlink_to(some.path / ".venvs")
    assert named(some) == ["api", "scratch", "web"]


def test_a_store_that_is_a_file_is_told(home: Home) -> None:
    (home.path / ".virtualenvs").write_text("not a folder")
    done = run(home, "list")
    assert "is not a directory" in done.stderr


def test_hostile_names_reach_the_terminal_as_visible_escapes(home: Home) -> None:
    for number, name in enumerate(HOSTILE):
        if "/" not in name:
            venv(home.path / ".virtualenvs" / name)
        project = home.path / "code" / name
        project.mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / f"plain{number}")
        (path / ".project").write_bytes(os.fsencode(project))
    for arguments in (["list"], ["list", "--no-usage", "no\x1b]0;pwn\x07such"], ["stores"]):
        with venvdash(*arguments, variables=home.variables, cwd=home.path, columns=200) as screen:
            screen.wait()
        assert unsafe(screen.output) == []
        assert b"Traceback" not in screen.output
    assert "a\\e]0;pwn\\x07b" in run(home, "list", "--no-usage").stdout


def test_a_closed_pipe_is_no_error(some: Home) -> None:
    done = subprocess.run(
        f"{sys.executable} -m venvdash list | true",
        shell=True, env=some.variables, cwd=some.path, capture_output=True, text=True,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


def test_every_status_can_be_asked_for(home: Home) -> None:
    for status in Status:
        if status is not Status.CHECKING:
            assert named(home, "--status", status.value) == []


def test_a_project_of_uv_is_listed_as_it_is(home: Home) -> None:
    path = uv_project(home, home.path / "code" / "webapp", "--package")
    (environment,) = listed(home)
    assert environment["path"] == str(path)
    assert environment["kind"] == "uv"
    assert environment["project"] == str(home.path / "code" / "webapp")
    assert [p["name"] for p in environment["packages"]] == ["webapp"]  # type: ignore[attr-defined]  # JSON


def test_the_environments_of_one_project(some: Home) -> None:
    api = some.path / "code" / "api"
    (api / "src").mkdir()
    assert named(some, "--project", str(api)) == ["api"]
    assert named(some, "--project", str(api / "src")) == ["api"]
    assert named(some, "--project", "~/code/api") == ["api"]
    (some.path / "link").symlink_to(api)
    assert named(some, "--project", "link") == ["api"]
    assert named(some, "--project", str(some.path / "code")) == []
    stream = run(some, "list", "--json-stream", "--no-usage", "--project", str(api)).stdout
    assert [json.loads(line)["name"] for line in stream.splitlines()] == ["api"]


def test_the_current_projects_environments_are_marked(some: Home) -> None:
    away = run(some, "list", "--no-usage").stdout
    assert "*" not in away
    (some.path / "code" / "api" / "src").mkdir()
    for place in ("api", "api/src"):
        shown = some.venvdash(
            "list", "--no-usage", cwd=some.path / "code" / place
        ).stdout.splitlines()
        assert [line[:5] for line in shown] == ["  NAM", "* api", "  scr", "  web", "", "3 env"]


def test_the_environments_of_one_interpreter(some: Home) -> None:
    everything = ["api", "scratch", "web"]
    version = ".".join(map(str, sys.version_info[:2]))
    assert named(some, "--base", version) == named(some, "--base", sys.executable) == everything
    assert named(some, "--base", "2.7") == []
    assert named(some, "--base", version, "--project", "code/web") == ["web"]
