"""What the campaign does things to: a HOME with a project and its environment, and another disk.

A world is made anew for every trial, in a moment. ``check`` says whether an operation has been
done wholly or not at all, and fails for anything between.
"""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.actions.deleting import small, waited
from tests.actions.relinking import differing, everything
from tests.actions.syncing import Place
from tests.conftest import Home
from tests.session.relinking import Moved, moved, named
from venvdash.actions import move_stages, purge, relink_stages, trash
from venvdash.config import Config
from venvdash.model import Outcome, Proposal, Result, Row
from venvdash.records import trash_days
from venvdash.session import Session
from venvdash.session.due import due
from venvdash.session.events import Finished
from venvdash.system.atomic import PREFIX
from venvdash.system.locks import environment_locked


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
        """Make everything anew: one environment with a user's own files, linked to a project."""
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
        return session

    def at_rest(self) -> None:
        """Fail unless everything is tidied up that was interrupted."""
        state = self.home.machine().state_directory
        self._a_minute_later()
        session = Session(self.home.machine(), Config())
        now = session.machine.clock()
        counted = trash_days.as_of(state, now).holding(one.path for one in session.trash())
        trash_days.store(state, counted)  # what came to the trash is no unfinished business
        assert not due(state, now), "something is left to be tidied up"
        assert not relink_stages.due(state), "a relinking is left to be ended"
        assert not move_stages.due(state), "a move is left to be ended"
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
    """Return what was being written, but for what was never whole and lies in the trash."""
    return [
        path
        for path in place.rglob(f"{PREFIX}*")
        if not any(above.name.startswith(".venvdash-trash-") for above in path.parents)
    ]


def _row(session: Session, path: Path) -> Row:
    return session.rows[path]


def changed(session: Session, proposal: Proposal) -> Result:
    """Carry a proposal out; a refusal is a result."""
    for event in session.changes.apply([proposal]):
        if isinstance(event, Finished):
            return event.results[0]
    raise AssertionError("it did not end")


def deleted(session: Session, path: Path) -> Result:
    """Move an environment to the trash."""
    return _last(session.delete(session.plan_delete([path])), path)


def _last(events: object, path: Path) -> Result:
    found = Result(path, path.name, Outcome.SKIPPED, "nothing was done")
    for event in events:  # type: ignore[attr-defined]
        if isinstance(event, Finished) and event.results:
            found = event.results[0]
    return found


class Operation:
    """One thing that a user does. ``needs_disk``: to another file system."""

    name = ""
    needs_disk = False

    def begin(self, world: World) -> None:
        """Make the world, up to the moment before."""
        world.begin()
        world.session()

    def run(self, world: World, session: Session) -> Result:
        """Do it."""
        raise NotImplementedError

    def done(self, world: World) -> bool:
        """Return whether it is done; fail where it is neither that nor undone."""
        raise NotImplementedError


class Delete(Operation):
    name = "delete"

    def run(self, world: World, session: Session) -> Result:
        return deleted(session, world.old)

    def done(self, world: World) -> bool:
        if world.in_trash():
            assert not os.path.lexists(world.old)
            return True
        world.linked(world.old)
        return False


class Restore(Delete):
    name = "restore"

    def begin(self, world: World) -> None:
        super().begin(world)
        assert deleted(world.session(), world.old).outcome is Outcome.DONE

    def run(self, world: World, session: Session) -> Result:
        for found in session.trash():
            return session.restore(found)
        return Result(world.old, "app", Outcome.SKIPPED, "nothing is in the trash")

    def done(self, world: World) -> bool:
        return not super().done(world)


class Purge(Restore):
    name = "purge"

    def run(self, world: World, session: Session) -> Result:
        found = next(iter(session.trash()), None)
        if found is None:  # the process that the next start has begun was quicker
            return Result(world.old, "app", Outcome.DONE)
        ended = purge.purge(found.path)
        if ended.busy:  # … or is at work on it
            waited(lambda: not os.path.lexists(found.path))
            return Result(world.old, "app", Outcome.DONE)
        outcome = Outcome.DONE if ended.gone else Outcome.FAILED
        return Result(found.path, "app", outcome, " ".join(ended.problems))

    def done(self, world: World) -> bool:
        assert not os.path.lexists(world.old)
        found = trash.find(world.session().context())
        for one in found:  # the next start goes on with it
            waited(lambda path=one.path: not purge.running(path))  # type: ignore[misc]
        found = trash.find(world.session().context())
        if found and not found[0].purging:
            assert world.in_trash()
        return not found


class Rename(Operation):
    name = "rename"

    def place(self, world: World) -> Path:
        return world.old.with_name("shop")

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.changes.rename(_row(session, world.old), "shop"))

    def done(self, world: World) -> bool:
        new = self.place(world)
        here, other = (new, world.old) if new.exists() else (world.old, new)
        assert not os.path.lexists(other), f"{other} and {here}"
        world.linked(here)
        return here == new


