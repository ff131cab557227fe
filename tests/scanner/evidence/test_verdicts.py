"""The table of verdicts, row by row."""

from dataclasses import replace
from pathlib import Path

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
    C,
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
    ProjectTools,
    Relation,
    Sighting,
    Sign,
    Status,
)
from venvdash.scanner.evidence.verdicts import verdicts


@pytest.mark.parametrize("how", [how for how in EvidenceKind if claim(A, how).proves])
@pytest.mark.parametrize("direction", [ENVIRONMENT, PROJECT, RECORD])
def test_linked_while_a_proven_project_is_there(how: EvidenceKind, direction: Direction) -> None:
    found = judge(
        [claim(A, how, direction)],
        facts(places=[place(A, PRESENT)]),
    )
    assert (found.status, found.project, found.evidence) == (Status.LINKED, A, how)


def test_linked_to_several_best_evidence_first_and_gone_ones_last() -> None:
    claims = [
        claim(A, EvidenceKind.EDITABLE),
        claim(B, EvidenceKind.POINTER, source="/store/e/.project"),
        claim(C, EvidenceKind.USER),
    ]
    known = facts(places=[place(A, PRESENT), place(B, PRESENT), place(C, ABSENT)])
    found = judge(claims, known)
    assert found.status is Status.LINKED
    assert found.projects == (B, A, C)
    assert found.evidence is EvidenceKind.POINTER
    assert found.reason == (
        "its .project names /code/b, which exists; it also belongs to /code/a; no "
        "longer there: /code/c"
    )


def test_two_spellings_of_one_directory_are_one_project() -> None:
    claims = [claim(A, EvidenceKind.POINTER), claim(B, EvidenceKind.HASH)]
    known = facts(places=[place(A, PRESENT, inode=7), place(B, PRESENT, inode=7)])
    assert judge(claims, known).projects == (A,)


def test_linked_at_once_before_the_search_has_ended() -> None:
    known = facts(places=[place(A, PRESENT)], settled=False)
    assert judge([claim(A)], known).status is Status.LINKED


def test_inactive_when_its_tool_uses_another_environment() -> None:
    known = facts(
        environment(E, digest=True, per_interpreter=True),
        environment(F, digest=True, per_interpreter=True),
        places=[place(A, PRESENT)],
        tools={A: uses(F)},
    )
    found = verdicts(
        [claim(A), claim(A, env=F), claim(A, EvidenceKind.PROJECT_LINK, PROJECT, env=F)], known
    )
    assert found[E].status is Status.REPLACED
    assert found[E].reason.endswith("but the tool now uses /store/f (it says so) for that project")
    assert found[F].status is Status.LINKED


LOCK, TABLE, MENTION = Sign.LOCK, Sign.TABLE, Sign.MENTION


@pytest.mark.parametrize(
    ("tools", "per_interpreter"),
    [
        (None, True),  # nobody asked
        (ProjectTools(), True),  # no tool answers
        (uses(E), True),  # this one
        (uses(F, exists=False), True),  # another, that is not there yet
        (uses(F, certain=False), True),  # another, in this shell
        (uses(None), True),  # none at all
        (uses(F), False),  # a named further environment of a tool
        (uses(F, tool="other"), True),  # another tool's, and nothing says that it took over
        (uses(F, tool="other", signs={"other": LOCK, "s": TABLE}), True),  # both may be used
        (uses(F, tool="other", signs={"other": LOCK, "s": MENTION}), True),
        (uses(F, tool="other", signs={"other": LOCK, "third": LOCK}), True),
        (uses(F, tool="other", signs={"other": MENTION}), True),
    ],
)
def test_not_inactive(tools: ProjectTools | None, per_interpreter: bool) -> None:
    known = facts(
        environment(E, digest=True, per_interpreter=per_interpreter),
        environment(F),
        places=[place(A, PRESENT)],
        tools={A: tools} if tools else {},
    )
    assert judge([claim(A)], known).status is Status.LINKED


@pytest.mark.parametrize("sign", [LOCK, TABLE])
@pytest.mark.parametrize("path", [F, Path("/code/a/.venv")])
def test_inactive_when_another_tool_has_taken_over(sign: Sign, path: Path) -> None:
    tools = {A: uses(path, tool="other", signs={"other": sign})}
    known = facts(environment(E, digest=True), places=[place(A, PRESENT)], tools=tools)
    assert judge([claim(A)], known).status is Status.REPLACED
    for source in ("/code/a/.venv", "/code/a/.vscode/settings.json"):
        link = claim(A, EvidenceKind.PROJECT_LINK, PROJECT, source=source)
        assert judge([claim(A), link], known).status is Status.LINKED


