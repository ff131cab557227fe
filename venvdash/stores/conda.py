"""conda, mamba and micromamba: prefixes with a conda-meta, by name in ``envs`` or anywhere.

Source: conda/base/constants.py and context.py, conda/core/envs_manager.py, libmamba's
configuration.cpp, https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/; not
run here. All three add every prefix that they create to ``~/.conda/environments.txt`` and remove
it again, so only they may delete one. Nothing names a project, and none is chosen by the current
directory: the active environment is used.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.model.packaging import VENV_NAMES
from venvdash.stores._condarc import condarc_files, envs_dirs
from venvdash.stores.base import Kind, NamingRule, Reading, Store
from venvdash.stores.config_files import config_text
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.machine import Machine

META = "conda-meta"
_REGISTRY_LINES = 5000
_VARIABLES = ("CONDA_ENVS_DIRS", "CONDA_ENVS_PATH")
# Default prefixes of the installers, in HOME and below /opt; micromamba's are only in HOME.
_INSTALLATIONS = (
    "anaconda", "anaconda3", "conda", "mambaforge", "miniconda", "miniconda3", "miniforge",
    "miniforge3",
)  # fmt: skip
_MICROMAMBA = ("micromamba", ".local/share/mamba")


class CondaStore(Store):
    """A prefix is conda's at any path; an installation of conda itself is no environment."""

    name = "conda"
    title = "conda, mamba, micromamba"
    kinds = (Kind("conda", "conda environment"),)
    rank = 8
    names = NamingRule.CLOSED
    tested_with = "layout taken from its source code"
    linked = False
    movable = False  # binaries contain its path

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the directories of the variables, the ``.condarc`` files and the installations.

        Then those of registered prefixes elsewhere: the ``envs`` that they lie in, or each prefix
        as a root.
        """
        known: dict[Path, Root] = {}
        for root in self._directories(machine):
            known.setdefault(root.path, root)
        file = machine.home / ".conda" / "environments.txt"
        for prefix in _registered(file):
            if prefix.parent not in known and prefix not in known:
                shared = prefix.parent.name == "envs"
                path, layout = (
                    (prefix.parent if shared else prefix),
                    (Layout.FLAT if shared else Layout.SINGLE),
                )
                known[path] = Root(path, self.name, RootOrigin.CONFIG, str(file), layout)
        yield from known.values()

    def _directories(self, machine: Machine) -> Iterator[Root]:
        separator = ";" if machine.platform == "win32" else ":"
        for name in _VARIABLES:
            given = (machine.variable(name) or "").split(separator)
            parts = (machine.expand(part) for part in given if part)
            yield from (Root(path, self.name, RootOrigin.VARIABLE, name) for path in parts)
        installed = list(_installations(machine))
        for file in condarc_files(machine, [path for path, _ in installed]):
            for text in envs_dirs(config_text(file)):
                yield Root(machine.expand_from_home(text), self.name, RootOrigin.CONFIG, str(file))
        for path, source in installed:
            why = RootOrigin.VARIABLE if source else RootOrigin.DEFAULT
            yield Root(path / "envs", self.name, why, source)
        yield Root(machine.home / ".conda" / "envs", self.name)
        if machine.platform == "win32":
            yield Root(machine.local_appdata / "conda" / "conda" / "envs", self.name)

    def prefixes(self, root: Root) -> Iterator[Path] | None:
        """Yield a registered prefix, unless it is an installation, which is registered, too."""
        if root.layout is not Layout.SINGLE:
            return None
        names = set(reads.listdir(root.path))
        return iter([] if META in names and names & {"envs", "pkgs"} else [root.path])

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a prefix that has a conda-meta instead of a pyvenv.cfg."""
        if META not in reading.names or "pyvenv.cfg" in reading.names:
            return None
        entry = reading.entry
        local = reading.root.layout is Layout.SINGLE and entry.name in {*VENV_NAMES, "envs"}
        name = entry.parent.name if local and entry.parent.name else entry.name
        return Traits(kind="conda", name=name, keeps_sidecar=False)


def _installations(machine: Machine) -> Iterator[tuple[Path, str]]:
    """Yield the root prefixes of installations, and the variable that names each."""
    program = machine.path_variable("CONDA_EXE")
    if program:  # <root>/bin/conda, or <root>/Scripts/conda.exe
        yield program.parent.parent, "CONDA_EXE"
    for name in ("CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        if path := machine.path_variable(name):
            yield path, name
    places = [machine.home / name for name in (*_INSTALLATIONS, *_MICROMAMBA)]
    if machine.platform == "win32":
        places += [machine.appdata / "mamba", machine.local_appdata / "miniconda3"]
    else:
        places += [Path("/opt", name) for name in _INSTALLATIONS]
    yield from ((place, "") for place in places if reads.isdir(place / "envs"))


def _registered(file: Path) -> Iterator[Path]:
    """Yield the prefixes in environments.txt, one on each line."""
    for line in (config_text(file) or "").splitlines()[:_REGISTRY_LINES]:
        text = line.strip()
        if os.path.isabs(text) and "\0" not in text:
            yield Path(os.path.normpath(text))


STORE = CondaStore()
