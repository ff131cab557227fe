"""What the tests of the stores share: reading a directory as the scanner does, without it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.conftest import Home
from venvdash.config import Config
from venvdash.model import Environment, EnvironmentIdentity
from venvdash.stores.base import Reading, Store
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.stores.roots import Root
from venvdash.system.machine import Machine

# What no tool writes into a file that holds one absolute path.
DAMAGED_PATHS = [
    b"",
    b"\n",
    b"/srv/app\nof two lines",
    b"/srv/app\nof two lines\n",
    b"relative/path\n",
    b"~/x",
    b"/a\0b\n",
    b"\x7fELF\x02",
    b"/" + b"a" * 9000,
]


def reading(path: Path, root: Root) -> Reading:
    """Return the bare facts of the environment at ``path``."""
    cfg = path / "pyvenv.cfg"
    return Reading(
        path=path,
        entry=path,
        root=root,
        cfg=parse_cfg(cfg.read_text()) if cfg.is_file() else {},
        names=frozenset(os.listdir(path)),
        fingerprint=EnvironmentIdentity(0, 0, 0, 0),
    )


def environment(store: Store, found: Reading) -> Environment:
    """Return the environment as ``store`` sees it; it must recognise it."""
    traits = store.recognise(found)
    assert traits is not None
    return Environment(
        path=found.path,
        entry=found.entry,
        root=found.root.path,
        store=store.name,
        traits=traits,
        fingerprint=found.fingerprint,
        prompt=found.cfg.get("prompt"),
    )


def paths(store: Store, machine: Machine, config: Config | None = None) -> list[Path]:
    """Return the directories that ``store`` looks at."""
    return [root.path for root in store.roots(machine, config or Config())]


def made(path: Path, cfg: str = "home = /usr/bin\nversion = 3.12.1\n") -> Path:
    """Make what passes for an environment where no real one is needed, and return its path."""
    (path / "bin").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(cfg)
    return path


def given(home: Home, variables: Mapping[str, str]) -> Home:
    """Return ``home`` with more variables set, ``{home}`` in their values filled in."""
    filled = {name: value.replace("{home}", str(home.path)) for name, value in variables.items()}
    return replace(home, variables=home.variables | filled)
