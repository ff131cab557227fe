"""What the campaign does things to: a HOME with a project and its environment, and another disk.

Each trial begins with a new world, made in a moment.
"""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.actions.deleting import small
from tests.conftest import Home
from venvdash.actions.delete import freed_notes, trash
from venvdash.actions.journals import move_stages, relink_stages
from venvdash.actions.recovery.interrupted import due
from venvdash.config import Config
from venvdash.records import trash_days
from venvdash.session import Session
from venvdash.system.atomic import PREFIX


@dataclass
class World:
    """A HOME at ``root``; ``disk`` is another file system."""

    root: Path
    disk: Path
    home: Home = field(init=False)

    def __post_init__(self) -> None:
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.root / "home")}
        variables["VENVDASH_DISKS"] = str(self.root)  # nowhere else is searched
        self.home = Home(self.root / "home", variables)

    @property
    def old(self) -> Path:
        return self.home.path / ".virtualenvs" / "app"

    @property
    def project(self) -> Path:
        return self.home.path / "code" / "app"

    def begin(self) -> None:
        """Start over: one environment with a user's own files, linked to a project."""
        for place in (self.root, self.disk):
            for path in place.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.disk / "envs").mkdir()
        self.project.mkdir(parents=True)
        path = working(self.old)
        (path / ".project").write_text(f"{self.project}\n")
        (self.project / ".venv").symlink_to(path)

    def session(self) -> Session:
        """Return a session after a listing, as the next command would have it."""
        session = Session(self.home.machine(), Config())
        for _ in session.scan(usage=False):
            pass
        session.remember()
        return session

    def at_rest(self) -> None:
        """Fail unless everything is tidied up that was interrupted."""
        state = self.home.machine().state_directory
        self._a_minute_later()
        session = Session(self.home.machine(), Config())
        counted = trash_days.as_of(state, session.machine.clock())
        counted = counted.holding(one.path for one in session.trash.find())
        trash_days.store(state, counted)  # what came to the trash is no unfinished business
        assert not relink_stages.due(state), "a relinking is left to be ended"
        assert not move_stages.due(state), "a move is left to be ended"
        freed = list(freed_notes.noted(state))
        assert not any(map(os.path.lexists, freed)), "something is left to be freed"
        if freed:  # the history takes in with the next listing what was freed since the last one
            self.session()
        assert not due(session.machine), "something is left to be tidied up"
        left = [str(path) for place in (self.root, self.disk) for path in _leftovers(place)]
        assert not left, left

    def _a_minute_later(self) -> None:
        """Let what was about to be made when its process was killed be old enough to be removed."""
        stores = (self.old.parent, self.home.path / ".venvs", self.disk / "envs")
        young = [path for store in stores for path in store.glob(f"{PREFIX}*")]
        for path in young:
            os.utime(path, (0, 0))
        if young:
            self.session()

    def linked(self, path: Path) -> None:
        """Fail unless the environment at ``path`` is whole and its project uses it."""
        whole(path)
        assert os.readlink(self.project / ".venv") == str(path)

    def in_trash(self) -> bool:
        """Return whether it is in the trash; fail where it is only partly."""
        found = [one for one in trash.find(self.session().context()) if one.original == self.old]
        if not found:
            return False
        (one,) = found
        assert not one.purging
        whole(one.path, self.old)
        assert not os.path.lexists(self.project / ".venv")
        return True


def working(path: Path) -> Path:
    """Make an environment of a few files whose Python starts, with files of the user's own."""
    small(path)
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to(sys.executable)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    cfg = f"home = {Path(sys.executable).parent}\nversion = {version}\n"
    (path / "pyvenv.cfg").write_text(cfg)
    (path / "bin" / "tool").write_text(f"#!{path}/bin/python\nprint('ran')\n")
    (path / "precious").mkdir()
    for number in range(3):
        (path / "precious" / str(number)).write_text(f"work {number}\n" * 400)
    os.link(path / "precious" / "0", path / "precious" / "twin")
    return path


def whole(path: Path, named: Path | None = None) -> None:
    """Fail unless everything is there that ``working`` made; its programs name ``named``."""
    for number in (0, 1, 2):
        text = f"work {number}\n" * 400
        assert (path / "precious" / str(number)).read_text() == text, path
    assert (path / "precious" / "twin").samefile(path / "precious" / "0")
    assert (path / "bin" / "tool").read_text() == f"#!{named or path}/bin/python\nprint('ran')\n"
    assert (path / "pyvenv.cfg").is_file()


def _leftovers(place: Path) -> list[Path]:
    """Return what was being written, but for what is removed later.

    That is what was never whole and lies in the trash, and what a killed search was writing: a
    search removes it when it is a day old.
    """
    return [
        path
        for path in place.rglob(f"{PREFIX}*")
        if not any(above.name.startswith(".venvdash-trash-") for above in path.parents)
        and path.parent.name != "search"
    ]
