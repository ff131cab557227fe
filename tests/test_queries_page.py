"""docs/queries.md: each query on it means what it says."""

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.docs import README
from venvdash.model import Flag, Package, Status
from venvdash.model.quantities import DAY
from venvdash.model.query import Known
from venvdash.model.query_parser import EXAMPLES
from venvdash.model.summary import Summary
from venvdash.presentation.queries import parse

PAGE = (README.parent / "docs" / "queries.md").read_text()
NOW = 2e9
MB = 1000**2


def _row(name: str, status: Status, python: str) -> Summary:
    return Summary(Path(f"/envs/{name}"), name, status, python=python)


ROWS = [
    _row("webapp", Status.LINKED, "3.9.18")._replace(
        kind="uv", store="uv", used=NOW, note="needs a GPU"
    ),
    _row("lab", Status.ORPHAN, "3.11.2")._replace(
        kind="poetry", store="poetry", used=NOW - 100 * DAY
    ),
    _row("two words", Status.UNKNOWN, "3.13.0")._replace(flags=frozenset({Flag.BROKEN})),
]
SIZES = {"webapp": 100 * MB, "lab": 2000 * MB, "two words": 700 * MB}
FILES = {"webapp": 900, "lab": 40_000, "two words": 9_000}
ROWS = [
    row._replace(on_disk=SIZES[row.name], reclaimable=SIZES[row.name] // 2, files=FILES[row.name])
    for row in ROWS
]
PACKAGES = {
    "webapp": [Package("numpy", "1.26.4")],
    "lab": [Package("NumPy", "2.3.0"), Package("torch", "2.5.1")],
    "two words": [Package("typing_extensions", "4.9")],
}
MEANT = {
    "webapp": {"webapp"},
    '"two words"': {"two words"},
    "status:orphan": {"lab"},
    "status:orphan,unknown": {"lab", "two words"},
    "kind:uv": {"webapp"},
    "store:poetry": {"lab"},
    "flag:broken": {"two words"},
    "python:3.11": {"lab"},
    "python:..3.9": {"webapp"},
    "python:3.10..3.12": {"lab"},
    "size:1GB..": {"lab"},
    "size:..500M": {"webapp"},
    "reclaimable:100MB..": {"lab", "two words"},
    "files:10k..": {"lab"},
    "used:90d..": {"lab"},
    "used:..1w": {"webapp"},
    "note:gpu": {"webapp"},
    "pkg:numpy": {"webapp", "lab"},
    "pkg:numpy>=2": {"lab"},
    "pkg:numpy..1": {"webapp"},
    "pkg:numpy@2..": {"lab"},
    "pkg:numpy@1.26": {"webapp"},
    "not:webapp": {"lab", "two words"},
    "not:status:linked": {"lab", "two words"},
    "status:orphan size:1GB.. pkg:torch": {"lab"},
    "pkg:typing-extensions": {"two words"},
    "pkg:numpy..2": {"webapp", "lab"},
    "pkg:numpy<2": {"webapp"},
}


def examples() -> list[str]:
    """Return the queries of the page: all code that begins as one."""
    table = re.findall(r"^\| `([^`]+)` \|", PAGE.partition("## On")[0], re.MULTILINE)
    keys = "|".join((*EXAMPLES, "not"))
    return [*table, *re.findall(rf"`((?:{keys}):[^`]+)`", PAGE)]


@pytest.mark.parametrize("query", sorted(MEANT))
def test_each_query_of_the_page_means_what_it_says(query: str) -> None:
    found = set()
    for row in ROWS:
        known = Known(NOW, lambda path: PACKAGES[path.name])
        answer = parse(query).decide(row, known)
        found |= {row.name} if answer else set()
    assert found == MEANT[query]


def test_all_queries_of_the_page_are_tested_and_it_has_every_key() -> None:
    assert set(examples()) == set(MEANT)
    assert {query.partition(":")[0] for query in MEANT} >= {*EXAMPLES, "not"}


def test_the_commands_of_the_page_run(home: Home) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [shlex.split(line) for line in block.splitlines()]
    assert len(commands) == 4
    for name, *arguments in commands:
        assert name == "venvdash"
        home.venvdash(*arguments)
