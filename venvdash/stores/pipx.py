"""Tools that pipx installed: one environment for each, removed only by pipx.

Source: pipx 1.18.4 (paths.py, pipx_metadata_file.py), https://pipx.pypa.io/latest/. With the
backend uv an environment's pyvenv.cfg is uv's, so ``pipx_metadata.json`` identifies it.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores._paths import literally
from venvdash.stores.base import Kind, NamingRule, Reading, Store
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.machine import Machine

_METADATA = "pipx_metadata.json"
_ASIDE = "not pipx's current home"
_GLOBAL = "pipx --global"


class PipxStore(Store):
    """``venvs`` in pipx's home; pipx takes the name of the environment, suffix included."""

    name = "pipx"
    kinds = (Kind("pipx", "tool installed by pipx"),)
    rank = 6
    names = NamingRule.CLOSED
    proof = "belongs to a tool, not to a project"
    tested_with = "pipx 1.18.4"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield PIPX_HOME, else a legacy home if there is one, else the data directory.

        Then the homes that pipx would use without it, in which older tools may be, and that of
        ``pipx install --global``: PIPX_GLOBAL_HOME or /opt/pipx.
        """
        given = machine.variable("PIPX_HOME")
        if given:
            path = literally(machine, given, tilde=True) / "venvs"
            yield Root(path, self.name, RootOrigin.VARIABLE, "PIPX_HOME")
        legacy = [".local/pipx", *(["pipx"] if machine.platform == "win32" else [])]
        homes = [home for name in legacy if reads.lexists(home := machine.home / name)]
        homes.append(_data_directory(machine) / "pipx")
        for number, home in enumerate(homes):
            yield Root(home / "venvs", self.name, source=_ASIDE if given or number else "")
        if machine.platform != "win32":
            default = Path("/opt/pipx")
            root = self.variable_root(machine, "PIPX_GLOBAL_HOME", default, "venvs", tilde=True)
            yield root if root.source else replace(root, source=_GLOBAL)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a tool; in pipx's own folder also of one without its metadata."""
        ours = reading.root.store == self.name and reading.root.layout is Layout.FLAT
        if not ours and _METADATA not in reading.names:
            return None
        tool = reading.entry.name
        return Traits(kind="pipx", name=tool, tool=_uninstall(reading, ours), keeps_sidecar=False)


def _uninstall(reading: Reading, ours: bool) -> str:
    tool = shlex.quote(reading.entry.name)
    if ours and reading.root.source in (_GLOBAL, "PIPX_GLOBAL_HOME"):
        return f"pipx uninstall --global {tool}"
    if ours and reading.root.source != _ASIDE:
        return f"pipx uninstall {tool}"
    # pipx finds a tool elsewhere only by its variable.
    return f"PIPX_HOME={shlex.quote(str(reading.entry.parent.parent))} pipx uninstall {tool}"


def _data_directory(machine: Machine) -> Path:
    """Return platformdirs' user data directory, without the program's own folder."""
    if machine.platform == "win32":
        return machine.local_appdata / "pipx"  # the author's folder, which has the program's name
    if machine.platform == "darwin" and not machine.variable("XDG_DATA_HOME"):
        return machine.home / "Library" / "Application Support"
    return machine.data_home


STORE = PipxStore()
