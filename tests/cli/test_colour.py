"""Colour: on a terminal only, unless it is asked for; the same roles as in the dashboard."""

import json
import re

import pytest

from tests.conftest import Home
from tests.forkserver import VENVDASH
from tests.scenario import orphan, venv
from tests.terminal import program, venvdash


@pytest.fixture
def gone(home: Home) -> Home:
    """A HOME with an orphan and an environment made by hand."""
    orphan(home, "gone")
    venv(home.path / ".venvs" / "mine")
    return home


def shown(home: Home, *arguments: str, **variables: str) -> bytes:
    with venvdash(
        *arguments, variables={**home.variables, **variables}, cwd=home.path, columns=120
    ) as terminal:
        terminal.wait()
    return re.sub(rb"\r\x1b\[K", b"", terminal.output)


def test_a_status_has_the_colour_of_its_role(gone: Home) -> None:
    output = shown(gone, "list", "--no-usage")
    assert b"\x1b[31morphan" in output
    assert b"\x1b[1mNAME" in output
    assert re.search(rb"\x1b\[\d+mstandalone", output) is None
    details = shown(gone, "info", "--no-usage", "gone")
    assert b"\x1b[1mgone\x1b[0m  \x1b[31morphan\x1b[0m" in details
    assert b"\x1b[31mvenvdash:\x1b[0m no environment is named x" in shown(gone, "info", "x")


@pytest.mark.parametrize(
    "variables",
    [{"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}],
    ids=["no", "no-and-force"],
)
def test_variables_turn_it_off(gone: Home, variables: dict[str, str]) -> None:
    for arguments in (("list", "--no-usage"), ("info", "x"), ("prune", "-n")):
        assert b"\x1b[" not in shown(gone, *arguments, **variables)
    assert b"\x1b[" not in shown(gone, "--color", "never", "list", "--no-usage")


def test_a_dumb_terminal_has_none(gone: Home) -> None:
    command = ["env", "TERM=dumb", *VENVDASH, "list", "--no-usage"]
    with program(command, variables=gone.variables, cwd=gone.path) as terminal:
        assert terminal.wait() == 0
    assert b"orphan" in terminal.output
    assert b"m" not in re.findall(rb"\x1b\[[\d;]*([a-zA-Z])", terminal.output)


def test_pipes_have_none_unless_it_is_asked_for(gone: Home) -> None:
    assert "\x1b" not in gone.venvdash("list", "--no-usage").stdout
    assert "\x1b" not in gone.venvdash("list", "--no-usage", FORCE_COLOR="").stdout
    for done in (
        gone.venvdash("list", "--no-usage", FORCE_COLOR="1"),
        gone.venvdash("--color", "always", "list", "--no-usage", NO_COLOR="1"),
    ):
        assert "\x1b[31morphan" in done.stdout


def test_json_never_has_any(gone: Home) -> None:
    printed = gone.venvdash("--color", "always", "list", "--json").stdout
    assert "\x1b" not in printed
    assert len(json.loads(printed)["environments"]) == 2
