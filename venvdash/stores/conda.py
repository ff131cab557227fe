"""conda, mamba and micromamba: prefixes with a conda-meta, by name in ``envs`` or anywhere.

Facts: conda/base/constants.py and context.py, conda/core/envs_manager.py, libmamba's
configuration.cpp, https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/; not
run here. All three write every prefix that they make into ``~/.conda/environments.txt``, and take
it out again: only they remove one. Nothing names a project, and none is chosen by the directory
that a command is started in: the active environment is used.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Traits
from venvdash.stores._condarc import condarc_files, envs_dirs
from venvdash.stores.base import (
    VENV_NAMES,
    Kind,
    Layout,
    Names,
    Reading,
    Root,
    Store,
    Why,
    below_home,
)
from venvdash.stores.config_files import config_text
from venvdash.system.machine import Machine

META = "conda-meta"
_REGISTRY_LINES = 5000
_VARIABLES = ("CONDA_ENVS_DIRS", "CONDA_ENVS_PATH")
# Where the installers put themselves, in HOME and below /opt; micromamba's are only in HOME.
_INSTALLATIONS = (
    "anaconda", "anaconda3", "conda", "mambaforge", "miniconda", "miniconda3", "miniforge",
    "miniforge3",
)  # fmt: skip
_MICROMAMBA = ("micromamba", ".local/share/mamba")


class CondaStore(Store):
    """A prefix is conda's wherever it lies; an installation of conda itself is no environment."""

    name = "conda"
    title = "conda, mamba, micromamba"
    kinds = (Kind("conda", "conda environment"),)
    rank = 8
    names = Names.CLOSED
    tested_with = "layout taken from its source code"
    linked = False
    movable = False  # its path is in binaries, too

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the directories of the variables, the ``.condarc`` files and the installations.

        Then what the register lists besides: the ``envs`` that its prefixes lie in, and each that
        lies elsewhere as a root of its own.
        """
        known = set()
        for root in self._directories(machine):
            if root.path not in known:
                known.add(root.path)
                yield root
        file = machine.home / ".conda" / "environments.txt"
        for prefix in _registered(file):
            if prefix.parent in known or prefix in known:
                continue
            if prefix.parent.name == "envs":
                root = Root(prefix.parent, self.name, Why.CONFIG, str(file))
            else:
                root = Root(prefix, self.name, Why.CONFIG, str(file), Layout.SINGLE)
            known.add(root.path)
            yield root

    def _directories(self, machine: Machine) -> Iterator[Root]:
        for name in _VARIABLES:
            for part in (machine.variable(name) or "").split(_separator(machine)):
                if part:
                    yield Root(machine.expand(part), self.name, Why.VARIABLE, name)
        installed = list(_installations(machine))
        for file in condarc_files(machine, [path for path, _ in installed]):
            for text in envs_dirs(config_text(file)):
                yield Root(below_home(machine, text), self.name, Why.CONFIG, str(file))
        for path, source in installed:
            why = Why.VARIABLE if source else Why.DEFAULT
            yield Root(path / "envs", self.name, why, source)
        yield Root(machine.home / ".conda" / "envs", self.name)
        if machine.platform == "win32":
            yield Root(machine.local_appdata / "conda" / "conda" / "envs", self.name)

    def prefixes(self, root: Root) -> Iterator[Path] | None:
        """Yield a registered prefix, unless it is an installation: those are registered, too."""
        if root.layout is not Layout.SINGLE:
            return None
        names = set(os.listdir(root.path))
        return iter([] if META in names and names & {"envs", "pkgs"} else [root.path])

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a prefix that has a conda-meta instead of a pyvenv.cfg."""
        if META not in reading.names or "pyvenv.cfg" in reading.names:
            return None
        entry = reading.entry
        local = reading.root.layout is Layout.SINGLE and entry.name in {*VENV_NAMES, "envs"}
        name = entry.parent.name if local and entry.parent.name else entry.name
        return Traits(kind="conda", name=name, keeps_sidecar=False)


def _separator(machine: Machine) -> str:
    return ";" if machine.platform == "win32" else ":"


def _installations(machine: Machine) -> Iterator[tuple[Path, str]]:
    """Yield the root prefixes of installations, and the variable that names each."""
    program = machine.path_variable("CONDA_EXE")
    if program:  # <root>/bin/conda, or <root>/Scripts/conda.exe
        yield program.parent.parent, "CONDA_EXE"
    for name in ("CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        path = machine.path_variable(name)
        if path:
            yield path, name
    places = [machine.home / name for name in (*_INSTALLATIONS, *_MICROMAMBA)]
    if machine.platform == "win32":
        places += [machine.appdata / "mamba", machine.local_appdata / "miniconda3"]
    else:
        places += [Path("/opt", name) for name in _INSTALLATIONS]
    for place in places:
        if os.path.isdir(place / "envs"):
            yield place, ""


def _registered(file: Path) -> Iterator[Path]:
    """Yield the prefixes in the register, one a line."""
    for line in (config_text(file) or "").splitlines()[:_REGISTRY_LINES]:
        text = line.strip()
        if os.path.isabs(text) and "\0" not in text:
            yield Path(os.path.normpath(text))


STORE = CondaStore()
