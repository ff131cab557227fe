"""Packages of the index that are no programs: a module, a shell script."""

import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin


def packaged(requirement: str, place: Path) -> Path:
    """Install a pinned requirement into a new environment at ``place``; return its bin directory.

    Skips the test, by name, where it is not available.
    """
    for arguments in (
        ["venv", "-q", "--no-project", "--python", sys.executable, str(place)],
        ["pip", "install", "-q", "--python", str(place), requirement],
    ):
        done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"needs {requirement}, which cannot be installed: {done.stderr[-200:]}")
    return place / "bin"
