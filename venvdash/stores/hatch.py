"""hatch's environments: a folder for each project, in it one for its path's hash.

Source: hatch 1.18.2, https://hatch.pypa.io/latest/config/hatch/ and its ``env/virtual.py``,
``project/core.py``, ``utils/fs.py``.

Which environment it uses in a project (``env/virtual.py``): that of HATCH_ENV, else ``default``.
Its path is HATCH_ENV_TYPE_VIRTUAL_PATH, else ``path`` of ``[tool.hatch.envs.NAME]`` or of
hatch.toml (every environment inherits from ``default``), else below the data directory by the
project's name and hash. hatch ignores a ``.venv`` in the project, unless ``path`` names it. Then it
follows a link ``.venv``: ``hatch env remove`` deletes its target, and the next command creates it
there again.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from venvdash.config import Config
from venvdash.model import Edit, Environment, Leftovers, Traits, Trashed, Use
from venvdash.model.packaging import canonical_name
from venvdash.stores._app_folders import app_directory
from venvdash.stores._name_hashes import DIGEST, short_hash
from venvdash.stores._paths import literally, spellings
from venvdash.stores._tool_files import editable_text
from venvdash.stores.base import Kind, Reading, Store, with_default
from venvdash.stores.config_files import config_text, section, string, toml_table
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.stores.pyvenv_cfg import cfg_of, made_by
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.files import UnreadableError, real
from venvdash.system.machine import Machine

_DIGEST = re.compile(DIGEST)
_SCRIPTS = ".scripts"
_INTERNAL = ".internal"
_NESTED = 3  # <project>/<hash>/<environment>
_MARK = "pyvenv.cfg"
_METADATA = ".metadata"  # <hash>/virtual/<environment>.json: a hash of its dependencies
_METADATA_LIMIT = 4096  # bytes; hatch writes some 90
_NAMING = ("HATCH_ENV", "HATCH_ENV_TYPE_VIRTUAL_PATH")  # usually set for one project
_VARIABLES = (*_NAMING, "HATCH_DATA_DIR", "HATCH_CONFIG")
_DEFAULT = "default"  # its directory has the project's name
_BY_NAME = "hatch gives it this name"


class HatchStore(Store):
    """Entries ``<project>/<8 of base64>/<environment>``; the hash is of the project's path.

    Scripts have ``.scripts/<8 of base64>``, hatch's own commands (formatting, tests, builds)
    ``.internal/<command>/<project>/<8 of base64>/<environment>``. If ``~/.virtualenvs`` is
    configured, environments lie flat in it and have no hash in their names.
    """

    name = "hatch"
    kinds = (
        Kind("hatch", "hatch environment"),
        Kind("hatch-script", "hatch script environment"),
        Kind("hatch-internal", "environment for hatch's own commands"),
    )
    rank = 26
    requires = ("pyproject.toml", "hatch.toml", "setup.py")
    linked = False  # hatch reads no link, and other tools would take it for theirs
    tested_with = "hatch 1.18.2"
    lock_files = ("hatch.toml",)
    table = "tool.hatch.envs"
    hint = "hatch"
    compares_names = True
    nested = True

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``[dirs.env] virtual`` of hatch's configuration and what is in its data directory.

        That is HATCH_DATA_DIR, then ``[dirs] data``, then the default. A relative path in the
        configuration starts at each project, so it names no central folder.
        """
        file, table = _configuration(machine)
        given = string(table, "dirs", "env", "virtual") or ""
        if os.path.isabs(given) or given[:1] in ("~", "$"):
            virtual = machine.expand(given)
            flat = virtual == machine.home / ".virtualenvs"
            yield Root(
                virtual, self.name, RootOrigin.CONFIG, str(file), depth=1 if flat else _NESTED
            )
        default = self.xdg_root(machine, app_directory(machine, "data", "hatch"), "XDG_DATA_HOME")
        for data in with_default(_data(machine, string(table, "dirs", "data"), file), default):
            env = data.path / "env"
            yield replace(data, path=env / "virtual", depth=_NESTED)
            yield replace(data, path=env / _INTERNAL, depth=_NESTED + 1)

    def prefixes(self, root: Root) -> Iterator[Path] | None:
        """Return the environments, without the interpreters and settings beside them."""
        return _below(str(root.path), root.depth) if root.depth > 1 else None

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment in hatch's layout, or created by hatch."""
        if reading.root.layout is not Layout.FLAT:
            return None
        path = reading.entry
        if reading.root.store == self.name and reading.root.depth > 1:
            if path.parent.name == _SCRIPTS and _DIGEST.fullmatch(path.name):
                name = path.name
                return Traits("hatch-script", name, project_name="", digest=name, script=True)
            if len(path.relative_to(reading.root.path).parts) >= _NESTED:
                return _nested(path, reading.root)
        if made_by(reading.cfg, "hatch"):
            return Traits(kind="hatch", name=path.name)
        return None

    def name_part(self, name: str) -> str:
        """Return the project's normalised name (PEP 503)."""
        return canonical_name(name)

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether hatch, started in ``project``, would find this entry.

        The hash is of the path of the directory or script; the name must be the project's, too,
        if that has one.
        """
        if not super().fits(environment, project):
            return False
        table = toml_table(config_text(project / "pyproject.toml"))
        name, part = string(table, "project", "name"), environment.traits.project_name
        return not (name and part) or self.name_part(name) == part

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the hashes of the project's path, folded to one case on macOS and Windows."""
        folded = str.casefold if sys.platform in ("win32", "darwin") else str
        return [short_hash(folded(path)) for path in spellings(project)]

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
            path, why = self._usual(project, machine, settings, pyproject, name), _BY_NAME
        return Use("hatch", path, why, cfg_of(path) is not None, certain, on)

    def inside(self, project: Path, machine: Machine, config: Config) -> str:
        """Return that hatch ignores ``.venv``, unless its ``path`` names it."""
        path = self.use(project, machine, config).environment
        if path is not None and path in (project / ".venv", real(project / ".venv")):
            return ""
        return "hatch keeps its environments in its own folder: it would not use `.venv`."

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return ``<project>/<hash>/<environment>`` below the same folder.

        The default environment's directory has the project's name.
        """
        environment, project = wanted.environment, wanted.project
        digest = next(iter(self.digests(project)), None) if project is not None else None
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

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return the move of the metadata of its dependencies to the new hash.

        Without them hatch would resolve the dependencies again.
        """
        old, new = _metadata_of(wanted.environment.entry), _metadata_of(wanted.entry)
        if old is None or new is None or old == new or wanted.shared:
            return LinkEdits()
        text = editable_text(old)
        if text is None or editable_text(new) is not None:
            return LinkEdits()
        return LinkEdits((Edit(old, text, None), Edit(new, None, text)))

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return the environment's metadata, and the folders of the project if they are empty.

        The metadata of hatch's own commands in ``.internal`` is shared by all projects and stays.
        """
        empty = list(super().leftovers(gone, machine, config).empty)
        edits, problems = [], []
        for file in _metadata(gone, list(self.roots(machine, config))):
            try:
                text = editable_text(file, _METADATA_LIMIT)
            except UnreadableError as error:
                problems.append(str(error))
                continue
            if text is not None:
                edits.append(Edit(file, text, None))
                empty += [folder for folder in file.parents[:2] if folder not in empty]
        return Leftovers(tuple(edits), empty=tuple(empty), problems=tuple(problems))

    def _usual(
        self,
        project: Path,
        machine: Machine,
        settings: dict[str, Any],
        pyproject: dict[str, Any],
        name: str,
    ) -> Path:
        """Return where an environment without a ``path`` lies."""
        given = string(settings, "dirs", "env", "virtual")
        data = _data(machine, string(settings, "dirs", "data"), Path())
        base = data.path if data else app_directory(machine, "data", "hatch")
        folder = machine.expand(given) if given else base / "env" / "virtual"
        called = self.name_part(string(pyproject, "project", "name") or real(project).name)
        last = called if name == _DEFAULT else name
        if folder == machine.home / ".virtualenvs" or real(project) in real(folder).parents:
            return folder / last
        return folder / called / next(iter(self.digests(project)), "") / last


def _options(pyproject: dict[str, Any], local: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the options of one of a project's environments; hatch.toml has precedence."""
    merged = section(pyproject, "tool", "hatch", "envs") | section(local, "envs")
    return section(merged, _DEFAULT) | section(merged, name)


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
    """Yield the files with the metadata of an environment that no other one shares."""
    below = gone.original.parts[-_NESTED:]
    if gone.kind == "hatch-internal" or len(below) < _NESTED:
        return
    project, digest, name = below
    names = [name, _DEFAULT] if name == project else [name]
    if digest == _SCRIPTS:
        below, digest = below[1:], name
    if not _DIGEST.fullmatch(digest):
        return
    if any(reads.lexists(root.path.joinpath(*below)) for root in roots):
        return  # in another folder that is or was configured
    for root in roots:
        if root.path.name == _INTERNAL:  # beside it, in every data directory
            for each in names:
                yield root.path.with_name(_METADATA) / digest / "virtual" / f"{each}.json"


