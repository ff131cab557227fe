"""What installed packages require: markers, extras, and metadata that is made to do harm."""

from pathlib import Path

import pytest

from venvdash.scanner.discovery.requirements import (
    markers_for,
    required_lines,
    required_names,
)

OLD = markers_for("3.9.1", "PyPy")


def names(**lines: list[str]) -> dict[str, set[str]]:
    return {name: set(found) for name, found in required_names(lines, OLD).items()}


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("Other.Name >= 2", True),
        ('Other_Name ; python_version < "3.10"', True),
        ('Other_Name ; python_version >= "3.10"', False),
        ('Other_Name ; platform_python_implementation == "PyPy"', True),
        ('Other_Name ; sys_platform == "no such"', False),
        ('Other_Name ; extra == "tests"', False),
        ("Other-Name @ https://host.example/x.whl", True),
    ],
)
def test_markers_are_those_of_the_environment(line: str, holds: bool) -> None:
    assert names(one=[line]) == {"one": {"other-name"} if holds else set()}


def test_an_extra_counts_where_another_package_asks_for_it() -> None:
    found = names(
        app=["server[Web]"],
        server=['http ; extra == "web"', 'tests ; extra == "tests"', "server[more]"],
    )
    assert found == {"app": {"server"}, "server": {"http"}}


def test_an_extra_may_ask_for_more_extras() -> None:
    found = names(app=["one[all]"], one=['one[a] ; extra == "all"', 'deep ; extra == "a"'])
    assert found == {"app": {"one"}, "one": {"deep"}}


@pytest.mark.parametrize(
    "line",
    [
        "(" * 400 + "x",
        "x ; " + "(" * 400 + 'os_name == "posix"' + ")" * 400,
        'x ; python_version < "no version"',
        'x ; unheard_of == "y"',
        "x" * 5000,
        "",
        "\x1b[31m",
    ],
)
def test_what_is_no_requirement_is_left_out(line: str) -> None:
    found = names(one=[line, "good"])
    assert found in ({"one": {"good"}}, {"one": {"good", "x"}})


def test_extras_that_call_for_each_other_end() -> None:
    many = {f"p{n}": [f"p{m}[e{m}]" for m in range(40)] for n in range(40)}
    assert set(names(**many)["p0"]) == {f"p{m}" for m in range(1, 40)}


def test_only_the_headers_are_read(tmp_path: Path) -> None:
    info = tmp_path / "one-1.dist-info"
    info.mkdir()
    assert required_lines(str(info)) is None
    (info / "METADATA").write_text(
        "Name: one\r\nrequires-dist: two\r\n  (>=1)\r\n\r\nRequires-Dist: not-this\r\n"
    )
    assert required_lines(str(info)) == ["two  (>=1)"]
    (info / "METADATA").write_text("Requires-Dist: two\n" * 5000)
    assert len(required_lines(str(info)) or ()) == 2000
    (info / "METADATA").unlink()
    (info / "METADATA").mkdir()
    assert required_lines(str(info)) is None


def test_setuptools_older_file_is_read(tmp_path: Path) -> None:
    info = tmp_path / "one-1.egg-info"
    info.mkdir()
    assert required_lines(str(info)) == []
    (info / "requires.txt").write_text(
        'a>=1\n\n[:python_version < "3.10"]\nb\n[x]\nc\n[x:python_version > "3.10"]\nd\n'
    )
    lines = required_lines(str(info))
    assert lines is not None
    assert names(one=lines, two=["one[x]"])["one"] == {"a", "b", "c"}
