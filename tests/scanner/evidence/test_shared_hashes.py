"""What a proof of one environment says of those with the same hash."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.scanner.evidence.table import PRINT
from venvdash import model
from venvdash.scanner.evidence.shared_hashes import inherited
from venvdash.scanner.evidence.verdicts import verdicts

STORE = Path("/store")
PROJECT = Path("/code/webapp")


def environment(
    name: str, digest: str | None = "abcd1234", part: str = "webapp"
) -> model.Environment:
    traits = model.Traits("hatch", name, project_name=part, digest=digest, per_interpreter=True)
    return model.Environment(STORE / name, STORE / name, STORE, "hatch", traits, PRINT)


def table(*environments: model.Environment) -> dict[Path, model.Environment]:
    return {one.path: one for one in environments}


def proof(
    one: model.Environment,
    how: model.EvidenceKind = model.EvidenceKind.EDITABLE,
    project: Path = PROJECT,
) -> model.Claim:
    return model.Claim(one.path, project, how, model.Direction.ENVIRONMENT, "x")


DEFAULT, DOCS = environment("default"), environment("docs")


def test_a_sibling_inherits_and_says_from_whom() -> None:
    found = list(inherited([proof(DEFAULT)], table(DEFAULT, DOCS)))
    source = str(DEFAULT.path)
    assert found == [
        model.Claim(
            DOCS.path, PROJECT, model.EvidenceKind.SIBLING, model.Direction.ENVIRONMENT, source
        )
    ]


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
def test_others_are_no_siblings(other: model.Environment) -> None:
    assert list(inherited([proof(DEFAULT)], table(DEFAULT, other))) == []


def test_without_any_hash_nothing_is_inherited() -> None:
    found = [environment("a", digest=None), environment("b", digest=None)]
    assert list(inherited([proof(found[0])], table(*found))) == []


@pytest.mark.parametrize("how", [model.EvidenceKind.MENTION, model.EvidenceKind.SIBLING])
def test_what_proves_nothing_itself_is_not_passed_on(how: model.EvidenceKind) -> None:
    assert list(inherited([proof(DEFAULT, how)], table(DEFAULT, DOCS))) == []


def test_what_a_sibling_knows_itself_it_does_not_inherit() -> None:
    claims = [proof(DEFAULT), proof(DOCS, model.EvidenceKind.HASH)]
    assert list(inherited(claims, table(DEFAULT, DOCS))) == []
    three = table(DEFAULT, DOCS, environment("test"))
    assert [c.environment.name for c in inherited(claims, three)] == ["test"]


def judged(
    claims: list[model.Claim], *present: Path, tools: dict[Path, model.ProjectTools] | None = None
) -> model.Status:
    places = {
        path: model.Place(
            path, model.Presence.PRESENT if path in present else model.Presence.ABSENT
        )
        for path in {claim.project for claim in claims}
    }
    known = table(DEFAULT, DOCS)
    claims = [*claims, *inherited(claims, known)]
    facts = model.Facts(known, places, tools=tools or {}, settled=True)
    return verdicts(claims, facts)[DOCS.path].status


def test_it_is_gone_when_the_siblings_project_is_and_alive_with_it() -> None:
    assert judged([proof(DEFAULT)], PROJECT) is model.Status.LINKED
    assert judged([proof(DEFAULT)]) is model.Status.ORPHAN


def test_the_sibling_of_a_moved_projects_environment_is_moved() -> None:
    there = Path("/code/renamed")
    link = model.Claim(
        DEFAULT.path, there, model.EvidenceKind.PROJECT_LINK, model.Direction.PROJECT, "x"
    )
    before = model.Claim(
        DOCS.path, PROJECT, model.EvidenceKind.HASH, model.Direction.RECORD, "", 1.0
    )
    assert judged([link, before], there) is model.Status.MOVED


def test_a_sibling_of_the_one_in_use_is_inactive() -> None:
    link = model.Claim(
        DEFAULT.path, PROJECT, model.EvidenceKind.PROJECT_LINK, model.Direction.PROJECT, "x"
    )
    use = model.Use("hatch", DEFAULT.path, "it says so", exists=True)
    current = {PROJECT: model.ProjectTools({}, {DEFAULT.store: use})}
    assert judged([link], PROJECT, tools=current) is model.Status.REPLACED
    assert judged([link, proof(DOCS)], PROJECT, tools=current) is model.Status.REPLACED
