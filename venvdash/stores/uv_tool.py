"""Environments of ``uv tool install``: one for each tool, removed only by uv.

Source: uv 0.13.9, https://docs.astral.sh/uv/concepts/tools/.
"""

import shlex
from collections.abc import Iterator

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores.base import Kind, NamingRule, Reading, Store
from venvdash.stores.roots import Root
from venvdash.system.machine import Machine

_RECEIPT = "uv-receipt.toml"


class UvToolStore(Store):
    """``uv-receipt.toml`` marks the environment of a tool, wherever it lies."""

    name = "uv-tool"
    title = "uv tools"
    kinds = (Kind("uv-tool", "tool installed by uv"),)
    rank = 5
    names = NamingRule.CLOSED
    proof = "belongs to a tool, not to a project"
    tested_with = "uv 0.13.9"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield UV_TOOL_DIR, or ``uv/tools`` in the data directory."""
        default = machine.data_home / "uv" / "tools"
        if machine.platform == "win32":
            default = machine.appdata / "uv" / "data" / "tools"
        given = self.variable_root(machine, "UV_TOOL_DIR", default)
        yield given if given.source else self.xdg_root(machine, default, "XDG_DATA_HOME")

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a tool; in uv's own folder also of one that lost its receipt."""
        ours = reading.root.store == self.name
        if not ours and _RECEIPT not in reading.names:
            return None
        tool = reading.entry.name
        command = f"uv tool uninstall {shlex.quote(tool)}"
        if not ours:  # uv finds a tool in another folder only by its variable
            command = f"UV_TOOL_DIR={shlex.quote(str(reading.entry.parent))} {command}"
        return Traits(kind="uv-tool", name=tool, tool=command, keeps_sidecar=False)


STORE = UvToolStore()
