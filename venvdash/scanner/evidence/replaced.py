"""Whether a project's tool now uses another environment than one that it has: a pure function.

In doubt it may still use it: then nothing is replaced, and no rule takes it.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from venvdash.model import Claim, Direction, Environment, EvidenceKind, ProjectTools, Sign, Use
from venvdash.scanner.projects.project_info import VENV
from venvdash.stores import of_name
from venvdash.stores.base import normalised


def instead(environment: Environment, claims: Iterable[Claim], tools: ProjectTools) -> Use | None:
    """Return what is used instead of an environment in a project that exists; None in doubt.

    ``claims`` are those that name the project. A link, or another program's setting, that leads to
    the environment uses it, whatever the tool does. Files of a tool count while its own sign is in
    the project: without one, and with exactly one other tool's, that tool has taken over.
    """
    if any(_leads(claim, environment) for claim in claims):
        return None
    signed = tools.signs.get(environment.store, Sign.NONE) is not Sign.NONE
    signed = signed or environment.store in tools.owners
    if signed or not tools.owners:
        use = tools.uses.get(environment.store) if _replaceable(environment) else None
    else:
        use = tools.uses.get(tools.owners[0]) if len(tools.owners) == 1 else None
    if use is None or not (use.exists and use.certain) or use.environment is None:
        return None
    return None if _same(use.environment, environment) else use


def _leads(claim: Claim, environment: Environment) -> bool:
    """Return whether a file in the project leads to the environment, not by its tool's choice.

    What its own tool keeps there is part of what the tool answers.
    """
    if claim.direction is not Direction.PROJECT or claim.how is EvidenceKind.SIBLING:
        return False
    store, file = of_name(environment.store), os.path.basename(claim.source)
    return store is None or file == VENV or file not in store.pointers


def _replaceable(environment: Environment) -> bool:
    """Return whether the tool uses one environment of this sort at a time in a project.

    Not one under a name of its own, as hatch's and pdm's further ones are.
    """
    traits = environment.traits
    return traits.per_interpreter or normalised(traits.name) == normalised(
        traits.project_name or ""
    )


def _same(path: Path, environment: Environment) -> bool:
    """Return whether a path is the environment's; ``Use`` has links resolved where it may."""
    return path in (environment.path, environment.target)
