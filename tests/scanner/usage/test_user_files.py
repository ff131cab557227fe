"""Files that nobody but the user can have put into an environment, told from all the others."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.built import MAKERS, Built
from tests.prefixes import conda_prefix, site_packages
from tests.scanner.usage.usage_tools import usage_of
from tests.scenario import venv
from tests.users import as_another_user, open_to_all
from venvdash.model import UserFiles, UserPlace
from venvdash.scanner.usage.footprint import unpack
from venvdash.scanner.usage.tree_count import count

pytest_plugins = ["tests.built", "tests.realtools"]

FILE, FOLDER = UserPlace.FILE, UserPlace.DIRECTORY
NOTHING = UserFiles()


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """One of venv's, with a package that has a program, data, and a module beside it."""
    path = venv(tmp_path / "env")
    install(path, "demo", ["demo/__init__.py", "demo/core/data.json", "single.py"])
    write(path / "bin/demo", "#!/bin/sh\n")
    write(path / "share/man/man1/demo.1")
    record = site_packages(path) / "demo-1.0.dist-info/RECORD"
    with record.open("a") as file:
        file.write("../../../bin/demo,sha256=a,1\n../../../share/man/man1/demo.1,,\n")
    return path


def install(prefix: Path, name: str, files: list[str]) -> None:
    """Put a package into an environment as pip does, with a RECORD."""
    site = site_packages(prefix)
    own = [f"{name}-1.0.dist-info/{file}" for file in ("METADATA", "RECORD")]
    for file in [*files, *own]:
        write(site / file)
    lines = [f"{file},sha256=abc,{1}" for file in [*files, *own]]
    (site / own[1]).write_text("\n".join(lines) + "\n")


def write(path: Path, text: str = "text") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(path: Path) -> UserFiles:
    """Return the user's files of an environment, which must be known."""
    result = usage_of(path).user_files
    assert result is not None
    return result


def test_what_packages_and_python_brought_is_no_file_of_the_users(environment: Path) -> None:
    assert found(environment) == NOTHING
    python = str(environment / "bin/python")
    subprocess.run([python, "-m", "compileall", "-q", site_packages(environment)], check=True)
    assert any(environment.rglob("*.pyc"))
    assert found(environment) == NOTHING
    assert usage_of(environment).missing_files == 0


@pytest.mark.parametrize("maker", MAKERS)
def test_real_environments_with_real_packages_have_none(built: Built, maker: str) -> None:
    usage = usage_of(built(maker))
    assert usage.user_files == NOTHING
    assert usage.missing_files == 0
    assert usage.files > 500


def test_what_the_user_put_there_is_counted_and_named(environment: Path) -> None:
    site = site_packages(environment).relative_to(environment)
    write(environment / "notebooks/2026/plan.ipynb", "x" * 1000)
    write(environment / "notebooks/data.csv", "x" * 10)
    write(environment / site / "demo/core/mine.json", "x" * 100)
    write(environment / site / "tables/a.csv", "12345")
    write(environment / "bin/backup.sh", "#!/bin/sh\nrsync\n")
    write(environment / "pip.conf", "[global]\n")
    (environment / "empty/inner").mkdir(parents=True)
    (environment / "elsewhere").symlink_to("/etc/passwd")
    own = found(environment)
    assert own.places == (
        (f"{site}/tables", FOLDER),
        ("notebooks", FOLDER),
        ("bin/backup.sh", FILE),
        (f"{site}/demo/core/mine.json", FILE),
        ("pip.conf", FILE),
    )
    assert own.count == 6
    assert own.size == 1000 + 10 + 100 + 5 + 16 + 9


def test_checkouts_and_environments_inside_are_called_so(environment: Path) -> None:
    for name in ("one", "two"):
        write(environment / f"src/{name}/.git/HEAD", "ref: refs/heads/main\n")
        write(environment / f"src/{name}/{name}/code.py")
    write(environment / "src/pip-delete-this-directory.txt")
    venv(environment / "tools/inner")
    own = found(environment)
    assert own.places == (
        ("src/one", UserPlace.CHECKOUT),
        ("src/two", UserPlace.CHECKOUT),
        ("tools/inner", UserPlace.ENVIRONMENT),
    )


def test_what_tools_leave_is_known(environment: Path) -> None:
    for name in (
        *(".lock", ".gitignore", "CACHEDIR.TAG", ".project", ".tox-info.json", "venvdash.toml"),
        *("log/1-commands.log", "tmp/x/file", "uv-receipt.toml", "pipx_metadata.json"),
        *("share/jupyter/kernels/mine/kernel.json", "etc/jupyter/nbconfig/tree.json"),
        *(".DS_Store", "bin/python3.11-config", "bin/activate_this.py", "bin/pydoc3.11"),
    ):
        write(environment / name)
    site = site_packages(environment)
    for name in (
        *("_virtualenv.py", "_virtualenv.pth", "pip-24.0.virtualenv", "easy-install.pth"),
        *("demo.egg-link", "~emo/old.py", "thing-1.egg/thing/a.py", "demo/parsetab.py"),
    ):
        write(site / name)
    hook = "#!/bin/zsh\n# This hook is sourced after this virtualenv is activated.\n"
    write(environment / "bin/postactivate", hook)
    write(environment / "bin/old", "#!/x/python\n# EASY-INSTALL-DEV-SCRIPT: 'a==1','old'\n")
    assert found(environment) == NOTHING
    write(environment / "bin/postactivate", hook + "export TOKEN=1\n" * 20)
    assert found(environment).places == (("bin/postactivate", FILE),)


