"""Environments of one project share a hash: what proves one proves the others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from venvdash.model import Claim, Environment, EvidenceKind

_Key = tuple[str, bool, str | None, str]


def inherited(claims: Iterable[Claim], environments: Mapping[Path, Environment]) -> Iterator[Claim]:
    """Yield a SIBLING claim for each project that a sibling's proof names and its own do not.

    Siblings are environments of one store with the same hash and the same name part: the same
    project's, for other Pythons or purposes (hatch's ``docs`` beside ``default``). uv puts the
    interpreter into the hash, so its environments never are. A claim keeps the direction of the
    proof that it comes from; of what only the record of an earlier environment says, pass none.
    """
    families: dict[_Key, list[Path]] = defaultdict(list)
    for path, environment in environments.items():
        key = _family(environment)
        if key is not None:
            families[key].append(path)
    large = {path: paths for paths in families.values() if len(paths) > 1 for path in paths}
    if not large:
        return
    proofs: dict[Path, dict[Path, Claim]] = defaultdict(dict)
    for claim in claims:
        if claim.environment in large and claim.proves and claim.how is not EvidenceKind.SIBLING:
            proofs[claim.environment].setdefault(claim.project, claim)
    given: set[tuple[Path, Path]] = set()
    for giver, proven in proofs.items():
        for claim in proven.values():
            for path in large[giver]:
                if claim.project not in proofs.get(path, {}) and (path, claim.project) not in given:
                    given.add((path, claim.project))
                    yield replace(
                        claim, environment=path, how=EvidenceKind.SIBLING, source=str(giver)
                    )


def _family(environment: Environment) -> _Key | None:
    traits = environment.traits
    if not traits.digest or environment.target is not None:
        return None
    return environment.store, traits.script, traits.project_name, traits.digest
