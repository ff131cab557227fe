"""The seam to shells: which is the user's own, how each is started and told an environment."""

from venvdash.system.shells.base import (
    Activation,
    ShellError,
    Shell,
    Start,
    activated,
    deactivated,
)
from venvdash.system.shells.which import FAMILIES, Own, caller, configured, family, own

__all__ = [
    "FAMILIES",
    "Activation",
    "ShellError",
    "Own",
    "Shell",
    "Start",
    "activated",
    "caller",
    "configured",
    "deactivated",
    "family",
    "own",
]
