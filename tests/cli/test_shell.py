"""`venvdash shell`, `run`, `activate`, `init` and `edit` in every shell that is installed.

The environment has the worst name there is, and activate scripts that would be noticed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import venv
from tests.shells import (
    NAMES,
    PROMPT,
    Typist,
    alive,
    children,
    installed,
    kill,
    named,
    typing,
    write_rc,
)
from tests.waiting import waited

# What a shell might run, expand, or take for the end of a word.
WORST = "a $(touch x) `touch x` 'q\" ;touch x;\n!! %s {} \\ ~ * é"
_ACTIVATES = ("activate", "activate.fish", "activate.csh", "activate.nu", "activate.xsh")
_RUN = {
    "fish": "{} | source",
    "tcsh": 'eval "`{}`"',
    "csh": 'eval "`{}`"',
    "nu": "load-env ({} | from json)",
    "xonsh": "execx($({}))",
}


@pytest.fixture(params=NAMES)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def api(home: Home) -> Path:
    """A project `api`, whose environment is called so that no shell could bear it."""
    return make(home, WORST + os.fsdecode(b"\xff"))


def make(home: Home, name: str) -> Path:
    project = home.path / "code" / "api"
    project.mkdir(parents=True)
    made = venv(home.path / "made")
    (made / ".project").write_text(str(project))
    for file in (*_ACTIVATES, "activate.ps1", "activate_this.py"):
        (made / "bin" / file).write_text("touch x\n")
    path = home.path / ".virtualenvs" / name
    path.parent.mkdir()
    made.rename(path)
    return path


def name_for(shell: str) -> str:
    """Return the worst name that a shell can be told of at all."""
    if shell in ("tcsh", "csh"):
        return WORST.replace("\n", "") + os.fsdecode(b"\xff")
    return WORST if shell == "nu" else WORST + os.fsdecode(b"\xff")


@contextlib.contextmanager
def opened(home: Home, *command: str | Path, **variables: str) -> Iterator[Typist]:
    """Run a command on a terminal, with temporary files in a directory of the test's."""
    temporary = home.path / "t 'm' $(touch x) p"
    temporary.mkdir(exist_ok=True)
    with typing(
        [str(part) for part in command],
        variables=home.variables | {"TMPDIR": str(temporary)} | variables,
        cwd=home.path,
        directory=home.path / "asked",
    ) as typist:
        yield typist
    assert [path.name for path in temporary.glob("venvdash-*")] == []


def venvdash(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "venvdash", *arguments]


def nothing_ran(home: Home) -> bool:
    """Return whether nothing was run that a name or a script of the environment holds."""
    return not list(home.path.rglob("x"))


def test_ones_own_shell_has_the_environment_after_all_its_files(
    home: Home, tool: Tool, shell: str
) -> None:
    program = installed(shell, tool)
    path = make(home, WORST if shell == "nu" else WORST + os.fsdecode(b"\xff"))
    folders = write_rc(home, shell)
    misleading = {"PYTHONPATH": "/nowhere", "PYTHONHOME": ""}
    with opened(home, *venvdash("shell", "api"), SHELL=str(program), **misleading) as typist:
        modes = termios.tcgetattr(typist.screen.master)
        typist.see(PROMPT)
        told = typist.ask()
        assert told.prefix == str(path)
        assert told.cwd == str(home.path / "code" / "api")
        assert told.variables["VIRTUAL_ENV"] == str(path)
        assert told.variables["PATH"].split(":") == [f"{path}/bin", *folders]
        assert told.variables["HOME"] == str(home.path)
        assert not {"PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", "ZDOTDIR"} & set(
            told.variables
        )
        assert told.variables.get("ENV") == home.variables.get("ENV")
        ours = {name for name in told.variables if "VENVDASH" in name.upper()}
        assert ours - home.variables.keys() in (set(), {"_VENVDASH_FOLDERS"})
        typist.quiet()
        assert b"(api) rc> " in typist.screen.output
        typist.type("deactivate")
        told = typist.ask(sys.executable)
        assert told.variables["PATH"].split(":") == folders
        assert "VIRTUAL_ENV" not in told.variables
        assert typist.leave("exit 7") == 7
        assert termios.tcgetattr(typist.screen.master) == modes
    assert nothing_ran(home)


