"""Interpreters of this machine are found, and what only looks like one is passed over."""

import os
import sys
from pathlib import Path

from tests.conftest import Home
from venvdash.demo.interpreters import OLDEST, another, own
from venvdash.system.machine import Machine


def test_ours_is_outside_any_environment() -> None:
    ours = own()
    assert ours.version == sys.version_info[:2]
    assert ours.path.is_file()
    assert not (ours.path.parent.parent / "pyvenv.cfg").exists()


def test_another_minor_version_is_found_on_path(home: Home, two_pythons: tuple[Path, Path]) -> None:
    real = two_pythons[1]
    tools = home.path / "tools"
    tools.mkdir()
    # A name that promises more than any other, yet only what it answers counts.
    (tools / "python3.99").symlink_to(real)
    found = another(own(), home.machine(PATH=str(tools)), home.variables)
    assert found is not None
    assert found.version != own().version
    assert found.version >= OLDEST
    assert os.path.samefile(found.path, real)


def test_what_lies_hangs_or_fails_is_passed_over(home: Home, bare: Machine) -> None:
    tools = home.path / "tools"
    tools.mkdir()
    for name, text in {
        "python3.97": "#!/bin/sh\nexit 1\n",
        "python3.96": "#!/bin/sh\necho 3 99\n",
        "python3.95": "#!/bin/sh\necho 3 99 pypy final /bin/sh\n",
        "python3.94": "#!/bin/sh\necho 3 99 cpython alpha /bin/sh\n",
        "python3.93": "#!/bin/sh\necho 3 6 cpython final /bin/sh\n",
        "python3.92": "#!/no/such/interpreter\n",
    }.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (tools / "python3.91").symlink_to("python3.91")
    (tools / "python3.90").mkdir()
    (tools / f"python3.{own().version[1]}").symlink_to(own().path)
    assert another(own(), home.machine(PATH=f"{tools}:relative"), home.variables) is None


def test_a_machine_without_any_has_none(bare: Machine) -> None:
    assert another(own(), bare, bare.variables) is None
