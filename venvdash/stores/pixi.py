"""pixi: environments outside their workspaces (``detached-environments``), and global tools.

Source: https://pixi.prefix.dev/latest/reference/pixi_configuration/ and pixi's code
(workspace/mod.rs, pixi_config/lib.rs); not run here. An environment of a workspace is
``<store>/<display name>-<xxh3_64 of the workspace's path, decimal>/envs/<environment>``, and its
``conda-meta/pixi`` names the manifest. ``.pixi/envs`` in the workspace is a link to the ``envs``.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Environment, Traits, Use
from venvdash.stores._paths import names_in, spellings
from venvdash.stores.base import CleanupCommand, Kind, NamingRule, Reading, Store
from venvdash.stores.config_files import json_object, string, toml_table, toml_tables
from venvdash.stores.links import Assignment
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system import reads
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
    """``conda-meta/pixi`` distinguishes pixi's environments from conda's, at any path."""

    name = "pixi"
    kinds = (
        Kind("pixi", "pixi environment"),
        Kind("pixi-global", "tool installed by pixi"),
    )
    rank = 7
    requires = ("pixi.toml", "pyproject.toml", "mojoproject.toml")
    names = NamingRule.CLOSED
    tested_with = "layout taken from its source code"
    pointers = (_POINTER,)
    lock_files = ("pixi.toml", "pixi.lock")
    table = "tool.pixi"
    linked = False  # projects have ``.pixi/envs``
    movable = False  # binaries contain its path

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the folders of the variable, the configurations and the cache, then of tools.

        A workspace may choose any of them, so all are roots.
        """
        given = machine.path_variable(_VARIABLE)
        if given:
            yield Root(given, self.name, RootOrigin.VARIABLE, _VARIABLE, depth=_DETACHED_DEPTH)
        caches = []
        for file, table in toml_tables(_configurations(machine)):
            for keys in (("cache", "detached-environments"), ("detached-environments",)):
                if path := _absolute(machine, string(table, *keys)):
                    yield Root(path, self.name, RootOrigin.CONFIG, str(file), depth=_DETACHED_DEPTH)
            if cache := _absolute(machine, string(table, "cache", "root")):
                caches.append((cache, RootOrigin.CONFIG, str(file)))
        for path, why, source in [*_given_caches(machine), *caches, *_default_caches(machine)]:
            yield Root(path / _ENVS, self.name, why, source, depth=_DETACHED_DEPTH)
        home = machine.path_variable("PIXI_HOME")
        why, source = (RootOrigin.VARIABLE, "PIXI_HOME") if home else (RootOrigin.DEFAULT, "")
        yield Root((home or machine.home / ".pixi") / _ENVS, self.name, why, source)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of what pixi created; a tool's in the root of pixi's tools."""
        if _META not in reading.names or "pyvenv.cfg" in reading.names:
            return None
        ours = reading.root.store == self.name
        if ours and reading.root.depth == 1:
            tool = reading.entry.name
            command = f"pixi global uninstall {shlex.quote(tool)}"
            return Traits(kind="pixi-global", name=tool, tool=command, keeps_sidecar=False)
        if not ours and not reads.lexists(reading.path / _META / "pixi"):
            return None
        workspace, own = _workspace(reading.path), reading.path.name
        if workspace is None:
            return Traits("pixi", own, keeps_sidecar=False)
        name, digest = workspace.groups()
        title = name if own == _DEFAULT else f"{name}-{own}"
        return Traits("pixi", title, project_name=name, digest=digest, keeps_sidecar=False)

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the directory of the manifest that ``conda-meta/pixi`` names."""
        file = reading.path / _META / "pixi"
        manifest = string(json_object(read_text(file)), "manifest_path")
        project = Path(manifest).parent if manifest and os.path.isabs(manifest) else None
        yield from reading.claim(project, file)

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments of the workspace whose ``.pixi/envs`` is a link to ``text``."""
        yield from (Path(text, name) for name in names_in(text))

    def name_part(self, name: str) -> str:
        """Return the name unchanged, as pixi does."""
        return name

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the hashes of the workspace's path, as decimal numbers."""
        return [_digest(path) for path in spellings(project)]

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return the workspace's environment ``default``, which commands without ``-e`` use.

        In the target of the link ``.pixi/envs``, else where ``detached-environments`` says, else in
        the project. pixi's code, ``Workspace::environments_dir``; not run here.
        """
        envs, files = project / _POINTER, [project / ".pixi" / "config.toml"]
        files += _configurations(machine)
        on = (_VARIABLE, *map(os.fspath, (envs, *files)))
        detached = None if reads.lexists(envs) else self._detached(project, machine, files)
        if detached is not None:
            why, path = "detached-environments is set", detached / _ENVS / _DEFAULT
        elif reads.islink(envs):
            why, path = f"`{_POINTER}` points to it", real(envs) / _DEFAULT
        else:
            why, path = "pixi keeps it in the project", envs / _DEFAULT
        exists = reads.isdir(path / _META)
        return Use("pixi", path, why, exists, not machine.variable(_VARIABLE), on)

    def _detached(self, project: Path, machine: Machine, files: list[Path]) -> Path | None:
        """Return the directory of a workspace whose environments are detached; None otherwise."""
        for _, table in toml_tables(files):
            value = table.get("detached-environments")
            if value is None:
                continue
            given = machine.path_variable(_VARIABLE)
            chosen = _absolute(machine, value) if isinstance(value, str) else None
            usual = next(root.path for root in self.roots(machine, Config()) if root.depth > 1)
            name = f"{_name_of(project)}-{_digest(os.fspath(project))}"
            return (given or chosen or usual) / name if value else None
        return None

    def cleanup_command(self, place: Path) -> CleanupCommand | None:
        """Return ``pixi clean``: it deletes the ``envs`` of a workspace and everything in it.

        ``pixi clean cache`` deletes the whole cache, in which such environments lie by default.
        pixi's src/cli/clean.rs; not run here.
        """
        if place.name != _ENVS or not _WORKSPACE.fullmatch(place.parent.name):
            return None
        root = place.parent.parent
        return CleanupCommand(root.parent if root.name == _ENVS else place.parent, "pixi clean")

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return its path below the workspace's name and number."""
        entry, workspace = wanted.environment.entry, _workspace(wanted.environment.path)
        if workspace is None or wanted.project is None:
            return None
        name = f"{wanted.name or workspace['name']}-{_digest(str(wanted.project))}"
        return entry.parent.parent.with_name(name) / entry.parent.name / entry.name


