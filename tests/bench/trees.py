"""A HOME with many environments and their projects, for benchmarks: real files, made quickly."""

import os
import sys
from pathlib import Path

_PACKAGES = ("pip-25.0", "rich-14.0.0", "click-8.2.0", "attrs-25.1.0", "idna-3.10", "yarl-1.18.3")


def make_home(home: Path, count: int, files: int = 20) -> None:
    """Make ``count`` environments in ``~/.virtualenvs``, four of five with a living project.

    Each holds ``files`` small modules besides what makes it an environment.
    """
    store, code = home / ".virtualenvs", home / "code"
    store.mkdir(parents=True)
    code.mkdir()
    version = ".".join(map(str, sys.version_info[:2]))
    cfg = f"home = {Path(sys.executable).resolve().parent}\nversion = {version}.1\n"
    for number in range(count):
        prefix = store / f"project{number:05d}"
        site = prefix / "lib" / f"python{version}" / "site-packages"
        site.mkdir(parents=True)
        (prefix / "bin").mkdir()
        (prefix / "bin" / "python").symlink_to(sys.executable)
        (prefix / "pyvenv.cfg").write_text(cfg)
        for package in _PACKAGES:
            os.mkdir(site / f"{package}.dist-info")
        for module in range(files):
            (site / f"module{module}.py").write_text(f"x = {module}\n" * 40)
        project = code / prefix.name
        (prefix / ".project").write_text(f"{project}\n")
        if number % 5:
            project.mkdir()
            (project / "pyproject.toml").write_text(f'[project]\nname = "{prefix.name}"\n')