def test_not_inactive_while_one_of_its_projects_may_use_it() -> None:
    known = facts(
        environment(E, digest=True, per_interpreter=True),
        environment(F),
        places=[place(A, PRESENT), place(B, PRESENT)],
        tools={A: uses(F)},
    )
    assert judge([claim(A), claim(B)], known).status is Status.LINKED


@pytest.mark.parametrize(
    "own", [EvidenceKind.POINTER, EvidenceKind.HASH, EvidenceKind.EDITABLE, EvidenceKind.MIRROR]
)
@pytest.mark.parametrize("direction", [ENVIRONMENT, RECORD])
def test_moved_when_a_project_elsewhere_leads_here(own: EvidenceKind, direction: Direction) -> None:
    claims = [
        claim(A, own, direction),
        claim(B, EvidenceKind.PROJECT_LINK, PROJECT),
    ]
    known = facts(places=[place(A, ABSENT), place(B, PRESENT)])
    found = judge(claims, known)
    assert (found.status, found.place, found.project) == (Status.MOVED, B, A)
    assert found.reason.startswith("/code/b/.venv points here; before, ")


def test_linked_when_only_a_project_claims_it() -> None:
    found = judge([claim(B, EvidenceKind.PROJECT_LINK, PROJECT)], facts(places=[place(B, PRESENT)]))
    assert (found.status, found.project) == (Status.LINKED, B)


def test_a_link_that_was_just_read_needs_no_second_look() -> None:
    found = judge([claim(B, EvidenceKind.PROJECT_LINK, PROJECT)], facts())
    assert found.status is Status.LINKED


def test_moved_when_the_gone_project_was_seen_elsewhere() -> None:
    seen = {A: (Sighting(C, "it is the same directory"), Sighting(B, "same git history"))}
    known = facts(places=[place(A, ABSENT)], sightings=seen)
    found = judge([claim(A, EvidenceKind.HASH, RECORD, seen=5.0)], known)
    assert (found.status, found.place, found.projects) == (Status.MOVED, B, (A,))
    assert found.reason == (
        "/code/a does not exist, but was found at /code/b (and in 1 more): same git history"
    )


def test_a_sighting_of_a_live_project_moves_nothing() -> None:
    known = facts(places=[place(A, PRESENT)], sightings={A: (Sighting(B, "x"),)})
    assert judge([claim(A)], known).status is Status.LINKED


def test_moved_to_an_unknown_place_when_changed_after_it_was_last_seen() -> None:
    known = facts(environment(changed=10.0), places=[place(A, ABSENT), place(B, ABSENT)])
    claims = [claim(A, direction=RECORD, seen=5.0), claim(B, direction=RECORD, seen=9.0)]
    found = judge(claims, known)
    assert (found.status, found.place) == (Status.MOVED, None)
    later = [*claims, claim(B, EvidenceKind.POINTER, RECORD, seen=11.0)]
    assert judge(later, known).status is Status.ORPHAN


@pytest.mark.parametrize(("seen", "went", "status"), [
    (5.0, 20.0, Status.ORPHAN),  # worked on after it was seen, then deleted
    (5.0, 9.0, Status.MOVED),  # changed when it was gone already
    (15.0, 9.0, Status.ORPHAN),  # seen after the last change
    (None, 9.0, Status.MOVED),
    (None, 20.0, Status.ORPHAN),
])  # fmt: skip
def test_only_a_change_after_the_project_went_is_a_sign_of_life(
    seen: float | None, went: float, status: Status
) -> None:
    gone = replace(place(A, ABSENT), ancestor_mtime=went)
    known = facts(environment(changed=10.0), places=[gone])
    direction = RECORD if seen else ENVIRONMENT
    assert judge([claim(A, EvidenceKind.POINTER, direction, seen=seen)], known).status is status


def test_orphan_names_what_is_missing() -> None:
    known = facts(environment(changed=4.0), places=[place(A, ABSENT)])
    found = judge([claim(A, EvidenceKind.HASH, RECORD, seen=5.0)], known)
    assert (found.status, found.projects, found.place) == (Status.ORPHAN, (A,), None)
    assert found.reason.startswith(
        "its project was not found: /code/a does not exist, though /code does"
        " (the hash in its name was that of /code/a; last seen on "
    )


@pytest.mark.parametrize("how", [EvidenceKind.POINTER, EvidenceKind.EDITABLE, EvidenceKind.HASH])
def test_orphan_at_first_sight_without_a_record(how: EvidenceKind) -> None:
    known = facts(environment(changed=99.0), places=[place(A, ABSENT)])
    assert judge([claim(A, how)], known).status is Status.ORPHAN


