"""hatch's environments: a folder for each project, in it one for its path's hash.

Facts: hatch 1.18.2, https://hatch.pypa.io/latest/config/hatch/ and its ``env/virtual.py``,
``project/core.py``, ``utils/fs.py``.

Which environment it uses in a project (``env/virtual.py``): that of HATCH_ENV, else ``default``,
whose place is HATCH_ENV_TYPE_VIRTUAL_PATH, else ``path`` of ``[tool.hatch.envs.NAME]`` or of
hatch.toml (a further environment takes that of ``default``), else below the data directory by the
project's name and hash. A ``.venv`` in the project means nothing to it.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from venvdash.config import Config
from venvdash.model import Edit, Environment, Sign, Tidying, Traits, Trashed, Use
from venvdash.model.packaging import canonical_name
from venvdash.stores._app_folders import by_default, config_directory, data_directory, with_default
from venvdash.stores._interpreters import cfg_of
from venvdash.stores._linking import pointer_text
from venvdash.stores._name_hashes import DIGEST, made_by, short_hash, spellings
from venvdash.stores._tool_files import emptied, index_text
from venvdash.stores.base import Assignment, Kind, Layout, Linking, Reading, Root, Store, Why
from venvdash.stores.config_files import config_text, string, toml_table
from venvdash.system.files import UnreadableError, real
from venvdash.system.machine import Machine

_DIGEST = re.compile(DIGEST)
_SCRIPTS = ".scripts"
_INTERNAL = ".internal"
_NESTED = 3  # <project>/<hash>/<environment>
_MARK = "pyvenv.cfg"
_METADATA = ".metadata"  # <hash>/virtual/<environment>.json: which dependencies it had
_METADATA_LIMIT = 4096  # bytes; hatch writes some 90
_NAMING = ("HATCH_ENV", "HATCH_ENV_TYPE_VIRTUAL_PATH")  # of one project, as a rule
_VARIABLES = (*_NAMING, "HATCH_DATA_DIR", "HATCH_CONFIG")
_DEFAULT = "default"  # its directory has the project's name


class HatchStore(Store):
    """Entries ``<project>/<8 of base64>/<environment>``; the hash is of the project's path.

    Scripts have ``.scripts/<8 of base64>``, hatch's own needs (formatting, tests, builds)
    ``.internal/<need>/<project>/<8 of base64>/<environment>``. In ``~/.virtualenvs``, if hatch is
    told to use that, environments lie flat and bear no hash.
    """

    name = "hatch"
    title = "hatch"
    kinds = (
        Kind("hatch", "hatch environment"),
        Kind("hatch-script", "hatch script environment"),
        Kind("hatch-internal", "environment for hatch's own commands"),
    )
    rank = 26
    requires = ("pyproject.toml", "hatch.toml", "setup.py")
    linked = False  # hatch asks for no link, and other tools would take it for theirs
    tested_with = "hatch 1.18.2"
    lock_files = ("hatch.toml",)
    table = "tool.hatch.envs"
    compares_names = True

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``[dirs.env] virtual`` of hatch's configuration and what is in its data directory.

        That is HATCH_DATA_DIR, then ``[dirs] data``, then the default. A relative path in the
        configuration is meant from each project, so it is no central one.
        """
        file, table = _configuration(machine)
        virtual = _absolute(machine, string(table, "dirs", "env", "virtual"))
        if virtual:
            flat = virtual == machine.home / ".virtualenvs"
            yield Root(virtual, self.name, Why.CONFIG, str(file), depth=1 if flat else _NESTED)
        default = by_default(machine, data_directory(machine, "hatch"), self.name, "XDG_DATA_HOME")
        for data in with_default(_data(machine, string(table, "dirs", "data"), file), default):
            env = data.path / "env"
            yield replace(data, path=env / "virtual", depth=_NESTED)
            yield replace(data, path=env / _INTERNAL, depth=_NESTED + 1)

    def prefixes(self, root: Root) -> Iterator[Path] | None:
        """Return the environments, without the interpreters and settings that lie beside them."""
        return _below(str(root.path), root.depth) if root.depth > 1 else None

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment in hatch's layout, or made by hatch."""
        if reading.root.layout is not Layout.FLAT:
            return None
        path = reading.entry
        if reading.root.store == self.name and reading.root.depth > 1:
            if path.parent.name == _SCRIPTS and _DIGEST.fullmatch(path.name):
                return Traits(
                    kind="hatch-script",
                    name=path.name,
                    project_name="",
                    digest=path.name,
                    script=True,
                )
            if len(path.relative_to(reading.root.path).parts) >= _NESTED:
                return _nested(path, reading.root)
        if made_by(reading.cfg, "hatch"):
            return Traits(kind="hatch", name=path.name)
        return None

    def name_part(self, name: str) -> str:
        """Return the project's normalised name (PEP 503)."""
        return canonical_name(name)

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether hatch, asked in ``project``, would find this entry.

        The hash is that of the directory's, or the script's, path; the name of a project that has
        one counts as well.
        """
        traits = environment.traits
        if traits.digest not in _digests(project):
            return False
        table = toml_table(config_text(project / "pyproject.toml"))
        name = string(table, "project", "name")
        return not (name and traits.project_name) or self.name_part(name) == traits.project_name

    def digests(self, project: Path, among: Iterable[Environment]) -> frozenset[str]:
        """Return the hashes of the project's path, links resolved and as it is written."""
        return frozenset(_digests(project))

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return how surely it is hatch's project; its build backend is a mention."""
        mention = Sign.MENTION if "hatch" in pyproject else Sign.NONE
        return super().sign(names, pyproject) or mention

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what hatch would use in ``project``."""
        machine = replace(machine, cwd=project)
        file, settings = _configuration(machine)
        own = [project / "pyproject.toml", project / "hatch.toml"]
        on = (*_VARIABLES, *map(os.fspath, (*own, file)))
        pyproject, local = (toml_table(config_text(path)) or {} for path in own)
        name = machine.variable("HATCH_ENV") or _DEFAULT
        environment = _options(pyproject, local, name)
        certain = not any(map(machine.variable, _NAMING))
        if environment.get("type", "virtual") != "virtual":
            why = f"its environment {name} has the type {environment['type']}"
            return Use("hatch", None, why, certain=False, depends_on=on)
        chosen = machine.variable("HATCH_ENV_TYPE_VIRTUAL_PATH") or environment.get("path")
        if isinstance(chosen, str) and chosen and "\0" not in chosen:
            path, why = real(project / chosen), "its `path` setting names it"
        else:
            path, why = (
                _usual(project, machine, settings, pyproject, name),
                "hatch gives it this name",
            )
        return Use("hatch", path, why, cfg_of(path) is not None, certain, on)

    def expected(self, wanted: Assignment) -> Path | None:
        """Return ``<project>/<hash>/<environment>`` below the same folder.

        The default environment's directory has the project's name.
        """
        environment, project = wanted.environment, wanted.project
        digest = next(iter(_digests(project)), None) if project is not None else None
        if project is None or digest is None or environment.traits.digest is None:
            return None
        entry = environment.entry
        if environment.traits.script:
            return entry.with_name(digest)
        folder = self.name_part(wanted.name or project.name)
        if entry.parent.parent.name == f"{environment.traits.digest}-unmanaged":
            folder = f"{digest}-unmanaged"
        name = folder if _is_default(entry) else entry.name
        return entry.parent.parent.parent / folder / digest / name

    def linking(self, wanted: Assignment) -> Linking:
        """Return what hatch notes of its dependencies, under the new hash.

        Without that hatch would look them all up again.
        """
        old, new = _noted(wanted.environment.entry), _noted(wanted.entry)
        if old is None or new is None or old == new or wanted.shared:
            return Linking()
        text = pointer_text(old)
        there = pointer_text(new)
        if text is None or there is not None:
            return Linking()
        return Linking((Edit(old, text, None), Edit(new, None, text)))

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return the environment's metadata, and the folders of the project if they are empty.

        What hatch's own needs have in ``.internal`` is shared by all projects and stays.
        """
        roots = list(self.roots(machine, config))
        empty = list(emptied(gone.original, roots))
        edits, problems = [], []
        for file in _metadata(gone, roots):
            try:
                text = index_text(file, _METADATA_LIMIT)
            except UnreadableError as error:
                problems.append(f"{file} {error}")
                continue
            if text is not None:
                edits.append(Edit(file, text, None))
                empty += [folder for folder in file.parents[:2] if folder not in empty]
        return Tidying(tuple(edits), empty=tuple(empty), problems=tuple(problems))