def test_a_directory_around_an_environment_that_goes_with_it(environment: Path) -> None:
    entry = environment.parent / "webapp-3f2a-venv"
    entry.mkdir()
    environment.rename(entry / "venv")
    write(entry / "project.json", "{}")
    usage = usage_of(entry)
    assert (usage.user_files, usage.missing_files) == (NOTHING, 0)
    write(entry / "notes.txt")
    write(entry / "data" / "x" / "a.csv")
    write(entry / "venv" / "mine.txt")
    assert found(entry).places == (("../data", FOLDER), ("../notes.txt", FILE), ("mine.txt", FILE))


def test_folders_of_a_test_runner_are_the_users_elsewhere(environment: Path) -> None:
    write(environment / "tmp/file")
    assert found(environment).places == (("tmp", FOLDER),)
    nox = environment.parent / ".nox" / "tests"
    nox.parent.mkdir()
    environment.rename(nox)
    assert found(nox) == NOTHING


def test_packages_without_a_record(environment: Path) -> None:
    """As setup.py made them: a list of installed files, a list of modules, or nothing at all."""
    site = site_packages(environment)
    write(site / "old/a.py")
    write(environment / "bin/old", "#!/bin/sh\nexit 1\n")
    listed = "../old/a.py\n../../../../bin/old\n./PKG-INFO\n"
    write(site / "old-1.0-py3.11.egg-info/installed-files.txt", listed)
    for name in ("older/deep/b.py", "older_single.py", "oldest/c.py"):
        write(site / name)
    write(site / "Older-1.0-py3.11.egg-info/top_level.txt", "older\nolder_single\n")
    write(site / "oldest-1.0-py3.11.egg-info")
    assert found(environment) == NOTHING
    write(site / "old/mine.txt")
    assert [name for name, _ in found(environment).places] == [
        f"{site.relative_to(environment)}/old/mine.txt"
    ]


def test_names_that_a_record_has_to_quote(environment: Path) -> None:
    site = site_packages(environment)
    write(site / 'odd/a, "b".txt')
    write(site / "odd/\udce9.txt")
    (site / "odd-1.0.dist-info").mkdir()
    record = '"odd/a, ""b"".txt",sha256=x,4\nodd/\udce9.txt,sha256=x,4\n'
    (site / "odd-1.0.dist-info/RECORD").write_bytes(record.encode("utf-8", "surrogateescape"))
    usage = usage_of(environment)
    assert (usage.user_files, usage.missing_files) == (NOTHING, 0)


def test_conda_says_itself_what_it_brought(tmp_path: Path) -> None:
    path = conda_prefix(tmp_path / "env", "zlib-1.3-0")
    files = ["lib/libz.so", "include/zlib.h", "lib/python3.11/site-packages/demo/core.py"]
    for name in [*files, "share/mime/mime.cache", "etc/conda/activate.d/env_vars.sh"]:
        write(path / name)
    fields = {"name": "zlib", "files": files, "link": {"source": "/pkgs/zlib[1]"}}
    write(path / "conda-meta/zlib-1.3-0.json", json.dumps(fields, indent=2))
    install(path, "demo", ["demo/__init__.py"])
    write(path / "conda-meta/pinned", "python 3.11.*")
    assert found(path).places == (("etc/conda", FOLDER), ("conda-meta/pinned", FILE))
    (path / "include/zlib.h").unlink()
    assert usage_of(path).missing_files == 1


def test_missing_files_of_packages_are_counted(environment: Path) -> None:
    site = site_packages(environment)
    (site / "single.py").unlink()
    shutil.rmtree(site / "demo/core")
    (environment / "bin/demo").unlink()
    assert usage_of(environment).missing_files == 3
    write(site / "demo/mine.py")
    usage = usage_of(environment)
    assert usage.missing_files == 3
    assert usage.user_files is not None
    assert usage.user_files.count == 1


def test_the_answer_is_remembered_with_the_sizes(environment: Path) -> None:
    write(environment / "notebooks/\udce9.csv")
    write(environment / "a b")
    measured = count(os.fsencode(environment))
    again = unpack(measured.pack())
    assert again is not None
    assert again.user_files == measured.user_files == 2
    assert again.user_places == [b"dnotebooks", b"fa b"]
    assert (again.user_size, again.missing) == (measured.user_size, 0)


def test_what_cannot_be_read_is_not_known(environment: Path) -> None:
    open_to_all(environment)
    (site_packages(environment) / "demo-1.0.dist-info/RECORD").chmod(0o600)
    assert as_another_user(lambda: str(usage_of(environment).user_files)) == "None"
    (site_packages(environment) / "demo-1.0.dist-info/RECORD").chmod(0o644)
    assert as_another_user(lambda: str(usage_of(environment).user_files)) == str(NOTHING)
    (environment / "private").mkdir(mode=0o700)
    assert as_another_user(lambda: str(usage_of(environment).user_files)) == "None"


def test_a_record_that_is_no_regular_file_stops_nothing(environment: Path) -> None:
    record = site_packages(environment) / "demo-1.0.dist-info/RECORD"
    record.unlink()
    os.mkfifo(record)
    own = found(environment)
    assert own.count > 0
