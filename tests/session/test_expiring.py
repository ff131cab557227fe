"""What lies in the trash is counted in days, announced, asked about, and freed; clocks lie."""

import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.conftest import Home
from tests.scenario import linked_project
from tests.waiting import waited
from venvdash.actions.delete.prune import PruneCandidate, Rules
from venvdash.config import Config, ConfigProblem, TrashSettings
from venvdash.model import Outcome, Trashed
from venvdash.session import Session
from venvdash.system.clock import Moment

pytestmark = pytest.mark.slow

_DAY = 86400.0
_HOUR = 3600.0


@dataclass
class World:
    """A user's machine with clocks that the test sets; each command is a session of its own."""

    home: Home
    now: Moment
    config: Config

    def session(self) -> Session:
        machine = replace(self.home.machine(), clock=lambda: self.now)
        return Session(machine, self.config)

    def listed(self) -> list[str]:
        """List everything, as one command does, and return what was said."""
        session = self.session()
        list(session.scan(usage=False))
        session.remember()
        return [problem.message for problem in session.problems]

    def deleted(self, name: str = "app") -> Trashed:
        entry = small(self.home.path / ".virtualenvs" / name)
        session = self.session()
        list(session.scan(usage=False))
        list(session.deletions.delete(session.deletions.plan_delete([entry])))
        (found,) = [one for one in session.trash.find() if one.name == name]
        return found

    def later(self, seconds: float) -> None:
        self.now = replace(self.now, wall=self.now.wall + seconds, boot=self.now.boot + seconds)

    def jump(self, seconds: float) -> None:
        self.now = replace(self.now, wall=self.now.wall + seconds)

    def boot(self, off: float) -> None:
        self.now = Moment(self.now.wall + off, 20.0, self.now.boot_id + "+")


@pytest.fixture
def world(home: Home) -> World:
    return World(home, Moment(time.time(), 5000.0, "first"), Config())


def test_announced_a_day_before_and_freed_after_seven(world: World) -> None:
    found = world.deleted()
    said = [world.listed()]
    for _ in range(7):
        assert found.path.is_dir()
        world.later(_DAY)
        said.append(world.listed())
    waited(lambda: not found.path.exists())
    announced = "1 environment in the trash (app) will be deleted permanently tomorrow"
    assert [any(text.startswith(announced) for text in texts) for texts in said] == [
        *[False] * 6,
        True,
        False,
    ]


@pytest.mark.parametrize("days", [30, 400, -30])
def test_one_listing_with_another_date_frees_nothing(world: World, days: int) -> None:
    found = world.deleted()
    world.jump(days * _DAY)
    for _ in range(20):
        world.listed()
        world.later(60)
    assert found.path.is_dir()
    assert not (found.path / "purge.toml").exists()
    assert found.path in {one.path for one in world.session().trash.find()}


def test_what_was_deleted_while_the_clock_was_behind_stays(world: World) -> None:
    world.jump(-400 * _DAY)
    found = world.deleted()
    world.listed()
    world.jump(400 * _DAY)
    for _ in range(20):
        world.listed()
    world.boot(60)
    world.listed()
    assert (found.path / "trash.toml").exists()


def test_a_computer_that_is_rarely_on_frees_it_after_as_many_starts(world: World) -> None:
    found = world.deleted()
    world.listed()
    for _ in range(7):
        assert (found.path / "trash.toml").exists()
        world.boot(3 * _DAY)
        world.listed()
    world.boot(3 * _DAY)
    world.listed()
    waited(lambda: not found.path.exists())


def test_a_month_away_frees_nothing_that_was_not_announced(world: World) -> None:
    found = world.deleted()
    world.listed()
    world.later(60 * _DAY)
    world.listed()
    world.boot(60 * _DAY)
    world.listed()
    assert (found.path / "trash.toml").exists()


def test_nothing_is_freed_where_days_cannot_be_remembered(world: World) -> None:
    found = world.deleted()
    world.listed()
    days = world.session().machine.state_directory / "days"
    for _ in range(9):
        shutil.rmtree(days)
        days.write_text("")  # in the place of the folder
        world.later(_DAY)
        world.listed()
        days.unlink()
        days.mkdir()
    assert (found.path / "trash.toml").exists()


def test_nothing_is_freed_while_a_setting_that_protects_cannot_be_read(world: World) -> None:
    found = world.deleted()
    world.config = Config(problems=(ConfigProblem("config.toml:1: `trash.keep` is wrong."),))
    for _ in range(20):
        world.listed()
        world.later(_DAY)
    assert (found.path / "trash.toml").exists()
    assert not (found.path / "purge.toml").exists()


def test_without_days_it_is_freed_at_once(world: World) -> None:
    world.config = Config(trash=TrashSettings(0))
    found = world.deleted()
    world.listed()
    waited(lambda: not found.path.exists())


# Asked again


