"""uv-workon: links in WORKON_HOME to the environments inside projects.

Source: uv-workon 0.8.0 (https://github.com/usnistgov/uv-workon), run on Linux. Its links are plain
symbolic links, as a user may create them, so every link in a store to a project's own environment
counts. The environment stays the project's: deleting such a row removes only the link.
"""

from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Traits
from venvdash.model.packaging import PROJECT_SIGNS, VENV_NAMES
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.roots import Layout, Root
from venvdash.system import reads
from venvdash.system.machine import Machine


class UvWorkonStore(Store):
    """WORKON_HOME and ``~/.virtualenvs`` are virtualenvwrapper's roots, which list the links."""

    name = "uv-workon"
    title = "links into projects (uv-workon)"
    kinds = (Kind("uv-workon", "link to the environment inside a project"),)
    rank = 13
    tested_with = "uv-workon 0.8.0"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield nothing: other stores have the same directories."""
        yield from ()

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment that a store only has a link to."""
        project = _project(reading)
        return Traits(kind="uv-workon", name=project.name) if project else None

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the directory around the environment."""
        yield from reading.claim(_project(reading), reading.path)


def _project(reading: Reading) -> Path | None:
    """Return the project around the environment; None for one that lies in the store.

    ``.venv-3.12`` and other unusual names need a file that makes the directory a project.
    """
    path, root = reading.path, reading.root
    if root.layout is not Layout.FLAT or path.is_relative_to(root.path):
        return None
    usual = path.name in VENV_NAMES
    is_project = usual or any(reads.lexists(path.parent / mark) for mark in PROJECT_SIGNS)
    return path.parent if is_project else None


STORE = UvWorkonStore()
