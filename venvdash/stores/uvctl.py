"""uvctl: named environments of uv, each the ``.venv`` of its own directory.

Source: uvctl's internal/config and internal/env (https://github.com/abhinand5/uvctl). It knows no
projects.
"""

from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores._paths import parent_entry
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.roots import Root
from venvdash.system.machine import Machine


class UvctlStore(Store):
    """Environments ``<root>/<name>/.venv``, deleted with the directory ``<name>``.

    ``uvctl delete`` deletes that directory whatever it holds, venvdash only if it holds nothing
    else.
    """

    name = "uvctl"
    kinds = (Kind("uvctl", "environment made by uvctl"),)
    rank = 20

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield UVCTL_ROOT, taken literally, or ``~/.local/uvctl/envs`` on every system."""
        default = machine.home / ".local" / "uvctl" / "envs"
        yield self.variable_root(machine, "UVCTL_ROOT", default, depth=2)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a ``.venv`` one directory below its own root."""
        if reading.root.store != self.name or not _ours(reading.path, reading.root):
            return None
        return Traits(kind="uvctl", name=reading.path.parent.name)

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return the named directory around the environment."""
        return parent_entry(prefix) if _ours(prefix, root) else prefix


def _ours(prefix: Path, root: Root) -> bool:
    return prefix.name == ".venv" and prefix.parent.parent == root.path


STORE = UvctlStore()
