"""Which project the editable installs in an environment show it to belong to."""

from collections.abc import Iterator
from pathlib import Path

from venvdash.model import Claim, Direction, Environment, EvidenceKind, Traits
from venvdash.stores import of_name, registry
from venvdash.stores.base import Store, normalised

_ANCESTORS = 8  # directories above an editable source that may be its workspace's root


def editable_claims(
    environment: Environment, editables: tuple[tuple[str | None, str, str], ...]
) -> Iterator[Claim]:
    """Yield a claim for each source tree that is installed in editable mode.

    It is a proof if the hash in the environment's name fits its directory, or if the package has
    the environment's name. Otherwise it is a mention: any library can be installed that way. In an
    environment that no tool made for one project, one package of its name proves all of them.
    """
    traits, store = environment.traits, of_name(environment.store) or registry()[-1]
    names = own_names(traits, environment.prompt)
    own = [
        name is not None
        and (normalised(name) in names or store.name_part(name) == traits.project_name)
        for name, _, _ in editables
    ]
    shared = traits.digest is None and any(own)
    for (_, source, file), named in zip(editables, own, strict=True):
        hashed = _hashed(environment, store, Path(source))
        how = EvidenceKind.EDITABLE if named or shared else EvidenceKind.MENTION
        if hashed:
            how = EvidenceKind.HASH
        project = hashed or Path(source)
        yield Claim(environment.path, project, how, Direction.ENVIRONMENT, file)


def own_names(traits: Traits, prompt: str | None) -> set[str]:
    """Return the names that the package of the environment's own project may have."""
    return {normalised(name) for name in (traits.project_name, traits.name, prompt) if name}


def _hashed(environment: Environment, store: Store, source: Path) -> Path | None:
    """Return the directory, at or above ``source``, whose hash is in the environment's name."""
    if environment.traits.digest is None:
        return None
    for directory in (source, *list(source.parents)[:_ANCESTORS]):
        if store.fits(environment, directory):
            return directory
    return None
