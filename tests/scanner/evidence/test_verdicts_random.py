"""What no set of claims may ever make the verdicts do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.scanner.evidence.table import PRINT, STORE
from venvdash import model
from venvdash.scanner.evidence.verdicts import verdicts

pytestmark = pytest.mark.slow

ENVIRONMENTS = [STORE / name for name in ("one", "two", "thr\x1bee\udcff")]
PROJECTS = [Path("/code", name) for name in ("a", "b", "c\n\u202e", "d")]
TIMES = [None, None, *(float(time) for time in range(8))]


def a_claim(pick: Random) -> model.Claim:
    return model.Claim(
        pick.choice(ENVIRONMENTS),
        pick.choice(PROJECTS),
        pick.choice(list(model.EvidenceKind)),
        pick.choice(list(model.Direction)),
        pick.choice(["", "/store/one/.project", "/code/a/.venv", "\x1b["]),
        pick.choice(TIMES),
    )


def an_environment(pick: Random, path: Path) -> model.Environment:
    traits = model.Traits(
        "k",
        path.name,
        project_name=pick.choice([None, "", "a"]),
        digest=pick.choice([None, "00"]),
        per_interpreter=pick.random() < 0.5,
        tool=pick.choice([None, None, None, None, "uv tool\x07"]),
    )
    made_at = pick.choice([None, None, *ENVIRONMENTS])
    changed = pick.choice(TIMES)
    return model.Environment(
        path, path, STORE, "s", traits, PRINT, made_at=made_at, changed=changed
    )


def a_place(pick: Random, path: Path) -> model.Place:
    presence = pick.choice([*model.Presence, model.Presence.ABSENT, model.Presence.ABSENT])
    inode = pick.choice([None, 1, 2])
    reason = pick.choice(["", "a\nreason"])
    return model.Place(path, presence, reason, inode=inode, fsid=1 if inode else None)


def a_table(pick: Random) -> model.Facts:
    def some(items: list[Path], share: float) -> list[Path]:
        return [item for item in items if pick.random() < share]

    def sighting() -> model.Sighting:
        return model.Sighting(pick.choice(PROJECTS), pick.choice(["", "it\x07"]))

    return model.Facts(
        {path: an_environment(pick, path) for path in ENVIRONMENTS},
        {path: a_place(pick, path) for path in some(PROJECTS, 0.9)},
        {
            path: model.Memory(
                model.Record("i", path, PRINT),
                pick.choice(list(model.Relation)),
                pick.choice([None, *ENVIRONMENTS]),
            )
            for path in some(ENVIRONMENTS, 0.6)
        },
        {path: pick.choice(ENVIRONMENTS) for path in some(PROJECTS, 0.4)},
        {path: (sighting(),) * pick.randint(0, 2) for path in some(PROJECTS, 0.2)},
        pick.randint(0, 10_000),
        pick.random() < 0.8,
        {path: some_tools(pick) for path in some(PROJECTS, 0.4)},
        found_again={
            path: model.FoundAgain("f\x07", pick.choice([None, *PROJECTS]))
            for path in some(ENVIRONMENTS, 0.1)
        },
    )


def some_tools(pick: Random) -> model.ProjectTools:
    use = model.Use("t", pick.choice([None, *ENVIRONMENTS]), "w", pick.random() < 0.8)
    return model.ProjectTools(
        {pick.choice("sx"): pick.choice(list(model.Sign))}, {pick.choice("sx"): use}
    )


@dataclass
class Case:
    """A table, its claims, and what was decided."""

    pick: Random
    facts: model.Facts
    claims: list[model.Claim]
    decided: dict[Path, model.Verdict]

    def presence(self, claim: model.Claim) -> model.Presence | None:
        place = self.facts.places.get(claim.project)
        return place.presence if place else None

    def denied(self, claim: model.Claim) -> bool:
        """Whether the user said no to that project, under this name or another."""
        place = self.facts.places.get(claim.project)
        inode = place.inode if place and place.presence is model.Presence.PRESENT else None
        alike = {
            other
            for other, found in self.facts.places.items()
            if inode and found.presence is model.Presence.PRESENT and found.inode == inode
        }
        return any(
            one.how is model.EvidenceKind.DENIED and one.project in {claim.project, *alike}
            for one in self.claims
            if one.environment == claim.environment
        )


def a_case(pick: Random) -> Case:
    facts = a_table(pick)
    claims = [a_claim(pick) for _ in range(pick.randint(0, 9))]
    return Case(pick, facts, claims, verdicts(claims, facts))


def no_live_claim_on_an_orphan(case: Case) -> None:
    for claim in case.claims:
        if not claim.proves or case.presence(claim) is not model.Presence.PRESENT:
            continue
        status = case.decided[claim.environment].status
        assert status is not model.Status.ORPHAN
        if case.denied(claim):
            continue
        assert status is not model.Status.UNKNOWN
        if status is model.Status.STANDALONE:
            memory = case.facts.memories[claim.environment]
            assert (memory.relation, claim.direction) == (
                model.Relation.RECREATED,
                model.Direction.RECORD,
            )


def no_orphan_out_of_reach(case: Case) -> None:
    for claim in case.claims:
        if claim.proves and case.presence(claim) in (None, model.Presence.UNREACHABLE):
            assert case.decided[claim.environment].status is not model.Status.ORPHAN


def orphans_are_proven(case: Case) -> None:
    for path, verdict in case.decided.items():
        if verdict.status is model.Status.ORPHAN:
            proofs = [c for c in case.claims if c.environment == path and c.proves]
            assert case.facts.settled
            assert proofs
            assert {case.presence(claim) for claim in proofs} == {model.Presence.ABSENT}
            believed = [claim for claim in proofs if not case.denied(claim)]
            assert not any(case.facts.sightings.get(claim.project) for claim in believed)


def order_and_repetition_never_matter(case: Case) -> None:
    shuffled = case.claims + case.claims[:2]
    case.pick.shuffle(shuffled)
    assert verdicts(shuffled, case.facts) == case.decided


def one_more_live_claim_makes_no_orphan(case: Case) -> None:
    more = a_claim(case.pick)
    places = {**case.facts.places, more.project: model.Place(more.project, model.Presence.PRESENT)}
    facts = replace(case.facts, places=places)
    before, after = verdicts(case.claims, facts), verdicts([*case.claims, more], facts)
    for path, verdict in after.items():
        assert (
            verdict.status is not model.Status.ORPHAN or before[path].status is model.Status.ORPHAN
        )


def mentions_only_save(case: Case) -> None:
    """From inside, of what is there or out of reach; or remembered, of a place out of reach.

    Besides them two source trees that are there link what was made for no project.
    """
    proofs = [claim for claim in case.claims if claim.how is not model.EvidenceKind.MENTION]
    mentions = [
        *(claim for claim in case.claims if claim.how is model.EvidenceKind.MENTION),
        a_claim(case.pick),
    ]
    mentions = [replace(claim, how=model.EvidenceKind.MENTION) for claim in mentions]
    after = verdicts([*proofs, *mentions], case.facts)
    for path, before in verdicts(proofs, case.facts).items():
        own = [
            (c.direction, case.presence(c), c.project) for c in mentions if c.environment == path
        ]
        inside = {p: seen for direction, seen, p in own if direction is model.Direction.ENVIRONMENT}
        remembered = {seen for direction, seen, _ in own if direction is model.Direction.RECORD}
        trees = [p for p, seen in inside.items() if seen is model.Presence.PRESENT]
        if before.status is model.Status.ORPHAN and {*inside.values()} - {
            None,
            model.Presence.ABSENT,
        }:
            assert after[path].status is model.Status.MOVED
        elif before.status is model.Status.ORPHAN and remembered & {
            None,
            model.Presence.UNREACHABLE,
        }:
            assert after[path].status is model.Status.UNREACHABLE
        elif before.status is model.Status.STANDALONE and len(trees) > 1:
            assert after[path].status is model.Status.LINKED
        else:
            assert replace(after[path], claims=()) == replace(before, claims=())


def what_a_search_found_only_saves(case: Case) -> None:
    facts = replace(case.facts, found_again={})
    for path, verdict in verdicts(case.claims, facts).items():
        found = case.facts.found_again.get(path)
        now = case.decided[path]
        if found is None or now == verdict:
            assert now == verdict
            assert found is None or verdict.status not in (
                model.Status.ORPHAN,
                model.Status.UNKNOWN,
            )
        else:
            assert (now.status, now.place) == (model.Status.MOVED, found.place)
            assert facts.settled
            lost = (
                model.Status.ORPHAN,
                model.Status.UNKNOWN,
                model.Status.UNREACHABLE,
                model.Status.DUPLICATE,
            )
            assert verdict.status in (*lost, model.Status.MOVED)


def every_verdict_is_whole_and_fit_to_show(case: Case) -> None:
    assert set(case.decided) == set(case.facts.environments)
    for path, verdict in case.decided.items():
        assert verdict.reason
        assert verdict.reason.isprintable()
        assert set(verdict.claims) == {c for c in case.claims if c.environment == path}
        assert (verdict.evidence is None) == (not verdict.projects)
        assert verdict.place is None or verdict.status is model.Status.MOVED


def checking_is_for_unfinished_searches(case: Case) -> None:
    early = verdicts(case.claims, replace(case.facts, settled=False))
    late = verdicts(case.claims, replace(case.facts, settled=True))
    final = {model.Status.LINKED, model.Status.REPLACED, model.Status.TOOL, model.Status.DUPLICATE}
    for path, verdict in late.items():
        assert verdict.status is not model.Status.CHECKING
        assert early[path].status in final | {model.Status.CHECKING}
        assert early[path] == verdict or early[path].status is model.Status.CHECKING


def others_matter_only_as_originals(case: Case) -> None:
    alone = {p: replace(e, made_at=None) for p, e in case.facts.environments.items()}
    facts = replace(case.facts, environments=alone)
    together = verdicts(case.claims, facts)
    for path in alone:
        own = [claim for claim in case.claims if claim.environment == path]
        assert verdicts(own, facts)[path] == together[path]


PROPERTIES: list[Callable[[Case], None]] = [
    no_live_claim_on_an_orphan,
    no_orphan_out_of_reach,
    orphans_are_proven,
    order_and_repetition_never_matter,
    one_more_live_claim_makes_no_orphan,
    mentions_only_save,
    what_a_search_found_only_saves,
    every_verdict_is_whole_and_fit_to_show,
    checking_is_for_unfinished_searches,
    others_matter_only_as_originals,
]


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_of_thousands_of_tables(holds: Callable[[Case], None]) -> None:
    for seed in range(examples(5000)):
        holds(a_case(Random(seed)))


@settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_with_an_adversary(pick: Random) -> None:
    case = a_case(pick)
    for holds in PROPERTIES:
        holds(case)


def test_the_tables_reach_every_status() -> None:
    reached = {v.status for s in range(2000) for v in a_case(Random(s)).decided.values()}
    assert reached == {*model.Status} - {model.Status.MISSING}  # of which there is no environment