@contextlib.contextmanager
def interactive(home: Home, tool: Tool, shell: str) -> Iterator[tuple[Typist, Path, list[str]]]:
    """Start a shell; gives the environment that is there, and the folders on PATH, as well."""
    program = installed(shell, tool)
    path = make(home, name_for(shell))
    folders = write_rc(home, shell)
    with opened(home, program, "-i") as typist:
        typist.see(PROMPT)
        yield typist, path, folders
    assert nothing_ran(home)


def test_what_activate_prints_activates_in_the_shell_itself(
    home: Home, tool: Tool, shell: str
) -> None:
    with interactive(home, tool, shell) as (typist, path, folders):
        line = _RUN.get(shell, 'eval "$({})"').format("venvdash activate api")
        for _ in range(2):  # the second time changes nothing
            typist.type(line)
            told = typist.ask()
            assert told.prefix == str(path)
            assert told.variables["VIRTUAL_ENV"] == str(path)
            assert told.variables["PATH"].split(":") == [f"{path}/bin", *folders]
            assert told.cwd == str(home.path)
        if shell != "nu":  # there `venvdash init` brings it
            typist.type("deactivate")
            told = typist.ask(sys.executable)
            assert told.variables["PATH"].split(":") == folders
            assert "VIRTUAL_ENV" not in told.variables
        assert typist.leave("exit 0") == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "xonsh", "nu"])
def test_init_brings_a_command_that_activates_and_goes_there(
    home: Home, tool: Tool, shell: str
) -> None:
    with interactive(home, tool, shell) as (typist, path, folders):
        if shell == "nu":
            typist.type("venvdash init nu --cmd go | save init.nu")
            typist.type("source init.nu")
        else:
            typist.type(_RUN.get(shell, 'eval "$({})"').format(f"venvdash init {shell} --cmd go"))
        typist.type("go api")
        told = typist.ask()
        assert told.prefix == str(path)
        assert told.cwd == str(home.path / "code" / "api")
        typist.type("deactivate")
        told = typist.ask(sys.executable)
        assert told.variables["PATH"].split(":") == folders
        typist.type("go nobody")
        typist.see("no environment is named nobody")
        assert "VIRTUAL_ENV" not in typist.ask(sys.executable).variables


def test_zsh_with_a_directory_of_its_own(home: Home, tool: Tool) -> None:
    program = installed("zsh", tool)
    path = make(home, WORST)
    write_rc(home, "zsh")
    own = home.path / "its own" / "zsh"
    own.mkdir(parents=True)
    (home.path / ".zshrc").rename(own / ".zshrc")
    (home.path / ".zshenv").write_text(f"ZDOTDIR='{own}'\n")
    with opened(home, *venvdash("shell", "api"), SHELL=str(program)) as typist:
        typist.see("(api) " + PROMPT)
        assert typist.ask().prefix == str(path)
        typist.type('print "is=$ZDOTDIR"')
        typist.see(f"is={own}")
        typist.leave("exit")
    assert nothing_ran(home)


def test_a_shell_that_is_killed_leaves_the_terminal_as_it_was(home: Home, api: Path) -> None:
    write_rc(home, "bash")
    with opened(home, *venvdash("shell", "api"), SHELL="/bin/bash") as typist:
        modes = termios.tcgetattr(typist.screen.master)
        typist.see("(api) " + PROMPT)
        typist.quiet()
        assert termios.tcgetattr(typist.screen.master) != modes
        (inner,) = children(typist.screen.process.pid)
        kill(inner)
        assert typist.screen.wait() == 128 + signal.SIGKILL
        assert termios.tcgetattr(typist.screen.master) == modes


