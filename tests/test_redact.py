"""No credentials are shown, stored or logged, wherever they come from."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.actions.deleting import small
from tests.cli.test_list import run
from tests.conftest import Home
from venvdash.actions.process import uv
from venvdash.actions.process.run_log import Log, typed
from venvdash.actions.process.uv import UvError
from venvdash.text import redact

SECRET = "hunter2"
URL = f"https://ada:{SECRET}@example.com/simple/pkg-1.0.tar.gz?token={SECRET}"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://ada:hunter2@host/x", "https://****@host/x"),
        ("https://ghp_abc@github.com/a/b", "https://****@github.com/a/b"),
        ("https://ada:p@ss:w@host/x@y", "https://****@host/x@y"),
        ("git+https://:t@host, then http://u:p@b", "git+https://****@host, then http://****@b"),
        ("git+ssh://git@github.com/a/b.git", "git+ssh://git@github.com/a/b.git"),
        ("https://${USER}:${TOKEN}@host/x", "https://${USER}:${TOKEN}@host/x"),
        ("https://h/x?sig=abc&v=1&X-Signature=d", "https://h/x?sig=****&v=1&X-Signature=****"),
        ("https://host/x?private_token=abc#egg=x", "https://host/x?private_token=****#egg=x"),
        (
            "UV_INDEX_A_PASSWORD=abc uv sync --token=x",
            "UV_INDEX_A_PASSWORD=**** uv sync --token=****",
        ),
        ("TOKEN=$TOKEN uv sync", "TOKEN=$TOKEN uv sync"),
        ("file:///home/a@b/c", "file:///home/a@b/c"),
        ("UV_CACHE_DIR=/x a == 1 --author=me a@b.c", "UV_CACHE_DIR=/x a == 1 --author=me a@b.c"),
    ],
)
def test_credentials_are_taken_out(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(redacted) == redacted


@pytest.mark.slow
def test_none_of_an_installed_package_is_shown_or_stored(home: Home) -> None:
    path = small(home.path / ".virtualenvs" / "one")
    info = path / "lib" / "python3.12" / "site-packages" / "pkg-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: pkg\nVersion: 1.0\n")
    (info / "direct_url.json").write_text(json.dumps({"url": URL, "archive_info": {}}))
    said = ""
    for words in (
        ["info", "one"],
        ["info", "one", "--json"],
        ["list", "--json"],
        ["copy", "one", "two", "--dry-run", "--json"],
        ["delete", "one", "--dry-run", "--json"],
        ["delete", "one", "--yes"],
        ["history", "one"],
        ["history", "--json"],
        ["trash", "list", "--json"],
    ):
        done = run(home, *words, check=False)
        said += done.stdout + done.stderr
    assert "https://****@example.com/simple/pkg-1.0.tar.gz?token=****" in said
    assert SECRET not in said
    stored = [file for file in (home.path / ".local").rglob("*") if file.is_file()]
    assert stored
    assert not [file for file in stored if SECRET.encode() in file.read_bytes()]


def test_none_comes_into_the_log_of_commands(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\necho 'error: failed to fetch {URL}'\nexit 2\n")
    program.chmod(0o755)
    log = Log()
    words = ["pip", "install", "--index-url", URL]
    common: dict[str, Any] = {"environ": dict(os.environ), "cwd": tmp_path, "log": log}
    with pytest.raises(UvError) as ran:
        uv.run(program, words, timeout=30, variables={"UV_INDEX_URL": URL}, **common)
    lines: list[str] = []
    with pytest.raises(UvError) as streamed:
        lines.extend(uv.stream(program, words, **common))
    text = f"{ran.value} {streamed.value} {lines} {log.runs()} {typed([str(program), *words])}"
    assert "example.com" in text
    assert SECRET not in text
