"""pixi: environments outside their workspaces (``detached-environments``), and global tools.

Facts: https://pixi.prefix.dev/latest/reference/pixi_configuration/ and pixi's source
(workspace/mod.rs, pixi_config/lib.rs); not run here. An environment of a workspace is
``<store>/<display name>-<xxh3_64 of the workspace's path, decimal>/envs/<environment>``, and its
``conda-meta/pixi`` names the manifest. ``.pixi/envs`` in the workspace is a link to the ``envs``.
"""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Direction, Environment, How, Traits, Use
from venvdash.stores.base import Assignment, Clearing, Kind, Names, Reading, Root, Store, Why
from venvdash.stores.config_files import config_text, json_object, string, toml_table
from venvdash.system.files import read_text, real
from venvdash.system.machine import Machine

_META = "conda-meta"
_ENVS = "envs"
_POINTER = ".pixi/envs"
_DEFAULT = "default"  # the environment that commands without `-e` use
_WORKSPACE = re.compile(r"(?P<name>.*)-(?P<digest>[0-9]{1,20})", re.DOTALL)
_VARIABLE = "PIXI_CACHE_DETACHED_ENVIRONMENTS_DIR"
_DETACHED_DEPTH = 3


class PixiStore(Store):
    """``conda-meta/pixi`` tells pixi's environments from conda's, wherever they lie."""

    name = "pixi"
    title = "pixi"
    kinds = (
        Kind("pixi", "pixi environment"),
        Kind("pixi-global", "tool installed by pixi"),
    )
    rank = 7
    requires = ("pixi.toml", "pyproject.toml", "mojoproject.toml")
    names = Names.CLOSED
    tested_with = "layout taken from its source code"
    pointers = (_POINTER,)
    lock_files = ("pixi.toml", "pixi.lock")
    table = "tool.pixi"
    linked = False  # ``.pixi/envs`` leads there
    movable = False  # its path is in binaries, too

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield where the variable, the configurations and the cache put environments, then tools.

        A workspace may choose any of these places for itself, so all of them are looked at.
        """
        given = machine.path_variable(_VARIABLE)
        if given:
            yield Root(given, self.name, Why.VARIABLE, _VARIABLE, depth=_DETACHED_DEPTH)
        caches = []
        for file in _configurations(machine):
            table = toml_table(config_text(file))
            for keys in (("cache", "detached-environments"), ("detached-environments",)):
                path = _absolute(machine, string(table, *keys))
                if path:
                    yield Root(path, self.name, Why.CONFIG, str(file), depth=_DETACHED_DEPTH)
            cache = _absolute(machine, string(table, "cache", "root"))
            if cache:
                caches.append((cache, Why.CONFIG, str(file)))
        for path, why, source in [*_given_caches(machine), *caches, *_default_caches(machine)]:
            yield Root(path / _ENVS, self.name, why, source, depth=_DETACHED_DEPTH)
        home = machine.path_variable("PIXI_HOME")
        why, source = (Why.VARIABLE, "PIXI_HOME") if home else (Why.DEFAULT, "")
        yield Root((home or machine.home / ".pixi") / _ENVS, self.name, why, source)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of what pixi made; a tool's where pixi keeps its tools."""
        if _META not in reading.names or "pyvenv.cfg" in reading.names:
            return None
        ours = reading.root.store == self.name
        if ours and reading.root.depth == 1:
            tool = reading.entry.name
            command = f"pixi global uninstall {shlex.quote(tool)}"
            return Traits(kind="pixi-global", name=tool, tool=command, keeps_sidecar=False)
        if not ours and not os.path.lexists(reading.path / _META / "pixi"):
            return None
        workspace = _workspace(reading.path)
        own = reading.path.name
        name = workspace["name"] if workspace else own
        return Traits(
            kind="pixi",
            name=name if own == "default" or not workspace else f"{name}-{own}",
            project_name=workspace["name"] if workspace else None,
            digest=workspace["digest"] if workspace else None,
            keeps_sidecar=False,
        )

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the directory of the manifest that ``conda-meta/pixi`` names."""
        file = reading.path / _META / "pixi"
        manifest = string(json_object(read_text(file)), "manifest_path")
        if manifest and os.path.isabs(manifest):
            project = Path(manifest).parent
            yield Claim(reading.path, project, How.POINTER, Direction.ENVIRONMENT, str(file))

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments of the workspace whose ``.pixi/envs`` leads to ``text``."""
        try:
            names = sorted(os.listdir(text))
        except (OSError, ValueError):
            return
        for name in names:
            yield Path(text, name)

    def name_part(self, name: str) -> str:
        """Return the name itself: pixi changes nothing."""
        return name

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether the number in the name is the hash of the workspace's path."""
        wanted = environment.traits.digest
        return wanted is not None and any(
            _digest(path) == wanted for path in {os.fspath(project), os.fspath(real(project))}
        )

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return the workspace's ``default`` environment, which pixi uses unless told otherwise.

        Where ``.pixi/envs`` leads, else the place that ``detached-environments`` gives, else in
        the project. pixi's source, ``Workspace::environments_dir``; not run here.
        """
        envs, files = project / _POINTER, [project / ".pixi" / "config.toml"]
        files += _configurations(machine)
        on = (_VARIABLE, *map(os.fspath, (envs, *files)))
        detached = None if os.path.lexists(envs) else self._detached(project, machine, files)
        if detached is not None:
            why, path = "detached-environments is set", detached / _ENVS / _DEFAULT
        elif os.path.islink(envs):
            why, path = f"`{_POINTER}` points to it", real(envs) / _DEFAULT
        else:
            why, path = "pixi keeps it in the project", envs / _DEFAULT
        exists = os.path.isdir(path / _META)
        return Use("pixi", path, why, exists, not machine.variable(_VARIABLE), on)

    def _detached(self, project: Path, machine: Machine, files: list[Path]) -> Path | None:
        """Return the directory of a workspace whose environments are detached; None otherwise."""
        for file in files:
            table = toml_table(config_text(file)) or {}
            value = table.get("detached-environments")
            if value is None:
                continue
            given = machine.path_variable(_VARIABLE)
            chosen = _absolute(machine, value) if isinstance(value, str) else None
            usual = next(root.path for root in self.roots(machine, Config()) if root.depth > 1)
            name = f"{_name_of(project)}-{_digest(os.fspath(project))}"
            return (given or chosen or usual) / name if value else None
        return None

    def clearing(self, place: Path) -> Clearing | None:
        """Return ``pixi clean``: it deletes the ``envs`` of a workspace with all that lies there.

        ``pixi clean cache`` deletes the whole cache, in which such environments lie by default.
        pixi's src/cli/clean.rs; not run here.
        """
        if place.name != _ENVS or not _WORKSPACE.fullmatch(place.parent.name):
            return None
        root = place.parent.parent
        return Clearing(root.parent if root.name == _ENVS else place.parent, "pixi clean")

    def expected(self, wanted: Assignment) -> Path | None:
        """Return its place below the workspace's name and number."""
        entry, workspace = wanted.environment.entry, _workspace(wanted.environment.path)
        if workspace is None or wanted.project is None:
            return None
        name = f"{wanted.name or workspace['name']}-{_digest(str(wanted.project))}"
        return entry.parent.parent.with_name(name) / entry.parent.name / entry.name


