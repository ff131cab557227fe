"""VS Code's script environments, laid out as its extension's source says: no editor runs here."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tests.conftest import Home
from tests.scenario import rows, venv
from tests.stores.places import made, paths, reading
from venvdash.model import Status
from venvdash.stores.roots import Root
from venvdash.stores.vscode import STORE
from venvdash.system.machine import Machine

_STORAGE = "User/globalStorage/ms-python.vscode-python-envs/script-envs-v1"
_DIGEST = "0f1e2d3c4b5a6978"
_MINE = {"schemaVersion": 1, "lastUsedAt": "2026-11-01T10:00:00.000Z"}


def script_environment(home: Home, meta: dict[str, object]) -> Path:
    path = venv(home.path / ".config" / "Code" / _STORAGE / _DIGEST)
    (path / ".meta.json").write_text(json.dumps(meta))
    return path


def test_a_script_environment_is_named_and_its_last_use_known(home: Home) -> None:
    path = script_environment(home, _MINE)
    for folder, _, files in os.walk(path):
        for name in files:
            os.utime(Path(folder, name), (0, 0))
        os.utime(folder, (0, 0))
    (row,) = rows(home, records=False).values()
    assert row.environment.traits.kind == "vscode-script"
    assert row.environment.traits.name == _DIGEST
    assert row.environment.used == datetime(2026, 11, 1, 10, tzinfo=UTC).timestamp()
    assert row.verdict.status is Status.STANDALONE


def test_a_recorded_script_is_a_mention_and_its_end_no_orphan(home: Home) -> None:
    script = home.path / "code" / "plot.py"
    script_environment(home, {**_MINE, "scriptFsPath": str(script)})
    (row,) = rows(home).values()  # another script may share the environment
    assert row.verdict.status is Status.STANDALONE
    assert row.environment.traits.name == "plot.py"
    assert [claim.project for claim in row.verdict.claims] == [script]


def test_what_else_lies_there_is_not_its(tmp_path: Path) -> None:
    root = Root(tmp_path, STORE.name)
    assert STORE.recognise(reading(made(tmp_path / "mine"), root)) is None
    found = reading(made(tmp_path / _DIGEST), root)
    assert STORE.recognise(found) is not None
    assert STORE.recognise(reading(tmp_path / _DIGEST, Root(tmp_path, "folders"))) is None


def test_where_editors_keep_them(home: Home) -> None:
    code = home.path / ".config" / "Code" / _STORAGE
    assert paths(STORE, home.machine()) == [code]
    others = [home.path / ".config" / "VSCodium", home.path / ".vscode-server" / "data"]
    for other in others:
        (other / _STORAGE).mkdir(parents=True)
    assert paths(STORE, home.machine()) == [code, *(other / _STORAGE for other in others)]
    support = home.path / "Library" / "Application Support"
    apple = Machine(home.path, platform="darwin")
    assert paths(STORE, apple)[0] == support / "Code" / _STORAGE
    windows = Machine(home.path, {"APPDATA": str(home.path / "R")}, platform="win32")
    assert paths(STORE, windows)[0] == home.path / "R" / "Code" / _STORAGE


@pytest.mark.parametrize(
    "used", [None, 5, "", "yesterday", "9999-01-01T00:00:00.000Z", "0001-01-01T00:00:00", "1e9"]
)
def test_a_last_use_that_is_not_believed(tmp_path: Path, used: object) -> None:
    path = made(tmp_path / _DIGEST)
    (path / ".meta.json").write_text(json.dumps({"lastUsedAt": used, "scriptFsPath": "x.py"}))
    found = reading(path, Root(tmp_path, STORE.name))
    assert STORE.last_used(found) is None
    assert list(STORE.claims(found)) == []


@any_of(
    st.binary(max_size=200)
    | st.builds(
        lambda used, script: json.dumps({"lastUsedAt": used, "scriptFsPath": script}).encode(),
        st.text() | st.datetimes().map(str),
        st.text(),
    )
)
def test_any_metadata(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = made(tmp_path_factory.mktemp("any") / _DIGEST)
    (path / ".meta.json").write_bytes(content)
    found = reading(path, Root(path.parent, STORE.name))
    assert STORE.recognise(found) is not None
    used = STORE.last_used(found)
    assert used is None or used > 0
    assert all(claim.project.is_absolute() for claim in STORE.claims(found))
