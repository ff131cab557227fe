"""What is done with an environment that was made elsewhere, before it gets its name and place."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.prefix.repair import Repair, leftovers
from venvdash.actions.prefix.scripts import bin_of
from venvdash.actions.process import uv
from venvdash.actions.safety.placement import unwritten
from venvdash.text import visible

_TIMEOUT = 60.0  # seconds in which an interpreter must answer
_ASK = "import sys; print(sys.prefix)"


def renamed(made: Path, names: Iterable[Path], place: Path) -> str:
    """Have the files of the environment at ``made`` name ``place`` instead of ``names``.

    Returns why some cannot, a sentence, "" where all do. Raises RepairError and OSError.
    """
    names = list(names)
    fixed = Repair.plan(made, names, place)
    if fixed.left:
        return unwritten(made, fixed.left)
    fixed.apply()
    for name in names:
        if left := leftovers(made, name, place):
            return unwritten(made, left)
    return ""


def unstartable(made: Path, context: Context, cancel: threading.Event) -> str:
    """Start the Python of the environment at ``made`` once.

    Returns why it does not start or is not that environment's, a sentence, "" where all is well.
    Raises CancelledError.
    """
    python = made / bin_of(made) / "python"
    try:
        ran = uv.run(
            python,
            ["-I", "-c", _ASK],
            environ=context.machine.variables,
            cwd=made,
            timeout=_TIMEOUT,
            log=context.log,
            cancel=cancel,
        )
    except uv.UvError as error:
        answer = visible(error.words.strip().rpartition("\n")[2].rstrip("."), 500)
        return f"Its Python does not start: {answer}."
    if os.path.realpath(ran.stdout.strip()) != os.path.realpath(made):
        answer = visible(ran.stdout.strip() or "nothing", 200)
        return f"Its Python reports the wrong prefix: {answer}."
    return ""
