"""`venvdash info`, as a program, on real environments."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import lab, venv
from tests.terminal import HOSTILE, unsafe, venvdash
from venvdash.demo.wheels import make_wheel


def run(
    home: Home, *arguments: str, check: bool = True, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    return home.venvdash(*arguments, check=check, cwd=cwd)


def told(home: Home, *arguments: str) -> dict[str, object]:
    environment = json.loads(run(home, "info", "--json", *arguments).stdout)["environment"]
    assert isinstance(environment, dict)
    return environment


@pytest.fixture
def api(home: Home) -> Path:
    """An environment of virtualenvwrapper's with a project."""
    (home.path / "code" / "api").mkdir(parents=True)
    path = venv(home.path / ".virtualenvs" / "api")
    (path / ".project").write_text(str(home.path / "code" / "api"))
    return path


def install(home: Home, path: Path, name: str = "hello") -> Path:
    wheel = make_wheel(home.path, name, "1.0", {f"{name}.py": b""}, {name: f"{name}:main"})
    home.uv("pip", "install", "-q", "--python", path / "bin" / "python", wheel)
    return wheel


def test_all_is_told_in_words(home: Home, api: Path) -> None:
    library = home.path / "code" / "library"
    library.mkdir()
    (site,) = api.glob("lib/*/site-packages")
    (site / "library.pth").write_text(f"{library}\n")
    wheel = install(home, api)
    shown = run(home, "info", "api").stdout
    assert shown.startswith("api  linked\n")
    assert "+ its .project names ~/code/api" in shown
    assert "- a package in it mentions ~/code/library, which proves nothing" in shown
    assert "directories searched" in shown
    assert "known by    the tool's pointer" in shown
    assert "path        ~/.virtualenvs/api" in shown
    assert re.search(rf"hello  1\.0  .*KiB  archive {re.escape(wheel.as_uri())}", shown)
    assert "if it is deleted" in shown
    assert "reclaimable" not in run(home, "info", "api", "--no-usage").stdout


def test_json_has_what_the_list_has_and_more(home: Home, api: Path) -> None:
    wheel = install(home, api)
    run(home, "list")  # writes the sidecar, which has a size, too
    (listed,) = json.loads(run(home, "list", "--json").stdout)["environments"]
    environment = told(home, "api")
    assert set(listed) < set(environment)
    usage = environment["usage"]
    assert isinstance(usage, dict)
    assert usage["on_disk"] == listed["usage"]["on_disk"] > 0
    packages = environment["packages"]
    assert isinstance(packages, list)
    (package,) = packages
    assert package.pop("on_disk") > 0
    assert package == {
        "name": "hello",
        "version": "1.0",
        "origin": wheel.as_uri(),
        "editable": False,
        "source": "archive",
        "requires": [],
        "required_by": [],
        "elsewhere": [],
    }
    assert environment["missing"] == environment["references"] == []
    assert environment["flag_reasons"] == {}
    record = environment["record"]
    assert isinstance(record, dict)
    assert record["projects"] == [str(home.path / "code" / "api")]


def test_what_is_missing_is_said(home: Home, api: Path) -> None:
    install(home, api)
    (site,) = api.glob("lib/*/site-packages")
    (site / "hello.py").unlink()
    environment = told(home, "api")
    assert environment["missing"] == [
        {"package": "hello", "count": 1, "files": [str(site / "hello.py")]}
    ]
    assert environment["flags"] == ["damaged"]
    (api / "bin" / "hello").unlink()
    shown = run(home, "info", "api").stdout
    assert "damaged     2 files are missing, such as " in shown
    assert "hello: ~/.virtualenvs/api/" in shown


def test_what_names_it_is_said(home: Home, api: Path) -> None:
    launcher = home.path / ".local" / "bin" / "serve"
    launcher.parent.mkdir(parents=True)
    launcher.symlink_to(api / "bin" / "python")
    assert f"referenced  by launcher {launcher}" in run(home, "info", "api").stdout
    assert told(home, "api")["references"] == [
        {"what": "launcher", "file": str(launcher), "path": str(api / "bin" / "python")}
    ]
    (flagged,) = json.loads(run(home, "list", "--json", "--no-usage").stdout)["environments"]
    assert flagged["flags"] == ["referenced"]


def test_a_broken_one_says_what_is_gone(home: Home, api: Path) -> None:
    (api / "bin" / "python").unlink()
    reasons = told(home, "api")["flag_reasons"]
    assert isinstance(reasons, dict)
    assert reasons["broken"].startswith("its interpreter is gone: it was created from /")


