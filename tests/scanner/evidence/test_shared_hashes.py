"""What a proof of one environment says of those with the same hash."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.scanner.evidence.table import PRINT
from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EvidenceKind,
    Facts,
    Place,
    Presence,
    ProjectTools,
    Status,
    Traits,
    Use,
)
from venvdash.scanner.evidence.shared_hashes import inherited
from venvdash.scanner.evidence.verdicts import verdicts

STORE = Path("/store")
PROJECT = Path("/code/webapp")


def environment(name: str, digest: str | None = "abcd1234", part: str = "webapp") -> Environment:
    traits = Traits("hatch", name, project_name=part, digest=digest, per_interpreter=True)
    return Environment(STORE / name, STORE / name, STORE, "hatch", traits, PRINT)


def table(*environments: Environment) -> dict[Path, Environment]:
    return {one.path: one for one in environments}


def proof(
    one: Environment, how: EvidenceKind = EvidenceKind.EDITABLE, project: Path = PROJECT
) -> Claim:
    return Claim(one.path, project, how, Direction.ENVIRONMENT, "x")


DEFAULT, DOCS = environment("default"), environment("docs")


def test_a_sibling_inherits_and_says_from_whom() -> None:
    found = list(inherited([proof(DEFAULT)], table(DEFAULT, DOCS)))
    source = str(DEFAULT.path)
    assert found == [Claim(DOCS.path, PROJECT, EvidenceKind.SIBLING, Direction.ENVIRONMENT, source)]


@pytest.mark.parametrize(
    "other",
    [
        environment("docs", digest="abcd1235"),
        environment("docs", digest=None),
        environment("docs", part="web-app"),
        replace(DOCS, store="poetry"),
        replace(DOCS, target=Path("/elsewhere")),
        replace(DOCS, traits=replace(DOCS.traits, script=True)),
    ],
)
def test_others_are_no_siblings(other: Environment) -> None:
    assert list(inherited([proof(DEFAULT)], table(DEFAULT, other))) == []


def test_without_any_hash_nothing_is_inherited() -> None:
    found = [environment("a", digest=None), environment("b", digest=None)]
    assert list(inherited([proof(found[0])], table(*found))) == []


@pytest.mark.parametrize("how", [EvidenceKind.MENTION, EvidenceKind.SIBLING])
def test_what_proves_nothing_itself_is_not_passed_on(how: EvidenceKind) -> None:
    assert list(inherited([proof(DEFAULT, how)], table(DEFAULT, DOCS))) == []


def test_what_a_sibling_knows_itself_it_does_not_inherit() -> None:
    claims = [proof(DEFAULT), proof(DOCS, EvidenceKind.HASH)]
    assert list(inherited(claims, table(DEFAULT, DOCS))) == []
    three = table(DEFAULT, DOCS, environment("test"))
    assert [c.environment.name for c in inherited(claims, three)] == ["test"]


def judged(
    claims: list[Claim], *present: Path, tools: dict[Path, ProjectTools] | None = None
) -> Status:
    places = {
        path: Place(path, Presence.PRESENT if path in present else Presence.ABSENT)
        for path in {claim.project for claim in claims}
    }
    known = table(DEFAULT, DOCS)
    claims = [*claims, *inherited(claims, known)]
    facts = Facts(known, places, tools=tools or {}, settled=True)
    return verdicts(claims, facts)[DOCS.path].status


def test_it_is_gone_when_the_siblings_project_is_and_alive_with_it() -> None:
    assert judged([proof(DEFAULT)], PROJECT) is Status.LINKED
    assert judged([proof(DEFAULT)]) is Status.ORPHAN


def test_the_sibling_of_a_moved_projects_environment_is_moved() -> None:
    there = Path("/code/renamed")
    link = Claim(DEFAULT.path, there, EvidenceKind.PROJECT_LINK, Direction.PROJECT, "x")
    before = Claim(DOCS.path, PROJECT, EvidenceKind.HASH, Direction.RECORD, "", 1.0)
    assert judged([link, before], there) is Status.MOVED


def test_a_sibling_of_the_one_in_use_is_inactive() -> None:
    link = Claim(DEFAULT.path, PROJECT, EvidenceKind.PROJECT_LINK, Direction.PROJECT, "x")
    use = Use("hatch", DEFAULT.path, "it says so", exists=True)
    current = {PROJECT: ProjectTools({}, {DEFAULT.store: use})}
    assert judged([link], PROJECT, tools=current) is Status.REPLACED
    assert judged([link, proof(DOCS)], PROJECT, tools=current) is Status.REPLACED
