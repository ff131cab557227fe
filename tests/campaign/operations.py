"""What the campaign does: one class for each thing that a user does.

``done`` says whether an operation has been done wholly or not at all, and fails for anything
between.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.actions.deleting import small
from tests.actions.syncing import Place
from tests.campaign.worlds import World, whole, working
from tests.waiting import waited
from venvdash.actions.delete import purge, trash
from venvdash.actions.delete.prune import Rules
from venvdash.actions.events import ActionEvent, Finished
from venvdash.model import Outcome, Proposal, Result, Row, Trashed
from venvdash.session import Session
from venvdash.system.locks import environment_locked


def row(session: Session, path: Path) -> Row:
    """Return what the last listing knows of an environment."""
    return session.rows[path]


def changed(session: Session, proposal: Proposal) -> Result:
    """Carry a proposal out; a refusal is a result."""
    for event in session.actions.apply([proposal]):
        if isinstance(event, Finished):
            return event.results[0]
    raise AssertionError("it did not end")


def deleted(session: Session, path: Path) -> Result:
    """Move an environment to the trash."""
    return last(session.deletions.delete(session.deletions.plan_delete([path])), path)


def last(events: Iterable[ActionEvent], path: Path) -> Result:
    """Return the first result among the events; none means that nothing was done."""
    found = Result(path, path.name, Outcome.SKIPPED, "nothing was done")
    for event in events:
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
        for found in session.trash.find():
            return session.actions.restore(found)
        return Result(world.old, "app", Outcome.SKIPPED, "nothing is in the trash")

    def done(self, world: World) -> bool:
        return not super().done(world)


class Purge(Restore):
    name = "purge"

    def run(self, world: World, session: Session) -> Result:
        found = next(iter(session.trash.find()), None)
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
            waited(lambda path=one.path: not purge.running(path))  # type: ignore[misc]  # a default
        found = trash.find(world.session().context())
        if found and not found[0].purging:
            assert world.in_trash()
        return not found


class DeleteNow(Operation):
    """Without a stay in the trash; what is in the trash all the same is freed by the next try."""

    name = "delete --now"

    def run(self, world: World, session: Session) -> Result:
        if world.old in session.rows:
            return self._free(world, session)
        for left in session.trash.find():
            return last(session.trash.empty([left]), left.original)
        return Result(world.old, "app", Outcome.DONE)

    def _free(self, world: World, session: Session) -> Result:
        return last(
            session.deletions.delete(session.deletions.plan_delete([world.old]), now=True),
            world.old,
        )

    def done(self, world: World) -> bool:
        if os.path.lexists(world.old) and not purge.in_place(world.old):
            self._untouched(world)
            return False
        for left in trash.find(world.session().context()):
            if left.purging:  # the next start goes on with it
                waited(lambda path=left.path: not os.path.lexists(path))  # type: ignore[misc]  # a default
                continue
            self._in_trash(world, left)
            return False
        assert not os.path.lexists(world.project / ".venv")
        return True

    def _untouched(self, world: World) -> None:
        world.linked(world.old)

    def _in_trash(self, world: World, left: Trashed) -> None:
        whole(left.path, world.old)


class PruneNow(DeleteNow):
    """By rule, of an environment that only has what packages brought; its project is gone."""

    name = "prune --now"

    def begin(self, world: World) -> None:
        world.begin()
        shutil.rmtree(world.old)
        small(world.old)
        (world.old / ".project").write_text(f"{world.project}\n")
        shutil.rmtree(world.project)  # after the environment was changed for the last time
        world.session()

    def _free(self, world: World, session: Session) -> Result:
        return last(
            session.deletions.delete(session.deletions.plan_prune(Rules()), now=True),
            world.old,
        )

    def _untouched(self, world: World) -> None:
        assert _content(world.old) == _PRUNED

    def _in_trash(self, world: World, left: Trashed) -> None:
        assert _content(left.path) == _PRUNED


class Rename(Operation):
    name = "rename"

    def place(self, world: World) -> Path:
        return world.old.with_name("shop")

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.actions.rename(row(session, world.old), "shop"))

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
        return changed(session, session.actions.move(row(session, world.old), target))


class MoveFar(Rename):
    name = "move across disks"
    needs_disk = True

    def place(self, world: World) -> Path:
        return world.disk / "envs" / "app"

    def run(self, world: World, session: Session) -> Result:
        target = self.place(world).parent
        return changed(session, session.actions.move(row(session, world.old), target))


class Copy(Operation):
    name = "copy"

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.actions.copy(row(session, world.old), "copy"))

    def done(self, world: World) -> bool:
        world.linked(world.old)
        copy = world.old.with_name("copy")
        if os.path.lexists(copy):
            whole(copy)
            return True
        return False


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
        return changed(session, session.actions.sync(row(session, world.old)))

    def done(self, world: World) -> bool:
        # uv goes on when venvdash is killed.
        waited(lambda: (world.old / "pyvenv.cfg").exists() and not environment_locked(world.old))
        world.session()
        assert (world.old / ".project").read_text() == f"{world.project}\n"
        assert "NAME=value" in (world.old / "bin" / "postactivate").read_text()
        assert os.readlink(world.project / ".venv") == str(world.old)
        installed = list(world.old.glob("lib/python*/site-packages/alpha-*.dist-info"))
        return bool(installed) and (world.old / "bin" / "python").exists()


_PRUNED = ["METADATA", "python", "pyvenv.cfg", "thing.py"]


def _content(path: Path) -> list[str]:
    """Return the names of what packages and their installer brought, in an environment."""
    found = (one.name for one in path.rglob("*") if one.is_symlink() or one.is_file())
    return sorted(set(found) & set(_PRUNED))
