import sys
from pathlib import Path

import pytest

from venvdash.system.machine import Machine

HOME = Path("/home/ada")


def machine(platform: str = "linux", **variables: str) -> Machine:
    return Machine(HOME, variables, platform, cwd=HOME / "code")


def test_the_usual_folders() -> None:
    assert machine().config_file == HOME / ".config/venvdash/config.toml"
    assert machine().state_directory == HOME / ".local/state/venvdash"


def test_variables_of_our_own_come_first() -> None:
    told = machine(VENVDASH_CONFIG="~/my.toml", VENVDASH_STATE_DIR="/state", XDG_STATE_HOME="/x")
    assert told.config_file == HOME / "my.toml"
    assert told.state_directory == Path("/state")


def test_xdg_variables_count_when_they_are_absolute() -> None:
    assert machine(XDG_STATE_HOME="/x").state_directory == Path("/x/venvdash")
    assert machine(XDG_STATE_HOME="x").state_directory == HOME / ".local/state/venvdash"
    assert machine(XDG_CACHE_HOME="").cache_home == HOME / ".cache"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("~/x", HOME / "x"),
        ("~", HOME),
        ("$WHERE/x", Path("/w/x")),
        ("${WHERE}/x", Path("/w/x")),
        ("$WHEREVER/x", HOME / "code/$WHEREVER/x"),
        ("x/~", HOME / "code/x/~"),
        ("a$", HOME / "code/a$"),
    ],
)
def test_expanding_what_people_write(text: str, path: Path) -> None:
    assert machine(WHERE="/w").expand(text) == path


def test_the_machine_that_this_is() -> None:
    current = Machine.current()
    assert current.platform == sys.platform
    assert current.cwd == Path.cwd()
