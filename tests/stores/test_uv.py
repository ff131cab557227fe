"""Against environments that real uv makes, and the places that real uv names."""

import os
import platform
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel
from venvdash.model import Environment, Traits
from venvdash.stores.roots import Root, RootOrigin
from venvdash.stores.uv import STORE
from venvdash.system.machine import Machine

SCRIPT = '# /// script\n# requires-python = ">=3.10"\n# dependencies = []\n# ///\n'


def _found(home: Home) -> dict[str, Environment]:
    """Return what is in the store, by the name part of its entries."""
    root = next(iter(STORE.roots(home.machine(), Config())))
    listed = sorted(path for path in root.path.iterdir() if path.is_dir())
    return {
        path.name.rpartition("-")[0]: environment(STORE, reading(path, root)) for path in listed
    }


def _project(home: Home, name: str, *options: str) -> Path:
    path = home.path / "code" / name
    path.parent.mkdir(exist_ok=True)
    home.uv("init", "--no-workspace", *options, path)
    return path


def _sync(home: Home, project: Path, python: Path | str = sys.executable) -> None:
    home.uv("sync", "--project", project, "--python", python)


def test_a_package_a_bare_project_and_a_script(home: Home) -> None:
    package, bare = _project(home, "Web_App", "--package"), _project(home, "notes", "--bare")
    for project in (package, bare):
        _sync(home, project)
    script = home.path / "code" / "My_script.py"
    script.write_text(SCRIPT)
    home.uv("sync", "--script", script, "--python", sys.executable)

    version = platform.python_version()
    found = _found(home)
    assert set(found) == {f"web-app-cp{version}", f"notes-cp{version}", "my-script"}
    webapp, notes = found[f"web-app-cp{version}"], found[f"notes-cp{version}"]
    script_env = found["my-script"]
    assert webapp.traits == Traits(
        kind="uv",
        name="web-app",
        project_name="web-app",
        digest=webapp.entry.name[-16:],
        per_interpreter=True,
        volatile=True,
    )
    assert script_env.traits == Traits(
        kind="uv-script",
        name="My_script.py",
        project_name="my-script",
        digest=script_env.entry.name[-16:],
        script=True,
        volatile=True,
    )
    places = (package, bare, script)
    fits = {env.path: [p for p in places if STORE.fits(env, p)] for env in found.values()}
    assert fits == {webapp.path: [package], notes.path: [bare], script_env.path: [script]}


def test_two_pythons_are_two_environments_of_one_project(
    home: Home, two_pythons: tuple[Path, Path]
) -> None:
    project = _project(home, "lab", "--bare")
    (project / "pyproject.toml").write_text('[project]\nname = "lab"\nversion = "1"\n')
    for python in two_pythons:
        _sync(home, project, python)
    found = _found(home)
    assert len(found) == 2
    assert all(STORE.fits(env, project) for env in found.values())
    assert all(env.traits.project_name == "lab" for env in found.values())


def test_two_projects_of_one_name_are_told_apart(home: Home) -> None:
    here, there = _project(home, "a", "--bare"), _project(home, "b", "--bare")
    for project in (here, there):
        (project / "pyproject.toml").write_text(
            '[project]\nname = "same"\nversion = "1"\nrequires-python = ">=3.10"\n'
        )
        _sync(home, project)
    root = next(iter(STORE.roots(home.machine(), Config())))
    found = [environment(STORE, reading(path, root)) for path in root.path.glob("same-*")]
    assert len(found) == 2
    owners = [[p for p in (here, there) if STORE.fits(env, p)] for env in found]
    assert sorted(owners) == [[here], [there]]


def test_a_project_that_is_gone_or_seen_through_a_link_still_fits(home: Home) -> None:
    project = _project(home, "notes", "--bare")
    _sync(home, project)
    (found,) = _found(home).values()
    link = home.path / "shortcut"
    link.symlink_to(project.parent)
    assert STORE.fits(found, link / "notes")
    shutil.rmtree(project)
    assert STORE.fits(found, project)
    assert not STORE.fits(found, project.parent)


def test_a_workspace_fits_by_its_root(home: Home) -> None:
    root = home.path / "mono"
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["part"]\n')
    home.uv("init", "--bare", root / "part")
    _sync(home, root / "part")
    (found,) = _found(home).values()
    assert found.traits.project_name == "mono"
    assert STORE.fits(found, root)
    assert not STORE.fits(found, root / "part")


@pytest.mark.parametrize("name", ["__x__", "é", "a..b", "n" * 120, "Ünï-x", "abc.tar"])
def test_uv_makes_of_a_name_what_we_make_of_it(home: Home, name: str) -> None:
    script = home.path / f"{name}.py"
    script.write_text(SCRIPT)
    home.uv("sync", "--script", script, "--python", sys.executable)
    (found,) = _found(home).values()
    assert found.traits.project_name == STORE.name_part(name)
    assert found.traits.kind == "uv-script"
    assert found.traits.name == script.name
    assert STORE.fits(found, script)


