from pathlib import Path

import pytest

from venvdash.model import Claim, Direction, EvidenceKind
from venvdash.presentation.labels import EVIDENCE_MEANINGS, claim_in_words

E, A = Path("/store/e"), Path("/code/a")


@pytest.mark.parametrize("how", EvidenceKind)
def test_every_way_of_knowing_has_words(how: EvidenceKind) -> None:
    assert EVIDENCE_MEANINGS[how]
    said = {claim_in_words(Claim(E, A, how, direction)) for direction in Direction}
    assert all("/code/a" in sentence for sentence in said)
    # What is remembered is told in the past tense; what the user said holds until he says more.
    assert len(said) == (1 if how in (EvidenceKind.USER, EvidenceKind.DENIED) else 2)


def test_a_pointer_names_its_file() -> None:
    claim = Claim(E, A, EvidenceKind.POINTER, Direction.ENVIRONMENT, "/store/e/.project")
    assert claim_in_words(claim) == "its .project names /code/a"


def test_a_link_names_itself() -> None:
    claim = Claim(E, A, EvidenceKind.PROJECT_LINK, Direction.PROJECT, "/code/a/.python-envs")
    assert claim_in_words(claim) == "/code/a/.python-envs points here"


def test_what_is_remembered_says_since_when() -> None:
    noon = 1_700_000_000.0 - 1_700_000_000 % 86_400 + 43_200
    claim = Claim(E, A, EvidenceKind.HASH, Direction.RECORD, "", noon)
    assert claim_in_words(claim).startswith(
        "the hash in its name was that of /code/a when venvdash last saw it (2023-11-1"
    )
    for odd in (1e300, float("nan"), -1e18):
        assert claim_in_words(Claim(E, A, EvidenceKind.HASH, Direction.RECORD, "", odd))


def test_a_mention_says_that_it_proves_nothing() -> None:
    said = claim_in_words(Claim(E, A, EvidenceKind.MENTION, Direction.ENVIRONMENT))
    assert said.endswith("which proves nothing")


def test_hostile_names_are_shown_as_escapes() -> None:
    project, source = Path("/a\x1b]0;x\x07\n"), "/e/.pro\u202eject"
    for how in EvidenceKind:
        for direction in Direction:
            assert claim_in_words(Claim(E, project, how, direction, source)).isprintable()
