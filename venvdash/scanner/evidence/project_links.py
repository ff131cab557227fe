"""Where projects lead outside all stores: to an environment, or to a folder of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Claim, Direction, EvidenceKind
from venvdash.scanner.discovery.store_folders import OURS
from venvdash.stores.roots import Root


@dataclass(frozen=True, slots=True)
class ProjectLink:
    """A pointer in a project and the path that it leads to, links resolved.

    ``uses``: the project's tool takes that environment before any other (a ``.venv``).
    """

    project: Path
    pointer: Path
    target: Path
    uses: bool

    @property
    def claim(self) -> Claim:
        """What the pointer says of the environment at its target."""
        source = os.fspath(self.pointer)
        return Claim(
            self.target, self.project, EvidenceKind.PROJECT_LINK, Direction.PROJECT, source
        )


@dataclass(frozen=True, slots=True)
class LinkedFolder:
    """A folder of environments that the settings in a project name; ``root`` as they name it."""

    project: Path
    root: Root


def is_outside(project: str, target: str) -> bool:
    """Return whether a pointer of ``project`` leads out of it; paths with links resolved."""
    inside = target == project or target.startswith(project.rstrip(os.sep) + os.sep)
    return not inside and OURS not in target
