"""Damage and bombs in the tools' own files are no errors, and take no time."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venvdash.stores.config_files import LIMIT, config_text, json_object, string, toml_table
from venvdash.system.toml_limits import bomb


def test_what_is_read() -> None:
    assert toml_table('a.b = "c"\n[d]\n') == {"a": {"b": "c"}, "d": {}}
    assert json_object('{"a": ["b"]}') == {"a": ["b"]}
    assert toml_table("") == {}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "a = ",
        "[a",
        "a = 1\na = 2",
        "\ufeffa = 1\udcff =",
        "a" + ".a" * 5000 + " = 1",
        "a = " + "[" * 5000,
        "a = " + "{a = " * 5000,
        "#" * (LIMIT + 1),
        "a = " + "1" * 5000,
    ],
)
def test_what_is_no_toml(text: str | None) -> None:
    assert toml_table(text) is None


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", "1", "null", '"a"', "[" * 100_000, '{"a":' * 50_000, " " * (LIMIT + 1)],
)
def test_what_is_no_json_object(text: str | None) -> None:
    assert json_object(text) is None


@given(st.text())
def test_any_text_is_a_table_or_none(text: str) -> None:
    assert isinstance(toml_table(text), dict | None)
    assert isinstance(json_object(text), dict | None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.b.c = 1", None),
        ("a.b.c.d = 1", "has a key with too many dots"),
        ("[a.b.c.d]", "has a key with too many dots"),
        ("a = '.....' # ......", None),
        ('a = """\n.....[[[[[[ """', None),
        ("a = [[1], [2], {b = [3]}]", None),
        ("a = [[[[1]]]]", "is nested too deep"),
        ("a = '[[[[[[[[[['", None),
        ('a = "\\"[[[[[[[[["', None),
    ],
)
def test_what_is_a_bomb(text: str, reason: str | None) -> None:
    assert bomb(text, dots=2, depth=3) == reason


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ({"a": {"b": "c"}}, "c"),
        ({"a": {"b": ""}}, None),
        ({"a": {"b": 1}}, None),
        ({"a": {"b": "x\0"}}, None),
        ({"a": "b"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_setting(table: dict[str, Any] | None, found: str | None) -> None:
    assert string(table, "a", "b") == found


def test_a_configuration_may_be_a_link_but_nothing_that_waits(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"a = '\xff'")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "loop").symlink_to("loop")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")
    assert config_text(tmp_path / "link") == "a = '\udcff'"
    for name in ("loop", "fifo", "none", "a\0b"):
        assert config_text(tmp_path / name) is None
    assert config_text(tmp_path) is None
