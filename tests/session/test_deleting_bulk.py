"""Fifty at once, while the world goes on."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import venv
from tests.session.sharing import last, scanned, shared_home, used
from venvdash.actions.delete.prune import Rules
from venvdash.model import Outcome

pytestmark = pytest.mark.slow

COUNT = 50


def make_orphans(home: Home) -> list[Path]:
    """Make environments of virtualenvwrapper's whose projects are gone."""
    made = []
    projects = [home.path / "code" / f"p{number:02}" for number in range(COUNT)]
    for number, project in enumerate(projects):
        project.mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / f"p{number:02}")
        (path / ".project").write_text(f"{project}\n")
        with open(path / "bin" / "activate", "ab") as file:
            file.write(b"#" * (1000 * number))  # each frees something else
        made.append(path)
    for project in projects:
        project.rmdir()
    return made


def test_one_comes_into_use_and_one_is_relinked_after_the_plan(tmp_path: Path) -> None:
    with shared_home(tmp_path) as home:
        made = make_orphans(home)
        session = scanned(home)
        plan = session.deletions.plan_prune(Rules())
        assert [item.row.path for item in plan.items] == made
        assert plan.refused == ()
        assert plan.reclaimable == sum(
            item.row.usage.reclaimable for item in plan.items if item.row.usage
        )
        busy, back = made[3], made[7]
        program = [str(busy / "bin" / "python"), "-c", "input()"]
        user = subprocess.Popen(program, stdin=subprocess.PIPE)
        (home.path / "code" / back.name).mkdir()
        taken = used(home.path)
        try:
            finished = last(session.deletions.delete(plan, now=True))
        finally:
            user.kill()
            user.communicate()
        left = {r.path: r.reason for r in finished.results if r.outcome is Outcome.SKIPPED}
        assert left.keys() == {busy, back}
        assert f"pid {user.pid}" in left[busy]
        assert back.name in left[back]
        done = [r for r in finished.results if r.outcome is Outcome.DONE]
        assert len(done) == COUNT - 2
        assert [path for path in made if path.exists()] == [busy, back]
        assert taken - used(home.path) == finished.freed
        rest = [i.row.usage.reclaimable for i in plan.items if i.row.path in left and i.row.usage]
        assert finished.freed == plan.reclaimable - sum(rest)
        (status,) = session.actions.history()
        assert len(status.change.environments) == COUNT - 2