def test_a_script_given_through_a_link_counts_as_given(home: Home) -> None:
    (home.path / "real").mkdir()
    (home.path / "link").symlink_to("real")
    (home.path / "real" / "s.py").write_text(SCRIPT)
    home.uv("sync", "--script", home.path / "link" / "s.py", "--python", sys.executable)
    (found,) = _found(home).values()
    assert STORE.fits(found, home.path / "link" / "s.py")
    assert not STORE.fits(found, home.path / "real" / "s.py")


@pytest.mark.skipif(sys.platform != "linux", reason="copies an interpreter as Linux lays it out")
def test_a_python_that_uv_upgrades_in_place_counts_without_its_patch(home: Home) -> None:
    machine = platform.machine()
    libc = "gnu" if "glibc" in platform.libc_ver() else "musl"
    major_minor = "{}.{}".format(*sys.version_info)
    managed = home.path / "managed"
    python = managed / f"cpython-{platform.python_version()}-linux-{machine}-{libc}"
    (python / "bin").mkdir(parents=True)
    base = Path(sys.base_prefix)
    shutil.copy(base / "bin" / f"python{major_minor}", python / "bin")
    (python / "lib").symlink_to(base / "lib")
    (managed / f"cpython-{major_minor}-linux-{machine}-{libc}").symlink_to(python)

    home.variables["UV_PYTHON_INSTALL_DIR"] = str(managed)
    project = _project(home, "notes", "--bare", "--python", sys.executable)
    home.uv("sync", "--project", project, "--managed-python", "--python", major_minor)
    (entry,) = _found(home)
    assert entry == f"notes-cp{major_minor}"
    assert STORE.fits(_found(home)[entry], project)


@pytest.mark.parametrize(
    ("entry", "prompt", "kind", "name"),
    [
        ("0123456789abcdef", None, "uv-ephemeral", "0123456789abcdef"),
        ("0123456789abcdef", "é.py", "uv-script", "é.py"),
        ("cp3.12.4-0123456789abcdef", None, "uv", "cp3.12.4-0123456789abcdef"),
        ("x-gp3.12-0123456789abcdef", None, "uv", "x"),
        ("x-cp3.15.0a2-0123456789abcdef", None, "uv", "x"),
        ("x-cp3-12-0123456789abcdef", None, "uv-script", "x-cp3-12"),
        ("Web-cp3.12.4-0123456789abcdef", None, "uv-ephemeral", "Web-cp3.12.4-0123456789abcdef"),
        ("x-0123456789abcde", None, "uv-ephemeral", "x-0123456789abcde"),
    ],
)
def test_entries_by_their_names(
    home: Home, entry: str, prompt: str | None, kind: str, name: str
) -> None:
    root = Root(home.path / "environments-v2", "uv")
    path = made(root.path / entry, f"home = /usr/bin\nprompt = {prompt}\n" if prompt else "")
    traits = STORE.recognise(reading(path, root))
    assert traits is not None
    assert (traits.kind, traits.name) == (kind, name)
    assert traits.expects_project is (kind != "uv-ephemeral")
    assert traits.volatile


def test_what_run_with_leaves_behind_is_throw_away(home: Home) -> None:
    (home.path / "wheels").mkdir()
    wheel = make_wheel(home.path / "wheels", "extra", "1.0")
    home.uv("run", "--no-project", "--python", sys.executable, "--with", wheel, "python", "-c", "")
    (root,) = STORE.roots(home.machine(), Config())
    (entry,) = root.path.glob("*/*/pyvenv.cfg")
    assert len(entry.relative_to(root.path).parts) == root.depth + 1
    assert environment(STORE, reading(entry.parent, root)).traits.kind == "uv-ephemeral"


def test_only_what_lies_in_the_store_is_recognised(home: Home) -> None:
    path = made(home.path / "envs" / "x-cp3.12.4-0123456789abcdef")
    assert STORE.recognise(reading(path, Root(path.parent, "folders"))) is None


def test_nothing_fits_what_has_no_digest(home: Home) -> None:
    root = Root(home.path, "uv")
    found = environment(STORE, reading(made(home.path / "odd"), root))
    assert not STORE.fits(found, home.path)
    other = made(home.path / "x-cp3.12.4-0123456789abcdef")
    for hostile in ("/a\0b", "/\ud800", "/\udcff", "relative", "/", "/" + "a" * 5000):
        assert not STORE.fits(environment(STORE, reading(other, root)), Path(hostile))


# Where the cache is: what `uv cache dir` answers with the same variables and files.


@pytest.mark.parametrize(
    ("variables", "why", "source"),
    [
        ({}, RootOrigin.DEFAULT, ""),
        ({"XDG_CACHE_HOME": "{home}/xdg"}, RootOrigin.VARIABLE, "XDG_CACHE_HOME"),
        ({"XDG_CACHE_HOME": "relative"}, RootOrigin.DEFAULT, ""),
        ({"UV_CACHE_DIR": "{home}/given"}, RootOrigin.VARIABLE, "UV_CACHE_DIR"),
        (
            {"UV_CACHE_DIR": "{home}/given", "XDG_CACHE_HOME": "/x"},
            RootOrigin.VARIABLE,
            "UV_CACHE_DIR",
        ),
    ],
)
def test_variables(home: Home, variables: dict[str, str], why: RootOrigin, source: str) -> None:
    home = given(home, variables)
    cache = Path(home.uv("cache", "dir").strip())
    (root,) = STORE.roots(home.machine(), Config())
    assert root.path == cache / "environments-v2"
    assert (root.why, root.source) == (why, source)


