"""Plain folders where people and editors keep environments; also the store of all the others.

uv-virtualenvwrapper 1.0.1 needs no store: in WORKON_HOME, which is virtualenvwrapper's root, it
runs a plain ``uv venv --seed``, which leaves no trace of it or of a project.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Traits
from venvdash.model.packaging import VENV_NAMES
from venvdash.stores._name_hashes import sha256
from venvdash.stores._paths import spellings
from venvdash.stores.base import Kind, NamingRule, Reading, Store, normalised
from venvdash.stores.roots import Root
from venvdash.system import reads
from venvdash.system.machine import Machine

# The folders in HOME that Microsoft's locator of environments reads, too
# (https://github.com/microsoft/python-environment-tools, pet-global-virtualenvs).
_FOLDERS = (".venvs", "envs", "venvs")
# https://github.com/astral-sh/uv/issues/1495: the first five digits of a SHA-256.
_HASHED = re.compile(r"(?P<name>.+)-(?P<digest>[0-9a-f]{5})", re.DOTALL)
_LOCK = ".lock"
_AT_ONCE = 50_000_000  # nanoseconds; `uv venv` and then `uv pip` take longer


class FolderStore(Store):
    """Environments that no tool claims: made with ``python -m venv``, ``virtualenv``, ``uv venv``.

    It is asked last and recognises every environment.
    """

    name = "folders"
    title = "environment folders"
    kinds = (Kind("venv", "virtual environment"),)
    rank = 99
    names = NamingRule.FREE
    proof = "`.venv` links, editable installs, a short hash in its name"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the usual folders in HOME."""
        # Elsewhere Envs is the same folder as envs, or virtualenvwrapper's.
        for folder in (*_FOLDERS, *(["Envs"] if machine.platform == "linux" else [])):
            yield Root(machine.home / folder, self.name)

    def recognise(self, reading: Reading) -> Traits:
        """Return the traits of a plain environment, named after its directory."""
        entry = reading.entry
        unnamed = entry.name in VENV_NAMES and entry.parent != reading.root.path
        name = entry.parent.name if unnamed else entry.name
        return Traits(kind="venv", name=name, made_for=_made_for(reading))

    def guessed_name(self, environment: Environment) -> str | None:
        """Return ``templatey`` of ``templatey-90392``, as a published shell function names them."""
        match = _HASHED.fullmatch(environment.traits.name)
        return normalised(match["name"]) if match else None

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether its name ends in the SHA-256 of the path of pyproject.toml."""
        match = _HASHED.fullmatch(environment.traits.name)
        if match is None:
            return False
        paths = spellings(project / "pyproject.toml")
        return any(sha256(path).startswith(match["digest"]) for path in paths)


def _made_for(reading: Reading) -> str | None:
    """Return the name of the project for which uv created the environment, None for none.

    With UV_PROJECT_ENVIRONMENT, `uv sync` and `uv run` write the project's name as ``prompt`` and
    create ``.lock`` at once. `uv venv` creates no ``.lock``, and a later `uv pip` creates one
    later (uv 0.13.9). uv never writes into that file again, so its time tells the two apart.
    """
    prompt = reading.cfg.get("prompt")
    if not prompt or "uv" not in reading.cfg or _LOCK not in reading.names:
        return None
    try:
        locked = reads.lstat(reading.path / _LOCK).st_mtime_ns
    except OSError:
        return None
    return prompt if abs(locked - reading.fingerprint.cfg_mtime_ns) < _AT_ONCE else None


STORE = FolderStore()
