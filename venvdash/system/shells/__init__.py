"""Shells: which one is the user's, how each is started and activates an environment."""

from venvdash.system.shells.base import (
    Activation,
    Shell,
    ShellError,
    ShellStart,
    activated,
    deactivated,
)
from venvdash.system.shells.which import (
    FAMILIES,
    UserShell,
    caller,
    configured,
    family,
    own,
    reading,
)

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
    "reading",
]
