"""Whether a project's tool now uses another of its environments: a pure function.

In doubt an environment counts as used, so that no rule deletes it.
"""

import os
from collections.abc import Iterable

from venvdash.model import Claim, Direction, Environment, EvidenceKind, ProjectTools, Sign, Use
from venvdash.scanner.projects.project_info import VENV
from venvdash.stores import of_name
from venvdash.stores.base import normalised


def instead(environment: Environment, claims: Iterable[Claim], tools: ProjectTools) -> Use | None:
    """Return what an existing project uses instead of an environment; None in doubt.

    ``claims`` are those on the project. A link to the environment, or another program's setting,
    means that it is used. The files of a tool count as long as its sign is in the project; without
    one, and with the sign of exactly one other tool, that tool has taken over.
    """
    if any(_is_linked(claim, environment) for claim in claims):
        return None
    signed = tools.signs.get(environment.store, Sign.NONE) is not Sign.NONE
    signed = signed or environment.store in tools.owners
    if signed or not tools.owners:
        use = tools.uses.get(environment.store) if _replaceable(environment) else None
    else:
        use = tools.uses.get(tools.owners[0]) if len(tools.owners) == 1 else None
    if use is None or not (use.exists and use.certain) or use.environment is None:
        return None
    return None if use.environment in (environment.path, environment.target) else use


def _is_linked(claim: Claim, environment: Environment) -> bool:
    """Return whether a file in the project, not written by its tool, points to the environment.

    The tool's own files are part of its answer.
    """
    if claim.direction is not Direction.PROJECT or claim.how is EvidenceKind.SIBLING:
        return False
    store, file = of_name(environment.store), os.path.basename(claim.source)
    return store is None or file == VENV or file not in store.pointers


def _replaceable(environment: Environment) -> bool:
    """Return whether the tool uses one such environment at a time in a project.

    Environments with a name of their own, as in hatch and pdm, are used beside each other.
    """
    traits = environment.traits
    return traits.per_interpreter or normalised(traits.name) == normalised(
        traits.project_name or ""
    )
