"""What the documents say that the code knows better."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests import messages
from tests.docs import (
    CONFIGURATION,
    END,
    README,
    SETTINGS,
    START,
    STORES,
    filled,
    links,
    moves,
    places,
    roots,
)
from venvdash.cli import cli
from venvdash.config import reference
from venvdash.stores import of_name, registry


def test_the_tables_of_stores_are_those_of_the_registry() -> None:
    text = STORES.read_text()
    assert filled(text) == text, "run `python -m tests.docs`"


def test_the_page_of_the_settings_is_that_of_the_code() -> None:
    assert CONFIGURATION.read_text() == reference.page(), "run `python -m tests.docs`"


@pytest.mark.parametrize("table", [places, links])
def test_every_store_has_a_row_and_every_row_is_whole(table: Callable[[], str]) -> None:
    lines = table().splitlines()
    assert len(lines) == len(registry()) + 2
    assert {line.count("|") for line in lines} == {5}
    assert not any("|  |" in line for line in lines)
    assert all(any(line.startswith(f"| {s.title} |") for line in lines) for s in registry())


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_on_the_page_moves_environments(name: str, tmp_path: Path) -> None:
    store, setting = of_name(name), SETTINGS[name]
    assert store is not None
    assert not moves(roots(store, home=tmp_path))
    file = tmp_path / setting.file.removeprefix("~/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(setting.text)
    assert moves(roots(store, home=tmp_path))


def test_only_what_lies_between_the_markers_is_written() -> None:
    marks = [mark.format(name) for name in ("places", "links") for mark in (START, END)]
    text = "before\n{}\nold\n{}\nbetween\n{}\nold\n{}\nafter\n".format(*marks)
    new = "before\n{}\n{}\n{}\nbetween\n{}\n{}\n{}\nafter\n"
    assert filled(text) == new.format(*marks[:1], places(), *marks[1:3], links(), marks[3])
    assert filled(filled(text)) == filled(text)
    for damaged in ("", marks[0], f"{marks[1]}{marks[0]}"):
        with pytest.raises(ValueError, match="places"):
            filled(damaged)


def test_help_is_whole_in_80_columns() -> None:
    def shown(command: click.Command, *names: str) -> None:
        told = CliRunner().invoke(cli, [*names, "--help"], terminal_width=80, max_content_width=80)
        assert told.exit_code == 0
        assert not re.search(r"[a-z]\.\.\.", told.output)
        assert "\\b" not in told.output
        assert "\b" not in told.output
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                shown(below, *names, name)

    shown(cli)


def test_the_readmes_commands_are_those_that_ci_runs() -> None:
    commands = re.findall(r"^\$ (python3 -m pip .*)$", README.read_text(), re.MULTILINE)
    assert len(commands) == 2
    start, test = commands
    assert test in (README.parent / ".ci" / "run").read_text().splitlines()
    assert start.replace(" --no-dev venvdash", " pytest") == test


def test_a_clone_without_dependencies_says_what_to_run() -> None:
    # -S: without site-packages, so that only the standard library can be imported.
    ran = subprocess.run(
        [sys.executable, "-S", "-m", "venvdash"],
        cwd=README.parent,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    (command,) = re.findall(r"^\$ (python3 .* venvdash)$", README.read_text(), re.MULTILINE)
    assert line.startswith("venvdash needs click, which is not installed.")
    assert line.endswith(command)


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    top = README.parent
    named = re.findall(r"`((?:[\w.]+/)+[\w.]*|[\w.]+\.(?:py|toml|md))`", (top / page).read_text())
    assert len(named) >= 3
    inside = ("", "venvdash", "venvdash/actions", "venvdash/stores")
    missing = [
        name for name in named if not any((top / folder / name).exists() for folder in inside)
    ]
    assert [name for name in missing if name != "venvdash.toml"] == []


def test_the_glossary_is_short() -> None:
    text = (README.parent / "docs" / "architecture.md").read_text()
    words = text.partition("## Glossary")[2].count("\n| ") - 2  # the head and its line
    assert 20 <= words <= 30


_OLD_WORDS = re.compile(  # docs/architecture.md has the words that are used instead
    r"\b(as a rule|anew|had back|have back|gives back|come back|is told|of its own|mend|whoever"
    r"|inactive|disputed|stands against|broke off|had again)\b"
)


@pytest.mark.slow
def test_messages_use_todays_words() -> None:
    assert [line for line in messages.page().splitlines() if _OLD_WORDS.search(line)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "message",
    [
        "Restore environments to their original path, with their projects' links.",  # help
        "Do not ask for confirmation.",  # an option
        "Delete {what}? {how}",  # a question, with names for what it shows
        "Reclaimable",  # the head of a column
        "its interpreter is gone",  # a flag
        "It belongs to another user (uid {owner}).",  # a refusal
    ],
)
def test_the_page_of_messages_has_every_kind(message: str) -> None:
    assert f"- {message}" in messages.page()
