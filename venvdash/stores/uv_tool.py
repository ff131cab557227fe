"""Environments of ``uv tool install``: one a tool, removed only through uv.

Facts: uv 0.13.9, https://docs.astral.sh/uv/concepts/tools/.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores.base import Kind, Names, Reading, Root, Store, Why
from venvdash.system.machine import Machine

_RECEIPT = "uv-receipt.toml"


class UvToolStore(Store):
    """``uv-receipt.toml`` makes a directory a tool's, wherever it lies."""

    name = "uv-tool"
    title = "uv tools"
    kinds = (Kind("uv-tool", "tool installed by uv"),)
    rank = 5
    names = Names.CLOSED
    proof = "belongs to a tool, not to a project"
    tested_with = "uv 0.13.9"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield UV_TOOL_DIR, or ``uv/tools`` in the data directory."""
        given = machine.variable("UV_TOOL_DIR")
        if given:  # as uv takes it: literally, relative to the current directory
            path = (machine.cwd or machine.home) / given
            yield Root(path, self.name, Why.VARIABLE, "UV_TOOL_DIR")
        elif machine.platform == "win32":
            yield Root(machine.appdata / "uv" / "data" / "tools", self.name)
        elif machine.data_home != machine.home / ".local" / "share":
            tools = machine.data_home / "uv" / "tools"
            yield Root(tools, self.name, Why.VARIABLE, "XDG_DATA_HOME")
        else:
            yield Root(machine.data_home / "uv" / "tools", self.name)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a tool; in uv's own folder also of one that lost its receipt."""
        ours = reading.root.store == self.name
        if not ours and _RECEIPT not in reading.names:
            return None
        tool = reading.entry.name
        return Traits(
            kind="uv-tool",
            name=tool,
            tool=_uninstall(tool, None if ours else reading.entry.parent),
            keeps_sidecar=False,
        )


def _uninstall(tool: str, folder: Path | None) -> str:
    command = f"uv tool uninstall {shlex.quote(tool)}"
    # From another folder uv removes a tool only when it is told where the tools are.
    return f"UV_TOOL_DIR={shlex.quote(str(folder))} {command}" if folder else command


STORE = UvToolStore()
