"""Keys that are typed before what they are for is on the screen."""

import pytest

from tests.conftest import Home
from tests.scenario import venv
from tests.terminal import venvdash


@pytest.mark.parametrize("scanned", [True, False], ids=["idle", "scanning"])
def test_what_follows_the_slash_is_typed_into_the_filter(home: Home, scanned: bool) -> None:
    venv(home.path / ".venvs" / "plain")
    home.venvdash("list")  # so that there is a list before anything is scanned
    with venvdash(variables=home.variables, cwd=home.path) as screen:
        screen.read(lambda output: b"plain" in output, 60)
        if scanned:
            screen.read(lambda output: b"scanned in" in output, 60)
        typed = len(screen.output)
        screen.press("/zqd")  # in one write: q would quit, d would ask to delete
        hint = "No matches for “zqd”".encode()
        assert hint in screen.read(lambda output: hint in output[typed:], 60)[typed:]