@pytest.mark.parametrize("value", ["relative/cache", "~/cache", "$HOME/cache"])
def test_uv_takes_its_variable_literally(home: Home, value: str) -> None:
    cache = home.uv("cache", "dir", UV_CACHE_DIR=value).strip()
    machine = home.machine(UV_CACHE_DIR=value)
    assert paths(STORE, machine) == [home.path / cache / "environments-v2"]


def _configuration(file: Path, cache: Path | str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'cache-dir = "{cache}"\n')
    return file


def test_configuration_files_in_order(home: Home) -> None:
    def check(expected: Path, source: Path | None, **variables: str) -> None:
        user = given(home, variables)
        assert Path(user.uv("cache", "dir").strip()) == expected
        (root,) = STORE.roots(user.machine(), Config())
        assert root.path == expected / "environments-v2"
        assert root.source == (str(source) if source else "")

    system = _configuration(home.path / "etc" / "uv" / "uv.toml", home.path / "from-system")
    dirs = {"XDG_CONFIG_DIRS": f"{home.path / 'none'}:{system.parent.parent}"}
    check(home.path / "from-system", system, **dirs)
    user = _configuration(home.path / ".config" / "uv" / "uv.toml", home.path / "from-user")
    check(home.path / "from-user", user, **dirs)
    xdg = _configuration(home.path / "conf" / "uv" / "uv.toml", home.path / "from-xdg")
    check(home.path / "from-xdg", xdg, XDG_CONFIG_HOME=str(home.path / "conf"))
    named = _configuration(home.path / "my.toml", home.path / "from-named")
    check(home.path / "from-named", named, UV_CONFIG_FILE=str(named), **dirs)
    check(home.path / ".cache" / "uv", None, UV_NO_CONFIG="1", **dirs)
    (root,) = STORE.roots(given(home, dirs | {"UV_CACHE_DIR": "/given"}).machine(), Config())
    assert root.path == Path("/given/environments-v2")


def test_a_configuration_that_is_a_link_is_read(home: Home) -> None:
    real = _configuration(home.path / "dotfiles" / "uv.toml", home.path / "from-link")
    (home.path / ".config" / "uv").mkdir(parents=True)
    (home.path / ".config" / "uv" / "uv.toml").symlink_to(real)
    assert Path(home.uv("cache", "dir").strip()) == home.path / "from-link"
    assert paths(STORE, home.machine()) == [home.path / "from-link" / "environments-v2"]


@pytest.mark.parametrize(
    "text",
    ["cache-dir = [", "cache-dir = 3", 'cache-dir = ""', "cache-dir = " + "[" * 9999, "\xff"],
)
def test_a_damaged_configuration_leaves_the_default(home: Home, text: str) -> None:
    file = home.path / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="latin-1")
    assert paths(STORE, home.machine()) == [home.path / ".cache" / "uv" / "environments-v2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_fifo_as_configuration_holds_nothing_up(home: Home) -> None:
    file = home.path / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    assert paths(STORE, home.machine()) == [home.path / ".cache" / "uv" / "environments-v2"]


def test_macos_prefers_its_older_place_when_it_is_there(home: Home) -> None:
    machine = Machine(home.path, platform="darwin")
    assert paths(STORE, machine) == [home.path / ".cache" / "uv" / "environments-v2"]
    legacy = home.path / "Library" / "Caches" / "uv"
    legacy.mkdir(parents=True)
    assert paths(STORE, machine) == [legacy / "environments-v2"]
    assert paths(STORE, Machine(home.path, platform="linux")) != [legacy / "environments-v2"]


def test_windows(home: Home) -> None:
    local, roaming = home.path / "Local", home.path / "Roaming"
    variables = {"LOCALAPPDATA": str(local), "APPDATA": str(roaming), "XDG_CACHE_HOME": "/x"}
    machine = Machine(home.path, variables, platform="win32")
    assert paths(STORE, machine) == [local / "uv" / "cache" / "environments-v2"]
    _configuration(roaming / "uv" / "uv.toml", "/elsewhere")
    assert paths(STORE, machine) == [Path("/elsewhere/environments-v2")]


def test_buckets_of_other_releases_are_looked_at_too(home: Home) -> None:
    cache = home.path / ".cache" / "uv"
    for name in ("environments-v1", "environments-v3", "environments-v2", "archive-v0"):
        (cache / name).mkdir(parents=True)
    assert [path.name for path in paths(STORE, home.machine())] == [
        "environments-v2",
        "environments-v1",
        "environments-v3",
    ]
