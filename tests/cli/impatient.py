"""venvdash with less patience, so that tests do not take minutes."""

import subprocess
import sys
from typing import TYPE_CHECKING

from venvdash.cli import main
from venvdash.scanner import service
from venvdash.system import responsiveness

if TYPE_CHECKING:
    from tests.conftest import Home  # imports pytest

BRIEFLY = "0.4"  # seconds


def command(*arguments: str, patience: str = BRIEFLY) -> list[str]:
    return [sys.executable, "-m", "tests.cli.impatient", patience, *arguments]


def run(home: "Home", *arguments: str) -> "subprocess.CompletedProcess[str]":
    return home.run(*command(*arguments), check=False)


if __name__ == "__main__":
    responsiveness.PATIENCE = service.PATIENCE = float(sys.argv.pop(1))
    main()
