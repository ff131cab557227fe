"""docs/json.md against what the commands print in a playground with every status."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain, permutations
from pathlib import Path
from typing import Any

import click
import pytest

from tests.conftest import Home
from tests.docs import README
from venvdash.cli import cli
from venvdash.demo.playground import build
from venvdash.model import Direction, EvidenceKind, Flag, Limit, Location, Outcome, Removal, Status
from venvdash.model.environments import UserPlace
from venvdash.model.installed import PackageSource
from venvdash.model.plans import Action

PAGE = (README.parent / "docs" / "json.md").read_text()
PLAIN = {"string": str, "path": str, "time": str, "integer": int, "bytes": int, "boolean": bool}
ENUMS: dict[str, type[StrEnum]] = {
    "status": Status,
    "flag": Flag,
    "location": Location,
    "proof": EvidenceKind,
    "direction": Direction,
    "package-source": PackageSource,
    "user-place": UserPlace,
    "removal": Removal,
    "limit": Limit,
    "outcome": Outcome,
    "action": Action,
}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")

Fields = dict[str, str]


def tables() -> dict[str, Fields]:
    """Return the type of each key by object; a key that is there twice fails."""
    found: dict[str, Fields] = {}
    for section in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| (\w+) \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)[1:]
        name = section.splitlines()[0]
        assert name not in found
        found[name] = dict(rows)
        assert len(found[name]) == len(rows) > 0, name
    found["details"] = found["environment"] | found["details"]
    found["installed"] |= found["package"]
    return found


OBJECTS = tables()


def with_quota(user: Home) -> Home:
    """Return the same home where `quota` says that the user may have no more files."""
    program = user.path / "tools" / "quota"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '  /home  512   0  0  0  1000* 900 1000 0'\n")
    program.chmod(0o755)
    path = user.variables.get("PATH", os.environ["PATH"])
    return Home(user.path, {**user.variables, "PATH": f"{program.parent}:{path}"})


class Checker:
    """Compares values with the page, and remembers which objects it has seen."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def check(self, value: object, *names: str) -> None:
        fields = {key: kind for name in names for key, kind in OBJECTS[name].items()}
        assert isinstance(value, dict)
        assert value.keys() == fields.keys(), names
        self.seen |= set(names)
        for key, kind in fields.items():
            self.check_value(value[key], kind, f"{names[0]}.{key}")

    def check_value(self, value: object, kind: str, where: str) -> None:
        if kind.endswith(" or null"):
            if value is not None:
                self.check_value(value, kind.removesuffix(" or null"), where)
        elif kind.startswith("list of "):
            assert isinstance(value, list), where
            for item in value:
                self.check_value(item, kind.removeprefix("list of "), where)
        elif kind.startswith("map of "):
            assert isinstance(value, dict), where
            self.check_value(list(value.values()), f"list of {kind.removeprefix('map of ')}", where)
        elif kind.startswith("["):
            self.check(value, kind[1:].partition("]")[0])
        elif kind in ENUMS:
            assert value in list(ENUMS[kind]), where
        elif kind == "number":
            assert isinstance(value, int | float), where
        else:
            assert type(value) is PLAIN[kind], (where, value)
            assert value != "", where
            assert kind != "time" or RFC_3339.fullmatch(str(value)), (where, value)
            assert kind != "path" or Path(str(value)).is_absolute(), (where, value)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A playground with what it lacks: files of the user, missing ones, a kernel, a bad pointer."""
    made = build(tmp_path_factory.mktemp("json") / "playground", lambda words: None)
    home = made.home
    (made.made["scratchpad"].path / "notebooks").mkdir()
    (made.made["scratchpad"].path / "notebooks" / "plot.ipynb").write_text("{}")
    gone = next(made.made["report"].path.glob("lib/python*/site-packages/*/__init__.py"))
    gone.unlink()
    kernel = home / ".local" / "share" / "jupyter" / "kernels" / "sandbox" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    python = made.made["sandbox"].path / "bin" / "python"
    kernel.write_text(json.dumps({"argv": [str(python)]}))
    shutil.copytree(made.made["sandbox"].path, home / "mine" / "one", symlinks=True)
    (home / "backups").mkdir()
    return Home(home, dict(made.variables))


def printed(user: Home, *arguments: str, code: int = 0) -> dict[str, object]:
    ran = user.run(sys.executable, "-m", "venvdash", *arguments, check=False)
    assert ran.returncode == code, ran.stderr
    answer = json.loads(ran.stdout)
    assert isinstance(answer, dict)
    return answer


def test_every_key_that_is_printed_is_on_the_page_and_the_reverse(user: Home) -> None:
    checker = Checker()
    listed = printed(user, "list", "--json")
    checker.check(listed, "list")
    for by in ("store", "status", "python", "kind"):
        checker.check(printed(user, "list", "--by", by, "--json"), "totals")
    checker.check(printed(user, "list", "--by", "kind", "--no-usage", "--json"), "totals")
    environments = listed["environments"]
    assert isinstance(environments, list)
    there = {*Status} - {Status.CHECKING, Status.MISSING}
    assert {one["status"] for one in environments} == there
    for name in ("report.py", "sandbox", "webtools", "py-nightly", "scratchpad", "webapp"):
        checker.check(printed(user, "info", name, "--json"), "info")
    checker.check(printed(user, "path", "webapp", "--json"), "paths")
    checker.check(printed(user, "run", "webapp", "--all", "--json", "--", "echo", "x"), "runs")
    checker.check(printed(user, "config", "path", "--json"), "file")
    checker.check(printed(user, "config", "show", "--json"), "configuration")
    checker.check(printed(user, "note", "webapp", "--json"), "noted")
    checker.check(printed(user, "note", "webapp", "mine", "--json"), "noted")
    checker.check(printed(user, "pin", "photos", "webapp", "--json"), "pinned")
    checker.check(printed(user, "unpin", "photos", "webapp", "--json"), "pinned")
    checker.check(printed(user, "info", "nope", "--json", code=1), "failure")
    checker.check(printed(user, "stores", "--json"), "stores")
    checker.check(printed(user, "stores", "--add", "~/mine", "--json"), "added")
    changes = [
        ("rename", "scratchpad", "pad"),
        ("copy", "sandbox", "try"),
        ("unlink", "blog-copy"),
    ]
    for change in changes:
        checker.check(printed(user, *change, "--json", "--dry-run"), "changes")
    checker.check(printed(user, "rename", "scratchpad", "pad", "--json"), "changes", "finished")
    checker.check(printed(user, "sync", "webapp", "--json", "--dry-run"), "changes")
    user.run("git", "init", "-q", user.path / "code" / "webapp")
    checker.check(printed(user, "delete", "webapp", "--json", "--dry-run"), "plan")
    two = ("delete", "photos", "py-nightly", "--json", "--dry-run")
    checker.check(printed(with_quota(user), *two), "plan")
    checker.check(printed(user, "undo", "--json"), "undo", "finished")
    deleted = printed(user, "prune", "--json", "--yes")
    checker.check(deleted, "plan", "finished")
    checker.check(printed(user, "history", "--json"), "history")
    checker.check(printed(user, "undo", "--json", "--dry-run"), "undo")
    checker.check(printed(user, "trash", "list", "--json"), "trash")
    checker.check(printed(user, "forget", "thumbnails", "--json"), "forgotten")
    checker.check(printed(user, "restore", "vision", "--json"), "finished")
    checker.check(printed(user, "trash", "empty", "--json", "--yes"), "finished")
    checker.check(printed(user, "allow", "webapp", "--json"), "allowed")
    checker.check(printed(user, "cache", "list", "--json"), "cache")
    checker.check(printed(user, "cache", "clean", "--json", "--dry-run"), "cleaning")
    config = Path(user.variables["VENVDASH_CONFIG"])
    config.write_text('skip = ["~/backups"]\nsearch = ["~/unmounted"]\n' + config.read_text())
    checker.check(printed(user, "prune", "--json", "--dry-run"), "plan")
    different = of_two_versions(environments)
    checker.check(printed(user, "diff", *different, "--json"), "diff")
    checker.check(printed(user, "info", different[0], "--json"), "info")
    for index in Path(user.variables["XDG_STATE_HOME"], "venvdash").glob("*.sqlite"):
        index.write_bytes(b"no database")
    checker.check(printed(user, "list", "--json"), "list")
    assert OBJECTS.keys() - checker.seen == set()


def of_two_versions(environments: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the paths of two environments, with another version of a package in one of them."""
    for one, other in permutations(environments, 2):
        names = [{package["name"] for package in each["packages"]} for each in (one, other)]
        site = Path(one["path"]) / "lib"
        both = names[0] & names[1]
        infos = (site.glob(f"*/site-packages/{name}-*.dist-info") for name in both)
        for info in chain.from_iterable(infos):
            info.rename(info.with_name(f"{info.name.partition('-')[0]}-99.dist-info"))
            return one["path"], other["path"]
    raise AssertionError("no two have one package")


