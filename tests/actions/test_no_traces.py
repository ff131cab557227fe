"""Looking, planning and being killed leave nothing in environments, stores and projects."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.sync.test_stopped import building
from tests.actions.syncing import Place
from tests.cli.test_list import run
from tests.conftest import Home, home_in
from tests.mounting import tmpfs
from tests.scenario import uv_project, venv
from venvdash.config import Config
from venvdash.session import Session
from venvdash.system import locks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes")

Tree = dict[str, tuple[object, ...]]


def tree(*roots: Path, times: bool = True) -> Tree:
    """Return all that lies below ``roots`` with what a trace would change, by path.

    Of files that show when an environment was used also the access time.
    """
    found: Tree = {}
    for path in (path for root in roots for path in (root, *root.rglob("*"))):
        status = path.lstat()
        shows = path.name in ("pyvenv.cfg", "activate")
        used = status.st_atime_ns if shows and stat.S_ISREG(status.st_mode) else 0
        changed = (status.st_mtime_ns, status.st_ctime_ns, used) if times else ()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) and not times else b""
        link = os.readlink(path) if path.is_symlink() else ""
        found[str(path)] = (status.st_ino, status.st_mode, status.st_size, *changed, content, link)
    return found


LOOKS = [
    ["list"],
    ["list", "--json"],
    ["info", "webapp"],
    ["stores"],
    ["path", "webapp"],
    ["history"],
    ["trash", "list"],
    ["delete", "webapp", "scratch", "outside", "--dry-run"],
    ["delete", "webapp"],
    ["prune", "--unknown", "--dry-run"],
    ["relink", "scratch", "code/webapp", "--dry-run"],
    ["unlink", "scratch", "--dry-run"],
    ["rename", "scratch", "other", "--dry-run"],
    ["move", "scratch", "--to", "~/.venvs", "--dry-run"],
    ["copy", "scratch", "other", "--dry-run"],
]


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounts a file system"
)
def test_what_only_looks_or_plans_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "strict").mkdir()
    with tmpfs(tmp_path / "strict", "400m") as point:
        # Here every reading of a file shows in its access time.
        subprocess.run(["mount", "-o", "remount,strictatime", point], check=True)
        _look_everywhere(home_in(point))


def _look_everywhere(home: Home) -> None:
    code, disk = home.path / "code", home.path.parent / "disk"
    uv_project(home, code / "webapp")
    venv(home.path / ".virtualenvs" / "scratch")
    venv(code / "inside" / ".venv")
    (code / "linked").mkdir()
    (code / "linked" / ".venv").symlink_to(venv(disk / "outside"))
    (home.path / ".venvs").mkdir()
    state = {"VENVDASH_STATE_DIR": str(home.path.parent / "state")}
    home.variables |= state
    run(home, "list")  # writes sidecars, which is announced
    before = tree(home.path, disk)
    for arguments in LOOKS:
        done = run(home, *arguments, check=False)
        assert done.returncode in (0, 2), (arguments, done.stderr)
        assert tree(home.path, disk) == before, arguments


@pytest.mark.parametrize("step", ["checked", "locked", "journalled"])
def test_a_deletion_that_is_killed_leaves_no_lock(home: Home, step: str) -> None:
    path = venv(home.path / ".virtualenvs" / "scratch")
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    session.remember()
    before = tree(path, times=False)
    plan = session.deletions.plan_delete([path])
    ended = in_child(killing(lambda: list(session.deletions.delete(plan)), step))
    assert ended == -signal.SIGKILL
    Session(home.machine(), Config()).tidy()
    assert tree(path, times=False) == before


def slow_to_plan(place: Place) -> tuple[Path, Path]:
    """Return a project whose metadata must be built, which never ends, and its environment."""
    project = place.project("slow", slow=True)
    file = project / "pyproject.toml"
    text = file.read_text().replace("dependencies = []\n", 'dynamic = ["dependencies"]\n')
    file.write_text(text)
    environment = place.central(project)
    assert not (environment / ".lock").exists()
    return project, environment


def wait_for(file: Path, ended: threading.Event) -> None:
    while not ended.wait(0.02) and not (file.exists() and file.read_text()):
        pass


def test_a_plan_of_a_sync_that_is_cancelled_leaves_no_lock(place: Place) -> None:
    project, environment = slow_to_plan(place)
    session, cancel, ended = place.session(), threading.Event(), threading.Event()
    before = tree(environment, times=False)

    def stop() -> None:
        wait_for(project / "building", ended)
        assert (environment / ".lock").exists() or ended.is_set()
        cancel.set()

    stopping = threading.Thread(target=stop)
    stopping.start()
    proposal = session.actions.sync(session.rows[environment], cancel=cancel)
    ended.set()
    stopping.join()
    assert proposal.refusal == "Cancelled while the plan was being made."
    assert tree(environment, times=False) == before


_PLANNING = """
import sys
from pathlib import Path
from venvdash.config import Config
from venvdash.session import Session
from venvdash.system.machine import Machine
session = Session(Machine.current(), Config())
list(session.scan(usage=False))
session.remember()
row = session.rows[Path(sys.argv[2])]
session.actions.sync(row) if sys.argv[1] == "sync" else session.actions.relink(row, Path.cwd())
"""


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["sync", "relink"])
def test_the_lock_of_a_plan_that_is_killed_goes_at_the_next_start(place: Place, verb: str) -> None:
    project, environment = slow_to_plan(place)
    row = environment if verb == "sync" else place.central(place.project("former", "alpha"))
    place.session()
    before = tree(environment, times=False)
    planning = subprocess.Popen(
        [sys.executable, "-c", _PLANNING, verb, row], env=place.home.variables, cwd=project
    )
    ended = threading.Event()

    def reap() -> None:
        planning.wait()
        ended.set()

    threading.Thread(target=reap, daemon=True).start()
    wait_for(project / "building", ended)
    planning.kill()
    planning.wait()
    assert (environment / ".lock").exists()
    place.session()  # uv still works there
    assert (environment / ".lock").exists()
    os.killpg(building(project), signal.SIGKILL)
    locks.lock_environment(environment, wait=60).release()
    place.session()
    assert tree(environment, times=False) == before


def test_a_plan_of_a_relinking_leaves_no_lock(place: Place) -> None:
    former, project = place.project("former", "alpha"), place.project("web", "alpha")
    environment, theirs = place.central(former), place.central(project)
    session = place.session()
    before = tree(environment, theirs, times=False)
    session.actions.relink(session.rows[environment], project)
    assert any("--dry-run" in run.command for run in session.log.runs())
    assert tree(environment, theirs, times=False) == before


def test_a_lock_that_was_there_stays(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    (environment / ".lock").touch()
    assert not place.propose(environment).refusal
    assert (environment / ".lock").exists()


def test_a_plan_of_a_sync_leaves_no_lock(place: Place) -> None:
    environment = place.wrapped("web", place.project("web", "alpha"))
    place.session()
    before = tree(environment, times=False)
    assert not place.propose(environment).refusal
    assert tree(environment, times=False) == before
