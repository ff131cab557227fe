"""Values as tables: they come back as they were, and nothing else comes through."""

import json
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.records.values import names, paths
from venvdash.system import toml_text
from venvdash.system.codec import MODE, Codec, CodecError, text


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part:
    path: Path
    content: bytes = b""


@dataclass(frozen=True)
class Thing:
    name: str
    inode: int
    colour: Colour
    since: float = 0.0
    parts: tuple[Part, ...] = ()
    note: str | None = None
    mode: int = 0
    pinned: bool = False


STRICT = Codec(Thing, mode=MODE)
SPARSE = Codec(Thing, sparse=True, closed=True, mode=MODE, note=text(20))
GOOD = {
    "name": "a",
    "inode": 1,
    "colour": "red",
    "since": 1.5,
    "parts": [{"path": "/a", "content": "eA=="}],
    "mode": 0o755,
    "pinned": True,
}

things = st.builds(
    Thing,
    name=names,
    inode=st.integers(0, 2**128 - 1),
    colour=st.sampled_from(Colour),
    since=st.floats(0, 2**40),
    parts=st.lists(st.builds(Part, paths, st.binary())).map(tuple),
    note=st.none() | names,
    mode=st.integers(0, 0o7777),
    pinned=st.booleans(),
)


@given(things)
def test_a_value_comes_back(thing: Thing) -> None:
    table = STRICT.write(thing)
    assert STRICT.read(table) == thing
    assert STRICT.read(tomllib.loads(toml_text.dumps(table, "").decode())) == thing
    assert STRICT.read(json.loads(json.dumps(table))) == thing


def test_what_is_read() -> None:
    parts = (Part(Path("/a"), b"x"),)
    thing = Thing("a", 1, Colour.RED, 1.5, parts, mode=0o755, pinned=True)
    assert STRICT.read(GOOD) == SPARSE.read(GOOD) == thing
    assert STRICT.write(thing) == GOOD


def test_a_sparse_table_holds_what_differs_and_can_be_read_back() -> None:
    thing = Thing("a", 1, Colour.BLUE)
    least = {"name": "a", "inode": 1, "colour": "blue"}
    assert SPARSE.write(thing) == least
    assert SPARSE.read(least) == thing
    long = Thing("a", 1, Colour.BLUE, note="x" * 21, mode=-1, since=float("nan"))
    assert SPARSE.write(long) == least
    with pytest.raises(CodecError, match="`since` is missing"):
        STRICT.read(least)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("name", 1, "`name` must be a string"),
        ("name", "\n", "`name` contains control characters"),
        ("name", "x" * 5000, "`name` is longer than 4096 bytes"),
        ("name", "x" * 13000, "`name` must not be longer than 12288 characters"),
        ("inode", True, "`inode` must be a whole number"),
        ("inode", 1.0, "`inode` must be a whole number"),
        ("inode", "9" * 40, "`inode` must be a whole number"),
        ("inode", -1, "`inode` is out of range"),
        ("inode", 2**128, "`inode` is out of range"),
        ("mode", 0o10000, "`mode` is out of range"),
        ("colour", "green", "`colour` must be one of red, blue"),
        ("colour", ["red"], "`colour` must be one of red, blue"),
        ("since", float("nan"), "`since` must be a time"),
        ("since", float("inf"), "`since` must be a time"),
        ("since", "1", "`since` must be a time"),
        ("pinned", 1, "`pinned` must be true or false"),
        ("parts", {}, "`parts` must be a list"),
        ("parts", ["/a"], "`parts` must be a table"),
        ("parts", [{}] * 65, "`parts` must not have more than 64 items"),
        ("parts", [{"path": "a", "content": ""}], "`parts.path` must be an absolute path"),
        ("parts", [{"path": "/a", "content": "?"}], "`parts.content`"),
        ("parts", [{"path": "/a"}], "`parts.content` is missing"),
    ],
)
def test_what_is_refused(key: str, value: Any, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        STRICT.read({**GOOD, key: value})


def test_unknown_keys() -> None:
    assert STRICT.read({**GOOD, "more": 1}) == STRICT.read(GOOD)
    with pytest.raises(CodecError, match="`more` is not a known setting"):
        SPARSE.read({**GOOD, "more": 1})
