"""What a listing must not load: checked in a fresh interpreter, where nothing is loaded yet."""

import subprocess
import sys

import pytest

from tests.conftest import Home
from tests.scenario import venv

_REPORT = (
    "import sys; from venvdash.cli import cli\n"
    "try:\n    cli({arguments!r}, prog_name='venvdash')\nexcept SystemExit as left:\n"
    "    assert not left.code, left.code\n"
    "print('\\n' + ' '.join(sys.modules), file=sys.stderr)\n"
)


def loaded(home: Home, *arguments: str) -> set[str]:
    done = home.run(sys.executable, "-c", _REPORT.format(arguments=list(arguments)))
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        *(("list",), ("list", "--json"), ("--help",), ("stores",), ("list", "--help")),
        *(("init", "bash"), ("completions", "zsh")),
    ],
)
def test_the_command_line_never_loads_textual(home: Home, arguments: tuple[str, ...]) -> None:
    modules = loaded(home, *arguments)
    assert "venvdash.cli" in modules
    assert not modules & {"textual", "rich", "venvdash.tui"}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["path", "activate"])
def test_what_shells_ask_for_loads_no_more_than_it_needs(home: Home, command: str) -> None:
    venv(home.path / ".venvs" / "tools")
    more = ("--shell", "bash") if command == "activate" else ()
    assert not loaded(home, command, "tools", *more) & {"textual", "rich", "psutil", "humanize"}


def test_help_loads_no_more_than_it_needs(home: Home) -> None:
    heavy = {"sqlite3", "psutil", "tomlkit", "humanize", "venvdash.scanner.service"}
    modules = loaded(home, "--version")
    assert not modules & heavy
    assert not {name for name in modules if name.startswith(("venvdash.model", "venvdash.presen"))}


def test_a_listing_without_sizes_loads_no_more_than_it_needs(home: Home) -> None:
    assert not loaded(home, "list", "--no-usage") & {"psutil", "platformdirs"}


def test_every_module_below_the_faces_is_silent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import venvdash.session, venvdash.scanner.service"],
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
