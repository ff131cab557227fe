"""Environments at other places than they were made at: programs run, shells activate."""

import base64
import csv
import hashlib
import os
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

from tests.actions.deleting import small, tree
from tests.built import MAKERS, SHELLS, Built, activated, assert_runs, assert_works, away, copied
from tests.realtools import Tool
from venvdash.actions.prefix.repair import RepairError, leftovers, own_names, refusal, repair

_LONG = "l" * 130  # the shebang of what lies there is longer than kernels read


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("places")
    return {"short": root / "s", "space": root / "sp ace", "long": root / _LONG}


@pytest.fixture(scope="module")
def copies(built: Built, places: dict[str, Path]) -> dict[str, Path]:
    """A copy of each maker's environment, at a place with a space in it."""
    return {maker: copied(built(maker), places["space"] / f"{maker} copy") for maker in MAKERS}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_copy_works_when_its_original_is_gone(
    built: Built, copies: dict[str, Path], maker: str
) -> None:
    copy = copies[maker]
    assert leftovers(copy, built(maker)) == ()
    with away(built(maker)):
        assert_works(copy)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("maker", MAKERS)
def test_a_copy_is_activated(
    built: Built, copies: dict[str, Path], tool: Tool, maker: str, shell: str
) -> None:
    copy = copies[maker]
    with away(built(maker)):
        ran = activated(shell, copy, tool)
    assert ran == [str(copy / "bin" / "black"), str(copy), str(copy)]


@pytest.mark.parametrize("maker", MAKERS)
def test_nothing_names_the_original(built: Built, copies: dict[str, Path], maker: str) -> None:
    """Compiled files name their sources, which Python mends at import; nothing else does."""
    grep = ["grep", "-rlF", "--exclude=*.pyc", f"{built(maker)}/", str(copies[maker])]
    assert subprocess.run(grep, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("maker", ["uv", "venv", "virtualenv"])
def test_from_place_to_place_and_back(built: Built, places: dict[str, Path], maker: str) -> None:
    """The form of the first lines follows the length, and in the end all is as it was."""
    original = built(maker)
    path = copied(original, places["short"] / maker)
    before = _texts(path)
    programs = {
        "space": places["space"] / "my env",
        "long": places["long"] / maker,
        "longer name": path.with_name(f"{path.name} 2"),  # begins as the place before
        "short": path,
    }
    at = path
    for where, new in programs.items():
        new.parent.mkdir(exist_ok=True)
        at.rename(new)
        assert repair(new, at, new) > 10
        assert repair(new, at, new) == 0
        assert leftovers(new, at) == ()
        first = (new / "bin" / "black").read_bytes().split(b"\n")[0]
        plain = b"#!" + os.fsencode(new / "bin" / "python")
        assert first == (plain if where == "short" else b"#!/bin/sh")
        assert_runs(new)
        at = new
    assert _texts(path) == before


def _texts(path: Path) -> dict[str, bytes]:
    """Return all files in which a path may be, without the quotes that a space had needed."""
    files = [path / "pyvenv.cfg", *(path / "bin").iterdir(), *path.rglob("RECORD")]
    quoted, plain = f"'{path}'".encode(), os.fsencode(path)
    return {str(file): file.read_bytes().replace(quoted, plain) for file in files if file.is_file()}


def test_hashes_of_programs_follow(copies: dict[str, Path]) -> None:
    copy = copies["uv"]
    checked = 0
    for record in copy.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        with record.open(newline="") as file:
            for name, how, size in csv.reader(file):
                if not how.startswith("sha256=") or "__pycache__" in name:
                    continue
                content = (record.parent.parent / name).read_bytes()
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                assert how == "sha256=" + digest.rstrip(b"=").decode(), name
                assert int(size) == len(content)
                checked += "bin/" in name
    assert checked > 5


def test_times_and_modes_are_kept(built: Built, copies: dict[str, Path]) -> None:
    original, copy = built("venv"), copies["venv"]
    for name in ("bin/black", "bin/activate", "pyvenv.cfg"):
        before, after = (original / name).stat(), (copy / name).stat()
        assert (before.st_mode, before.st_mtime_ns) == (after.st_mode, after.st_mtime_ns)


def test_files_with_a_second_name_are_replaced(tmp_path: Path) -> None:
    """uv links files from its cache, and ``cp -l`` to the original: neither may change."""
    original = small(tmp_path / "app")
    program = original / "bin" / "tool"
    program.write_text(f"#!{original}/bin/python\nprint(1)\n")
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-al", original, copy], check=True)
    before = tree(original)
    assert repair(copy, original, copy) == 1
    assert tree(original) == before
    assert (copy / "bin" / "tool").read_text() == f"#!{copy}/bin/python\nprint(1)\n"


def test_nothing_is_written_through_links(tmp_path: Path) -> None:
    env, outside = small(tmp_path / "app"), tmp_path / "outside"
    outside.write_text(f"#!{env}/bin/python\n")
    (env / "bin" / "tool").symlink_to(outside)
    (env / "bin" / "own").symlink_to(env / "bin" / "python")
    (env / "bin" / "aside").symlink_to(f"{env}2/bin/python")
    new = tmp_path / "new"
    env.rename(new)
    assert repair(new, env, new) == 1
    assert outside.read_text() == f"#!{env}/bin/python\n"
    assert os.readlink(new / "bin" / "own") == str(new / "bin" / "python")
    assert os.readlink(new / "bin" / "aside") == f"{env}2/bin/python"


_SH = "#!/bin/sh\n'''exec' {} \"$0\" \"$@\"\n' '''\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#!/x/env/bin/python\n", "#!/y/new/bin/python\n"),
        ("#! /x/env/bin/python3.11 -sE\r\n", "#!/y/new/bin/python3.11 -sE\n"),
        ("#!/x/env2/bin/python\n", "#!/x/env2/bin/python\n"),
        ("#!/w/x/env/bin/python\n", "#!/w/x/env/bin/python\n"),
        ("#!/bin/awk\nA = '/x/env/share'\n", "#!/bin/awk\nA = '/y/new/share'\n"),
        (_SH.format("'/x/env/bin/python' -E"), "#!/y/new/bin/python -E\n"),
        (_SH.format("/x/env/bin/python") + "x\n", "#!/y/new/bin/python\nx\n"),
        (_SH.format('"/x/env/bin/python"'), "#!/y/new/bin/python\n"),
        (_SH.format("/x/env2/bin/python"), _SH.format("/x/env2/bin/python")),
        ("cc -I/x/env/include -L/x/env2/lib", "cc -I/y/new/include -L/x/env2/lib"),
        ("see file:///x/env/doc", "see file:///y/new/doc"),
        ("/x/env-old /x/env.bak /x/env/ /x/env", "/x/env-old /x/env.bak /y/new/ /y/new"),
    ],
)
def test_what_counts_as_the_path(tmp_path: Path, before: str, after: str) -> None:
    env = small(tmp_path / "app")
    (env / "bin" / "tool").write_bytes(before.encode())
    repair(env, Path("/x/env"), Path("/y/new"))
    assert (env / "bin" / "tool").read_bytes() == after.encode()
    assert leftovers(env, Path("/x/env")) == ()


