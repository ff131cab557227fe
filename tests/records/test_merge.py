"""Joining two records of one environment."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.records import values
from tests.records.world import record
from venvdash.model import EvidenceKind, ProjectRecord, Record
from venvdash.records.merge import MOST_PROJECTS, as_hints, merge, projects, worth_writing

P = ProjectRecord(Path("/code/a"), EvidenceKind.HASH, first_seen=10, last_seen=20)


@given(values.records, values.records)
def test_merging_is_idempotent_and_loses_no_project(one: Record, other: Record) -> None:
    both = merge(one, other)
    assert merge(both, both) == merge(both, other) == both
    assert {p.path for p in both.projects} == {p.path for r in (one, other) for p in r.projects}
    assert both.last_seen == max(one.last_seen, other.last_seen)
    assert both.first_seen == min(one.first_seen, other.first_seen)


def test_the_newer_one_decides_the_first_where_equal() -> None:
    old = record(Path("/e"), note="old", pinned=True, last_sync=5.0, last_seen=100.0)
    new = replace(old, note="new", pinned=False, last_sync=3.0, last_seen=200.0)
    for both in (merge(old, new), merge(new, old)):
        assert (both.note, both.pinned, both.last_sync) == ("new", False, 5.0)
    equal = replace(new, last_seen=100.0)
    assert merge(old, equal).note == "old"
    assert merge(equal, old).note == "new"


def test_of_one_project_the_newest_stays_a_proof_before_a_mention() -> None:
    newer = replace(P, how=EvidenceKind.POINTER, first_seen=15, last_seen=30)
    assert projects([P, newer]) == projects([newer, P]) == (replace(newer, first_seen=10),)
    mention = replace(P, how=EvidenceKind.MENTION)
    assert projects([P, mention]) == projects([mention, P]) == (P,)
    later = replace(mention, last_seen=21)
    assert projects([P, later]) == (later,)
    unknown = replace(P, first_seen=0.0, last_seen=19)
    assert projects([P, unknown]) == (P,)


@given(st.lists(values.projects, max_size=40))
def test_the_newest_are_kept(found: list[ProjectRecord]) -> None:
    kept = projects(found)
    assert len(kept) == min(len({p.path for p in found}), MOST_PROJECTS)
    assert len({p.path for p in kept}) == len(kept)
    left = [p for p in found if p.path not in {k.path for k in kept}]
    assert not left or min(k.last_seen for k in kept) >= max(p.last_seen for p in left)
    assert [k.last_seen for k in kept] == sorted((k.last_seen for k in kept), reverse=True)


@given(st.lists(values.projects, max_size=5))
def test_hints_name_and_prove_nothing(found: list[ProjectRecord]) -> None:
    hints = as_hints(found)
    assert [hint.path for hint in hints] == [p.path for p in found]
    assert {hint.how for hint in hints} <= {EvidenceKind.MENTION}


def test_what_is_worth_writing() -> None:
    other = replace(P, path=Path("/code/b"))
    one = record(Path("/e"), projects=(P, other), last_seen=1000.0)
    later = replace(one, last_seen=5000.0, projects=(other, replace(P, last_seen=5000.0)))
    assert worth_writing(None, one)
    assert not worth_writing(one, one)
    assert not worth_writing(one, later)
    assert worth_writing(one, replace(one, last_seen=1000.0 + 24 * 3600))
    assert worth_writing(one, replace(one, projects=(P,)))
    assert worth_writing(one, replace(one, projects=(replace(P, how=EvidenceKind.USER), other)))
    assert worth_writing(one, replace(one, note="new"))
    assert worth_writing(one, replace(one, path=Path("/f")))
