"""Who uses an environment: a real process for each kind of evidence."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.effort import examples
from tests.users import NOBODY
from venvdash.system import processes
from venvdash.system.processes import ProcessUse, ProcessUses, ProcessWatch, UseEvidence, users

_WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
_SHELL = "echo up; read line"

Look = Callable[[Sequence[Path]], ProcessUses]


@pytest.fixture(params=["proc", "psutil"])
def look(request: pytest.FixtureRequest) -> Look:
    """Both ways to ask: as Linux does here, and as every other system does."""
    if request.param == "psutil":
        return lambda paths: ProcessWatch(paths, processes._by_psutil).uses
    if sys.platform != "linux":
        pytest.skip("needs Linux's /proc")
    return users


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A real environment, made with links to its base interpreter."""
    path = tmp_path / "store" / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    return path


@contextmanager
def running(
    *command: str | Path,
    cwd: Path | None = None,
    user: int | None = None,
    executable: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a command that says a line and then waits for its input to end; yields its pid."""
    process = subprocess.Popen(
        command,
        executable=executable,
        cwd=cwd or "/",
        env={"PATH": os.environ["PATH"], **(variables or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=user,
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == b"up\n"
        yield process.pid
    finally:
        process.communicate()


def seen(look: Look, path: Path, pid: int) -> UseEvidence | None:
    uses: dict[int, ProcessUse] = {use.pid: use for use in look([path]).uses[path]}
    return uses[pid].how if pid in uses else None


@pytest.mark.slow
def test_its_python(environment: Path, look: Look) -> None:
    with running(environment / "bin/python", "-c", _WAIT) as pid:
        assert seen(look, environment, pid) is UseEvidence.RUNS
        (use,) = (use for use in look([environment]).uses[environment] if use.pid == pid)
        assert use.name.startswith("python")
    assert seen(look, environment, pid) is None


def test_its_python_through_a_projects_link_and_relative(environment: Path, look: Look) -> None:
    project = environment.parents[1] / "project"
    project.mkdir()
    (project / ".venv").symlink_to(environment)
    with running(project / ".venv/bin/python", "-c", _WAIT) as pid:
        assert seen(look, environment, pid) is UseEvidence.RUNS
    with running("./.venv/bin/python", "-c", _WAIT, cwd=project) as pid:
        assert seen(look, environment, pid) is UseEvidence.RUNS


@pytest.mark.slow
def test_a_console_script(environment: Path, look: Look) -> None:
    script = environment / "bin/tool"
    script.write_text(f"#!{environment}/bin/python\n{_WAIT}\n")
    script.chmod(0o755)
    with running(script) as pid:
        assert seen(look, environment, pid) is UseEvidence.RUNS
    with running(sys.executable, script) as pid:
        assert seen(look, environment, pid) is UseEvidence.NAMES
    launcher = environment.parents[1] / "tool"
    launcher.symlink_to(script)
    with running("/bin/sh", "-c", f"{_SHELL}; true", launcher) as pid:
        assert seen(look, environment, pid) is UseEvidence.NAMES


def test_a_native_program(environment: Path, look: Look) -> None:
    program = environment / "bin/native"
    shutil.copy("/bin/sh", program)
    with running("something", "-c", _SHELL, executable=program) as pid:
        assert seen(look, environment, pid) is UseEvidence.RUNS
        program.unlink()
        assert seen(look, environment, pid) is UseEvidence.RUNS


@pytest.mark.slow
def test_an_option_that_names_a_file_of_it(environment: Path, look: Look) -> None:
    with running("/bin/sh", "-c", f"{_SHELL}; true", f"--config={environment}/etc/x") as pid:
        assert seen(look, environment, pid) is UseEvidence.NAMES
    with running("/bin/sh", "-c", f"{_SHELL}; true", f"https://host{environment}") as pid:
        assert seen(look, environment, pid) is None


@pytest.mark.slow
def test_a_loaded_extension(environment: Path, look: Look) -> None:
    import zlib  # any file that can be mapped

    library = environment / "lib/some lib.so"
    shutil.copy(getattr(zlib, "__file__", sys.executable), library)
    code = "import mmap, os, sys; f = open(os.environ['LIB']); " + (
        "m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); f.close(); " + _WAIT
    )
    with running(sys.executable, "-c", code, variables={"LIB": str(library)}) as pid:
        assert seen(look, environment, pid) is UseEvidence.LOADED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_activated(environment: Path, look: Look, name: str) -> None:
    link = environment.parents[1] / ".venv"
    link.symlink_to(environment)
    for value in (environment, link):
        with running(sys.executable, "-c", _WAIT, variables={name: str(value)}) as pid:
            assert seen(look, environment, pid) is UseEvidence.ACTIVATED


def test_standing_in_it(environment: Path, look: Look) -> None:
    with running("/bin/sh", "-c", _SHELL, cwd=environment / "lib") as pid:
        assert seen(look, environment, pid) is UseEvidence.STANDS


def test_names_that_are_not_utf8_and_have_newlines(tmp_path: Path, look: Look) -> None:
    path = tmp_path / os.fsdecode(b"n\xff\nm x")
    path.mkdir()
    with running("/bin/sh", "-c", _SHELL, cwd=path) as pid:
        assert seen(look, path, pid) is UseEvidence.STANDS
    with running("/bin/sh", "-c", f"{_SHELL}; true", path / "x") as pid:
        assert seen(look, path, pid) is UseEvidence.NAMES


def test_many_at_once_and_no_neighbour(environment: Path, look: Look) -> None:
    neighbour = environment.with_name("env2")
    neighbour.mkdir()
    with running("/bin/sh", "-c", _SHELL, cwd=neighbour) as pid:
        found = look([environment, neighbour, environment / "none"])
        assert set(found.uses) == {environment, neighbour, environment / "none"}
        assert found.uses[environment] == found.uses[environment / "none"] == ()
        assert [use.pid for use in found.uses[neighbour]] == [pid]


@pytest.mark.slow
def test_an_environment_given_through_a_link(environment: Path, look: Look) -> None:
    link = environment.parents[1] / "alias"
    link.symlink_to(environment.parent)
    with running(environment / "bin/python", "-c", _WAIT) as pid:
        assert seen(look, link / "env", pid) is UseEvidence.RUNS


def test_venvdash_itself_and_who_started_it_do_not_use_what_they_name(
    environment: Path, tmp_path: Path, look: Look
) -> None:
    tool = tmp_path / "venvdash"
    tool.write_text(f"#!{sys.executable}\n{_WAIT}\n")
    tool.chmod(0o755)
    with running(tool, "delete", environment / "bin") as pid:
        assert seen(look, environment, pid) is None
    # As under `sudo venvdash info PATH`: the process above us has the path among its arguments.
    code = (
        "import os, sys; from pathlib import Path; from venvdash.system.processes import users; "
        "path = Path(sys.argv[1]); print(users([path]).uses[path])"
    )
    above = ("/bin/sh", "-c", f"{sys.executable} -c '{code}' \"$1\"; true", "sh", environment)
    done = subprocess.run(above, capture_output=True, text=True, check=True)
    assert done.stdout == "()\n"


def test_activated_in_the_shell_that_started_us(environment: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from venvdash.system.processes import users; "
        "path = Path(sys.argv[1]); u, = users([path]).uses[path]; "
        "assert u.pid == os.getpid(); print(u.how)"
    )
    variables = {**os.environ, "VIRTUAL_ENV": str(environment)}
    done = subprocess.run(
        [sys.executable, "-c", code, environment], env=variables, capture_output=True, text=True
    )
    assert done.stdout == "was started with it activated\n", done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become two users")
def test_another_users_process_is_counted_and_known_by_its_arguments(environment: Path) -> None:
    for folder in (environment, *environment.parents):
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    python = environment / "bin/python"
    reader, writer = os.pipe()
    with running("/bin/sh", "-c", f"{_SHELL}; true", python, user=NOBODY - 1) as pid:
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            found = users([environment])
            how = {use.pid: use.how for use in found.uses[environment]}.get(pid)
            os.write(writer, f"{found.unreadable > 0} {how}".encode())
            os._exit(0)
        os.waitpid(child, 0)
    assert os.read(reader, 200).decode() == f"True {UseEvidence.NAMES}"


@pytest.mark.slow
def test_processes_that_end_meanwhile_are_passed_over(environment: Path, look: Look) -> None:
    spawn = "import subprocess\nwhile True: subprocess.run(['/bin/true'])"
    child = subprocess.Popen([sys.executable, "-c", spawn])
    try:
        for _ in range(examples(20, least=6)):
            assert look([environment]).uses[environment] == ()
    finally:
        child.kill()
        child.wait()


READERS = [processes._by_psutil, *([processes._on_linux] if sys.platform == "linux" else [])]


@pytest.mark.parametrize("reader", READERS)
def test_what_starts_after_the_look_is_seen_and_costs_one_read(
    environment: Path, reader: Callable[[Iterable[int]], Iterator[processes._Process]]
) -> None:
    read: list[int] = []

    def counted(pids: Iterable[int]) -> Iterator[processes._Process]:
        wanted = list(pids)
        read.extend(wanted)
        return reader(wanted)

    other = environment.parent / "other"
    watch = ProcessWatch([environment, other], counted)
    read.clear()
    assert watch.users(environment) == ()
    with running(environment / "bin/python", "-c", _WAIT) as pid:
        assert [use.pid for use in watch.users(environment)] == [pid]
        assert watch.users(other) == ()
    assert pid in read
    assert os.getpid() not in read


def test_a_young_process_that_runs_another_program_is_seen(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "YOUNG", 600.0)
    watch = ProcessWatch([environment])
    command = 'echo up; read line; exec "$0" -c "$1"'
    with subprocess.Popen(
        ["/bin/sh", "-c", command, environment / "bin/python", _WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        before = watch.users(environment)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"up\n"
        after = watch.users(environment)
        process.stdin.close()
    assert [use.how for use in before] == [UseEvidence.NAMES]
    assert [use.how for use in after] == [UseEvidence.RUNS]