def test_what_cannot_be_rewritten_is_told(tmp_path: Path) -> None:
    env = small(tmp_path / "app")
    bare, compiled = env / "bin" / "bare", env / "bin" / "compiled"
    bare.write_text("#!/bin/sh\nexec /x/env/bin/python -m tool\n")
    compiled.write_bytes(b"\x7fELF\0/w/x/env/lib\0")
    (env / "bin" / "other").write_bytes(b"\x7fELF\0\0/x/env2\0")
    assert repair(env, Path("/x/env"), Path("/y/n w")) == 0
    assert leftovers(env, Path("/x/env")) == (bare,)
    repair(env, Path("/x/env"), Path("/y/new"))
    assert bare.read_text() == "#!/bin/sh\nexec /y/new/bin/python -m tool\n"
    compiled.write_bytes(b"\x7fELF\0\0=/x/env/lib\0")
    assert leftovers(env, Path("/x/env")) == (compiled,)


def test_a_zip_file_that_can_be_run(tmp_path: Path) -> None:
    env = small(tmp_path / "app")
    code = tmp_path / "code"
    code.mkdir()
    (code / "__main__.py").write_text("print('ran')\n")
    tool = env / "bin" / "tool"
    python = env / "bin" / "python"
    zipapp.create_archive(code, tool, str(python))
    new = tmp_path / "n w"
    env.rename(new)
    repair(new, env, new)
    (new / "bin" / "python").unlink()
    (new / "bin" / "python").symlink_to(sys.executable)
    ran = subprocess.run([new / "bin" / "tool"], capture_output=True, text=True)
    assert ran.stdout == "ran\n", ran


def test_source_trees_and_kernels_inside(tmp_path: Path) -> None:
    env = small(tmp_path / "my app")
    (site,) = env.glob("lib/python*/site-packages")
    (site / "thing.pth").write_text(f"{env}/src/thing\n")
    (site / "other.pth").write_text("/home/somebody/other\n")
    url = site / "thing-1.0.dist-info" / "direct_url.json"
    url.write_text(f'{{"url": "{(env / "src" / "thing").as_uri()}"}}')
    kernel = env / "share" / "jupyter" / "kernels" / "app" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(f'{{"argv": ["{env}/bin/python", "-m"]}}')
    new = tmp_path / "new app"
    env.rename(new)
    assert repair(new, env, new) == 3
    (site,) = new.glob("lib/python*/site-packages")
    assert (site / "thing.pth").read_text() == f"{new}/src/thing\n"
    assert (site / "other.pth").read_text() == "/home/somebody/other\n"
    url = site / "thing-1.0.dist-info" / "direct_url.json"
    assert (new / "src" / "thing").as_uri() in url.read_text()
    assert f'"{new}/bin/python"' in (new / kernel.relative_to(env)).read_text()


_BAD = ["a'b", 'a"b', "a$b", "a`b", "a\\b", "a!b", "a:b", "a\nb", "a\tb", os.fsdecode(b"a\xff")]


@pytest.mark.parametrize("name", [*_BAD, "n" * 256, "/".join(["d" * 200] * 20)])
def test_places_where_nothing_can_work(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["a b", "über", "a%b", "a;b*?[x]&(y){z}~#", "n" * 255, "日本"])
def test_places_where_all_works(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / name) == ""


def test_executables_of_windows_are_refused(tmp_path: Path) -> None:
    env = tmp_path / "app"
    (env / "Scripts").mkdir(parents=True)
    (env / "pyvenv.cfg").write_text("home = C:\\Python\n")
    (env / "Scripts" / "python.exe").touch()
    assert repair(env, Path("/old"), env) == 0
    (env / "Scripts" / "black.exe").touch()
    with pytest.raises(RepairError, match="contain its path"):
        repair(env, Path("/old"), env)


def test_a_place_of_its_own_that_is_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    path, other = small(tmp_path / "real" / "app"), tmp_path / "link" / "app"
    (path / "bin" / "activate").write_text(f"VIRTUAL_ENV={other}\n")
    assert own_names(path) == (path, other)
    (tmp_path / "link").unlink()
    assert own_names(path) == (path, other)
    other.mkdir(parents=True)  # something else by now
    assert own_names(path) == (path,)
