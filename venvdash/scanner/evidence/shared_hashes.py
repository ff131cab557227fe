"""Environments with the same hash belong to one project: a proof of one is a proof of all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from venvdash.model import Claim, Environment, EvidenceKind

_Key = tuple[str, bool, str | None, str]


def inherited(claims: Iterable[Claim], environments: Mapping[Path, Environment]) -> Iterator[Claim]:
    """Yield a SIBLING claim for each project that only a sibling's proof names.

    Siblings are environments of one store with the same hash and name part, made for other Pythons
    or purposes of the same project (hatch's ``docs`` and ``default``). uv hashes the interpreter,
    too, so its environments are never siblings. A claim keeps the direction of its proof. Do not
    pass claims from the record of an earlier environment.
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
