"""Statuses, from what records remember and what the user said."""

import pytest

from tests.scanner.evidence.table import (
    ABSENT,
    ENVIRONMENT,
    PRESENT,
    PROJECT,
    RECORD,
    UNREACHABLE,
    A,
    B,
    E,
    F,
    claim,
    environment,
    facts,
    judge,
    memory,
    place,
    uses,
)
from venvdash.model import (
    Direction,
    EvidenceKind,
    Presence,
    Relation,
    Status,
)


@pytest.mark.parametrize(
    ("presence", "status"),
    [
        (ABSENT, Status.UNKNOWN),
        (PRESENT, Status.DUPLICATE),
        (UNREACHABLE, Status.UNREACHABLE),
    ],
)
def test_the_record_of_what_was_made_anew_is_only_a_hint(
    presence: Presence, status: Status
) -> None:
    known = facts(
        environment(digest=True),
        places=[place(A, presence)],
        memories={E: memory(Relation.RECREATED)},
    )
    found = judge([claim(A, EvidenceKind.HASH, RECORD, seen=5.0)], known)
    assert found.status is status
    assert "/code/a" in found.reason


def test_a_hint_that_this_scan_confirms_is_a_proof_again() -> None:
    known = facts(
        environment(digest=True, changed=1.0),
        places=[place(A, ABSENT)],
        memories={E: memory(Relation.RECREATED)},
    )
    claims = [claim(A, EvidenceKind.HASH, RECORD, seen=5.0), claim(A, EvidenceKind.HASH)]
    assert judge(claims, known).status is Status.ORPHAN


def test_the_tools_pointer_wins_over_a_hint_but_makes_no_orphan_against_it() -> None:
    memories = {E: memory(Relation.RECREATED)}
    claims = [claim(A, EvidenceKind.USER, RECORD), claim(B, EvidenceKind.POINTER)]
    known = facts(places=[place(A, PRESENT), place(B, PRESENT)], memories=memories)
    assert judge(claims, known).projects == (B,)
    known = facts(places=[place(A, PRESENT), place(B, ABSENT)], memories=memories)
    assert judge(claims, known).status is Status.DUPLICATE


@pytest.mark.parametrize("relation", [Relation.SAME, Relation.RENAMED, Relation.RESTORED])
def test_other_records_prove(relation: Relation) -> None:
    known = facts(places=[place(A, ABSENT)], memories={E: memory(relation)})
    assert judge([claim(A, EvidenceKind.HASH, RECORD, seen=5.0)], known).status is Status.ORPHAN


@pytest.mark.parametrize("presence", [PRESENT, UNREACHABLE])
def test_what_the_user_said_decides_over_every_tool(presence: Presence) -> None:
    others = [how for how in EvidenceKind if how is not EvidenceKind.USER and claim(A, how).proves]
    claims = [claim(B, how) for how in others] + [claim(A, EvidenceKind.USER, RECORD)]
    claims.append(claim(B, EvidenceKind.PROJECT_LINK, PROJECT))
    found = judge(claims, facts(places=[place(A, presence), place(B, PRESENT)]))
    assert found.projects == (A,)
    assert found.status is (Status.LINKED if presence is PRESENT else Status.UNREACHABLE)


def test_the_users_project_may_use_another_environment_and_keeps_this_one() -> None:
    known = facts(
        environment(E, digest=True, per_interpreter=True),
        environment(F, digest=True, per_interpreter=True),
        places=[place(A, PRESENT)],
        tools={A: uses(F)},
    )
    assert judge([claim(A, EvidenceKind.USER, RECORD), claim(A)], known).status is Status.LINKED


def test_when_the_users_project_is_gone_all_others_are_heard_again() -> None:
    claims = [claim(A, EvidenceKind.USER, RECORD), claim(B, EvidenceKind.PROJECT_LINK, PROJECT)]
    known = facts(places=[place(A, ABSENT), place(B, PRESENT)])
    found = judge(claims, known)
    assert (found.status, found.projects, found.place) == (Status.MOVED, (A,), B)
    assert judge(claims[:1], known).status is Status.ORPHAN


def test_a_copy_that_the_user_linked_is_his_projects() -> None:
    known = facts(
        environment(E, made_at=F), environment(F), places=[place(A, PRESENT), place(B, PRESENT)]
    )
    claims = [claim(A, EvidenceKind.POINTER), claim(A, EvidenceKind.POINTER, env=F)]
    assert judge(claims, known).status is Status.DUPLICATE
    claims.append(claim(B, EvidenceKind.USER, RECORD))
    assert (judge(claims, known).status, judge(claims, known).projects) == (Status.LINKED, (B,))


@pytest.mark.parametrize("how", [how for how in EvidenceKind if claim(A, how).proves])
@pytest.mark.parametrize("direction", [ENVIRONMENT, PROJECT, RECORD])
def test_what_the_user_denied_is_only_believed_of_a_tool(
    how: EvidenceKind, direction: Direction
) -> None:
    claims = [claim(A, how, direction), claim(A, EvidenceKind.DENIED, RECORD)]
    found = judge(claims, facts(environment(digest=True), places=[place(A, PRESENT)]))
    believed = how is EvidenceKind.USER or (
        direction is not RECORD and how not in (EvidenceKind.EDITABLE, EvidenceKind.SIBLING)
    )
    assert found.status is (Status.LINKED if believed else Status.UNKNOWN)
    assert judge(claims, facts(places=[place(A, PRESENT)])).status is (
        Status.LINKED if believed else Status.STANDALONE
    )


def test_of_a_project_that_is_gone_the_user_is_believed_whatever_the_tool_says() -> None:
    for how in (EvidenceKind.HASH, EvidenceKind.POINTER, EvidenceKind.MIRROR):
        claims = [claim(A, how), claim(A, EvidenceKind.DENIED, RECORD)]
        known = facts(environment(digest=True), places=[place(A, ABSENT)])
        assert judge(claims, known).status is Status.UNKNOWN
        assert judge(claims[:1], known).status is Status.ORPHAN


@pytest.mark.parametrize("how", [EvidenceKind.EDITABLE, EvidenceKind.SIBLING])
def test_what_was_denied_stands_against_an_orphan(how: EvidenceKind) -> None:
    claims = [claim(A, how), claim(A, EvidenceKind.DENIED, RECORD), claim(B, EvidenceKind.POINTER)]
    for presence in (PRESENT, UNREACHABLE):
        known = facts(places=[place(A, presence), place(B, ABSENT)])
        found = judge(claims, known)
        assert (found.status, found.projects, found.place) == (Status.MOVED, (B,), None)
        assert found.reason.endswith("so it may still be in use")
    assert judge(claims, facts(places=[place(A, ABSENT), place(B, ABSENT)])).status is Status.ORPHAN