def test_what_its_project_leads_to_is_kept_and_says_why(world: World) -> None:
    entry = small(world.home.path / ".virtualenvs" / "app")
    project = linked_project(world.home, entry)
    session = world.session()
    list(session.scan(usage=False))
    list(session.deletions.delete(session.deletions.plan_delete([entry])))
    (found,) = session.trash.find()
    (project / ".venv").symlink_to(entry)  # the disk with the project is back
    world.listed()
    for _ in range(7):
        world.later(_DAY)
        world.listed()

    def kept() -> str:
        return world.session().trash.find()[0].kept

    waited(lambda: bool(kept()))
    assert kept() == f"{project}/.venv points to it"
    done = world.home.venvdash("trash")
    assert "app is kept: ~/code/app/.venv points to it" in done.stdout
    (project / ".venv").unlink()
    world.listed()
    assert (found.path / "trash.toml").exists()  # asked once a day
    world.later(_DAY)
    world.listed()
    waited(lambda: not found.path.exists())


def test_what_is_kept_can_be_restored(world: World) -> None:
    from venvdash.actions.delete import expiry

    found = world.deleted()
    project = world.home.path / "code" / "app"
    project.mkdir(parents=True)
    (project / ".venv").symlink_to(found.original)
    reasons = expiry.reasons([replace(found, project=project)])
    assert list(reasons) == [found.path]
    assert world.session().trash.restore(found).outcome is Outcome.DONE
    assert not (found.original / "trash.toml").exists()


# History


def _states(world: World) -> dict[str, str]:
    found = world.session().actions.history()
    return {one.name: one.state for status in found for one in status.change.environments[:1]}


def test_history_tells_what_was_lost_from_what_was_freed(world: World) -> None:
    lost, freed, kept = world.deleted("lost"), world.deleted("freed"), world.deleted("kept")
    shutil.rmtree(lost.path)
    from venvdash.actions.delete import purge_process

    assert purge_process.start([freed.path], world.home.machine())
    waited(lambda: not freed.path.exists())
    assert _states(world) == {"lost": "lost", "freed": "freed", "kept": "in trash"}
    world.listed()  # takes note of what was freed
    assert _states(world) == {"lost": "lost", "freed": "freed", "kept": "in trash"}
    assert list((world.home.machine().state_directory / "freed").iterdir()) == []
    assert world.session().trash.restore(kept).outcome is Outcome.DONE
    assert _states(world)["kept"] == "restored"
    shown = world.home.venvdash("history").stdout
    assert f"  Removed by another program: {lost.path} no longer exists" in shown


def test_uv_cache_prune_is_told_where_the_trash_lies_in_the_cache(world: World) -> None:
    found = world.deleted("app")
    os.rename(found.path, found.path.with_name("moved"))
    assert _states(world) == {"app": "lost"}


# Rules with an age


def _picked(world: World, entry: Path) -> bool:
    session = world.session()
    list(session.scan(usage=False))
    rules = Rules(orphans=False, unknown=True, older_than=90 * _DAY)
    return any(offer.row.path == entry for offer in _offers(session, rules))


def _offers(session: Session, rules: Rules) -> tuple[PruneCandidate, ...]:
    from venvdash.actions.delete.prune import pruned

    return session.deletions.candidates(pruned(session, rules))


def _unknown(home: Home, age: float) -> Path:
    """Make an environment of an unknown project, last used so many seconds ago."""
    entry = small(home.path / ".cache/uv/environments-v2/app-cpython3.12-0123456789abcdef")
    when = time.time() - age
    for path in [entry, *entry.rglob("*")]:
        os.utime(path, (when, when), follow_symlinks=False)
    return entry


def test_a_rule_with_an_age_waits_for_a_day_after_a_jump_ahead(world: World) -> None:
    entry = _unknown(world.home, 61 * _DAY)
    assert not _picked(world, entry)
    world.jump(30 * _DAY)
    assert not _picked(world, entry)
    assert any("30 days ahead" in text for text in world.listed())
    world.later(_DAY - _HOUR)
    assert not _picked(world, entry)
    world.later(2 * _HOUR)
    assert _picked(world, entry)


def test_without_records_nothing_is_counted_and_nothing_freed(world: World) -> None:
    found = world.deleted()
    (days,) = (world.home.machine().state_directory / "days").iterdir()
    before = days.read_bytes()
    for _ in range(9):
        world.later(_DAY)
        machine = replace(world.home.machine(), clock=lambda: world.now)
        Session(machine, world.config, records=False).tidy()
    assert (found.path / "trash.toml").exists()
    assert days.read_bytes() == before


def test_what_was_freed_while_the_index_cannot_be_written_is_not_called_lost(world: World) -> None:
    from venvdash.actions.delete import purge_process

    found = world.deleted()
    assert purge_process.start([found.path], world.home.machine())
    waited(lambda: not found.path.exists())
    Session(world.home.machine(), world.config, records=False).tidy()
    assert _states(world) == {"app": "freed"}
