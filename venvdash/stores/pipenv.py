"""pipenv's environments, one for each Pipfile, in the folder that virtualenvwrapper uses, too.

Source: pipenv 2026.10.3, https://pipenv.pypa.io/en/latest/virtualenv.html and its
``utils/venv_locator.py``, ``utils/shell.py``.

Which environment it uses in a project (``VenvLocator.get_location``): what a file ``.venv`` names;
with PIPENV_VENV_IN_PROJECT, or ``venv_in_project`` in the Pipfile, ``.venv``; a directory ``.venv``
without those settings only if the store has none of the project's name.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Edit, Environment, Traits, Use
from venvdash.stores._name_hashes import DIGEST, short_hash
from venvdash.stores._paths import spellings
from venvdash.stores._tool_files import (
    editable_text,
    former_pointers,
    named_directory,
    project_file,
)
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.config_files import LIMIT, setting, toml_table
from venvdash.stores.links import Assignment, LinkEdits, Outside
from venvdash.stores.pyvenv_cfg import made_by
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.files import UnreadableError, read_text, real
from venvdash.system.machine import Machine

_POINTER = ".project"
_POINTER_LIMIT = 8 * 1024  # bytes; a path is at most 4096 long
_NAME_FILE = ".venv"
_ACTIVATE = ("bin/activate", "Scripts/activate.bat")
_NAMING = ("PIPENV_CUSTOM_VENV_NAME", "PIPENV_PYTHON")  # usually set for one project
_VARIABLES = (
    "PIPENV_PIPFILE",
    "PIPENV_VENV_IN_PROJECT",
    "PIPENV_NO_VENV_IN_PROJECT",
    "WORKON_HOME",
    *_NAMING,
)
_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off")
_NAME = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})", re.DOTALL)
# After the hash comes PIPENV_PYTHON if that is set: "3.11", "python3.11", "pypy3".
_NAME_PYTHON = re.compile(
    rf"(?P<name>.+)-(?P<digest>{DIGEST})-(?:(?:python|pypy)?[0-9][0-9.]*|python|pypy)", re.DOTALL
)
_UNSAFE = re.compile(r'[ &$`!*@"()\[\]\\\r\n\t]')
_LONGEST = 42  # characters of the name part


class PipenvStore(Store):
    """Entries ``<folder>-<8 of base64>[-<python>]`` with a ``.project`` that has no line end.

    The hash is of the Pipfile's path. ``.project`` names the directory for which the environment
    was created, also after a moved project was pointed at the environment. The user chooses a name
    in a project's ``.venv``: pipenv creates the next environment under it.
    """

    name = "pipenv"
    kinds = (Kind("pipenv", "pipenv environment"),)
    rank = 22
    requires = ("Pipfile",)
    tested_with = "pipenv 2026.10.3"
    lock_files = ("Pipfile", "Pipfile.lock")
    pointers = (_NAME_FILE,)  # a file with the environment's name
    linked = False  # pipenv takes a link for an environment in the project, and ``--rm`` removes it

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield WORKON_HOME (``$NAMES`` and ``~`` expanded) and pipenv's default.

        The default is a root even if the variable is set: environments may have stayed there.
        """
        given = machine.variable("WORKON_HOME")
        if given:
            yield Root(machine.expand(given), self.name, RootOrigin.VARIABLE, "WORKON_HOME")
        if machine.platform == "win32":
            yield Root(machine.home / ".virtualenvs", self.name)
        else:
            yield self.xdg_root(machine, machine.data_home / "virtualenvs", "XDG_DATA_HOME")

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment made by pipenv, or with its name and ``.project``.

        A name from PIPENV_CUSTOM_VENV_NAME has no hash in it.
        """
        if reading.root.layout is not Layout.FLAT:
            return None
        own = made_by(reading.cfg, "pipenv")
        match = _split(reading.entry.name, reading.cfg.get("prompt"))
        if not own and not (match and _POINTER in reading.names and _without_end(reading)):
            return None
        if not match:
            return Traits(kind="pipenv", name=reading.entry.name)
        return Traits(
            kind="pipenv", name=match["name"], project_name=match["name"], digest=match["digest"]
        )

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project that ``.project`` names; a damaged file names none."""
        file = reading.path / _POINTER
        text = read_text(file, _POINTER_LIMIT) if _POINTER in reading.names else None
        yield from reading.claim(named_directory(text), file)

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield what a ``.venv`` file names: an entry of the store, or a relative path."""
        name = text.strip()
        if not name or "\0" in name or "\n" in name:
            return
        if "/" in name or os.sep in name:
            yield Path(name)
        else:
            yield from (root.path / name for root in roots)

    def name_part(self, name: str) -> str:
        """Return the folder's name with unsafe characters replaced, shortened."""
        return _UNSAFE.sub("_", name)[:_LONGEST]

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the hashes of the path of the directory's Pipfile."""
        return [short_hash(os.path.join(path, "Pipfile")) for path in spellings(project)]

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what pipenv would use in ``project``, the directory of the Pipfile."""
        given = machine.variable("PIPENV_PIPFILE")
        pipfile = Path(os.path.abspath(project / given)) if given else project / "Pipfile"
        folder = pipfile.parent
        venv, home = folder / ".venv", next(self.roots(machine, config)).path
        on = (*_VARIABLES, os.fspath(pipfile), os.fspath(venv))
        named = [home / name for name in _entry_names(pipfile, machine)]
        central = next((path for path in named if reads.lexists(path)), named[0])
        certain = not given and not any(map(machine.variable, _NAMING))
        path, why = central, "the hash of the Pipfile's path is in its name"
        text = (read_text(venv, _POINTER_LIMIT) or "").strip() if reads.isfile(venv) else ""
        asked = _in_project(pipfile, machine)
        if text and "\0" not in text:
            inside = "/" in text or os.sep in text
            path, certain = (folder / text if inside else home / text), not given
            why = "its file `.venv` names it"
        elif asked or (asked is None and reads.isdir(venv) and not reads.lexists(central)):
            path, certain = (real(venv) if reads.islink(venv) else venv), not given
            why = (
                "pipenv is set to keep it in the project"
                if asked
                else "the directory `.venv` exists"
            )
        exists = any(reads.isfile(path / place) for place in _ACTIVATE)
        return Use("pipenv", path, why, exists, certain, on)

    def outside(self, project: Path, machine: Machine, config: Config) -> Outside:
        """Return pipenv's own folder.

        Seen with pipenv 2026.10.3: ``install``, ``sync`` and ``run`` follow a link ``.venv``, but
        ``pipenv --python`` with another Python and ``pipenv --rm`` fail on it.
        """
        if _in_project(project / "Pipfile", machine):
            does = "it would create `.venv` again"
            return Outside(refusal=f"pipenv is set to keep it in the project: {does}.")
        return Outside(next(self.roots(machine, config)).path)

    def inside(self, project: Path, machine: Machine, config: Config) -> str:
        """Return that a setting forbids it."""
        if _in_project(project / "Pipfile", machine) is False:
            return "pipenv is set to keep it outside the project: it would not use `.venv`."
        return ""

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the entry that pipenv looks for if no ``.venv`` file names another.

        None if that file can be written: then the environment keeps its name.
        """
        if wanted.writes or wanted.project is None:
            return None
        return wanted.environment.entry.with_name(self._name(wanted, wanted.project))

    def _name(self, wanted: Assignment, project: Path) -> str:
        """Return the name that pipenv gives, with the Python at the end of the present name."""
        match = _split(wanted.environment.entry.name, wanted.environment.prompt)
        suffix = wanted.environment.entry.name[match.end("digest") :] if match else ""
        return f"{self.name_part(project.name)}-{next(iter(self.digests(project)), '')}{suffix}"

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return ``.project`` and the project's ``.venv`` file with the environment's name."""
        edits = list(project_file(wanted, _POINTER))
        former = former_pointers(self, _NAME_FILE, wanted)
        edits += [Edit(file, text, None) for file, text in former]
        if wanted.project is not None and wanted.writes:
            edits += self._name_file(wanted, wanted.project)
        return LinkEdits(tuple(edits))

    def _name_file(self, wanted: Assignment, project: Path) -> Iterator[Edit]:
        file, place = project / _NAME_FILE, wanted.entry.parent
        text = editable_text(file)
        home = bool(wanted.roots) and real(wanted.roots[0].path) == real(place)
        by_hash = home and wanted.entry.name == self._name(wanted, project)
        if text is None and by_hash:
            return
        written = (text or "").strip()
        named = written == wanted.environment.entry.name or _split(written, None) or "/" in written
        if text is not None and (not named or "\n" in written):
            raise UnreadableError(f"{file} was not written by pipenv")
        # A name is looked up in the folder that pipenv uses now, a path starts at the project.
        after = wanted.entry.name if home else os.path.relpath(wanted.entry, project)
        if written != after:
            yield Edit(file, text, after)


def _entry_names(pipfile: Path, machine: Machine) -> list[str]:
    """Return pipenv's name of a Pipfile's environment, for each spelling of its path."""
    custom = machine.variable("PIPENV_CUSTOM_VENV_NAME")
    if custom:
        return [custom]
    python = machine.variable("PIPENV_PYTHON")
    suffix = f"-{os.path.basename(python) if os.path.isabs(python) else python}" if python else ""
    name = _UNSAFE.sub("_", pipfile.parent.name)[:_LONGEST]
    paths = [os.path.join(path, pipfile.name) for path in spellings(pipfile.parent)]
    return [f"{name}-{short_hash(path)}{suffix}" for path in paths] or [name]


def _in_project(pipfile: Path, machine: Machine) -> bool | None:
    """Return whether the environment is kept in the project, None if not configured."""
    for variable, means in (("VENV_IN_PROJECT", True), ("NO_VENV_IN_PROJECT", False)):
        given = machine.variables.get(f"PIPENV_{variable}")
        if given is not None:
            yes, no = given.lower() in _TRUE, given.lower() in _FALSE
            if yes or no:
                return means if yes else not means
            break
    value = setting(toml_table(read_text(pipfile, LIMIT)), "pipenv", "venv_in_project")
    return bool(value) if value is not None else None


def _split(entry: str, prompt: str | None) -> re.Match[str] | None:
    """Return the parts of an entry's name.

    A hash may look like part of a name, so the split that leaves the folder's name is preferred:
    pipenv sets that as the prompt.
    """
    matches = [match for form in (_NAME_PYTHON, _NAME) if (match := form.fullmatch(entry))]
    wanted = _UNSAFE.sub("_", prompt)[:_LONGEST] if prompt else None
    by_prompt = next((match for match in matches if match["name"] == wanted), None)
    return by_prompt or (matches[-1] if matches else None)


def _without_end(reading: Reading) -> bool:
    """Return whether ``.project`` has no line end; virtualenvwrapper writes one."""
    text = read_text(reading.path / _POINTER, _POINTER_LIMIT)
    return bool(text) and "\n" not in (text or "")


STORE = PipenvStore()
