"""`venvdash config`, and what is said and done where the configuration has mistakes."""

import json
import stat
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import orphan
from tests.terminal import venvdash

MISTAKE = 'serach = ["/srv"]\nproject_link = "banana"\n'


def file_of(home: Home) -> Path:
    return home.path / ".config" / "venvdash" / "config.toml"


def write(home: Home, text: str) -> Path:
    file = file_of(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def editor(home: Home, *lines: str) -> str:
    """Make an editor that adds lines to a file, and return its path."""
    program = home.path / "editor"
    added = "".join(f"echo '{line}' >> \"$1\"\n" for line in lines)
    program.write_text(f"#!/bin/sh\n{added}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_show_has_every_value_with_its_origin(home: Home) -> None:
    write(home, "\nskip = ['~/backups']\n[trash]\nkeep = 30\n")
    shown = home.venvdash("config", "show", VENVDASH_STATE_DIR=str(home.path / "state")).stdout
    rows = [line.split("  ") for line in shown.splitlines()]
    cells = {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows}
    assert cells["skip"] == ['["~/backups"]', "~/.config/venvdash/config.toml:2"]
    assert cells["trash.keep"] == ["30", "~/.config/venvdash/config.toml:4"]
    assert cells["records"] == ["true", "default"]
    assert cells["VENVDASH_STATE_DIR"] == ["~/state", "variable"]
    assert cells["VENVDASH_CONFIG"] == ["~/.config/venvdash/config.toml", "default"]
    assert home.venvdash("config").stdout.splitlines()[0].split() == ["SETTING", "VALUE", "FROM"]
    assert home.venvdash("config", "path").stdout == f"{file_of(home)}\n"


def test_edit_makes_the_file_and_checks_it(home: Home) -> None:
    done = home.venvdash("config", "edit", EDITOR=editor(home))
    assert done.stderr == ""
    assert file_of(home).read_text().startswith("# The configuration of venvdash.")
    wrong = home.venvdash("config", "edit", EDITOR=editor(home, "trash.keep = true"), check=False)
    assert wrong.returncode == 1
    assert "`trash.keep` must be a number of days. The default is used." in wrong.stderr
    failed = home.venvdash("config", "edit", EDITOR="false", check=False)
    assert failed.returncode == 1
    assert "the editor ended with status 1" in failed.stderr


def test_a_mistake_is_named_and_all_else_works(home: Home) -> None:
    orphan(home, "gone")
    file = write(home, MISTAKE)
    done = home.venvdash("list", "--json")
    assert [one["status"] for one in json.loads(done.stdout)["environments"]] == ["orphan"]
    assert done.stderr.splitlines() == [
        f"venvdash: {file}:1: `serach` is not a known setting. Did you mean `search`?",
        f"venvdash: {file}:2: `project_link` must be one of auto, link, file, none. "
        "The default is used.",
    ]
    assert len(json.loads(done.stdout)["errors"]) == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (MISTAKE, "serach"),
        ("skip = [1]\n", "skip"),
        ("search = '/srv'\n", "search"),
        ("stores = 3\n", "stores"),
        ("[trash]\nkeep = -1\n", "trash.keep"),
        ("skip = [\n", "invalid TOML"),
    ],
)
def test_rules_delete_nothing_where_a_setting_that_protects_is_lost(
    home: Home, text: str, word: str
) -> None:
    environment = orphan(home, "gone")
    write(home, text)
    refused = home.venvdash("prune", "--yes", check=False)
    assert refused.returncode == 2
    assert word in refused.stderr
    assert "Rules cannot delete anything" in refused.stderr
    assert environment.exists()


def test_a_mistake_that_protects_nothing_stops_nothing(home: Home) -> None:
    environment = orphan(home, "gone")
    write(home, 'project_link = "banana"\n')
    assert home.venvdash("prune", "--yes").returncode == 0
    assert not environment.exists()


def test_the_dashboard_starts_with_one_notice(home: Home) -> None:
    orphan(home, "gone")
    write(home, MISTAKE)
    home.venvdash("list")
    with venvdash(variables=home.variables, cwd=home.path, columns=200, lines=40) as screen:
        screen.read(lambda output: b"is not a known setting" in output)
        assert b"gone" in screen.output
        assert b"and 1 more" in screen.output
        screen.press("q")
        assert screen.wait() == 0
