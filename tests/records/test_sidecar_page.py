"""docs/sidecar.md against what reads and writes sidecars."""

import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs import README
from venvdash.model import EnvironmentIdentity, EvidenceKind, ProjectRecord, Record
from venvdash.records import schema, sidecar
from venvdash.records.merge import MOST_PROJECTS

PAGE = (README.parent / "docs" / "sidecar.md").read_text()
TABLES = {"The file": Record, "fingerprint": EnvironmentIdentity, "projects": ProjectRecord}
# What each type of the page accepts, up to its bounds, and what it does not.
PROJECT = {"path": "/code/x", "how": "mention"}
FINGERPRINT = {"inode": 1, "cfg_inode": 2, "cfg_mtime_ns": 3, "cfg_ctime_ns": 4}
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "id": (["0f" * 16], ["0F" * 16, "0f" * 15, 7]),
    "path": (["/" + "x" * 4095, "/a%FF"], ["/" + "x" * 4096, "a/b", "/a%2", 7]),
    "text": (["x" * 512, ""], ["x" * 513, "\x1b", 7]),
    "note": (["x" * 2000, "a\tb\nc"], ["x" * 2001, "\x1b[31m", 7]),
    "time": ([0, 1.5, 2**40], [-1, 2**40 + 1, float("nan"), True, "1"]),
    "count": ([0, 2**63 - 1, str(2**128 - 1)], [-1, str(2**128), True, 1.0]),
    "integer": ([-(2**63), 2**63 - 1], [2**63, True, 1.0]),
    "flag": ([True, False], [1, "true"]),
    "proof": ([*EvidenceKind, "of-tomorrow"], [7, "x" * 513]),
    "fingerprint": ([FINGERPRINT], [{}, [FINGERPRINT], {**FINGERPRINT, "inode": "x"}]),
    "projects": ([[], [PROJECT] * 1000], [[PROJECT] * 1001, PROJECT, [{}]]),
}


def rows(section: str) -> dict[str, tuple[str, bool]]:
    """Return the type of each key of a section, and whether it is needed."""
    (text,) = re.findall(rf"^#+ {section}\n(.*?)(?=^#|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    found = re.findall(r"^\| (\w+) \| (\w+) \| (yes)? ?\| [^|]+ \|$", text, re.MULTILINE)
    return {key: (kind, bool(needed)) for key, kind, needed in found if key != "key"}


def table() -> dict[str, Any]:
    """Return a table with what is needed, and a project."""
    return {
        "schema": 1,
        "identity": "0f" * 16,
        "path": "/envs/x",
        "fingerprint": dict(FINGERPRINT),
        "projects": [dict(PROJECT)],
    }


def part(record: dict[str, Any], section: str) -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = {
        "fingerprint": record["fingerprint"],
        "projects": record["projects"][0],
    }
    return parts.get(section, record)


INDEX_ONLY = ("python", "base")


@pytest.mark.parametrize("section", TABLES)
def test_the_keys_are_those_that_are_written(section: str) -> None:
    fields = [field.name for field in dataclasses.fields(TABLES[section])]
    keys = [name for name in fields if section != "The file" or name not in INDEX_ONLY]
    assert list(rows(section)) == (["schema", *keys] if section == "The file" else keys)


@pytest.mark.parametrize("section", TABLES)
def test_what_is_needed_is_and_the_rest_is_not(section: str) -> None:
    for key, (_, needed) in rows(section).items():
        record = table()
        part(record, section).pop(key, None)
        if needed:
            with pytest.raises(schema.SchemaError):
                schema.from_table(record)
        else:
            schema.from_table(record)


def keys() -> Iterator[tuple[str, str, str]]:
    for section in TABLES:
        for key, (kind, _) in rows(section).items():
            if key != "schema":
                yield section, key, kind


@pytest.mark.parametrize(("section", "key", "kind"), list(keys()))
def test_each_key_takes_its_type_and_no_other(section: str, key: str, kind: str) -> None:
    right, wrong = VALUES[kind]
    for value in right:
        record = table()
        part(record, section)[key] = value
        schema.from_table(record)
    for value in wrong:
        record = table()
        part(record, section)[key] = value
        with pytest.raises(schema.SchemaError):
            schema.from_table(record)


def test_the_types_and_bounds_are_those_of_the_page() -> None:
    (text,) = re.findall(r"^\| type \| accepted \|\n(.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"^\| (\w+) \|", text, re.MULTILINE)) == set(VALUES)
    assert f"at most {schema.LONGEST_NOTE} characters" in text
    assert f"the {MOST_PROJECTS} seen last are kept" in text
    assert f"at most {sidecar.LIMIT} bytes" in PAGE


def test_the_example_is_a_sidecar_of_this_version(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (tmp_path / sidecar.NAME).write_text(example)
    record = sidecar.read(tmp_path, os.getuid())
    assert isinstance(record, Record)
    (tmp_path / sidecar.NAME).unlink()
    sidecar.write(tmp_path, record)
    assert (tmp_path / sidecar.NAME).read_text() == example
