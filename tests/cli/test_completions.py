"""Completion of names by bash, zsh and fish themselves, as their users press Tab."""

import contextlib
import re
import sys
from collections.abc import Iterator

import click
import pytest

from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import venv
from tests.shells import PROMPT, Typist, installed, typing, write_rc
from venvdash.cli import cli
from venvdash.config import Config
from venvdash.model import Flag
from venvdash.session import Session
from venvdash.session.completion import names
from venvdash.stores import Store, registry

_LOADED = {
    "bash": 'eval "$(venvdash {})"',
    "zsh": 'autoload -Uz compinit; compinit -D; eval "$(venvdash {})"',
    "fish": "venvdash {} | source",
}


@pytest.fixture
def environments(home: Home) -> Home:
    """Projects and environments: some of names that a shell would take for something else."""
    for number, name in enumerate(("webapp", "weather", "$(touch x)", "a`touch x`", "a b;c", "-f")):
        project = home.path / "code" / name
        project.mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / f"env{number}")
        (path / ".project").write_text(str(project))
    for place in ("work", "play"):
        project = home.path / place / "api"
        project.mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / f"{place}-api")
        (path / ".project").write_text(str(project))
    second = venv(home.path / ".virtualenvs" / "second")
    (second / ".project").write_text(str(home.path / "code" / "webapp"))
    cfg = second / "pyvenv.cfg"
    cfg.write_text(re.sub("version = .*", "version = 3.9.1", cfg.read_text()))
    return home


@contextlib.contextmanager
def shell(home: Home, tool: Tool, name: str, load: str) -> Iterator[Typist]:
    program = installed(name, tool)
    write_rc(home, name)
    with typing(
        [str(program), "-i"],
        variables=home.variables,
        cwd=home.path,
        directory=home.path / "asked",
    ) as typist:
        typist.see(PROMPT)
        typist.type(_LOADED[name].format(load))
        yield typist


def complete(typist: Typist, line: str, wanted: str) -> None:
    """Type a line with Tab behind it, see what it becomes, and give the line up."""
    typist.quiet()
    before = len(typist.screen.output)
    typist.screen.press(line + "\t")
    typist.until(lambda: wanted.encode() in typist.screen.output[before:])
    typist.quiet()
    typist.screen.press("\x15")  # Ctrl+U


@pytest.mark.parametrize("name", _LOADED)
def test_tab(environments: Home, tool: Tool, name: str) -> None:
    environments.venvdash("list", "--no-usage")
    with shell(environments, tool, name, f"init {name} --cmd go") as typist:
        complete(typist, "venvdash hist", "history")
        complete(typist, "venvdash shell wea", "weather")
        complete(typist, "venvdash info work", "work/api")
        complete(typist, "venvdash path webapp@3.9", "webapp@3.9")
        complete(typist, "go wea", "weather")
        complete(typist, "venvdash list -w not:status:orp", "not:status:orphan")
        typist.screen.press("venvdash shell \t\t\t\t")
        typist.quiet()
        typist.screen.press("\x15")
        typist.quiet()
    assert not list(environments.path.rglob("x"))


def complete_as_bash(home: Home, line: str) -> list[str]:
    """Return what is offered for a line of bash's, without bash."""
    done = home.venvdash(
        _VENVDASH_COMPLETE="bash_complete",
        COMP_WORDS=line,
        COMP_WORDBREAKS="\"'@><=;|&(:",
    )
    return done.stdout.split()


def arguments(name: str) -> list[click.Parameter]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return [one for one in command.params if isinstance(one, click.Argument)]


def test_every_command_that_takes_names_completes_them(environments: Home) -> None:
    environments.venvdash("list", "--no-usage")
    takers = [
        name
        for name in cli.list_commands(click.Context(cli))
        if any(one.name in ("name", "names") for one in arguments(name))
    ]
    assert {"list", "info", "shell", "sync", "relink", "copy", "delete"} <= set(takers)
    # These name what is new, or what is gone.
    for command in set(takers) - {"new", "restore", "forget", "history"}:
        assert complete_as_bash(environments, f"venvdash {command} wea") == ["plain,weather"]
    assert complete_as_bash(environments, "venvdash list webapp wea") == ["plain,weather"]
    assert complete_as_bash(environments, "venvdash info /ho") == ["dir,/ho"]
    assert complete_as_bash(environments, "venvdash run wea -- wea") == []
    assert complete_as_bash(environments, "venvdash shell 'wea") == ["plain,weather"]


def test_queries_are_completed(home: Home) -> None:
    def offered(typed: str) -> list[str]:
        return complete_as_bash(home, f"venvdash list --where {typed}")

    assert offered("status:orp") == ["plain,orphan"]
    assert offered("stor") == [f"plain,store:{one.name}" for one in sorted(registry(), key=_name)]
    assert offered("size:1") == ["plain,1GB.."]
    assert offered("'status:orphan not:fl") == ["plain,flag:" + one for one in sorted(Flag)]
    assert {"plain,status:", "plain,pkg:", "plain,not:"} < set(offered(""))
    assert offered("zzz:") == []


def _name(store: Store) -> str:
    return store.name


def test_names_that_need_quotes_are_left_out(environments: Home) -> None:
    def offered(typed: str) -> list[str]:
        return names(Session(environments.machine(), Config(), records=False), typed)

    unseen = offered("")
    assert {"weather", "webapp"} <= set(unseen)
    run = environments.venvdash("list", "--no-usage")
    assert "$(touch x)" in run.stdout
    seen = offered("")
    ours = "webapp@{}.{}".format(*sys.version_info[:2])
    # What needs quotes goes by the name of its directory.
    plain = {"play/api", "work/api", "weather", "webapp", "webapp@3.9", ours}
    assert set(seen) == plain | {"env2", "env3", "env4", "env5"}
    assert offered("webapp@") == sorted([ours, "webapp@3.9"])
    assert offered("\x1b") == []
    (environments.path / ".virtualenvs" / "env1").rename(environments.path / "elsewhere")
    assert "weather" not in offered("")
