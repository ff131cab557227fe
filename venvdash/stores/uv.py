"""uv's central store: environments of projects and of PEP 723 scripts in uv's cache.

Projects are there with uv's preview feature ``centralized-project-envs``, scripts always. Facts:
uv 0.13.9, https://docs.astral.sh/uv/concepts/projects/layout/ and crates/uv-cache.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Sign, Traits, Use
from venvdash.stores import _seahash, _uv_environment, uv_settings
from venvdash.stores.base import Assignment, Clearing, Kind, Reading, Root, Store, Why, normalised
from venvdash.system.machine import Machine

_BUCKET = "environments-v2"
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

    The name part is missing where nothing of the name can be written. Anything else in the store
    is "uv-ephemeral": what uv made for a script from its standard input, or for ``uv run --with``
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

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return how surely it is uv's project; its build backend alone says nothing."""
        others = re.sub(r"^[ \t]*\[tool\.uv\.build-backend.*$", "", pyproject, flags=re.MULTILINE)
        return super().sign(names, others)

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the environment buckets of the cache that uv would use now.

        UV_CACHE_DIR, then ``cache-dir`` of uv's user or system configuration, then the default.
        """
        cache_dir, why, source = uv_settings.cache_directory(machine)
        for bucket in _buckets(cache_dir):
            yield Root(cache_dir / bucket, self.name, why, source, depth=2)

    def elsewhere(self, prefix: Path) -> Root | None:
        """Return the environment bucket of another cache: of another UV_CACHE_DIR."""
        bucket = prefix.parent
        if not _OTHER_BUCKET.fullmatch(bucket.name):
            return None
        if not os.path.lexists(bucket.parent / "CACHEDIR.TAG"):
            return None
        return Root(bucket, self.name, Why.PROJECT, depth=2)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of whatever lies below a root of this store."""
        if reading.root.store != self.name:
            return None
        entry, prompt = reading.entry.name, reading.cfg.get("prompt")
        found = _PROJECT.fullmatch(entry)
        if found:
            name = found["name"] or ""
            return Traits(
                kind="uv",
                name=prompt or name or entry,
                project_name=name,
                digest=found["digest"],
                per_interpreter=True,
                volatile=True,
            )
        found = _SCRIPT.fullmatch(entry)
        if found and (found["name"] or prompt):
            name = found["name"] or ""
            return Traits(
                kind="uv-script",
                name=prompt or name,
                project_name=name,
                digest=found["digest"],
                script=True,
                volatile=True,
            )
        return Traits(kind="uv-ephemeral", name=entry, volatile=True)

    def clearing(self, place: Path) -> Clearing | None:
        """Return ``uv cache prune``: it empties the buckets, and removes from the cache all else.

        uv's crates/uv-cache, ``Cache::prune`` and ``Cache::clear``; seen with uv 0.13.9.
        """
        for directory in (place, *place.parents):
            if _OTHER_BUCKET.fullmatch(directory.name):
                return Clearing(directory.parent, "uv cache prune")
        return None

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether uv, asked in ``project``, would use exactly this entry.

        ``project`` is the root of the workspace, or the script. A different digest may also mean
        a system whose numbers are not known, or a release of uv that counts otherwise.
        """
        entry = environment.entry.name
        found = _PROJECT.fullmatch(entry)
        if found and not environment.traits.script:
            return any(
                _project_digest(path, found["implementation"], found["version"], found["digest"])
                for path in _spellings(project, canonical=True)
            )
        found = _SCRIPT.fullmatch(entry)
        if found and environment.traits.script:
            return any(
                _seahash.digest(_seahash.path_stream(path)) == found["digest"]
                for path in _spellings(project, canonical=False)
            )
        return False

    def digests(self, project: Path, among: Iterable[Environment]) -> frozenset[str]:
        """Return the digests for the interpreters of these environments."""
        found = (_PROJECT.fullmatch(environment.entry.name) for environment in among)
        pythons = {(name["implementation"], name["version"]) for name in found if name}
        return frozenset(
            _digest(path, key)
            for python in pythons
            for key in _interpreters(*python)
            for path in _spellings(project, canonical=True)
        )

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what uv would use in ``project``: see ``_uv_use``."""
        return _uv_environment.use(project, machine, _BUCKET, partial(_tails, project))

    def expected(self, wanted: Assignment) -> Path | None:
        """Return the entry by the formula of the release that this was tested with.

        For the interpreter whose digest the present name has, where a former project shows which
        that is, else for this machine's usual one. uv itself knows better: ask it first.
        """
        environment, project = wanted.environment, wanted.project
        found = _PROJECT.fullmatch(environment.entry.name)
        if project is None:
            return None
        if environment.traits.script:
            parts = [normalised(project.stem)]
            digest = _seahash.digest(_seahash.path_stream(project))
        elif found:
            version = f"{found['implementation']}{found['version']}"
            parts = [normalised(wanted.name or project.name), version]
            keys = list(_interpreters(found["implementation"], found["version"]))
            before = [path for one in wanted.former for path in _spellings(one, canonical=True)]
            known = [
                key for key in keys if found["digest"] in (_digest(path, key) for path in before)
            ]
            key = next(iter([*known, *keys]), None)
            if key is None:
                return None
            digest = _digest(_spellings(project, canonical=True)[0], key)
        else:
            return None
        return environment.entry.parent / "-".join([part for part in parts if part] + [digest])


def _tails(project: Path, implementation: str, version: str) -> Iterator[str]:
    """Yield how the entries of a project for an interpreter of that version may end."""
    for path in _spellings(project, canonical=True)[:1]:
        for key in _interpreters(implementation, version):
            yield f"{implementation}{version}-{_digest(path, key)}"


def _project_digest(path: str, implementation: str, version: str, wanted: str) -> bool:
    return any(_digest(path, key) == wanted for key in _interpreters(implementation, version))


def _digest(path: str, interpreter: bytes) -> str:
    return _seahash.digest(_seahash.path_stream(path) + interpreter)


def _interpreters(implementation: str, version: str) -> Iterator[bytes]:
    """Yield what every sort of such an interpreter that runs on this machine adds to a hash."""
    for built_for in _platforms():
        for variant in _VARIANTS:
            key = _seahash.interpreter_stream(implementation, version, built_for, variant)
            if key is not None:
                yield key


def _spellings(project: Path, canonical: bool) -> list[str]:
    """Return the paths that uv may have hashed: it resolves links of projects, not of scripts.

    Both are tried, as links may have been made since.
    """
    given = os.fspath(project)
    try:
        real = os.path.realpath(given)
    except OSError:
        real = given
    except ValueError:  # no path of this system
        return []
    if os.name == "nt" and canonical:
        real = "\\\\?\\" + real
    both = [real, given] if canonical else [given, real]
    return both[:1] if real == given else both


@cache
def _platforms() -> tuple[_seahash.Platform, ...]:
    """Return what this machine's interpreters are built for, the likeliest first."""
    import platform  # slower to import than all the rest here

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
    """Return the bucket of today's uv and those of other releases that are there."""
    try:
        names = os.listdir(cache_dir)
    except (OSError, ValueError):
        names = []
    others = sorted(n for n in names if _OTHER_BUCKET.fullmatch(n) and n != _BUCKET)
    return [_BUCKET, *others]


STORE = UvStore()
