"""prp: environments of projects in a tree that mirrors HOME, and environments of tools.

Source: prp's src/settings.rs and src/venv.rs (https://github.com/DanCardin/prp) and the crate
``corpus``, which mirrors paths. Only its ``central`` strategy keeps environments there; they stay
when the setting is changed, so the strategy is not read.
"""

from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, EvidenceKind, Leftovers, Traits, Trashed
from venvdash.model.packaging import VENV_NAMES
from venvdash.stores._paths import below, literally
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.config_files import config_text, string, toml_table
from venvdash.stores.links import Assignment, mirrored
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system.machine import Machine

_TOOLS = "venvs"  # below the root, one environment for each tool


class PrpStore(Store):
    """``<data>/prp/<project below HOME>/<name>``: ``code/webapp/.venv`` is ``~/code/webapp``'s.

    The last part is the environment's name (``venv-name``, or ``prp -n``), so one project may have
    several. Projects outside HOME keep theirs inside. prp has no command that removes a tool.
    """

    name = "prp"
    kinds = (
        Kind("prp", "environment under its project's path (prp)"),
        Kind("prp-tool", "tool installed by prp"),
    )
    rank = 20
    nested = True

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``prp`` in XDG_DATA_HOME or ``~/.local/share``, and a configured folder of tools.

        That is ``executables-path`` of ``prp.toml`` in XDG_CONFIG_HOME or ``~/.config``.
        """
        layout, home = Layout.MIRRORED, machine.home
        data = machine.data_home / "prp"
        yield self.xdg_root(machine, data, "XDG_DATA_HOME", layout=layout, base=home)
        file = machine.config_home / "prp.toml"
        tools = string(toml_table(config_text(file)), "executables-path")
        if tools is not None:
            yield Root(literally(machine, tools), self.name, RootOrigin.CONFIG, str(file))

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment below a root of this store."""
        if reading.root.store != self.name:
            return None
        if _is_tool(reading):
            return Traits(kind="prp-tool", name=reading.path.name)
        project = _project(reading)
        return Traits(kind="prp", name=project.name) if project else None

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project whose path the environment's path mirrors."""
        project = None if _is_tool(reading) else _project(reading)
        yield from reading.claim(project, reading.root.path, EvidenceKind.MIRROR)

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return the directories that mirror the project's path, which may be empty now."""
        return super().leftovers(gone, machine, config) if gone.kind == "prp" else Leftovers()

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the path that mirrors the project's, None for one outside HOME."""
        return mirrored(wanted, wanted.environment.path.name)


def _is_tool(reading: Reading) -> bool:
    if reading.root.layout is not Layout.MIRRORED:
        return True
    parts = below(reading.path, reading.root.path) or ()
    return len(parts) == 2 and parts[0] == _TOOLS and parts[1] not in VENV_NAMES


def _project(reading: Reading) -> Path | None:
    parts, base = below(reading.path, reading.root.path), reading.root.base
    return base.joinpath(*parts[:-1]) if base and parts else None


STORE = PrpStore()
