"""uv's central store: environments of projects and of PEP 723 scripts in uv's cache.

Projects with uv's preview feature ``centralized-project-envs``, scripts always. Source: uv 0.13.9,
https://docs.astral.sh/uv/concepts/projects/layout/ and crates/uv-cache.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Traits, Use
from venvdash.stores import _seahash, _uv_environment, uv_settings
from venvdash.stores._paths import names_in, spellings
from venvdash.stores.base import CleanupCommand, Kind, Reading, Store, normalised
from venvdash.stores.links import Assignment, Outside
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system import reads
from venvdash.system.machine import Machine

_BUCKET = "environments-v2"
_FEATURE = "preview feature centralized-project-envs"
_OTHER_BUCKET = re.compile(r"environments-v[0-9]{1,4}")
_PROJECT = re.compile(
    r"(?:(?P<name>[0-9a-z-]+)-)?(?P<implementation>[a-z]+)(?P<version>[0-9]+\.[0-9][0-9a-z.+]*)"
    r"-(?P<digest>[0-9a-f]{16})"
)
_SCRIPT = re.compile(r"(?:(?P<name>[0-9a-z-]+)-)?(?P<digest>[0-9a-f]{16})")
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_VARIANTS = (_seahash.DEFAULT, _seahash.FREETHREADED)


class UvStore(Store):
    """Entries ``<project>-<implementation><version>-<16 hex>`` and ``<script>-<16 hex>``.

    The name part is missing if ``normalised`` leaves nothing of the name. Anything else in the
    store is "uv-ephemeral": of a script from standard input, or of ``uv run --with``
    (``<digest>/<digest>``, links into the cache's archive).
    """

    name = "uv"
    title = "uv cache"
    kinds = (
        Kind("uv", "uv project environment"),
        Kind("uv-script", "uv script environment"),
        Kind("uv-ephemeral", "temporary uv environment"),
    )
    rank = 10
    requires = ("pyproject.toml",)
    tested_with = "uv 0.13.9"
    lock_files = ("uv.lock",)
    table = "tool.uv"
    build_tables = ("tool.uv.build-backend",)

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the environment buckets of the cache that uv would use now.

        UV_CACHE_DIR, then ``cache-dir`` of uv's user or system configuration, then the default.
        """
        cache_dir, why, source = uv_settings.cache_directory(machine)
        for bucket in _buckets(cache_dir):
            yield Root(cache_dir / bucket, self.name, why, source, depth=2)

    def unconfigured_root(self, prefix: Path) -> Root | None:
        """Return the environment bucket of another cache: of another UV_CACHE_DIR."""
        bucket = prefix.parent
        tagged = reads.lexists(bucket.parent / "CACHEDIR.TAG")
        if not tagged or not _OTHER_BUCKET.fullmatch(bucket.name):
            return None
        return Root(bucket, self.name, RootOrigin.PROJECT, depth=2)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of any environment below a root of this store."""
        if reading.root.store != self.name:
            return None
        entry, prompt = reading.entry.name, reading.cfg.get("prompt")
        project, script = _PROJECT.fullmatch(entry), _SCRIPT.fullmatch(entry)
        match = project or (script if script and (script["name"] or prompt) else None)
        if match is None:
            return Traits(kind="uv-ephemeral", name=entry, volatile=True)
        name = match["name"] or ""
        return Traits(
            kind="uv" if project else "uv-script",
            name=prompt or name or entry,
            project_name=name,
            digest=match["digest"],
            per_interpreter=project is not None,
            script=project is None,
            volatile=True,
        )

    def cleanup_command(self, place: Path) -> CleanupCommand | None:
        """Return ``uv cache prune``: it empties the buckets and deletes everything else.

        uv's crates/uv-cache, ``Cache::prune`` and ``Cache::clear``; seen with uv 0.13.9.
        """
        for directory in (place, *place.parents):
            if _OTHER_BUCKET.fullmatch(directory.name):
                return CleanupCommand(directory.parent, "uv cache prune")
        return None

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether uv, started in ``project``, would use exactly this entry.

        ``project`` is the root of the workspace, or the script. A different digest may also mean
        an unknown platform, or a release of uv with another formula.
        """
        if not environment.traits.script:
            return super().fits(environment, project)
        match = _SCRIPT.fullmatch(environment.entry.name)
        return match is not None and any(
            _seahash.digest(_seahash.path_stream(path)) == match["digest"]
            for path in _spellings(project, canonical=False)
        )

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> Collection[str]:
        """Return the digests for the interpreters of these environments."""
        match = (_PROJECT.fullmatch(environment.entry.name) for environment in environments)
        pythons = {(name["implementation"], name["version"]) for name in match if name}
        return frozenset(
            _digest(path, key)
            for python in pythons
            for key in _interpreters(*python)
            for path in _spellings(project, canonical=True)
        )

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what uv would use in ``project``: see ``_uv_use``."""
        return _uv_environment.use(project, machine, _BUCKET, partial(_tails, project))

    def outside(self, project: Path, machine: Machine, config: Config) -> Outside:
        """Return that uv follows a link ``.venv``, unless a setting names another place.

        Seen with uv 0.13.9: ``uv sync``, ``run`` and ``add`` keep the link; a change of Python, and
        ``uv venv --clear``, recreate its target in place. They keep a file with the path, too, but
        `uv venv --clear` fails on it. With the preview feature, ``uv sync`` replaces either by a
        link into the cache.
        """
        if by := uv_settings.centralized_by(machine, project):
            does = "`uv sync` would create another one in its cache"
            return Outside(refusal=f"uv's {_FEATURE} is on (by {by}): {does}.")
        return Outside(refusal=_named_by_variable(machine))

    def inside(self, project: Path, machine: Machine, config: Config) -> str:
        """Return that uv would delete ``.venv``, or that a variable names another environment."""
        if by := uv_settings.centralized_by(machine, project):
            does = "`uv sync` would delete `.venv` with all files in it"
            return f"uv's {_FEATURE} is on (by {by}): {does}."
        return _named_by_variable(machine)

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the entry by the formula of the tested release.

        For the interpreter of the present digest, if a former project shows which one that is,
        else for this machine's usual one. uv itself is more reliable: ask it first.
        """
        environment, project = wanted.environment, wanted.project
        match = _PROJECT.fullmatch(environment.entry.name)
        if project is None:
            return None
        if environment.traits.script:
            parts = [normalised(project.stem), _seahash.digest(_seahash.path_stream(project))]
        elif match and (key := _interpreter_of(match, wanted.former)) is not None:
            version = f"{match['implementation']}{match['version']}"
            digest = _digest(_spellings(project, canonical=True)[0], key)
            parts = [normalised(wanted.name or project.name), version, digest]
        else:
            return None
        return environment.entry.parent / "-".join(filter(None, parts))


def _named_by_variable(machine: Machine) -> str:
    if machine.variable("UV_PROJECT_ENVIRONMENT"):
        return "UV_PROJECT_ENVIRONMENT is set: uv uses the environment that it names."
    return ""


def _interpreter_of(entry: re.Match[str], projects: Iterable[Path]) -> bytes | None:
    """Return the interpreter with which the digest of an entry is that of one of ``projects``.

    The likeliest one of its version for none of them; None for an unknown platform.
    """
    keys = list(_interpreters(entry["implementation"], entry["version"]))
    paths = [path for project in projects for path in _spellings(project, canonical=True)]
    known = (key for key in keys for path in paths if _digest(path, key) == entry["digest"])
    return next(known, next(iter(keys), None))


def _tails(project: Path, implementation: str, version: str) -> Iterator[str]:
    """Yield the possible ends of a project's entries for an interpreter of that version."""
    for path in _spellings(project, canonical=True)[:1]:
        for key in _interpreters(implementation, version):
            yield f"{implementation}{version}-{_digest(path, key)}"


def _digest(path: str, interpreter: bytes) -> str:
    return _seahash.digest(_seahash.path_stream(path) + interpreter)


def _interpreters(implementation: str, version: str) -> Iterator[bytes]:
    """Yield what each such interpreter that can run on this machine adds to a hash."""
    for built_for in _platforms():
        for variant in _VARIANTS:
            key = _seahash.interpreter_stream(implementation, version, built_for, variant)
            if key is not None:
                yield key


def _spellings(project: Path, canonical: bool) -> list[str]:
    """Return the paths that uv may have hashed: it resolves links of projects, not of scripts."""
    paths = spellings(project)
    if not canonical:
        return paths[::-1]
    return ["\\\\?\\" + path for path in paths] if os.name == "nt" else paths


@cache
def _platforms() -> tuple[_seahash.Platform, ...]:
    """Return the platforms of this machine's interpreters, the likeliest first."""
    import platform  # slow to import

    name = platform.machine().lower()
    machine = _MACHINES.get(name, name)
    if sys.platform == "linux":
        return (_seahash.Platform("linux", machine, _libc()),)
    # macOS and Windows run interpreters of the other architecture, too.
    others = [other for other in ("x86_64", "aarch64") if other != machine]
    return tuple(_seahash.Platform(sys.platform, one) for one in (machine, *others))


def _libc() -> str:
    try:
        return "gnu" if os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    except (AttributeError, OSError, ValueError):
        return "musl"


def _buckets(cache_dir: Path) -> list[str]:
    """Return the bucket of the tested release and the existing ones of other releases."""
    names = names_in(cache_dir)
    return [_BUCKET, *(n for n in names if _OTHER_BUCKET.fullmatch(n) and n != _BUCKET)]


STORE = UvStore()
