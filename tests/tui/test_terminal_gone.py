import os
from pathlib import Path

from tests.conftest import Home
from tests.scenario import venv
from tests.terminal import venvdash


def test_the_dashboard_ends_when_its_terminal_is_gone(home: Home) -> None:
    venv(home.path / ".venvs" / "plain")
    with venvdash(variables=home.variables, cwd=Path("/")) as screen:
        screen.read(lambda output: b"plain" in output, 60)
        os.close(screen.master)
        screen.process.wait(30)  # without a controlling terminal no signal ends it
        screen.master = os.open("/dev/null", os.O_RDWR)
    assert screen.process.returncode not in (None, -9)
