"""Prefixes as conda, micromamba and pixi leave them, where those cannot be installed.

Laid out as their sources say, around this machine's real interpreter: conda-meta with a history
and a record for each package, ``bin`` and ``lib``.
"""

import json
import sys
from pathlib import Path

PYTHON = ".".join(map(str, sys.version_info[:3]))
HISTORY = """==> 2026-01-31 12:00:00 <==
# cmd: /opt/conda/bin/conda create -n {name} python
# conda version: 26.9.0
+conda-forge/linux-64::{first}
# update specs: ['python']
"""


def conda_prefix(path: Path, *packages: str, python: bool = True) -> Path:
    """Make a conda environment with the given records (name-version-build), and Python's."""
    records = [*packages, *([f"python-{PYTHON}-h1234567_0_cpython"] if python else [])]
    meta = path / "conda-meta"
    meta.mkdir(parents=True)
    for record in records:
        name, version, build = record.rsplit("-", 2)
        fields = {"name": name, "version": version, "build": build, "files": []}
        (meta / f"{record}.json").write_text(json.dumps(fields))
    (meta / "history").write_text(HISTORY.format(name=path.name, first=records[0]))
    (path / "bin").mkdir()
    if python:
        site_packages(path).mkdir(parents=True)
        (path / "bin" / "python").symlink_to(sys.executable)
    return path


def site_packages(prefix: Path) -> Path:
    """Return where the prefix's Python imports from."""
    minor = "python{}.{}".format(*sys.version_info[:2])
    return prefix / "lib" / minor / "site-packages"


def pixi_prefix(path: Path, manifest: Path, *packages: str) -> Path:
    """Make a pixi environment of the workspace of ``manifest``; pixi's history has no dates."""
    conda_prefix(path, *packages)
    (path / "conda-meta" / "history").write_text("// not relevant for pixi but for conda\n")
    told = {
        "manifest_path": str(manifest),
        "environment_name": path.name,
        "pixi_version": "0.59.0",
        "environment_lock_file_hash": "4f36ee620f10329d",
    }
    (path / "conda-meta" / "pixi").write_text(json.dumps(told))
    return path


def conda_base(path: Path) -> Path:
    """Make an installation of conda itself."""
    conda_prefix(path, "conda-26.9.0-py313_0")
    for folder in ("envs", "pkgs", "condabin"):
        (path / folder).mkdir()
    return path
