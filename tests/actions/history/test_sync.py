"""What the history says of a sync: the packages before it, and that it cannot be undone."""

import threading

from tests.conftest import Home
from tests.scenario import uv_project
from tests.session.sharing import last, scanned
from venvdash.demo.wheels import make_wheel
from venvdash.model import Action, Outcome


def test_a_sync_has_the_packages_before_it(home: Home) -> None:
    path = uv_project(home, home.path / "code" / "app", "--bare")
    wheel = make_wheel(home.path / "wheels", "extra", "1.0", {"extra.py": b"x = 1\n"})
    home.uv("pip", "install", "-q", "--no-index", "--python", path, wheel)
    for _ in range(2):  # the second time there is nothing to do, which is no change
        session = scanned(home)
        proposal = session.actions.sync(session.rows[path])
        assert not proposal.refusal, proposal.refusal
        (result,) = last(session.actions.apply([proposal], threading.Event())).results
        assert result.outcome is Outcome.DONE, result.reason
        (status,) = session.actions.history()
    assert (status.change.action, status.state) == (Action.SYNC, "cannot be undone")
    (one,) = status.change.environments
    assert [package.name for package in one.packages] == ["extra"]
    assert "extra 1.0" in home.venvdash("history", "1").stdout
    plan = session.plan_undo(1)
    assert not isinstance(plan, str)
    assert plan.refusal == "A sync cannot be undone: it changes packages in place."
    assert session.plan_undo() == "Nothing to undo."
