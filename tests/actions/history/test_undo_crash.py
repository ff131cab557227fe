"""Killed at any step of a change, or of undoing it: the history says what the disk holds."""

import signal
from collections.abc import Callable
from functools import partial

import pytest

from tests.actions.crashing import killed_at
from tests.actions.history.changing import Snapshot, World, states
from tests.actions.relinking import differing
from tests.session.sharing import undone
from venvdash.actions.safety import steps
from venvdash.config import Config
from venvdash.model import Action
from venvdash.session import Session

pytestmark = pytest.mark.slow


def steps_of(call: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of the steps that a call does: of each kind the last."""
    done: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(steps, "step", done.append)
        call()
    return sorted(len(done) - done[::-1].index(name) for name in set(done))


def started(world: World) -> Session:
    """Return a session after a crash, as the dashboard starts it."""
    session = Session(world.home.machine(), Config())
    session.tidy()
    for _ in session.scan(usage=False):
        pass
    return session


def check(world: World, action: Action, before: Snapshot) -> bool:
    """Return whether the change is done, which is undone then; the history must say the same."""
    session = started(world)
    plan = session.plan_undo()
    if differing(world.snapshot(), before) == []:
        assert isinstance(plan, str) or plan.change.action is not action
        return False
    assert not isinstance(plan, str), plan
    assert plan.change.action is action
    undone(session, plan.change.number)
    assert differing(world.snapshot(), before) == []
    assert (action, "undone") in states(world.session())
    return True


def test_killed_while_it_is_done(
    world: World, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, session = world.snapshot(), world.session()
    numbers = steps_of(lambda: world.change(session, action), monkeypatch)
    assert check(world, action, before)
    seen = set()
    for number in numbers:
        call = partial(world.change, world.session(), action)
        assert killed_at(number, call) == -signal.SIGKILL
        seen.add(check(world, action, before))
    assert seen == {True, False}


def test_killed_while_it_is_undone(
    world: World, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.snapshot()
    world.change(world.session(), action)
    session = world.session()
    numbers = steps_of(lambda: undone(session), monkeypatch)
    assert not check(world, action, before)
    seen = set()
    for number in numbers:
        world.change(world.session(), action)
        assert killed_at(number, partial(undone, world.session())) == -signal.SIGKILL
        seen.add(check(world, action, before))
    assert False in seen
