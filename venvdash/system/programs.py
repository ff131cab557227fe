"""Programs that the user's variables lead to."""

import os
from collections.abc import Mapping
from pathlib import Path


def on_path(name: str, variables: Mapping[str, str]) -> Path | None:
    """Return the program of that name on PATH.

    Skips relative directories on PATH, which depend on the current directory.
    """
    import shutil  # no list needs it

    folders = variables.get("PATH", "").split(os.pathsep)
    program = shutil.which(name, path=os.pathsep.join(filter(os.path.isabs, folders)))
    return Path(program) if program else None
