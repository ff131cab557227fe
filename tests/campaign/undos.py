"""What the campaign undoes by the history: a rename, a move, a copy and a restore."""

from tests.campaign.operations import Copy, Move, Operation, Rename, Restore, last
from tests.campaign.worlds import World
from venvdash.model import Outcome, Result
from venvdash.session import Session


def _undo_of(kind: type[Operation]) -> type[Operation]:
    """Return the operation that undoes another; done, all is as before that."""

    class Undo(kind):  # type: ignore[misc, valid-type]  # mypy knows no base that is a parameter
        name = f"undo of {kind.name}"

        def begin(self, world: World) -> None:
            super().begin(world)
            assert super().run(world, world.session()).outcome is Outcome.DONE
            assert super().done(world)
            world.session()

        def run(self, world: World, session: Session) -> Result:
            plan = session.plan_undo()
            if isinstance(plan, str):
                return Result(world.old, "app", Outcome.SKIPPED, plan)
            return last(session.actions.undo(plan), world.old)

        def done(self, world: World) -> bool:
            return not super().done(world)

    return Undo


UNDOS = tuple(map(_undo_of, (Rename, Move, Copy, Restore)))
