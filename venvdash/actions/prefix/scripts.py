"""Whether the scripts of an environment can start, told by their first lines; none is run."""

import os
from collections.abc import Iterator
from pathlib import Path

from venvdash.actions.prefix.path_rewrite import PathRewrite
from venvdash.system.files import open_quietly
from venvdash.text import visible

_HEAD = 8192  # bytes of a script that its first lines fit in


def bin_of(prefix: Path) -> str:
    """Return the name of the folder that an environment has its programs in."""
    return "Scripts" if os.path.isdir(prefix / "Scripts") else "bin"


def without_interpreter(made: Path, place: Path, original: Path) -> str:
    """Return which script of the copy at ``made`` names an interpreter that it does not have.

    ``place`` is where the copy is to lie, and so what its scripts name. What ``original`` does not
    have either is no fault of the copy. A sentence, "" for none. Raises OSError.
    """
    for name, interpreter in _scripts(made / bin_of(made), place):
        if not interpreter.is_relative_to(place):
            continue
        below = interpreter.relative_to(place)
        if not os.path.lexists(made / below) and os.path.lexists(original / below):
            return f"{visible(name)} would not start: its interpreter is {visible(interpreter)}."
    return ""


def _scripts(folder: Path, prefix: Path) -> Iterator[tuple[str, Path]]:
    """Yield each script in a folder and the interpreter that its first lines name."""
    respelling = PathRewrite([prefix], prefix)
    for name in sorted(os.listdir(folder)):
        try:
            file = open_quietly(folder / name)
        except OSError:  # a link, as that to the interpreter itself
            continue
        try:
            named = respelling.interpreter(os.read(file, _HEAD))
        except OSError:  # a folder
            continue
        finally:
            os.close(file)
        if named is not None:
            yield name, Path(os.fsdecode(named))
