"""Wheels made by hand are real ones: uv installs them, their files and scripts are there."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.demo.wheels import make_wheel, module_name, payload


def test_uv_installs_it_and_its_script_runs(home: Home) -> None:
    wheel = make_wheel(
        home.path / "wheels",
        "Data.Tools",
        "1.2.0",
        modules={
            "data_tools/__init__.py": b"def main():\n    print('here')\n",
            "data_tools/blob.bin": payload(300_000, "blob"),
        },
        entry_points={"data-tools": "data_tools:main"},
    )
    assert wheel.name == "data_tools-1.2.0-py3-none-any.whl"
    env = home.path / "env"
    home.uv("venv", env)
    home.uv("pip", "install", "--python", env, wheel)
    assert home.run(env / "bin" / "data-tools").stdout == "here\n"
    (blob,) = env.glob("lib/python3*/site-packages/data_tools/blob.bin")
    assert blob.stat().st_size == 300_000
    listed = json.loads(home.uv("pip", "list", "--python", env, "--format", "json"))
    assert [(item["name"], item["version"]) for item in listed] == [("data-tools", "1.2.0")]
    assert "1.2.0" in home.uv("pip", "show", "--python", env, "--files", "data-tools")


def test_requirements_between_them_are_resolved(home: Home) -> None:
    wheels = home.path / "wheels"
    make_wheel(wheels, "below", "2")
    make_wheel(wheels, "above", "1", requires=("below>=2",))
    env = home.path / "env"
    home.uv("venv", env)
    home.uv("pip", "install", "--python", env, "--no-index", "--find-links", wheels, "above")
    assert home.run(env / "bin" / "python", "-c", "import below; below.main()").stdout == "below\n"


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    first = make_wheel(tmp_path / "a", "x", "1", {"x.py": payload(1000, "s")})
    again = make_wheel(tmp_path / "b", "x", "1", {"x.py": payload(1000, "s")})
    other = make_wheel(tmp_path / "c", "x", "1", {"x.py": payload(1000, "t")})
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_every_member_is_in_the_record(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "x", "1", entry_points={"x": "x:main"})
    with zipfile.ZipFile(wheel) as archive:
        record = archive.read("x-1.dist-info/RECORD").decode().splitlines()
        assert {line.split(",")[0] for line in record} == set(archive.namelist())
        assert archive.testzip() is None


@pytest.mark.parametrize(
    ("name", "module"), [("A-b", "a_b"), ("a.b_-c", "a_b_c"), ("plain", "plain")]
)
def test_names_as_wheels_spell_them(name: str, module: str) -> None:
    assert module_name(name) == module
