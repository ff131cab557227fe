"""`path`, `activate` and completion print without a scan what they print with one."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from tests.answering import environment, project
from tests.conftest import Home
from tests.scenario import venv
from venvdash.cli import cli
from venvdash.cli.completing import complete_name
from venvdash.system.fingerprint import RACY
from venvdash.system.shells import FAMILIES
from venvdash.without_scan import command_line

_ASKED = """
import sys
sys.argv = ["venvdash", *sys.argv[1:]]
import venvdash.__main__
try:
    venvdash.__main__.main()
finally:
    print("\\n".join(sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A HOME whose environments are remembered: scanned when nothing in it is new any more."""
    from tests.conftest import home_in

    home = home_in(tmp_path_factory.mktemp("known"))
    home.variables["PATH"] = "/usr/bin:/bin"  # without uv, of which `activate` would speak
    site = project(home, "code/site", "webapp")
    (venv(home.path / ".virtualenvs" / "web") / ".project").write_text(f"{site}\n")
    environment(home, "bare")
    environment(home, "esc\x1bape\udcff")
    home.venvdash("activate", "web", "--shell", "sh")  # writes the sidecars
    settled = max(path.lstat().st_ctime_ns for path in home.path.rglob("*")) + RACY
    while time.time_ns() <= settled:
        time.sleep(0.05)
    home.venvdash("path", cwd=site)
    return home


def _quick(home: Home, *arguments: str, cwd: Path | None = None) -> tuple[str, str] | None:
    """Return stdout and stderr of what was answered without a scan, None if it was not."""
    done = home.run(sys.executable, "-c", _ASKED, *arguments, cwd=cwd, check=False)
    if "click" in done.stderr.split() or done.returncode:
        return None
    modules = set(done.stderr.split())
    assert not modules & {"sqlite3", "tomllib", "psutil", "venvdash.scanner", "venvdash.model"}
    return done.stdout, done.stderr.partition("sys\n")[0]


@pytest.mark.parametrize(
    "arguments",
    [
        *(("path", "webapp"), ("path", "WEBAPP"), ("path", "we"), ("path", "bare")),
        *(("path", "webapp", option) for option in ("--python", "--bin", "--project")),
        *(("path", "--project", "webapp"), ("path",), ("path", "--bin")),
    ],
)
def test_it_prints_what_a_scan_prints(known: Home, arguments: tuple[str, ...]) -> None:
    site = known.path / "code" / "site"
    scanned = known.venvdash("--no-records", *arguments, cwd=site)
    assert _quick(known, *arguments, cwd=site) == (scanned.stdout, scanned.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        *(("path", "no-such"), ("path", "bare", "--project"), ("path", "w", "x"), ("path", "")),
        *(("path", "--help"), ("path", "bare", "--bin", "--python"), ("path", "--", "bare")),
        *(("activate", "--shell", "", "webapp"), ("activate", "webapp", "--shell")),
        *(("activate", "bare"), ("activate", "--shell", "bash", "bare")),
        *(("activate", "--shell", "no", "webapp")),
        *(("--no-records", "path", "bare"), ("path", "virtualenvwrapper:bare"), ("paths", "bare")),
    ],
)
def test_whatever_else_is_left_to_the_command_line(known: Home, arguments: tuple[str, ...]) -> None:
    assert _quick(known, *arguments) is None


def test_stdout_that_cannot_be_written_to_is_reported(known: Home) -> None:
    program = f"{sys.executable} -m venvdash path bare"
    done = known.run("sh", "-c", f"{program} > /dev/full; echo $?")
    assert done.stdout == "1\n"
    assert "No space left" in done.stderr or "no space left" in done.stderr


def _completing(shell: str, line: str) -> dict[str, str]:
    """Return the variables with which a shell's script asks for completions."""
    words, typed = line.split(), "" if line.endswith(" ") else line.split()[-1]
    number = {"zsh": str(len(words) - bool(typed)), "fish": typed}.get(shell, "")
    asked = {"_VENVDASH_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": number}
    return asked | ({"COMP_WORDBREAKS": "\"'@><=;|&(:"} if shell == "bash" else {})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_those_of_click(known: Home, shell: str) -> None:
    lines = [
        "path ",
        "delete we",
        "path zz",
        "path -",
        "path /",
        "prune we",
        "path we x",
        "path 'we",
    ]
    quickly = []
    for line in lines:
        home = replace(known, variables=known.variables | _completing(shell, f"venvdash {line}"))
        quick = home.run(sys.executable, "-c", _ASKED)
        clicked = home.run(sys.executable, "-c", "from venvdash.cli import main; main()")
        assert quick.stdout == clicked.stdout, line
        if "click" not in quick.stderr.split():
            quickly.append(line)
    assert quickly == lines[:3]


def test_names_are_completed_after_each_command_that_takes_them() -> None:
    taking = set()
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        params = command.params if command else []
        arguments = [one for one in params if isinstance(one, click.Argument)]
        if arguments and arguments[0]._custom_shell_complete is complete_name:
            taking.add(name)
    aliases = {alias for alias, name in command_line.ALIASES.items() if name in taking}
    assert taking | aliases == command_line.NAMED


@pytest.mark.parametrize("shell", [family.name for family in FAMILIES])
def test_it_activates_as_after_a_scan(known: Home, shell: str) -> None:
    site = known.path / "code" / "site"
    arguments = ("activate", "--cd", "--shell", shell, "webapp")
    scanned = known.venvdash("--no-records", *arguments, cwd=site, check=False)
    quick = _quick(known, *arguments, cwd=site)
    assert quick == ((scanned.stdout, scanned.stderr) if not scanned.returncode else None)


def test_it_says_that_uv_would_use_another(known: Home, tmp_path: Path) -> None:
    site = known.path / "code" / "site"
    (tmp_path / "uv").write_text("")
    (tmp_path / "uv").chmod(0o755)
    home = replace(known, variables=known.variables | {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    for arguments in (("webapp",), ("webapp", "--cd")):
        words = ("activate", *arguments, "--shell", "sh")
        cwd = known.path if "--cd" in arguments else site
        scanned = home.venvdash("--no-records", *words, cwd=cwd)
        assert "`uv sync` here would make ~/code/site/.venv; `uv sync --active`" in scanned.stderr
        quick = home.run(sys.executable, "-c", _ASKED, *words, cwd=cwd)
        assert "sqlite3" not in quick.stderr.split()
        assert (quick.stdout, quick.stderr.partition("sys\n")[0]) == (
            scanned.stdout,
            scanned.stderr,
        )


def test_nothing_that_is_slow_to_import_is_needed_to_activate(known: Home) -> None:
    """As in a directory that is in no project of uv's."""
    done = known.run(sys.executable, "-c", _ASKED, "activate", "--shell", "bash", "webapp")
    assert not {"click", "dataclasses", "json", "subprocess"} & set(done.stderr.split())


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_it_activates_in_the_calling_shell(known: Home, tmp_path: Path, shell: str) -> None:
    script = tmp_path / "asked.py"
    script.write_text(_ASKED)
    asked = f"{sys.executable} {script} activate webapp 2> {tmp_path}/modules; :"
    done = known.run("sh", "-c", f"{shell} -c '{asked}'; :")
    assert "click" not in (tmp_path / "modules").read_text().split()
    explicit = known.venvdash("activate", "webapp", "--shell", shell)
    assert done.stdout == explicit.stdout


def _writable(web: Path) -> None:
    web.joinpath("lib").chmod(0o777)


def _broken(web: Path) -> None:
    web.joinpath("bin", "python").rename(web / "bin" / "python.gone")


def _again(web: Path) -> None:
    web.joinpath("lib").chmod(0o755)
    gone = web / "bin" / "python.gone"
    if gone.is_symlink():
        gone.rename(web / "bin" / "python")


@pytest.mark.parametrize(
    ("change", "reason"),
    [(_writable, "Everyone can write to"), (_broken, "Its interpreter is gone")],
)
def test_what_is_refused_after_a_scan_is_refused(
    known: Home, change: Callable[[Path], None], reason: str
) -> None:
    web, arguments = known.path / ".virtualenvs" / "web", ("activate", "web", "--shell", "bash")
    assert _quick(known, *arguments) is not None
    change(web)
    try:
        assert _quick(known, *arguments) is None
        done = known.venvdash(*arguments, check=False)
        assert done.returncode == 2
        assert reason in done.stderr
    finally:
        _again(web)