def _name_of(project: Path) -> str:
    """Return a workspace's name; pixi uses the directory's if none is set."""
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
    import xxhash  # few users have such environments

    # Rust's lossy text of a path: bytes that are not UTF-8 become U+FFFD.
    data = os.fsencode(path).decode("utf-8", "replace").encode()
    return str(xxhash.xxh3_64_intdigest(data))


def _workspace(prefix: Path) -> "re.Match[str] | None":
    """Return the name and digest in the path of a detached environment."""
    inside = prefix.parent.name == "envs"
    return _WORKSPACE.fullmatch(prefix.parent.parent.name) if inside else None


def _absolute(machine: Machine, text: str | None) -> Path | None:
    """Return a configured path with ``~`` for HOME; None for a relative one, as pixi."""
    path = Path(str(machine.home) + text[1:] if text and text.startswith("~") else text or "")
    return path if path.is_absolute() else None


def _configurations(machine: Machine) -> list[Path]:
    """Return pixi's configuration files outside workspaces, the one that wins first."""
    folders = [machine.path_variable("PIXI_HOME") or machine.home / ".pixi"]
    if machine.platform == "win32":
        system = machine.path_variable("PROGRAMDATA") or Path("C:/ProgramData")
        folders += [machine.appdata / "pixi", system / "pixi"]
    else:
        folders.append(machine.config_home / "pixi")
        if machine.platform == "darwin":
            folders.append(machine.home / "Library" / "Application Support" / "pixi")
        folders.append(Path("/etc/pixi"))
    given = machine.path_variable("PIXI_CONFIG_FILE")
    return [*([given] if given else []), *(folder / "config.toml" for folder in folders)]


def _given_caches(machine: Machine) -> list[tuple[Path, RootOrigin, str]]:
    names = ("PIXI_CACHE_DIR", "RATTLER_CACHE_DIR")
    given = [(machine.path_variable(name), name) for name in names]
    return [(path, RootOrigin.VARIABLE, name) for path, name in given if path][:1]


def _default_caches(machine: Machine) -> Iterator[tuple[Path, RootOrigin, str]]:
    """Yield ``pixi`` in the cache directory if it exists, then rattler's, the fallback."""
    caches = machine.cache_home
    if machine.platform == "darwin":
        caches = machine.home / "Library" / "Caches"
    for folder in dict.fromkeys((caches / "pixi", machine.cache_home / "pixi")):
        if reads.isdir(folder):
            yield folder, RootOrigin.DEFAULT, ""
    yield caches / "rattler" / "cache", RootOrigin.DEFAULT, ""


STORE = PixiStore()
