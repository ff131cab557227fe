"""``envs_dirs`` out of conda's and mamba's configuration files.

Only this list of paths is needed, so only its usual forms of YAML are read. A file in any other
form counts as one without it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.stores._paths import names_in
from venvdash.system.machine import Machine

_KEYS = ("envs_dirs:", "envs_path:")  # the second is the older name
_MOST = 100  # paths in one file


def condarc_files(machine: Machine, installations: Sequence[Path]) -> Iterator[Path]:
    """Yield every file that conda, mamba or micromamba reads, existing or not.

    Source: SEARCH_PATH in conda/base/constants.py; ``condarc.d`` holds ``*.yml`` and ``*.yaml``.
    """
    home = machine.home
    if machine.platform == "win32":
        folders = [(machine.path_variable("PROGRAMDATA") or Path("C:/ProgramData")) / "conda"]
    else:
        folders = [Path("/etc/conda"), Path("/var/lib/conda")]
    folders += installations
    folders += [machine.config_home / "conda", home / ".config" / "conda", home / ".conda"]
    if active := machine.path_variable("CONDA_PREFIX"):
        folders.append(active)
    for folder in dict.fromkeys(folders):
        yield from (folder / name for name in (".condarc", "condarc", ".mambarc"))
        fragments = folder / "condarc.d"
        names = names_in(fragments)[:_MOST]
        yield from (fragments / name for name in names if name.endswith((".yml", ".yaml")))
    yield from (home / ".condarc", home / ".mambarc")
    yield from filter(None, map(machine.path_variable, ("CONDARC", "MAMBARC")))


def envs_dirs(text: str | None) -> list[str]:
    """Return the paths that ``envs_dirs`` lists in a ``.condarc``, as they are written.

    A block list, a list in brackets, or a single value, with comments and quotes.
    """
    lines = (text or "").replace("\0", "").splitlines()
    for at, line in enumerate(lines):
        for key in _KEYS:
            if line.startswith(key):
                rest = _value(line[len(key) :])
                items = _inline(rest) if rest else _block(lines[at + 1 :])
                return [item for item in items if item][:_MOST]
    return []


def _inline(rest: str) -> list[str]:
    if rest.startswith("["):
        return [_value(item) for item in rest.strip("[]").split(",")]
    return [rest]


def _block(lines: list[str]) -> Iterator[str]:
    """Yield the items of a list that begins here, up to the next key."""
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("- "):
            yield _value(stripped[2:])
        elif stripped and not stripped.startswith("#"):
            return


def _value(text: str) -> str:
    """Return a scalar without its quotes and the comment after it."""
    text = text.strip()
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else ""
    at = 0 if text.startswith("#") else text.find(" #")
    return text[:at].strip() if at >= 0 else text