def _options(pyproject: dict[str, Any], local: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the options of one of a project's environments; hatch.toml goes before."""
    tables: list[Any] = [pyproject]
    for key in ("tool", "hatch"):
        tables = [table.get(key) for table in tables if isinstance(table, dict)]
    merged: dict[str, Any] = {}
    for table in (*tables, local):
        found = table.get("envs") if isinstance(table, dict) else None
        merged |= found if isinstance(found, dict) else {}
    given = [merged.get(one) for one in dict.fromkeys((_DEFAULT, name))]
    options: dict[str, Any] = {}
    for table in given:
        options |= table if isinstance(table, dict) else {}
    return options


def _usual(
    project: Path,
    machine: Machine,
    settings: dict[str, object],
    pyproject: dict[str, Any],
    name: str,
) -> Path:
    """Return where an environment without a ``path`` lies."""
    given = string(settings, "dirs", "env", "virtual")
    file = Path()
    data = _data(machine, string(settings, "dirs", "data"), file)
    base = data.path if data else data_directory(machine, "hatch")
    folder = machine.expand(given) if given else base / "env" / "virtual"
    digest = next(iter(_digests(project)), "")
    name_of = string(pyproject, "project", "name") or real(project).name
    called = canonical_name(name_of)
    last = called if name == _DEFAULT else name
    if folder == machine.home / ".virtualenvs" or real(project) in real(folder).parents:
        return folder / last
    return folder / called / digest / last


def _nested(path: Path, root: Root) -> Traits | None:
    digest, project = path.parent.name, path.parent.parent.name
    if not _DIGEST.fullmatch(digest):
        return None
    return Traits(
        kind="hatch-internal" if root.path.name == _INTERNAL else "hatch",
        name=path.name,
        project_name="" if project == f"{digest}-unmanaged" else project,
        digest=digest,
    )


def _metadata(gone: Trashed, roots: list[Root]) -> Iterator[Path]:
    """Yield where hatch keeps the metadata of an environment, if it is of no other one."""
    below = gone.original.parts[-_NESTED:]
    if gone.kind == "hatch-internal" or len(below) < _NESTED:
        return
    project, digest, name = below
    names = [name, _DEFAULT] if name == project else [name]
    if digest == _SCRIPTS:
        below, digest = below[1:], name
    if not _DIGEST.fullmatch(digest):
        return
    if any(os.path.lexists(root.path.joinpath(*below)) for root in roots):
        return  # in another folder that hatch is or was told to use
    for root in roots:
        if root.path.name == _INTERNAL:  # beside it, in every data directory
            for each in names:
                yield root.path.with_name(_METADATA) / digest / "virtual" / f"{each}.json"


def _noted(entry: Path) -> Path | None:
    """Return where hatch notes the dependencies of the environment at ``entry``."""
    digest, data = entry.parent.name, entry.parents[3] if len(entry.parents) > 3 else None
    if data is None or not _DIGEST.fullmatch(digest) or entry.parents[2].name != "virtual":
        return None
    name = _DEFAULT if _is_default(entry) else entry.name
    return data / _METADATA / digest / "virtual" / f"{name}.json"


def _is_default(entry: Path) -> bool:
    return entry.name == entry.parent.parent.name


def _digests(project: Path) -> list[str]:
    return [short_hash(_folded(path)) for path in spellings(project)]


def _folded(path: str) -> str:
    return path.casefold() if sys.platform in ("win32", "darwin") else path


def _below(directory: str, depth: int) -> Iterator[Path]:
    """Yield what may be an environment; raises OSError where ``directory`` cannot be listed."""
    with os.scandir(directory) as listing:
        found = sorted(listing, key=lambda item: item.name)
    for item in found:
        if item.name[0] == "." and item.name != _SCRIPTS:
            continue  # .pythons, .config: interpreters and settings
        if item.is_symlink() or not item.is_dir():
            if item.is_symlink() and os.path.lexists(os.path.join(item.path, _MARK)):
                yield Path(item.path)
        elif depth == 1 or os.path.lexists(os.path.join(item.path, _MARK)):
            yield Path(item.path)
        else:
            # What is not answered by a listing is, when it is read, by a reason.
            try:
                yield from list(_below(item.path, 1 if item.name == _SCRIPTS else depth - 1))
            except OSError:
                yield Path(item.path)


def _data(machine: Machine, configured: str | None, file: Path) -> Root | None:
    """Return hatch's data directory where variable or configuration say where it is."""
    given = machine.variable("HATCH_DATA_DIR")
    if given:
        return Root(machine.expand(given), HatchStore.name, Why.VARIABLE, "HATCH_DATA_DIR")
    if configured:
        return Root(machine.expand(configured), HatchStore.name, Why.CONFIG, str(file))
    return None


def _configuration(machine: Machine) -> tuple[Path, dict[str, object]]:
    given = machine.variable("HATCH_CONFIG")
    file = (
        (machine.cwd or machine.home) / given
        if given
        else config_directory(machine, "hatch") / "config.toml"
    )
    return file, toml_table(config_text(file)) or {}


def _absolute(machine: Machine, text: str | None) -> Path | None:
    """Return the path with ``~`` and ``$NAMES`` expanded, None for a relative one."""
    if text is None or not (os.path.isabs(text) or text[0] in "~$"):
        return None
    return machine.expand(text)


STORE = HatchStore()