def test_the_shell_around_it_goes_on_after_that(home: Home, api: Path) -> None:
    write_rc(home, "bash")
    with opened(home, "/bin/bash", "-i", SHELL="/bin/bash") as typist:
        typist.see(PROMPT)
        typist.type("stty -a > before; venvdash shell api; echo ended=$?; stty -a > after")
        typist.see("(api) " + PROMPT)
        typist.type("kill -9 $$")
        typist.see("ended=137")
        assert (home.path / "after").read_text() == (home.path / "before").read_text()
        assert " echo " in (home.path / "after").read_text()
        assert "VIRTUAL_ENV" not in typist.ask(sys.executable).variables
        typist.type("venvdash shell api")
        typist.see("(api) " + PROMPT, 2)
        typist.type("sleep 100")
        typist.quiet()
        typist.screen.press("\x03")  # is for what runs in it
        assert typist.ask().prefix == str(api)
        typist.type("suspend")  # gives the terminal back to the shell around it
        typist.see("Stopped")
        assert "VIRTUAL_ENV" not in typist.ask(sys.executable).variables
        typist.type("fg")
        assert typist.ask().prefix == str(api)
        typist.type("exit 3")
        typist.type("echo ended=$?")
        typist.see("ended=3")
        assert typist.leave("exit") == 0


@pytest.mark.parametrize("how", ["hangup", "SIGHUP", "SIGTERM"])
def test_the_end_of_the_terminal_ends_the_shell_too(home: Home, api: Path, how: str) -> None:
    write_rc(home, "bash")
    with opened(home, *venvdash("shell", "api"), SHELL="/bin/bash") as typist:
        typist.see("(api) " + PROMPT)
        typist.type("sleep 1000")
        process = typist.screen.process
        (inner,) = children(process.pid)
        # A bash that has just forked does not know its own job yet.
        typist.until(lambda: any(named(child) == "sleep" for child in children(inner)))
        (sleep,) = children(inner)
        if how == "hangup":
            os.close(typist.screen.master)
            typist.screen.master = os.open("/dev/null", os.O_RDWR)
        else:
            process.send_signal(signal.Signals[how])
        assert process.wait(30) == -(signal.SIGTERM if how == "SIGTERM" else signal.SIGHUP)
        waited(lambda: not alive(inner) and not alive(sleep))


