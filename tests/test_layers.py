"""What a listing must not load: checked in a fresh interpreter, where nothing is loaded yet."""

import subprocess
import sys

import pytest

from tests.conftest import Home

_REPORT = (
    "import sys; from venvdash.cli import cli\n"
    "try:\n    cli({arguments!r}, prog_name='venvdash')\nexcept SystemExit as left:\n"
    "    assert not left.code, left.code\n"
    "print('\\n' + ' '.join(sys.modules), file=sys.stderr)\n"
)


def loaded(home: Home, *arguments: str) -> set[str]:
    done = home.run(sys.executable, "-c", _REPORT.format(arguments=list(arguments)))
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [("list",), ("list", "--json"), ("--help",), ("stores",), ("list", "--help")]
)
def test_the_command_line_never_loads_textual(home: Home, arguments: tuple[str, ...]) -> None:
    modules = loaded(home, *arguments)
    assert "venvdash.cli" in modules
    assert not modules & {"textual", "rich", "venvdash.tui"}


def test_help_loads_no_more_than_it_needs(home: Home) -> None:
    heavy = {"sqlite3", "psutil", "tomlkit", "humanize", "venvdash.scanner.service"}
    assert not loaded(home, "--version") & heavy


def test_a_listing_without_sizes_loads_no_more_than_it_needs(home: Home) -> None:
    assert not loaded(home, "list", "--no-usage") & {"psutil", "platformdirs"}


def test_every_module_below_the_faces_is_silent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import venvdash.session, venvdash.scanner.service"],
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