def _name_of(project: Path) -> str:
    """Return what a workspace calls itself; without a name pixi takes its directory's."""
    table = toml_table(read_text(project / "pixi.toml"))
    pyproject = toml_table(read_text(project / "pyproject.toml"))
    return (
        string(table, "workspace", "name")
        or string(table, "project", "name")
        or string(pyproject, "tool", "pixi", "workspace", "name")
        or string(pyproject, "tool", "pixi", "project", "name")
        or string(pyproject, "project", "name")
        or project.name
    )


def _digest(path: str) -> str:
    import xxhash  # few have such environments

    # Rust's lossy text of a path: what is not UTF-8 becomes U+FFFD.
    data = os.fsencode(path).decode("utf-8", "replace").encode()
    return str(xxhash.xxh3_64_intdigest(data))


def _workspace(prefix: Path) -> "re.Match[str] | None":
    """Return the name and digest in the path of a detached environment."""
    inside = prefix.parent.name == "envs"
    return _WORKSPACE.fullmatch(prefix.parent.parent.name) if inside else None


def _absolute(machine: Machine, text: str | None) -> Path | None:
    """Return a configured path: ``~`` is HOME, pixi refuses a relative one."""
    if not text:
        return None
    path = Path(str(machine.home) + text[1:] if text.startswith("~") else text)
    return path if path.is_absolute() else None


def _configurations(machine: Machine) -> list[Path]:
    """Return pixi's configuration files outside workspaces, the one that wins first."""
    home = machine.path_variable("PIXI_HOME") or machine.home / ".pixi"
    if machine.platform == "win32":
        system = machine.path_variable("PROGRAMDATA") or Path("C:/ProgramData")
        users = [machine.appdata / "pixi"]
        system = system / "pixi"
    else:
        system = Path("/etc/pixi")
        users = [machine.config_home / "pixi"]
        if machine.platform == "darwin":
            users.append(machine.home / "Library" / "Application Support" / "pixi")
    given = machine.path_variable("PIXI_CONFIG_FILE")
    files = [folder / "config.toml" for folder in (home, *users, system)]
    return [given, *files] if given else files


def _given_caches(machine: Machine) -> Iterator[tuple[Path, Why, str]]:
    for name in ("PIXI_CACHE_DIR", "RATTLER_CACHE_DIR"):
        path = machine.path_variable(name)
        if path:
            yield path, Why.VARIABLE, name
            return


def _default_caches(machine: Machine) -> Iterator[tuple[Path, Why, str]]:
    """Yield ``pixi`` in the cache directory if it is there, and rattler's, which is used else."""
    caches = machine.cache_home
    if machine.platform == "darwin":
        caches = machine.home / "Library" / "Caches"
    for folder in dict.fromkeys((caches / "pixi", machine.cache_home / "pixi")):
        if os.path.isdir(folder):
            yield folder, Why.DEFAULT, ""
    yield caches / "rattler" / "cache", Why.DEFAULT, ""


STORE = PixiStore()
