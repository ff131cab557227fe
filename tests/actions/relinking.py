"""Linking environments to projects as people do, and what is looked at afterwards."""

import os
import re
import shutil
import stat
from pathlib import Path

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import rows
from venvdash.demo.wheels import make_wheel
from venvdash.model import Row, Status
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.system.atomic import PREFIX

# Whoever tries to download something ends here.
NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
PROGRAM = "greet-all"
_HALF = re.compile(re.escape(PREFIX) + "[0-9a-f]{16}")  # a sidecar whose writing was killed


def with_program(home: Home, environment: Path) -> None:
    """Install a package with a program into an environment, as uv does."""
    wheel = make_wheel(
        home.path.parent / "wheels", "greet-all", "1", entry_points={PROGRAM: "greet_all:main"}
    )
    python = environment / "bin" / "python"
    home.uv("pip", "install", "-q", "--no-deps", "--no-index", "--python", python, wheel)


def program_runs(home: Home, environment: Path) -> None:
    """Hold the environment to its program: it runs, with the environment's own Python."""
    program = environment / "bin" / PROGRAM
    assert str(environment) in program.read_text()
    assert home.run(program).stdout == "greet-all\n"
    code = "import sys; print(sys.prefix)"
    assert home.run(environment / "bin" / "python", "-c", code).stdout.strip() == str(environment)


def relinked(home: Home, *arguments: str | Path, undone: bool = True) -> str:
    """Relink as a command does, without network; return what it said.

    ``undone``: it is taken back once, which must bring back every byte, and done again.
    """
    words = [str(argument) for argument in arguments]
    before = everything(home)
    done = run(offline(home), "relink", "--yes", *words)
    if undone:
        assert everything(home) != before
        run(home, "relink", "--undo")
        different = differing(everything(home), before)
        assert not different, different
        done = run(offline(home), "relink", "--yes", *words)
    return done.stdout + done.stderr


def offline(home: Home) -> Home:
    """Return the HOME for programs that cannot download anything."""
    return Home(home.path, home.variables | NOWHERE)


def everything(home: Home) -> dict[str, tuple[int, bytes]]:
    """Return all that lies in a HOME: permissions, and text or content, by path.

    Without what venvdash itself remembers, and uv's cache; nor does uv's lock count, which whoever
    renames an environment takes.
    """
    cache = home.path / ".cache" / "uv"
    without = {str(home.machine().state_directory), *map(str, cache.glob("*"))}
    without.discard(str(cache / "environments-v2"))
    found = {}
    for folder, folders, files in os.walk(home.path):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in without]
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if name in (SIDECAR, ".lock") or path in without or _HALF.fullmatch(name):
                continue
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                found[path] = mode, os.fsencode(os.readlink(path))
            else:
                found[path] = mode, Path(path).read_bytes() if stat.S_ISREG(mode) else b""
    return found


def differing(
    one: dict[str, tuple[int, bytes]], other: dict[str, tuple[int, bytes]]
) -> list[tuple[str, object, object]]:
    """Return what is not the same in both."""
    paths = sorted({*one, *other})
    return [(p, one.get(p), other.get(p)) for p in paths if one.get(p) != other.get(p)]


def linked(home: Home, project: Path) -> Row:
    """Return the only environment of a project; with and without memory it must be linked."""
    for records in (True, False):
        found = [
            row
            for row in rows(home, records=records).values()
            if row.verdict.project == project and row.verdict.status is Status.LINKED
        ]
        assert len(found) == 1, found
    return found[0]


def move(project: Path, name: str) -> Path:
    """Give a project's directory another name."""
    target = project.with_name(name)
    shutil.move(project, target)
    return target