def test_one_command_is_run_without_a_shell(home: Home, api: Path) -> None:
    def run(*words: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
        return home.run(*venvdash("run", *words), check=check, PYTHONPATH="", PATH="/usr/bin:/bin")

    done = run("api", "--", "python", "-c", "import os, sys; print(ascii(sys.prefix), os.getcwd())")
    assert done.stdout == f"{str(api)!a} {home.path}/code/api\n"
    assert run("api", "--here", "--", "pwd").stdout == f"{home.path}\n"
    assert run("api", "--", "sh", "-c", "exit 5").returncode == 5
    assert run("api", "--", "sh", "-c", "kill -QUIT $$").returncode == -signal.SIGQUIT
    done = run("api", "--", "no-such-program", "$(touch x)")
    assert (done.returncode, done.stdout) == (127, "")
    assert "no-such-program was not found" in done.stderr
    assert run("api", "--", "/etc").returncode == 126
    assert run("api", "--").returncode == 2
    assert run("api").returncode == 2
    done = home.run(*venvdash("shell", "api"), check=False)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert nothing_ran(home)


def test_signals_reach_the_command(home: Home, api: Path) -> None:
    ready = home.path / "ready"
    script = f"import signal, time; open({str(ready)!r}, 'w'); time.sleep(100)"
    process = subprocess.Popen(
        venvdash("run", "api", "--", "python", "-c", script),
        env=home.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        waited(ready.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_an_editor_opens_the_project(home: Home, api: Path) -> None:
    editor = home.path / "an editor" / "vim"
    editor.parent.mkdir()
    editor.write_text('#!/bin/sh\npwd\nprintf "<%s>" "$@"\npython -c ""\nexit $(($? + 4))\n')
    editor.chmod(0o755)
    given = f"'{editor}' -p '$(touch x)'"
    done = home.run(*venvdash("edit", "api"), check=False, VISUAL=given, EDITOR="false")
    project = home.path / "code" / "api"
    assert done.returncode == 4
    assert done.stdout.startswith(f"{project}\n<-p><$(touch x)><{project}>")
    done = home.run(*venvdash("edit", "api"), check=False, EDITOR="'unfinished")
    assert done.returncode == 2
    assert "EDITOR is not set to a program" in done.stderr
    assert not {"VISUAL", "EDITOR"} & set(home.variables)
    done = home.run(*venvdash("edit", "api"), check=False)
    assert done.returncode == 2
    assert "there is no terminal. Set VISUAL or EDITOR" in done.stderr
    assert nothing_ran(home)


def test_path_prints_what_is_asked_for_to_the_byte(home: Home, api: Path) -> None:
    def path(*arguments: str) -> bytes:
        done = subprocess.run(
            venvdash("path", *arguments), env=home.variables, cwd=home.path, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert path("api") == os.fsencode(api) + b"\n"
    assert path("api", "--python") == os.fsencode(api / "bin" / "python") + b"\n"
    assert path("api", "--bin") == os.fsencode(api / "bin") + b"\n"
    assert path("ap", "--project") == os.fsencode(home.path / "code" / "api") + b"\n"


def test_activate_on_a_terminal_says_how_it_is_used(home: Home, api: Path) -> None:
    with opened(home, *venvdash("activate", "api", "--shell", "fish")) as typist:
        assert typist.screen.wait() == 0
        shown = typist.screen.output
        assert b"this only prints the code. To run it in fish: venvdash activate api | so" in shown
        assert rb"\xff" in shown
        assert b"\xff" not in shown


def test_a_shell_that_nobody_knows_is_told_by_its_variables(home: Home, api: Path) -> None:
    shell = home.path / "elvish"
    shell.write_text('#!/bin/sh\nprintf \'<%s>\' "$PATH" "$VIRTUAL_ENV_PROMPT"; exit 9\n')
    shell.chmod(0o755)
    with opened(home, *venvdash("shell", "api"), SHELL=str(shell)) as typist:
        assert typist.screen.wait() == 9
        assert b"<" + os.fsencode(api).replace(b"\n", b"\r\n") + b"/bin:" in typist.screen.output
        assert b"<api>" in typist.screen.output
        assert b"Unknown shell" in typist.screen.output


def test_what_is_refused_is_said_with_the_status_for_that(home: Home, api: Path) -> None:
    (api / "bin").chmod(0o777)
    for words in (["run", "api", "--", "true"], ["activate", "api"], ["edit", "api"]):
        done = home.run(*venvdash(*words), check=False, EDITOR="true")
        assert (done.returncode, done.stdout) == (2, "")
        assert "Everyone can write to" in done.stderr
    for words in (["run", "nobody", "--", "true"], ["activate", "nobody"], ["path", "nobody"]):
        done = home.run(*venvdash(*words), check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "no environment is named nobody" in done.stderr


def test_the_prompt_can_be_left_alone(home: Home, api: Path) -> None:
    write_rc(home, "bash")
    own = {"SHELL": "/bin/bash", "VIRTUAL_ENV_DISABLE_PROMPT": "1"}
    with opened(home, *venvdash("shell", "api"), **own) as typist:
        assert typist.ask().prefix == str(api)
        assert b"(api)" not in typist.screen.output
        typist.leave("exit")


def test_the_scripts_of_venv_and_ours_undo_each_other(home: Home, api: Path) -> None:
    folders = write_rc(home, "bash")
    other = venv(home.path / "other")
    with opened(home, "/bin/bash", "-i") as typist:
        typist.type(f". {other}/bin/activate")
        typist.type('eval "$(venvdash activate api)"')
        told = typist.ask()
        assert told.prefix == str(api)
        assert told.variables["PATH"].split(":") == [f"{api}/bin", *folders]
        typist.type(f". {other}/bin/activate")
        told = typist.ask()
        assert told.prefix == str(other)
        assert told.variables["PATH"].split(":") == [f"{other}/bin", *folders]
        typist.type("deactivate")
        assert typist.ask(sys.executable).variables["PATH"].split(":") == folders
        typist.quiet()
        assert typist.screen.output.endswith(b"\x1b[?2004hrc> ")
        typist.leave("exit")