def test_without_a_name_the_current_directory_decides(
    home: Home, two_pythons: tuple[Path, Path]
) -> None:
    project, older, newer = lab(home, two_pythons)
    (project / "src").mkdir()
    shown = run(home, "info", "--no-usage", "--json", cwd=project / "src").stdout
    assert json.loads(shown)["environment"]["path"] == str(newer)
    by_name = run(home, "info", "--no-usage", "lab")
    assert "in use by its project (1 of 2)" in by_name.stderr
    assert str(newer.name) in by_name.stdout
    assert str(older.name) in run(home, "info", "--no-usage", str(older)).stdout
    away = run(home, "info", "--no-usage", check=False)
    assert away.returncode == 1
    assert "no environment found for the project in ~" in away.stderr


def test_a_name_that_nothing_bears(home: Home, api: Path) -> None:
    done = run(home, "info", "apo", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no environment is named apo. Did you mean api?" in done.stderr
    done = run(home, "info", "x\x1b]0;pwn\x07", check=False)
    assert done.returncode == 1
    assert unsafe(done.stderr.encode()) == []


def test_a_name_that_several_bear(home: Home) -> None:
    for place in ("work", "play"):
        (home.path / place / "api").mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / f"{place}-api")
        (path / ".project").write_text(str(home.path / place / "api"))
    done = run(home, "info", "api", check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "api matches 2 environments" in done.stderr
    for name in ("work/api", "play/api"):
        assert name in done.stderr
        assert run(home, "info", "--no-usage", name).stdout.startswith(name)
    with venvdash("info", "api", "--no-usage", variables=home.variables, cwd=home.path) as screen:
        screen.read(lambda output: b"Which one" in output)
        shown = screen.output.decode()
        number = "1" if shown.index("play/api") < shown.index("work/api") else "2"
        screen.press(f"{number}\n")
        assert screen.wait() == 0
    assert "play/api  linked" in screen.output.decode()


def test_hostile_names_reach_the_terminal_as_visible_escapes(home: Home) -> None:
    for number, name in enumerate(HOSTILE):
        project = home.path / "code" / name
        project.mkdir(parents=True)
        path = venv(home.path / ".virtualenvs" / f"plain{number}")
        (path / ".project").write_bytes(os.fsencode(project))
        (site,) = path.glob("lib/*/site-packages")
        (site / f"{name.replace('/', '')}-1.0.dist-info").mkdir()
        for arguments in (["info", f"plain{number}"], ["info", "--no-usage", name]):
            done = run(home, *arguments, check=False)
            assert unsafe(done.stdout.encode() + done.stderr.encode()) == []
            assert "Traceback" not in done.stderr


def test_all_packages_are_listed_on_request(home: Home, api: Path) -> None:
    other = venv(home.path / ".virtualenvs" / "other")
    for version, path in (("1.0", api), ("0.9", other)):
        wheel = make_wheel(home.path, "hello", version)
        user = make_wheel(home.path, "user", "3", requires=("hello",))
        home.uv("pip", "install", "-q", "--python", path / "bin" / "python", wheel, user)
    shown = run(home, "info", "api", "--packages").stdout.splitlines()
    assert shown[0].split("  ")[0] == "PACKAGE"
    assert re.fullmatch(r"hello +1\.0 +[\d.]+ KiB +archive file:\S+ +user +0\.9 in 1", shown[1])
    assert re.fullmatch(r"user +3 +[\d.]+ KiB +archive file:\S+ +- +-", shown[2])
    assert len(shown) == 3
    brief = run(home, "info", "api").stdout
    assert re.search(r"Other versions elsewhere\n  hello +1\.0 +0\.9 in 1\n", brief)
    packages = told(home, "api")["packages"]
    assert isinstance(packages, list)
    assert packages[0]["elsewhere"] == [{"version": "0.9", "environments": 1}]
    assert packages[0]["required_by"] == ["user"]


def test_hostile_names_of_packages_are_made_visible(home: Home, api: Path) -> None:
    (site,) = api.glob("lib/*/site-packages")
    info = site / "bad\x1b[31m-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Requires-Dist: \x1b[31mx\nRequires-Dist: hello\n")
    (info / "direct_url.json").write_text('{"url": "https://x/\\u001b[31m"}')
    for arguments in (("info", "api"), ("info", "api", "--packages")):
        assert not unsafe(run(home, *arguments).stdout.encode())
