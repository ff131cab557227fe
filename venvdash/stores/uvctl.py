"""uvctl: named environments of uv, each the ``.venv`` of a directory of its own.

Facts: the source of uvctl (https://github.com/abhinand5/uvctl, internal/config and internal/env).
It knows no projects.
"""

from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores._paths import literally, parent_entry
from venvdash.stores.base import Kind, Reading, Root, Store, Why
from venvdash.system.machine import Machine

_PREFIX = ".venv"


class UvctlStore(Store):
    """Environments ``<root>/<name>/.venv``: the directory above bears the name, and goes with it.

    ``uvctl delete`` takes that directory whatever it holds; venvdash only where nothing else of
    the user's lies in it.
    """

    name = "uvctl"
    title = "uvctl"
    kinds = (Kind("uvctl", "environment made by uvctl"),)
    rank = 20

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield UVCTL_ROOT, taken literally, or ``~/.local/uvctl/envs`` on every system."""
        given = machine.variable("UVCTL_ROOT")
        if given:
            path = literally(machine, given)
            yield Root(path, self.name, Why.VARIABLE, "UVCTL_ROOT", depth=2)
        else:
            yield Root(machine.home / ".local" / "uvctl" / "envs", self.name, depth=2)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a ``.venv`` one directory below its own root."""
        if reading.root.store != self.name or not _ours(reading.path, reading.root):
            return None
        return Traits(kind="uvctl", name=reading.path.parent.name)

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return the named directory around the environment."""
        return parent_entry(prefix) if _ours(prefix, root) else prefix


def _ours(prefix: Path, root: Root) -> bool:
    return prefix.name == _PREFIX and prefix.parent.parent == root.path


STORE = UvctlStore()
