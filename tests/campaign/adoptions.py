"""What the campaign does with environments in projects: moves them out and in, and undoes that."""

from unittest import mock

from tests.actions.adopt.adopting import Project, fixed_name, project
from tests.campaign.relinks import Relink
from tests.campaign.worlds import World
from venvdash.model import Outcome, Result
from venvdash.session import Session
from venvdash.stores import default_store


class Adopt(Relink):
    """Out of its project, with a line that hides the link from git."""

    name = "adopt"
    shop: Project

    def _make(self, world: World) -> None:
        self._clear(world)
        self.shop = project(world.home, program=False)

    def run(self, world: World, session: Session) -> Result:
        with mock.patch.object(default_store, "new_entry", fixed_name):
            try:
                return self.shop.out(session)
            except ValueError:  # a fault has hidden it
                return Result(self.shop.inside, self.name, Outcome.SKIPPED, "It was not found.")


class MoveIn(Adopt):
    """Into its project."""

    name = "move --in-project"

    def _make(self, world: World) -> None:
        super()._make(world)
        assert super().run(world, world.session()).outcome is Outcome.DONE

    def run(self, world: World, session: Session) -> Result:
        return self.shop.back(session)


class UndoAdopt(MoveIn):
    """Undoing that it was moved out."""

    name = "undo of adopt"

    def run(self, world: World, session: Session) -> Result:
        return self.shop.undo(session)