def _metadata_of(entry: Path) -> Path | None:
    """Return the file with a hash of the dependencies of the environment at ``entry``."""
    digest, data = entry.parent.name, entry.parents[3] if len(entry.parents) > 3 else None
    if data is None or not _DIGEST.fullmatch(digest) or entry.parents[2].name != "virtual":
        return None
    name = _DEFAULT if _is_default(entry) else entry.name
    return data / _METADATA / digest / "virtual" / f"{name}.json"


def _is_default(entry: Path) -> bool:
    return entry.name == entry.parent.parent.name


def _below(directory: str, depth: int) -> Iterator[Path]:
    """Yield what may be an environment. Raises OSError if ``directory`` cannot be listed."""
    with reads.scandir(directory) as listing:
        entries = sorted(listing, key=lambda item: item.name)
    for item in entries:
        if item.name[0] == "." and item.name != _SCRIPTS:
            continue  # .pythons, .config: interpreters and settings
        if item.is_symlink() or not item.is_dir():
            if item.is_symlink() and reads.lexists(os.path.join(item.path, _MARK)):
                yield Path(item.path)
        elif depth == 1 or reads.lexists(os.path.join(item.path, _MARK)):
            yield Path(item.path)
        else:
            # A directory that cannot be listed is reported with the reason when it is read.
            try:
                yield from list(_below(item.path, 1 if item.name == _SCRIPTS else depth - 1))
            except OSError:
                yield Path(item.path)


def _data(machine: Machine, configured: str | None, file: Path) -> Root | None:
    """Return hatch's data directory if a variable or the configuration names it."""
    given = machine.variable("HATCH_DATA_DIR")
    if given:
        return Root(machine.expand(given), HatchStore.name, RootOrigin.VARIABLE, "HATCH_DATA_DIR")
    if configured:
        return Root(machine.expand(configured), HatchStore.name, RootOrigin.CONFIG, str(file))
    return None


def _configuration(machine: Machine) -> tuple[Path, dict[str, Any]]:
    given = machine.variable("HATCH_CONFIG")
    default = app_directory(machine, "config", "hatch") / "config.toml"
    file = literally(machine, given) if given else default
    return file, toml_table(config_text(file)) or {}


STORE = HatchStore()
