"""Help, aliases, and what is said about a wrong value of an option."""

import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.conftest import Home
from tests.scenario import venv
from tests.terminal import venvdash
from venvdash.cli import cli
from venvdash.without_scan.command_line import ALIASES


@pytest.fixture
def one(home: Home) -> Home:
    """A HOME with one environment, called web, and nothing else."""
    project = home.path / "code" / "web"
    project.mkdir(parents=True)
    path = venv(home.path / ".virtualenvs" / "web")
    (path / ".project").write_text(str(project))
    return home


WRONG = {
    "list --status banana": "'banana' is not one of 'linked', 'replaced'",
    "list --kind banana": "unknown kind: banana. Known kinds: conda, direnv",
    "list --store nope": "no store or folder is called nope. `venvdash stores` shows them.",
    "list --base banana": "`--base`: banana is neither a version such as 3.11 nor the path",
    "list --base /nope/bin/python": "`--base`: /nope/bin/python is neither",
    "list --project /nope": "`--project`: /nope does not exist",
    "list --sort x": "'x' is not one of 'name', 'size'",
    "list --no-usage --sort size": "`--sort size` needs sizes: leave out `--no-usage`.",
    "list --json --json-stream": "cannot be used",
    "list --project=": "An empty value: --project=",
    "info --color": "No such option '--color'",
    "activate --shell banana": "'banana' is not one of 'bash', 'zsh'",
    "run web --": "`--` and a command are required",
    "run web --json -- true": "`--json` needs `--all`.",
    "sync web --project /nope": "does not belong to /nope",
    "copy web try --to nope": "There is no store named nope.",
    "copy web try --python 3.99": "uv finds no Python 3.99. `uv python list` shows",
    "copy web a/b": "Cannot copy",
    "rename web a/b": "Cannot rename",
    "move web --to nope": "There is no store named nope.",
    "relink web /nope": "/nope does not exist",
    "relink --undo web": "cannot be used with NAME",
    "delete web --confirm nope": "`--confirm nope` is not the name of an environment in the plan.",
    "delete web --search-limit -1": "-1 is not a number of minutes.",
    "prune --search-limit nan": "nan is not a number of minutes.",
    "prune --older-than banana": "'banana' is not an age; use a value such as 90d",
    "prune --gone-for -3d": "'-3d' is not an age",
    "prune --kind banana": "unknown kind: banana.",
    "prune --store nope": "no store or folder is called nope.",
    "undo banana": "'banana' is not a valid number of a change.",
    "undo 0": "0 is not in the range x>=1",
    "stores --add /nope": "/nope: It cannot be listed",
    "init banana": "'banana' is not one of 'bash'",
    "init bash --cmd 'a b'": "is not a valid command name",
    "completions banana": "'banana' is not one of 'bash'",
    "lst": "No such command 'lst'. (Did you mean one of: 'list', 'ls'?)",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_value_is_2_and_the_right_ones_are_named(one: Home, line: str) -> None:
    done = one.venvdash(*shlex.split(line), check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert WRONG[line] in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr
    assert (one.path / ".virtualenvs" / "web" / "pyvenv.cfg").exists()


@pytest.mark.parametrize(
    "arguments", [("relink", "web", ""), ("move", "web", "--to", ""), ("info", "")]
)
def test_an_empty_argument_is_no_directory(one: Home, arguments: tuple[str, ...]) -> None:
    done = one.venvdash(*arguments, check=False)
    assert done.returncode == 2
    assert "An empty value: ''" in done.stderr


def test_an_interpreter_that_is_gone_is_one_while_environments_were_made_from_it(
    one: Home,
) -> None:
    config = one.path / ".virtualenvs" / "web" / "pyvenv.cfg"
    config.write_text("home = /gone/bin\nversion = 3.11.2\n")
    shown = one.venvdash("list", "--base", "/gone/bin").stdout
    assert "web" in shown


def test_aliases_are_the_commands(one: Home) -> None:
    assert ALIASES == {"ls": "list", "show": "info", "rm": "delete"}
    for alias, name in ALIASES.items():
        assert cli.get_command(click.Context(cli), alias) is cli.get_command(
            click.Context(cli), name
        )
    shown = one.venvdash("ls", "--no-usage").stdout
    assert shown == one.venvdash("list", "--no-usage").stdout
    assert one.venvdash("rm", "--help").stdout.startswith("Usage: venvdash delete ")
    for beginning in ("lis", "inf", "del"):
        assert one.venvdash(beginning, check=False).returncode == 2


def test_help_has_every_command_in_a_group() -> None:
    told = CliRunner().invoke(cli, ["--help"], terminal_width=100, max_content_width=100).output
    assert [line for line in told.splitlines() if line.endswith(":") and line[0] != " "] == [
        *("Options:", "Look:", "Work:", "Make:", "Link:", "Clean up:", "Annotate:", "Set up:")
    ]
    words = [line.split()[0].rstrip(",") for line in told.splitlines() if line.startswith("  ")]
    for name in cli.list_commands(click.Context(cli)):
        assert words.count(name) == 1, name
    assert "\n  list, ls     List environments." in told
    assert "Exit status: 0 done; 1 not found" in told


@pytest.mark.parametrize("answer", ["n\r", "\r", "\x04"])
def test_no_is_cancelled(one: Home, answer: str) -> None:
    with venvdash("delete", "web", variables=one.variables, cwd=one.path, columns=200) as terminal:
        terminal.read(lambda output: b"[y/N]" in output)
        terminal.press(answer)
        assert terminal.wait() == 2
        assert b" Cancelled. Nothing was deleted.\r\n" in terminal.output
    assert Path(one.path / ".virtualenvs" / "web" / "pyvenv.cfg").exists()
