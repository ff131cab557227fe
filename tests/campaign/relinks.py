"""What the campaign does with links: relinking in several ways, unlinking, and undoing it."""

import shutil

from tests.actions.relinking import differing, everything
from tests.campaign.operations import Operation, changed, last, row
from tests.campaign.worlds import World
from tests.session.relinking import Moved, moved, named
from venvdash.actions.relink.apply import undo as undo_relink
from venvdash.model import Outcome, Result
from venvdash.session import Session


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

    def _clear(self, world: World) -> None:
        for path in world.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        world.home.path.mkdir()

    def _make(self, world: World) -> None:
        self._clear(world)
        self.known = moved(world.home)
        world.session()

    def run(self, world: World, session: Session) -> Result:
        environment = row(session, self.known.environment)
        return changed(session, session.actions.relink(environment, self.known.project))

    def done(self, world: World) -> bool:
        now = everything(world.home)
        if not differing(now, self.before):
            return False
        gaps = [differing(now, then) for then in (self.before, self.after)]
        assert not gaps[1], [one[0] for one in min(gaps, key=len)]
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
        return last(undo_relink(session), self.known.environment)


class Unlink(Relink):
    name = "unlink"

    def _make(self, world: World) -> None:
        world.begin()
        world.session()

    def run(self, world: World, session: Session) -> Result:
        return changed(session, session.actions.unlink(row(session, world.old)))


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
        return changed(session, session.actions.relink(row(session, world.old), project))
