"""Where an environment goes for which no place is given, and what it is called there.

No tool clears that folder, and editors look into it: `~/.virtualenvs` is virtualenvwrapper's and
VS Code's, `~/.venvs` is among the folders that Microsoft's locator of environments reads.
"""

import os
from pathlib import Path

from venvdash.config import Config
from venvdash.stores.base import normalised
from venvdash.system import reads
from venvdash.system.machine import Machine

FURTHER = "--"
"""Between a project's name and a label, in the name of a further environment of it."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # those that nobody confuses
_RANDOM = 6  # of them; a suffix of five digits or of eight letters is a hash to other tools
_LONGEST = 40  # characters of the project's part


def folder(machine: Machine, config: Config) -> Path:
    """Return the default store; it may not exist.

    ``store`` of the configuration, else WORKON_HOME, else ``~/.virtualenvs`` if it exists, else
    ``~/.venvs``.
    """
    given = config.store or machine.variable("WORKON_HOME")
    if given:
        return machine.expand_from_home(given)
    wrapper = machine.home / ".virtualenvs"
    return wrapper if reads.isdir(wrapper) else machine.home / ".venvs"


def new_entry(place: Path, name: str) -> Path:
    """Return a free path in ``place`` for an environment of the project called ``name``.

    ``<project>-<six random letters and digits>``, as "webapp-k3v9qd". The name is no evidence of
    the project: that is recorded.
    """
    stem = normalised(name)[:_LONGEST].strip("-") or "env"
    while True:
        suffix = "".join(_LETTERS[number % len(_LETTERS)] for number in os.urandom(_RANDOM))
        if not reads.lexists(place / f"{stem}-{suffix}"):
            return place / f"{stem}-{suffix}"


def further_entry(place: Path, name: str, label: str) -> Path:
    """Return the path in ``place`` of a further environment of the project called ``name``.

    ``<project>--<label>``: tools write no two hyphens in a row.
    """
    return place / f"{normalised(name) or 'env'}{FURTHER}{label}"
