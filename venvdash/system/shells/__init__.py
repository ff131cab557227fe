"""The seam to shells: which is the user's own, how each is started and told an environment."""

from venvdash.system.shells.base import (
    Activation,
    Shell,
    ShellError,
    ShellStart,
    activated,
    deactivated,
)
from venvdash.system.shells.which import FAMILIES, UserShell, caller, configured, family, own

__all__ = [
    "FAMILIES",
    "Activation",
    "Shell",
    "ShellError",
    "ShellStart",
    "UserShell",
    "activated",
    "caller",
    "configured",
    "deactivated",
    "family",
    "own",
]
