"""The terminal, given away and restored: each case on a terminal of its own."""

import os
import signal
import sys
import termios
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.shells import Typist, children, kill, typing

_RUN = """\
import os, signal, sys
from pathlib import Path
from venvdash.system import terminal
before = signal.getsignal(signal.SIGINT)
ended = terminal.run(sys.argv[1:], os.environ, Path.cwd(), interactive=False)
assert signal.getsignal(signal.SIGINT) is before
print(f"status={ended.status} problem={ended.problem} front={os.tcgetpgrp(0) == os.getpgrp()}")
"""


def run(directory: Path, *command: str) -> AbstractContextManager[Typist]:
    """Run a program through ours, which then says how it ended."""
    return typing(
        [sys.executable, "-c", _RUN, *command],
        variables=dict(os.environ),
        cwd=directory,
        directory=directory / "asked",
    )


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("stty raw -echo; exit 3", 3),
        ("stty -icanon; kill -9 $$", 137),
        ("kill -TERM $$", 143),
        ("set -m; (stty -echo; kill -9 $$; sleep 9)", 137),  # in a group of its own
    ],
)
def test_status_and_modes_come_back(tmp_path: Path, script: str, status: int) -> None:
    with run(tmp_path, "bash", "-c", script) as typist:
        modes = termios.tcgetattr(typist.screen.master)
        typist.see(f"status={status} problem= front=True")
        assert typist.screen.wait() == 0
        assert termios.tcgetattr(typist.screen.master) == modes


def test_a_killed_program_leaves_no_modes_of_the_screen_behind(tmp_path: Path) -> None:
    with run(tmp_path, "sh", "-c", r"printf '\033[?2004h\033[?25l'; kill -9 $$") as typist:
        typist.see("status=137")
        assert typist.screen.output.rindex(b"\x1b[?25h") > typist.screen.output.rindex(b"[?25l")
        assert b"\x1b[?2004l" in typist.screen.output
    with run(tmp_path, "true") as typist:
        typist.see("status=0")
        assert b"\x1b" not in typist.screen.output


def test_what_cannot_be_started_is_told_as_a_shell_tells_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for program, status, words in (
        ("no-such", 127, "no-such was not found."),
        ("./file", 126, "Cannot run ./file: permission denied."),
    ):
        with run(tmp_path, program) as typist:
            typist.see(f"status={status} problem={words}")


def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    from venvdash.system import terminal

    ended = terminal.run(["true"], os.environ, tmp_path / "gone", interactive=False)
    assert (ended.status, ended.problem) == (
        126,
        f"Cannot change to the directory {tmp_path}/gone.",
    )


@pytest.mark.parametrize(("key", "status"), [("\x03", 44), ("\x1c", 45)])
def test_keys_that_interrupt_are_for_the_program(tmp_path: Path, key: str, status: int) -> None:
    script = "trap 'exit 44' INT; trap 'exit 45' QUIT; echo ready; while :; do sleep 0.05; done"
    with run(tmp_path, "sh", "-c", script) as typist:
        typist.see("ready")
        typist.screen.press(key)
        typist.see(f"status={status}")


def test_signals_that_are_ignored_stay_so(tmp_path: Path) -> None:
    script = "import signal; print('is', signal.getsignal(signal.SIGHUP).name)"
    ours = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{_RUN}"
    with typing(
        [sys.executable, "-c", ours, sys.executable, "-c", script],
        variables=dict(os.environ),
        cwd=tmp_path,
        directory=tmp_path / "asked",
    ) as typist:
        typist.see("is SIG_IGN")
        typist.see("status=0")


@pytest.mark.parametrize("call", ["run", "replace"])
def test_programs_are_started_with_signals_as_they_should_be(tmp_path: Path, call: str) -> None:
    ours = _RUN.replace("terminal.run(", f"terminal.{call}(")
    if call == "replace":
        ours = ours.replace(", interactive=False", "")
    with typing(
        [sys.executable, "-c", ours, "grep", "^SigIgn", "/proc/self/status"],
        variables=dict(os.environ),
        cwd=tmp_path,
        directory=tmp_path / "asked",
    ) as typist:
        typist.see("SigIgn:\t0000000000000000")


def test_asleep_both_and_awake_both(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(_RUN)
    (tmp_path / ".bashrc").write_text("PS1='rc> '\n")
    variables = dict(os.environ) | {"HOME": str(tmp_path)}
    with typing(
        ["bash", "-i"], variables=variables, cwd=tmp_path, directory=tmp_path / "asked"
    ) as typist:
        typist.see("rc> ")
        typist.type(f"{sys.executable} {script} sh -c 'echo re''ady; read x; exit 6'")
        typist.see("ready")
        typist.screen.press("\x1a")
        typist.see("Stopped")
        typist.type("fg")
        typist.quiet()
        typist.screen.press("\r")
        typist.see("status=6")
        typist.leave("exit")


def test_it_waits_for_a_program_that_pays_no_heed(tmp_path: Path) -> None:
    with run(tmp_path, "sh", "-c", "trap '' TERM; echo ready; read x; exit 8") as typist:
        typist.see("ready")
        process = typist.screen.process
        (child,) = children(process.pid)
        process.send_signal(signal.SIGTERM)
        typist.quiet()
        assert process.poll() is None
        kill(child)
        assert typist.screen.wait() == -signal.SIGTERM