@pytest.mark.parametrize("kind", ENUMS)
def test_the_words_of_a_type_are_those_of_the_code(kind: str) -> None:
    words = PAGE.partition("## Words")[2].partition("\n## ")[0]
    (line,) = re.findall(rf"^\| {kind} \| (.*) \|$", words, re.MULTILINE)
    assert set(re.findall(r"`([\w -]+)`", line)) == set(ENUMS[kind])


def test_every_command_with_json_is_on_the_page() -> None:
    given = set(re.findall(r"`([a-z ]+ --json[a-z-]*)`", PAGE))
    assert given == set(commands(cli, ()))


def commands(command: click.Command, names: Sequence[str]) -> Iterator[str]:
    for option in command.params:
        for spelling in option.opts:
            if spelling.startswith("--json"):
                yield " ".join((*names, spelling))
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from commands(below, (*names, name))


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("list nope", 1),
        ("list --status nope", 2),
        ("list --kind nope", 2),
        ("list --json-stream --sort nope", 2),
        ("info nope", 1),
        ("path nope", 1),
        ("note", 2),
        ("pin nope", 1),
        ("delete", 2),
        ("delete nope", 1),
        ("forget nope", 1),
        ("prune --older-than nope", 2),
        ("rename nope x", 1),
        ("move sandbox --to nope", 2),
        ("undo 999", 1),
        ("restore nope", 1),
        ("stores --add /nope", 2),
        ("nope", 2),
    ],
)
def test_an_error_is_an_object(user: Home, line: str, status: int) -> None:
    arguments = line.split()
    more = () if "--json-stream" in arguments else ("--json",)
    answer = printed(user, *arguments, *more, code=status)
    if line == "list nope":  # what it found, which is nothing, comes first
        assert answer["environments"] == []
        return
    assert answer.keys() == {"schema", "error"}
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["status"] == status
    assert error["message"]


def test_a_refusal_after_the_plan_adds_no_object(user: Home) -> None:
    answer = printed(user, "delete", "scratchpad", "--json", code=2)
    assert "items" in answer
    assert "error" not in answer


def test_every_line_of_a_stream_has_the_schema(user: Home) -> None:
    ran = user.run(sys.executable, "-m", "venvdash", "list", "--json-stream", "--no-usage")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) > 10
    assert {line["schema"] for line in lines} == {3}
