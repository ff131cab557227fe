"""What prune offers, and what it does not offer after all."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import orphan, remove, uv_project, venv
from tests.session.sharing import scanned
from venvdash.actions.delete.prune import PruneCandidate, Rules, picks, pruned, query_may_pick
from venvdash.model import Facts, Flag, Location, Place, Presence, Record, Row, Status
from venvdash.model.quantities import DAY
from venvdash.session import Session


def offered(session: Session, rules: Rules) -> tuple[PruneCandidate, ...]:
    return session.deletions.candidates(pruned(session, rules))


@pytest.mark.slow
def test_a_project_in_a_hidden_directory_is_found(home: Home) -> None:
    project = home.path / "code" / "webapp"
    environment = uv_project(home, project)
    gone = home.path / "code" / "gone"
    other = uv_project(home, gone)
    scanned(home)
    remove(gone)
    hidden = home.path / ".attic" / "deep" / "er" / "webapp"
    hidden.parent.mkdir(parents=True)
    project.rename(hidden)
    session = scanned(home)
    assert session.rows[environment].verdict.status is Status.ORPHAN  # where nobody looks
    assert session.rows[other].verdict.status is Status.ORPHAN
    plan = session.deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [other]
    assert [refusal.path for refusal in plan.refused] == [environment]
    assert "~/.attic/deep/er/webapp/.venv points to it" in plan.refused[0].reason
    reason = plan.items[0].row.verdict.reason
    assert "; not found in " in reason
    assert f" directories, including all of {home.path.parent}" in reason
    assert session.rows[other].verdict.reason == reason


def test_a_second_search_takes_the_place_of_the_first_in_the_reason(home: Home) -> None:
    environment = orphan(home, "webapp")
    session = scanned(home)
    before = session.rows[environment].verdict.reason
    reasons = [offered(session, Rules())[0].why for _ in range(3)]
    assert len(set(reasons)) == 1
    assert reasons[0].startswith(f"{before}; not found in ")
    assert session.rows[environment].verdict.reason == reasons[0]


@pytest.mark.parametrize("status", [Status.ORPHAN, Status.UNKNOWN, Status.STANDALONE])
def test_no_rule_picks_what_something_leads_to(home: Home, status: Status) -> None:
    if status is Status.ORPHAN:
        environment = orphan(home, "webapp")
    elif status is Status.UNKNOWN:
        environment = home.path / ".cache/pypoetry/virtualenvs/webapp-abcdefgh-py3.11"
        venv(environment)
    else:
        environment = venv(home.path / ".virtualenvs" / "scratch")
    hidden = home.path / ".a" / "b"
    hidden.mkdir(parents=True)
    (hidden / ".venv").symlink_to(environment)
    session = scanned(home)
    assert session.rows[environment].verdict.status is status
    (one,) = session.deletions.candidates(lambda row: True)
    assert one.held == "~/.a/b/.venv points to it."
    (hidden / ".venv").unlink()
    (one,) = scanned(home).deletions.candidates(lambda row: True)
    assert one.held == ""


def test_what_a_kernel_names_is_picked_by_no_rule(home: Home) -> None:
    environment = venv(home.path / ".virtualenvs" / "scratch")
    kernel = home.path / ".local/share/jupyter/kernels/scratch/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": [str(environment / "bin/python"), "-m", "ipykernel"]}))
    (one,) = scanned(home).deletions.candidates(lambda row: True)
    assert str(kernel) in one.held


@pytest.mark.parametrize("pointer", ["file", "python-envs"])
def test_pointers_that_are_files_lead_as_well(home: Home, pointer: str) -> None:
    environment = orphan(home, "webapp")
    hidden = home.path / ".a" / "b"
    hidden.mkdir(parents=True)
    name = {"file": ".venv", "python-envs": ".python-envs"}[pointer]
    (hidden / name).write_text(f"{environment}\n")
    offers = offered(scanned(home), Rules())
    assert [(offer.row.path, offer.held) for offer in offers] == [
        (environment, f"~/.a/b/{name} points to it.")
    ]


# The rules.

NOW = 2_000_000_000.0


@pytest.fixture
def row(home: Home) -> Row:
    """An orphan used a hundred days ago."""
    path = orphan(home, "webapp")
    found = scanned(home).rows[path]
    assert found.verdict.status is Status.ORPHAN
    return replace(found, used=NOW - 100 * DAY)


def with_status(row: Row, status: Status) -> Row:
    return replace(row, verdict=replace(row.verdict, status=status))


def with_flag(row: Row, flag: Flag) -> Row:
    return replace(row, environment=replace(row.environment, flags=frozenset({flag})))


EVERYTHING = Rules(unknown=True, replaced=True, broken=True)


def test_orphans_alone_are_picked_unless_asked(row: Row) -> None:
    picked = {s for s in Status if picks(Rules(), with_status(row, s), None, NOW)}
    assert picked == {Status.ORPHAN}
    picked = {s for s in Status if picks(EVERYTHING, with_status(row, s), None, NOW)}
    assert picked == {Status.ORPHAN, Status.UNKNOWN, Status.REPLACED}


def test_broken_ones_are_picked_unless_nobody_knows_whose_they_are(row: Row) -> None:
    broken = with_flag(row, Flag.BROKEN)
    picked = {s for s in Status if picks(EVERYTHING, with_status(broken, s), None, NOW)}
    assert picked == {
        Status.ORPHAN,
        Status.UNKNOWN,
        Status.REPLACED,
        Status.LINKED,
        Status.STANDALONE,
    }


def test_pinned_ones_and_aliases_never(row: Row) -> None:
    assert not picks(EVERYTHING, with_flag(row, Flag.PINNED), None, NOW)
    assert row.record is not None
    record: Record = replace(row.record, pinned=True)
    assert not picks(EVERYTHING, replace(row, record=record), None, NOW)
    alias = replace(row, environment=replace(row.environment, target=Path("/somewhere")))
    assert not picks(EVERYTHING, alias, None, NOW)


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.REPLACED])
def test_unknown_and_inactive_ones_need_an_age(row: Row, status: Status) -> None:
    row = with_status(row, status)
    assert picks(EVERYTHING, row, None, NOW)
    assert not picks(EVERYTHING, replace(row, used=NOW - 80 * DAY), None, NOW)
    assert not picks(EVERYTHING, replace(row, used=None), None, NOW)
    younger = replace(EVERYTHING, older_than=50 * DAY)
    assert picks(younger, replace(row, used=NOW - 80 * DAY), None, NOW)


def test_an_age_narrows_orphans_too(row: Row) -> None:
    assert picks(Rules(older_than=99 * DAY), row, None, NOW)
    assert not picks(Rules(older_than=101 * DAY), row, None, NOW)


def test_how_long_its_project_is_gone(row: Row) -> None:
    (project,) = row.verdict.projects

    def facts(mtime: float | None) -> Facts:
        place = Place(project, Presence.ABSENT, ancestor_mtime=mtime)
        return Facts({}, places={project: place})

    rules = Rules(gone_for=7 * DAY)
    assert picks(rules, row, facts(NOW - 8 * DAY), NOW)
    assert not picks(rules, row, facts(NOW - 6 * DAY), NOW)
    assert not picks(rules, row, facts(None), NOW)
    assert not picks(rules, row, None, NOW)


def test_kinds_and_stores_narrow(row: Row) -> None:
    environment = row.environment
    assert picks(Rules(kinds=frozenset({environment.traits.kind})), row, None, NOW)
    assert not picks(Rules(kinds=frozenset({"uv"})), row, None, NOW)
    for store in (environment.store, str(environment.root)):
        assert picks(Rules(stores=frozenset({store})), row, None, NOW)
    assert not picks(Rules(stores=frozenset({"uv"})), row, None, NOW)


def test_a_query_may_pick_only_what_no_project_and_no_tool_uses(row: Row) -> None:
    may = {status for status in Status if query_may_pick(with_status(row, status))}
    assert may == {Status.ORPHAN, Status.REPLACED, Status.UNKNOWN, Status.STANDALONE}
    assert not query_may_pick(with_flag(row, Flag.PINNED))
    record = Record("a", row.path, row.environment.fingerprint, pinned=True)
    assert not query_may_pick(replace(row, record=record))
    for location in (Location.LINKED, Location.IN_PROJECT):
        elsewhere = replace(row.environment, location=location)
        assert not query_may_pick(replace(row, environment=elsewhere))
    alias = replace(row.environment, target=row.environment.path / "elsewhere")
    assert not query_may_pick(replace(row, environment=alias))


def test_gone_for_takes_the_folder_above_for_its_word(home: Home) -> None:
    environment = orphan(home, "webapp")
    now = time.time()
    for directory, _, files in os.walk(environment):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            os.utime(path, (now - 20 * DAY, now - 20 * DAY), follow_symlinks=False)
    os.utime(home.path / "code", (now - 10 * DAY, now - 10 * DAY))
    session = scanned(home)
    for days, count in ((9, 1), (11, 0)):
        offers = offered(session, Rules(gone_for=days * DAY))
        assert [offer.row.path for offer in offers] == [environment] * count
