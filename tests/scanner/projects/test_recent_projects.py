"""The lists of projects that other tools keep."""

import os
import random
import struct
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.scanner.projects.recent_projects import directories


def listed(home: Home, **variables: str) -> list[tuple[str, str]]:
    return list(directories(home.machine(None, **variables)))


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_none_of_them(home: Home) -> None:
    assert listed(home) == []


def test_direnv(home: Home) -> None:
    allow = home.path / ".local/share/direnv/allow"
    write(allow / "0a", "/code/web app/.envrc\n")
    write(allow / "0b", b"/code/\xff/.envrc\n")
    write(allow / "0c", "relative/.envrc")
    write(allow / "0d", b"/x" * 100_000)
    os.mkfifo(allow / "0e")
    assert listed(home) == [("direnv", "/code/web app"), ("direnv", "/code/\udcff")]


def test_mise(home: Home) -> None:
    tracked = home.path / ".local/state/mise/tracked-configs"
    tracked.mkdir(parents=True)
    for number, target in enumerate(
        ("/code/a/mise.toml", "/code/b/.config/mise/config.toml", "/code/c/.mise/config.toml")
    ):
        (tracked / str(number)).symlink_to(target)
    assert [path for _, path in listed(home)] == ["/code/a", "/code/b", "/code/c"]
    elsewhere = home.path / "state"
    (elsewhere / "tracked-configs").mkdir(parents=True)
    (elsewhere / "tracked-configs" / "x").symlink_to("/code/d/.mise.toml")
    assert listed(home, MISE_STATE_DIR=str(elsewhere)) == [("mise", "/code/d")]


def test_vscode(home: Home) -> None:
    storage = home.path / ".config/Code/User/workspaceStorage"
    write(storage / "1/workspace.json", '{"folder": "file:///code/web%20app"}')
    write(storage / "2/workspace.json", '{"workspace": "file:///code/all/x.code-workspace"}')
    write(storage / "3/workspace.json", '{"folder": "vscode-remote://ssh/code/far"}')
    write(storage / "4/workspace.json", "[" * 100_000)
    write(storage / "5/workspace.json", '{"folder": 5}')
    write(storage / "6/workspace.json", '{"folder": "file://[/x"}')
    write(storage / "7/workspace.json", '["folder"]')
    assert listed(home) == [("VS Code", "/code/web app"), ("VS Code", "/code/all")]


JETBRAINS = """<application>
  <component name="RecentProjectsManager"><option name="additionalInfo"><map>
    <entry key="$USER_HOME$/code/a&amp;b"><value><x opened="true" /></value></entry>
    <entry key="/srv/code/c" />
  </map></option><option name="lastProjectLocation" value="$USER_HOME$/code" /></component>
</application>"""


def test_jetbrains(home: Home) -> None:
    product = home.path / ".config/JetBrains/PyCharm2026.2/options/recentProjects.xml"
    write(product, JETBRAINS)
    expected = [f"{home.path}/code/a&b", "/srv/code/c", f"{home.path}/code"]
    assert [path for _, path in listed(home)] == expected
    write(product, JETBRAINS.replace("</application>", "<broken"))
    assert [path for _, path in listed(home)] == expected


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x key="/&b;"/>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x key="/a"/>',
        "not XML at all",
        "<x " * 10_000,
        b"\xff\xfe",
        "",
    ],
)
def test_jetbrains_hostile(home: Home, content: str | bytes) -> None:
    write(home.path / ".config/JetBrains/P/options/recentProjects.xml", content)
    assert listed(home) == []


def test_pixi(home: Home) -> None:
    write(home.path / ".pixi/workspaces.toml", '[w]\na = "/code/a"\nb = "/code/b/pixi.toml"\nc="x"')
    assert [path for _, path in listed(home)] == ["/code/a", "/code/b"]


def zoxide(*paths: bytes, version: int = 3, count: int | None = None) -> bytes:
    entries = b"".join(
        struct.pack("<Q", len(path)) + path + struct.pack("<dQ", 1.5, 1_700_000_000)
        for path in paths
    )
    return struct.pack("<IQ", version, len(paths) if count is None else count) + entries


def test_zoxide(home: Home) -> None:
    database = home.path / ".local/share/zoxide/db.zo"
    write(database, zoxide(b"/code/a", b"/code/\xc3\xa9"))
    assert listed(home) == [("zoxide", "/code/a"), ("zoxide", "/code/é")]
    write(home.path / "z/db.zo", zoxide(b"/code/b"))
    assert listed(home, _ZO_DATA_DIR=str(home.path / "z")) == [("zoxide", "/code/b")]


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (zoxide(b"/a", version=4), []),
        (zoxide(b"/a", count=2**63), ["/a"]),
        (zoxide(b"/a", b"/b")[:-1], ["/a"]),
        (zoxide(b"/a") + struct.pack("<Q", 2**64 - 1), ["/a"]),
        (zoxide(b"/a", count=2) + struct.pack("<Q", 2**64 - 1), ["/a"]),
        (zoxide(b"/a\0b", b"relative"), []),
        (b"\x03", []),
        (random.Random(1).randbytes(64), None),
    ],
)
def test_zoxide_broken(home: Home, content: bytes, paths: list[str] | None) -> None:
    write(home.path / ".local/share/zoxide/db.zo", content)
    found = [path for _, path in listed(home)]
    assert paths is None or found == paths
