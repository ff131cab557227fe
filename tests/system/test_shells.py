"""Which shell is the user's own: asked from real ones."""

import os
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.realtools import Tool
from tests.shells import NAMES, PROMPT, installed, typing, write_rc
from venvdash.system import shells, startup_folders
from venvdash.system.machine import Machine
from venvdash.system.shells import Activation
from venvdash.system.shells.base import inert

_ASK = """\
import sys
from venvdash.system import shells
from venvdash.system.machine import Machine
machine = Machine.current()
for found in (shells.own(machine), shells.caller(machine)):
    print("is", found.family and found.family.name, found.program.name, "!")
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_shell_that_we_are_called_from(home: Home, tool: Tool, name: str) -> None:
    program = installed(name, tool)
    write_rc(home, name)
    (home.path / "ask.py").write_text(_ASK)
    ask = f"{sys.executable} {home.path}/ask.py"
    (home.path / "script").write_text(f"#!/bin/bash\n{ask}\n:\n")
    (home.path / "script").chmod(0o755)
    with typing(
        [str(program), "-i"],
        variables=home.variables | {"SHELL": "/bin/sh"},
        cwd=home.path,
        directory=home.path / "asked",
    ) as typist:
        typist.see(PROMPT)
        typist.type(ask)
        family = {"dash": "sh", "mksh": "sh", "csh": "tcsh"}.get(name, name)
        known = {"csh": os.path.basename(os.path.realpath(program))}.get(name, name)
        typist.see(f"is {family} ", 2)
        typist.quiet()
        assert any(f"is {family} {n} !".encode() in typist.screen.output for n in (name, known))
        typist.type(str(home.path / "script"))  # a script is nobody's own shell
        typist.see(f"is {family} ", 3)
        typist.see("is bash bash !", 3 if name == "bash" else 1)
        assert typist.screen.output.count(b"is ") >= 4


def test_where_no_shell_is_above_the_login_shell_counts(tmp_path: Path) -> None:
    def configured(**variables: str) -> tuple[str, str | None]:
        found = shells.configured(Machine(tmp_path, variables, uid=os.getuid()))
        return str(found.program), found.family.name if found.family else None

    odd = tmp_path / "elvish"
    odd.write_text("")
    odd.chmod(0o755)
    assert configured(SHELL=str(odd)) == (str(odd), None)
    assert configured(SHELL="/bin/bash") == ("/bin/bash", "bash")
    login = configured()
    assert login[1] is not None
    for useless in ("bash", "/no/such/shell", "/usr/sbin/nologin", str(tmp_path)):
        assert configured(SHELL=useless) == login


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("-zsh", "zsh"),
        ("/usr/local/bin/bash-5.2", "bash"),
        ("pwsh.exe", "pwsh"),
        ("powershell", "pwsh"),
        ("cmd.exe", "cmd"),
        ("ksh93", "sh"),
        ("busybox", None),
        ("bashful", None),
        ("", None),
        ("-", None),
    ],
)
def test_families_go_by_the_programs_name(program: str, name: str | None) -> None:
    found = shells.family(program)
    assert (found and found.name) == name


def test_nothing_in_a_prompt_means_anything_to_a_shell() -> None:
    assert inert("webapp@3.11 (api-copy) work/ä") == "webapp@3.11 (api-copy) work/ä"
    assert inert("$(x)`x`%n\\u!{a}\x1b\n\u202e\udcff'\";&|<>") == "?(x)?x??n?u??a????????????"
    assert len(inert("a" * 1000)) == 48


def test_a_conda_prefix_is_activated_as_one(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    made = Activation.of(tmp_path, "x", platform="linux")
    assert made.variables["CONDA_PREFIX"] == str(tmp_path)
    assert "VIRTUAL_ENV" not in made.variables
    windows = Activation.of(tmp_path, "x", platform="win32")
    assert windows.folders[0] == tmp_path
    assert tmp_path / "Library" / "bin" in windows.folders


def test_what_killed_shells_left_goes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = startup_folders.make()
    startup_folders.fill(made, {"rc": "é\udcff"})
    assert made.stat().st_mode & 0o777 == 0o700
    assert (made / "rc").stat().st_mode & 0o777 == 0o600
    assert (made / "rc").read_bytes() == b"\xc3\xa9\xff"
    other, link = tmp_path / "venvdash-other", tmp_path / f"{startup_folders.PREFIX}link"
    other.mkdir()
    link.symlink_to(other)
    startup_folders.sweep()
    assert made.exists()
    startup_folders.sweep(made.stat().st_mtime + 3601)
    assert not made.exists()
    assert link.is_symlink()
    assert other.exists()