def test_orphan_only_when_every_project_is_gone() -> None:
    claims = [claim(A), claim(B, EvidenceKind.EDITABLE)]
    known = facts(places=[place(A, ABSENT), place(B, ABSENT)])
    assert judge(claims, known).status is Status.ORPHAN
    known = facts(places=[place(A, ABSENT), place(B, UNREACHABLE)])
    found = judge(claims, known)
    assert found.status is Status.UNREACHABLE
    assert found.reason == (
        "cannot be checked: /code is not mounted (it contains an editable install of /code/b)"
    )


def test_unreachable_when_nobody_looked() -> None:
    found = judge([claim(A)], facts())
    assert found.status is Status.UNREACHABLE
    assert "has not been read" in found.reason


def test_disputed_a_copy_that_carries_the_identity_of_another() -> None:
    known = facts(
        environment(E),
        environment(F),
        places=[place(A, PRESENT)],
        memories={F: memory(Relation.COPY, E), E: memory(Relation.SAME)},
    )
    found = verdicts([claim(A, EvidenceKind.POINTER), claim(A, EvidenceKind.POINTER, env=F)], known)
    assert (found[E].status, found[F].status) == (Status.LINKED, Status.DUPLICATE)
    assert "/store/e" in found[F].reason


def test_disputed_a_copied_project_file() -> None:
    known = facts(environment(E), environment(F, made_at=E), places=[place(A, PRESENT)])
    both = [claim(A, EvidenceKind.POINTER), claim(A, EvidenceKind.POINTER, env=F)]
    found = verdicts(both, known)
    assert (found[E].status, found[F].status) == (Status.LINKED, Status.DUPLICATE)
    assert "copied from" in found[F].reason
    other = verdicts([claim(A, EvidenceKind.POINTER), claim(B, EvidenceKind.POINTER, env=F)], known)
    assert other[F].status is not Status.DUPLICATE


def test_renamed_is_no_copy() -> None:
    known = facts(environment(F, made_at=E), places=[place(A, PRESENT)])
    assert judge([claim(A, EvidenceKind.POINTER, env=F)], known, F).status is Status.LINKED


def test_unknown_and_named() -> None:
    found = judge([], facts(environment(digest=True), searched=1234))
    assert found.status is Status.UNKNOWN
    assert found.reason == (
        "its name shows that it was created for a project (webapp),"
        " and none of the 1,234 searched directories matches"
    )
    assert judge([], facts(environment())).status is Status.STANDALONE


def test_a_mention_decides_nothing() -> None:
    mention = claim(A, EvidenceKind.MENTION)
    for presence in Presence:
        known = facts(environment(digest=True), places=[place(A, presence)])
        found = judge([mention], known)
        assert (found.status, found.projects) == (Status.UNKNOWN, ())
        assert found.claims == (mention,)


@pytest.mark.parametrize(("presence", "status"), [
    (PRESENT, Status.MOVED), (UNREACHABLE, Status.MOVED), (ABSENT, Status.ORPHAN),
])  # fmt: skip
def test_a_source_tree_that_is_imported_from_stands_against_an_orphan(
    presence: Presence, status: Status
) -> None:
    claims = [claim(A, EvidenceKind.POINTER), claim(B, EvidenceKind.MENTION)]
    known = facts(environment(), places=[place(A, ABSENT), place(B, presence)])
    found = judge(claims, known)
    assert (found.status, found.projects, found.place) == (status, (A,), None)


def test_checking_until_the_search_has_ended() -> None:
    for claims in ([], [claim(A)], [claim(A, EvidenceKind.HASH, RECORD, seen=1.0)]):
        known = facts(environment(digest=True), places=[place(A, ABSENT)], settled=False)
        assert judge(claims, known).status is Status.CHECKING
    moved = [claim(A), claim(B, EvidenceKind.PROJECT_LINK, PROJECT)]
    known = facts(places=[place(A, ABSENT), place(B, PRESENT)], settled=False)
    assert judge(moved, known).status is Status.CHECKING


def test_tool_whatever_else() -> None:
    known = facts(environment(tool="uv tool uninstall ruff"), settled=False)
    found = judge([claim(A, EvidenceKind.EDITABLE)], known)
    assert found.status is Status.TOOL
    assert "uv tool uninstall ruff" in found.reason


def test_claims_on_what_is_not_in_the_table_are_passed_over() -> None:
    assert set(verdicts([claim(env=F)], facts(environment(E)))) == {E}


def test_hostile_names_are_shown_as_escapes() -> None:
    project = Path("/code/[/red]\x1b]0;pwn\x07\u202e\n\udcff")
    for presence in (PRESENT, ABSENT, UNREACHABLE):
        known = facts(places=[place(project, presence)])
        reason = judge(
            [claim(project, EvidenceKind.POINTER, source="/store/e/.pro\nject")], known
        ).reason
        assert "\\e]0;pwn\\x07\\u202e\\n\\xff" in reason
        assert reason.isprintable()