class Move(Rename):
    name = "move"

    def place(self, world: World) -> Path:
        return world.home.path / ".venvs" / "app"

    def begin(self, world: World) -> None:
        super().begin(world)
        self.place(world).parent.mkdir()

    def run(self, world: World, session: Session) -> Result:
        target = self.place(world).parent
        return changed(session, session.changes.move(_row(session, world.old), target))


class MoveFar(Rename):
    name = "move across disks"
    needs_disk = True

    def place(self, world: World) -> Path:
        return world.disk / "envs" / "app"

    def run(self, world: World, session: Session) -> Result:
        target = self.place(world).parent
        return changed(session, session.changes.move(_row(session, world.old), target))


class Copy(Operation):
    name = "copy"

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.changes.copy(_row(session, world.old), "copy"))

    def done(self, world: World) -> bool:
        world.linked(world.old)
        copy = world.old.with_name("copy")
        if os.path.lexists(copy):
            whole(copy)
            return True
        return False


class Relink(Operation):
    """To where its project has moved; the environment gets the name that its tool looks for."""

    name = "relink"
    known: Moved

    def __init__(self) -> None:
        self.before: dict[str, tuple[int, bytes]] = {}
        self.after: dict[str, tuple[int, bytes]] = {}

    def begin(self, world: World) -> None:
        self._make(world)
        if not self.before:
            self.before = everything(world.home)
            assert self.run(world, world.session()).outcome is Outcome.DONE
            self.after = everything(world.home)
            self._make(world)

    def _make(self, world: World) -> None:
        for path in world.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        world.home.path.mkdir()
        self.known = moved(world.home)
        world.session()

    def run(self, world: World, session: Session) -> Result:
        row = _row(session, self.known.environment)
        return changed(session, session.changes.relink(row, self.known.project))

    def done(self, world: World) -> bool:
        now = everything(world.home)
        if not differing(now, self.before):
            return False
        assert not differing(now, self.after), [one[0] for one in differing(now, self.after)]
        return True


class Undo(Relink):
    """Taking back a relinking."""

    name = "undo of a relinking"

    def begin(self, world: World) -> None:
        if not self.before:
            self._make(world)
            self.after = everything(world.home)
            super().run(world, world.session())
            self.before = everything(world.home)
        self._make(world)
        assert super().run(world, world.session()).outcome is Outcome.DONE

    def run(self, world: World, session: Session) -> Result:
        return _last(session.undo_relink(), self.known.environment)


class Unlink(Relink):
    name = "unlink"

    def _make(self, world: World) -> None:
        world.begin()
        world.session()

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.changes.unlink(_row(session, world.old)))


class RelinkInPlace(Relink):
    """To a second project, by files that its tool reads; it keeps its name."""

    name = "relink in place"

    def _make(self, world: World) -> None:
        world.begin()
        second = world.home.path / "code" / "second"
        second.mkdir()
        named(world.home, "other")
        world.session()

    def run(self, world: World, session: Session) -> Result:
        project = world.home.path / "code" / "second"
        return changed(session, session.changes.relink(_row(session, world.old), project))


class Remember(Operation):
    """A listing with something new to remember."""

    name = "writing memory"

    def run(self, world: World, session: Session) -> Result:
        session = world.session()
        outcome = Outcome.DONE if world.old in session.rows else Outcome.FAILED
        return Result(world.old, "app", outcome)

    def begin(self, world: World) -> None:
        world.begin()
        working(world.old.with_name("new"))

    def done(self, world: World) -> bool:
        world.linked(world.old)
        first, second = world.session(), world.session()
        for path in (world.old, world.old.with_name("new")):
            one, other = first.rows[path].record, second.rows[path].record
            assert one is not None
            assert other is not None
            assert one.identity == other.identity
        return True


class Sync(Operation):
    """Of an environment that uv has to make again, and that holds a tool's file and a hook."""

    name = "sync"

    def begin(self, world: World) -> None:
        world.begin()
        shutil.rmtree(world.old)
        (world.project / ".venv").unlink()
        place = Place.make(world.home)
        project = place.project("app", "alpha")
        (place.wrapped("app", project) / "bin" / "python").unlink()
        (project / ".venv").symlink_to(world.old)
        world.session()

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.changes.sync(_row(session, world.old)))

    def done(self, world: World) -> bool:
        # uv goes on when venvdash is killed.
        waited(lambda: (world.old / "pyvenv.cfg").exists() and not environment_locked(world.old))
        world.session()
        assert (world.old / ".project").read_text() == f"{world.project}\n"
        assert "NAME=value" in (world.old / "bin" / "postactivate").read_text()
        assert os.readlink(world.project / ".venv") == str(world.old)
        installed = list(world.old.glob("lib/python*/site-packages/alpha-*.dist-info"))
        return bool(installed) and (world.old / "bin" / "python").exists()


OPERATIONS: tuple[Callable[[], Operation], ...] = (
    Delete,
    Restore,
    Purge,
    Rename,
    Move,
    MoveFar,
    Copy,
    Relink,
    RelinkInPlace,
    Undo,
    Unlink,
    Sync,
    Remember,
)
