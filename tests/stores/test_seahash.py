from pathlib import Path

import pytest

from venvdash.stores._seahash import (
    DEFAULT,
    FREETHREADED,
    Platform,
    digest,
    interpreter_stream,
    path_stream,
    seahash,
)

LINUX = Platform("linux", "x86_64", "gnu")


def _project(path: str, version: str) -> str:
    key = interpreter_stream("cp", version, LINUX)
    assert key is not None
    return digest(path_stream(path) + key)


def test_the_reference_value_of_the_crate() -> None:
    # https://docs.rs/seahash/4.1.0: the value that its own tests expect
    assert seahash(b"to be or not to be") == 1988685042348123509


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("/home/ada/code/webapp", "3.11.7", "f8bc9442c6c4bc3f"),
        ("/home/ada/code/webapp", "3.12.4", "eb83b4d56e645b28"),
        ("/home/ada/code/notes", "3.11.7", "6ff5dcc46fe8ead5"),
        ("/home/ada/code/data-lab", "3.11.7", "186ef859520946e5"),
    ],
)
def test_projects_on_linux(path: str, version: str, expected: str) -> None:
    assert _project(path, version) == expected


def test_a_script_is_its_path_alone() -> None:
    assert digest(path_stream("/home/ada/code/my_script.py")) == "923a7d82b5c666af"


def test_separators_do_not_count_but_components_do() -> None:
    assert path_stream("/a/b") == path_stream("//a/./b/")
    assert path_stream("/a/bc") != path_stream("/ab/c")
    assert path_stream("/a/../b") != path_stream("/b")
    assert path_stream(Path("/caf\udce9")) == path_stream("/caf\udce9")


def test_every_part_of_an_interpreter_counts() -> None:
    streams = [
        interpreter_stream("cp", "3.13.1", LINUX),
        interpreter_stream("cp", "3.13", LINUX),
        interpreter_stream("cp", "3.13.0rc1", LINUX),
        interpreter_stream("cp", "3.13.0rc2", LINUX),
        interpreter_stream("cp", "3.13.0b1", LINUX),
        interpreter_stream("pp", "3.13.1", LINUX),
        interpreter_stream("cp", "3.13.1", LINUX, FREETHREADED),
        interpreter_stream("cp", "3.13.1", Platform("linux", "x86_64", "musl")),
        interpreter_stream("cp", "3.13.1", Platform("linux", "aarch64", "gnu")),
        interpreter_stream("cp", "3.13.1", Platform("darwin", "aarch64")),
        interpreter_stream("cp", "3.13.1", Platform("win32", "x86_64")),
    ]
    assert None not in streams
    assert len(set(streams)) == len(streams)
    assert interpreter_stream("cpython", "3.13.1", LINUX, DEFAULT) == streams[0]


@pytest.mark.parametrize(
    ("implementation", "version", "platform"),
    [
        ("rustpython", "3.13.1", LINUX),
        ("cp", "3", LINUX),
        ("cp", "3.13.999", LINUX),
        ("cp", "3.13.1+local", LINUX),
        ("cp", "٣.13.1", LINUX),
        ("cp", "3.13.1", Platform("linux", "riscv64", "gnu")),
        ("cp", "3.13.1", Platform("freebsd14", "x86_64")),
    ],
)
def test_unknown_numbers_give_nothing(
    implementation: str, version: str, platform: Platform
) -> None:
    assert interpreter_stream(implementation, version, platform) is None


def test_a_drive_counts_on_windows_and_separators_do_not() -> None:
    spellings = ["C:\\a\\b", "c:/a/b", "C:/a//./b/"]
    assert len({path_stream(path, windows=True) for path in spellings}) == 1
    others = ["D:\\a\\b", "\\\\?\\C:\\a\\b", "\\a\\b"]
    assert len({path_stream(path, windows=True) for path in [spellings[0], *others]}) == 4
