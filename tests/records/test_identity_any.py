"""Whatever tables and records there are: no identity is given twice, and nothing is undecided."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from venvdash.model import EnvironmentIdentity, EvidenceKind, ProjectRecord, Record, Relation
from venvdash.records.identity import Found, kept, relate

NOW = 1000.0
PATHS = [Path("/e") / name for name in "abcde"]
PRINTS = [EnvironmentIdentity(n, n, n, n) for n in range(5)]
PROJECT = ProjectRecord(Path("/code/a"), EvidenceKind.HASH, last_seen=5)

records = st.builds(
    Record,
    identity=st.sampled_from("0123").map(lambda digit: digit * 32),
    path=st.sampled_from(PATHS),
    fingerprint=st.sampled_from(PRINTS),
    projects=st.sampled_from([(), (PROJECT,)]),
    last_seen=st.sampled_from([1.0, 2.0, 5000.0]),
)
# Two directories that exist at once never have the same fingerprint.
tables = st.permutations(PRINTS).flatmap(
    lambda prints: st.lists(
        st.tuples(st.sampled_from(list(zip(PATHS, prints, strict=True))), st.none() | records),
        unique_by=lambda pair: pair[0][0],
    ).map(lambda pairs: [Found(path, print_, sidecar) for (path, print_), sidecar in pairs])
)
indexes = st.lists(records, unique_by=(lambda one: one.path, lambda one: one.identity)).map(
    lambda found: {one.path: one for one in found}
)


@given(tables, indexes, st.sets(st.sampled_from(PATHS)))
@settings(max_examples=examples(400), deadline=None)
def test_any_table(found: list[Found], index: dict[Path, Record], there: set[Path]) -> None:
    memories = relate(found, index, there.__contains__, NOW)
    assert list(memories) == [one.path for one in found]
    taken: set[str] = set()
    for one in found:
        memory = memories[one.path]
        record = memory.record
        if memory.relation is Relation.COPY:
            assert kept(memory, NOW) is None
            assert memory.original != one.path
            continue
        assert (record.path, record.fingerprint) == (one.path, one.fingerprint)
        assert memory.original is None
        assert record.identity not in taken
        taken.add(record.identity)
        after = kept(memory, NOW)
        assert after is not None
        assert after.last_seen == NOW
        if memory.relation is Relation.RECREATED:
            assert record.identity not in {r.identity for r in index.values()}
            assert {p.how for p in after.projects} <= {EvidenceKind.MENTION}
        if memory.relation is Relation.NEW:
            assert record.projects == ()


@given(tables, indexes, st.sets(st.sampled_from(PATHS)))
@settings(max_examples=examples(300), deadline=None)
def test_a_second_listing_finds_all_the_same(
    found: list[Found], index: dict[Path, Record], there: set[Path]
) -> None:
    first = relate(found, index, there.__contains__, NOW)
    after = {path: kept(memory, NOW) for path, memory in first.items()}
    written = [
        replace(one, sidecar=record) if (record := after[one.path]) else one for one in found
    ]
    stored = {path: record for path, record in after.items() if record}
    ids = {record.identity for record in stored.values()}
    stored = {p: r for p, r in index.items() if r.identity not in ids} | stored
    second = relate(written, stored, there.__contains__, NOW + 1)
    for path, record in after.items():
        if record:
            assert second[path].relation is Relation.SAME
            assert second[path].record == record
