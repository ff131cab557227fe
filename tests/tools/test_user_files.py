"""What real tools leave in an environment is no file of the user's; what the user adds is.

rye, uvctl, prp, conda and micromamba are not on the package index; rattler, which is what
pixi installs with, can.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.realtools import Tool
from tests.scenario import rows
from tests.stores.packaged import packaged
from tests.stores.places import given
from tests.stores.test_pyenv_virtualenv import pyenv_in
from venvdash.config import Config
from venvdash.model import Flag, Row, UserFiles, UserPlace
from venvdash.session import Session

Maker = Callable[[Home, Tool], Path]

# Packages of a channel on disk, linked into a prefix as pixi does: a Python, and what it compiles.
_RATTLER = """
import asyncio, hashlib, io, json, os, sys, tarfile
from pathlib import Path
import rattler
from rattler.index import index_fs

def package(folder, name, files, depends=(), **more):
    index = {"name": name, "version": "3.11.9", "build": "0", "build_number": 0}
    index |= {"depends": list(depends), "subdir": folder.name, **more}
    paths = [
        {"_path": path, "path_type": "hardlink", "size_in_bytes": len(text),
         "sha256": hashlib.sha256(text.encode()).hexdigest()}
        for path, text in files.items()
    ]
    files = files | {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": paths}),
        "info/files": "\\n".join(files) + "\\n",
    }
    if more:
        link = {"type": "python", "entry_points": ["greet = greet:main"]}
        files["info/link.json"] = json.dumps({"noarch": link, "package_metadata_version": 1})
    folder.mkdir(parents=True)
    with tarfile.open(folder / f"{name}-3.11.9-0.tar.bz2", "w:bz2") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(text), 0o755
            tar.addfile(info, io.BytesIO(text.encode()))

async def main(channel, prefix):
    run = f"#!/bin/sh\\nexec {sys.executable} \\"$@\\"\\n"
    files = {"bin/python": run, "bin/python3.11": run, "lib/python3.11/os.py": ""}
    package(channel / "linux-64", "python", files)
    info = "site-packages/greet-3.11.9.dist-info"
    files = {
        "site-packages/greet/__init__.py": "def main(): pass\\n",
        f"{info}/METADATA": "Name: greet\\nVersion: 3.11.9\\n",
        f"{info}/RECORD": "greet/__init__.py,,\\ngreet/not_in_condas.py,,\\n",
        "etc/greet.conf": "",
    }
    package(channel / "noarch", "greet", files, ["python"], noarch="python")
    await index_fs(str(channel), None)
    platforms = ["linux-64", "noarch"]
    records = await rattler.solve([channel.as_uri()], ["greet"], platforms=platforms)
    await rattler.install(records, str(prefix), cache_dir=str(channel.parent / "pkgs"))
    sys.stdout.flush()
    os._exit(0)  # its threads outlive the interpreter

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def _project(home: Home, name: str = "app") -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
    return path


def _prime_uve(home: Home, tool: Tool) -> Path:
    programs = [str(tool("prime-uve").parent), str(Path(find_uv_bin()).parent)]
    programs.append(home.variables["PATH"])
    variables = {
        "PATH": os.pathsep.join(programs),
        "UV_OFFLINE": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    user = given(home, variables)
    project = _project(home)
    user.run("prime-uve", "init", "-y", cwd=project)
    user.run("uve", "sync", "-q", cwd=project)
    (path,) = rows(user)
    return path


def _pyenv_virtualenv(home: Home, tool: Tool) -> Path:
    pyenv_in(home).run("pyenv", "virtualenv", "--without-pip", "3.11.7", "web")
    return home.path / ".pyenv" / "versions" / "3.11.7" / "envs" / "web"


def _direnv(home: Home, tool: Tool) -> Path:
    if shutil.which("direnv") is None:
        pytest.skip("needs direnv, which is not on this machine")
    layouts = home.path / ".cache" / "direnv" / "layouts"
    settings = home.path / ".config" / "direnv" / "direnvrc"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'direnv_layout_dir() {{ echo "{layouts}/$(pwd | sha1sum | cut -c-40)"; }}')
    project = _project(home)
    (project / ".envrc").write_text("layout python\n")
    home.run("direnv", "allow", project)
    home.run("direnv", "exec", project, "true")
    (path,) = layouts.glob("*/python-*")
    return path


def _uv_workon(home: Home, tool: Tool) -> Path:
    project = _project(home)
    home.uv("venv", "-q", "--no-project", cwd=project)
    links = home.path / ".virtualenvs"
    links.mkdir()
    home.run(tool("uv-workon"), "link", "--yes", project)
    return links / "app"


def _venvlink(home: Home, tool: Tool) -> Path:
    python = packaged("venvlink==0.5.0", home.path / "tool") / "python"
    settings = home.path / ".venvlinkrc"
    settings.write_text(f'[general]\nvenv_folder = "{home.path / "envs of mine"}"\n')
    code = "import sys, pathlib, venvlink; from venvlink import VenvLink\n"
    code += "VenvLink(sys.argv[1]).create_venv('app', pathlib.Path('.'))"
    home.run(python, "-c", code, settings, cwd=_project(home))
    return home.path / "envs of mine" / "app"


def _rattler(home: Home, tool: Tool) -> Path:
    python = packaged("py-rattler==0.28.0", home.path / "tool") / "python"
    prefix = home.path / ".conda" / "envs" / "app"
    prefix.parent.mkdir(parents=True)
    home.run(python, "-c", _RATTLER, home.path / "channel", prefix)
    assert (prefix / "conda-meta" / "history").is_file()
    return prefix


MAKERS = (_prime_uve, _pyenv_virtualenv, _direnv, _uv_workon, _venvlink, _rattler)


def _row(home: Home, path: Path) -> Row:
    session = Session(home.machine(), Config())
    for _ in session.scan():
        pass
    row = session.rows[path]
    assert Flag.DAMAGED not in session.examine(row).row.environment.flags
    return row


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__.strip("_"))
def test_a_fresh_environment_has_none(home: Home, tool: Tool, make: Maker) -> None:
    path = make(home, tool)
    row = _row(home, path)
    assert row.usage is not None
    assert row.usage.user_files == UserFiles()
    assert not row.usage.missing_files
    assert Flag.USER_FILES not in row.environment.flags
    if row.environment.target is not None:
        return  # what lies behind a link is nothing that deleting the link deletes
    notebook = path / "notebooks" / "plan.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("{}")
    row = _row(home, path)
    assert Flag.USER_FILES in row.environment.flags
    expected = UserFiles(1, 2, (("notebooks", UserPlace.DIRECTORY),))
    assert row.usage is not None
    assert row.usage.user_files == expected
