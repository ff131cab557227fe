"""Links from projects to environments, or folders of environments, outside all stores."""

import os
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Claim, Direction, EvidenceKind
from venvdash.scanner.discovery.store_folders import OURS
from venvdash.stores.roots import Root


@dataclass(frozen=True, slots=True)
class ProjectLink:
    """A pointer in a project and its target, links resolved.

    ``uses``: the project's tool prefers that environment (a ``.venv``).
    """

    project: Path
    pointer: Path
    target: Path
    uses: bool

    @property
    def claim(self) -> Claim:
        """The claim of the pointer on the environment at its target."""
        source = os.fspath(self.pointer)
        return Claim(
            self.target, self.project, EvidenceKind.PROJECT_LINK, Direction.PROJECT, source
        )


@dataclass(frozen=True, slots=True)
class LinkedFolder:
    """A folder of environments in the settings of a project; ``root`` is as written there."""

    project: Path
    root: Root


def is_outside(project: str, target: str) -> bool:
    """Return whether ``target`` lies outside ``project``; both with links resolved."""
    inside = target == project or target.startswith(project.rstrip(os.sep) + os.sep)
    return not inside and OURS not in target
