"""prp: environments of projects in a tree that mirrors HOME, and environments of tools.

Facts: the source of prp (https://github.com/DanCardin/prp, src/settings.rs and src/venv.rs) and of
the crate ``corpus``, which mirrors paths. Only its ``central`` strategy keeps them there; what it
made so stays when the setting is changed, so the strategy is not asked for.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Direction, How, Tidying, Traits, Trashed
from venvdash.stores._linking import mirrored
from venvdash.stores._paths import literally
from venvdash.stores._tool_files import emptied
from venvdash.stores.base import VENV_NAMES, Assignment, Kind, Layout, Reading, Root, Store, Why
from venvdash.stores.config_files import config_text, string, toml_table
from venvdash.system.machine import Machine

_TOOLS = "venvs"  # below the root, one environment for each tool


class PrpStore(Store):
    """``<data>/prp/<project below HOME>/<name>``: ``code/webapp/.venv`` is ``~/code/webapp``'s.

    The last part is the environment's name (``venv-name``, or ``prp -n``), so one project may have
    several. Projects outside HOME keep theirs inside. prp has no command that removes a tool.
    """

    name = "prp"
    title = "prp"
    kinds = (
        Kind("prp", "environment under its project's path (prp)"),
        Kind("prp-tool", "tool installed by prp"),
    )
    rank = 20

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``prp`` in XDG_DATA_HOME or ``~/.local/share``, and a configured folder of tools.

        That one is ``executables-path`` of ``prp.toml`` in XDG_CONFIG_HOME or ``~/.config``.
        """
        data = machine.data_home / "prp"
        default = data == machine.home / ".local" / "share" / "prp"
        yield Root(
            data,
            self.name,
            Why.DEFAULT if default else Why.VARIABLE,
            "" if default else "XDG_DATA_HOME",
            Layout.MIRRORED,
            base=machine.home,
        )
        file = machine.config_home / "prp.toml"
        tools = string(toml_table(config_text(file)), "executables-path")
        if tools is not None:
            yield Root(literally(machine, tools), self.name, Why.CONFIG, str(file))

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of whatever lies below a root of this store."""
        if reading.root.store != self.name:
            return None
        if _is_tool(reading):
            return Traits(kind="prp-tool", name=reading.path.name)
        project = _project(reading)
        return Traits(kind="prp", name=project.name) if project else None

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project whose path the environment's place mirrors."""
        project = None if _is_tool(reading) else _project(reading)
        if project is not None:
            source = str(reading.root.path)
            yield Claim(reading.path, project, How.MIRROR, Direction.ENVIRONMENT, source)

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return the directories that mirror the project's path; some may be empty now."""
        if gone.kind != "prp":
            return Tidying()
        return Tidying(empty=emptied(gone.original, self.roots(machine, config)))

    def expected(self, wanted: Assignment) -> Path | None:
        """Return the place that mirrors the project's, None for one outside HOME."""
        return mirrored(wanted, wanted.environment.path.name)


def _is_tool(reading: Reading) -> bool:
    if reading.root.layout is not Layout.MIRRORED:
        return True
    parts = _below(reading)
    return len(parts) == 2 and parts[0] == _TOOLS and parts[1] not in VENV_NAMES


def _project(reading: Reading) -> Path | None:
    parts = _below(reading)
    base = reading.root.base
    return base.joinpath(*parts[:-1]) if base and parts else None


def _below(reading: Reading) -> tuple[str, ...]:
    """Return the parts of the environment's path below the root, none where it lies elsewhere."""
    for root in (reading.root.path, Path(os.path.realpath(reading.root.path))):
        if reading.path.is_relative_to(root):
            return reading.path.relative_to(root).parts
    return ()


STORE = PrpStore()
