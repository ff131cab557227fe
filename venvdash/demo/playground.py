"""``venvdash demo``: a scratch HOME full of real environments; nothing outside it changes.

Everything is created with uv and ``python -m venv``, without any network. A first scan of venvdash
remembers the projects that are deleted or moved afterwards.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash.actions.process.uv import find_uv
from venvdash.demo import builder
from venvdash.demo.builder import Made
from venvdash.demo.interpreters import Interpreter, own
from venvdash.demo.workshop import Workshop, remove, user_machine, user_variables
from venvdash.model import Flag, Status
from venvdash.system.files import UnreadableError, own_uid, read_regular
from venvdash.system.machine import Machine
from venvdash.text import visible

MARKER = ".venvdash-demo.json"
_FORMAT = 3  # of the marker and of the contents: another one is rebuilt
_OURS = ("home", "wheels", "pythons", "tmp")  # what a playground's directory holds
_LIMIT = 256 * 1024  # bytes of a marker


class PlaygroundError(Exception):
    """A playground cannot be created there; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Playground:
    """A scratch HOME.

    ``variables`` are those of its user: with nothing else set, every program stays inside.
    ``made`` maps labels to what is there; ``missing`` says what this machine could not make, and
    why.
    """

    directory: Path
    variables: Mapping[str, str]
    made: Mapping[str, Made]
    missing: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """The HOME of the playground's user."""
        return self.directory / "home"

    @property
    def config(self) -> Path:
        """The configuration of venvdash in it."""
        return Path(self.variables["VENVDASH_CONFIG"])

    def machine(self, cwd: Path | None = None) -> Machine:
        """Return the machine as the playground's user sees it."""
        return user_machine(self.home, self.variables, cwd)


def build(
    directory: Path | None,
    report: Callable[[str], None],
    *,
    machine: Machine | None = None,
    bundled_uv: bool = True,
    python: Interpreter | None = None,
    fresh: bool = False,
) -> Playground:
    """Make a playground in ``directory`` (None: a fresh temporary one) and return it.

    ``directory`` must be absent, empty or an earlier playground; a finished one is opened as it was
    left, an unfinished one, or any one with ``fresh``, is cleared and rebuilt. ``report`` is called
    with a short text for each step. ``machine``: whose programs are used; ``bundled_uv``: whether
    the uv package will do; ``python``: what environments are made with, None for ours. Raises
    PlaygroundError; what was there before is then as it was.
    """
    machine = machine or Machine.current()
    try:
        place = _prepared(directory)
        earlier = None if fresh else _earlier(place, machine)
        if earlier:
            report("opening the earlier playground")
            return earlier
        _clear(place)
        workshop = Workshop(
            home=place / "home",
            wheels=place / "wheels",
            variables=_variables(place, machine),
            uv=find_uv(machine, bundled=bundled_uv),
            python=python or own(),
        )
        return _built(place, report, machine, workshop)
    except OSError as error:
        raise PlaygroundError(f"the playground cannot be made: {error}") from error


def _prepared(directory: Path | None) -> Path:
    """Return an existing directory that is ours to fill, links in its path resolved."""
    if directory is None:
        directory = Path(tempfile.mkdtemp(prefix="venvdash-demo-"))
    place = Path(os.path.realpath(directory))
    shown = visible(place)
    if shown != str(place) or os.pathsep in shown:
        raise PlaygroundError(
            f"{shown}: choose a folder without control characters and `{os.pathsep}`"
        )
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    if own_uid() not in (None, place.stat().st_uid):
        raise PlaygroundError(f"{shown} belongs to another user; choose a folder of your own")
    if any(place.iterdir()) and _marker(place) is None:
        raise PlaygroundError(
            f"{shown} is neither empty nor an earlier playground; choose a new folder"
        )
    return place


def _marker(place: Path) -> dict[str, Any] | None:
    """Return what an earlier playground says of itself, None where there is none."""
    try:
        table = json.loads(read_regular(place / MARKER, _LIMIT, owner=own_uid()))
    except (OSError, UnreadableError, ValueError, RecursionError):
        return None
    return table if isinstance(table, dict) and "venvdash demo" in table else None


def _earlier(place: Path, machine: Machine) -> Playground | None:
    """Return the finished playground that is there; None where it is not or was moved."""
    table = _marker(place) or {}
    if (table.get("venvdash demo"), table.get("finished")) != (_FORMAT, str(place)):
        return None
    try:
        made = {item["label"]: _made(item, place) for item in table["made"]}
        missing = tuple(map(str, table["missing"]))
    except (KeyError, TypeError, ValueError):
        return None
    return Playground(place, _variables(place, machine), made, missing)


def _made(item: dict[str, Any], place: Path) -> Made:
    return Made(
        label=str(item["label"]),
        path=place / item["path"],
        status=Status(item["status"]) if item["status"] else None,
        what=str(item["what"]),
        project=place / item["project"] if item["project"] else None,
        flags=frozenset(map(Flag, item["flags"])),
    )


def _mark(place: Path, made: Mapping[str, Made], missing: tuple[str, ...], done: bool) -> None:
    table = {
        "venvdash demo": _FORMAT,
        "finished": str(place) if done else None,
        "missing": missing,
        "made": [
            {
                "label": item.label,
                "path": _relative(item.path, place),
                "status": item.status,
                "what": item.what,
                "project": _relative(item.project, place) if item.project else None,
                "flags": sorted(item.flags),
            }
            for item in made.values()
        ],
    }
    aside = place / f"{MARKER}.new"
    aside.write_text(json.dumps(table, indent=1))
    aside.replace(place / MARKER)


def _relative(path: Path, place: Path) -> str:
    return str(path.relative_to(place) if path.is_relative_to(place) else path)


def _clear(place: Path) -> None:
    """Remove what an earlier playground made here, and nothing else."""
    for name in _OURS:
        path = place / name
        if path.is_symlink():
            raise PlaygroundError(
                f"{visible(path)} is a link, which no playground makes; remove it"
            )
        if path.exists():
            remove(path)


def _variables(place: Path, machine: Machine) -> dict[str, str]:
    return user_variables(place / "home", machine.variables, place / "tmp")


def _built(
    place: Path, report: Callable[[str], None], machine: Machine, workshop: Workshop
) -> Playground:
    _mark(place, {}, (), done=False)
    for name in ("home", "tmp"):
        (place / name).mkdir(mode=0o700)
    made, missing = builder.make(workshop, place / "pythons", machine, report)
    _mark(place, made, missing, done=True)
    return Playground(place, workshop.variables, made, missing)
