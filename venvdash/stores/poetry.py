"""poetry's central environments, one for each project and minor version of Python.

Facts: poetry 2.5.1, https://python-poetry.org/docs/configuration/ and its
``utils/env/env_manager.py``, ``config/config.py``, ``locations.py``.

Which environment it uses in a project (``EnvManager.get``): a directory ``.venv``, or a link to
one, unless ``virtualenvs.in-project`` is false; with that true but no ``.venv`` it still uses the
central one that is there. Then the one of the Python that envs.toml has for the project's name and
hash, else that of the ``python`` that is found first on PATH (with
``virtualenvs.use-poetry-python`` poetry's own).
"""

import glob
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import dropwhile
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Edit, Environment, Sign, Tidying, Traits, Trashed, Use
from venvdash.model.packaging import canonical_name
from venvdash.stores._app_folders import by_default, cache_directory, with_default
from venvdash.stores._interpreters import cfg_of, minor_of, on_path
from venvdash.stores._linking import about, pointer_text
from venvdash.stores._name_hashes import DIGEST, made_by, short_hash, spellings
from venvdash.stores._poetry_settings import Settings, chosen, files
from venvdash.stores._tool_files import index_text
from venvdash.stores.base import Assignment, Kind, Layout, Linking, Reading, Root, Store, Why
from venvdash.stores.config_files import LIMIT, string, toml_table
from venvdash.system.files import UnreadableError, read_text, real
from venvdash.system.machine import Machine

_NAME = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})-py(?P<minor>[0-9]+\.[0-9]+)", re.DOTALL)
_UNSAFE = re.compile(r'[ $`!*@"\\\r\n\t]')
_LONGEST = 42  # characters of the name part
_NAMELESS = "non-package-mode"  # what poetry calls a project without a name
_ENVS = "envs.toml"  # in the store: which Python `poetry env use` chose for each project
_ENVS_LIMIT = 256 * 1024  # bytes
_VARIABLES = (
    "POETRY_VIRTUALENVS_IN_PROJECT",
    "POETRY_VIRTUALENVS_CREATE",
    "POETRY_VIRTUALENVS_PATH",
    "POETRY_VIRTUALENVS_USE_POETRY_PYTHON",
    "POETRY_CACHE_DIR",
    "POETRY_CONFIG_DIR",
)


class PoetryStore(Store):
    """Entries ``<project>-<8 of base64>-py<X.Y>``; the hash is of the directory's real path."""

    name = "poetry"
    title = "poetry"
    kinds = (Kind("poetry", "poetry environment"),)
    rank = 20
    requires = ("pyproject.toml",)
    proof = "the hash of the project's path; `envs.toml` for the one in use"
    tested_with = "poetry 2.5.1"
    lock_files = ("poetry.lock",)
    table = "tool.poetry"
    compares_names = True
    pointers = ("pyproject.toml",)  # its directory is looked up in envs.toml
    settings = ("poetry.toml",)
    linked = False  # to poetry a ``.venv`` is an environment in the project, which it prefers

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield where poetry puts environments, and the default place.

        POETRY_VIRTUALENVS_PATH, then ``virtualenvs.path`` of the poetry.toml of the project in
        ``machine.cwd`` and of the user's config.toml, then ``virtualenvs`` in the cache
        (POETRY_CACHE_DIR, ``cache-dir``). References such as ``{cache-dir}`` are filled in as
        poetry does.
        """
        default = cache_directory(machine, "pypoetry") / "virtualenvs"
        root = by_default(machine, default, self.name, "XDG_CACHE_HOME")
        yield from with_default(chosen(machine), root)

    def folders(self, project: Path, machine: Machine) -> Iterator[Root]:
        """Yield ``virtualenvs.path``, or what ``cache-dir`` makes of it, of a poetry.toml."""
        found = chosen(replace(machine, cwd=project))
        if found is not None and found.source == os.fspath(project / "poetry.toml"):
            yield replace(found, why=Why.PROJECT)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment with poetry's name, or made by poetry."""
        if reading.root.layout is not Layout.FLAT:
            return None
        own = made_by(reading.cfg, "poetry")
        found = _NAME.fullmatch(reading.entry.name)
        if not found:
            return Traits(kind="poetry", name=reading.entry.name) if own else None
        prompt = f"{found['name']}-py{found['minor']}"
        if not own and reading.root.store != self.name and reading.cfg.get("prompt") != prompt:
            return None
        return Traits(
            kind="poetry",
            name=found["name"],
            project_name=found["name"],
            digest=found["digest"],
            per_interpreter=True,
        )

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environment that ``poetry env use`` chose for the project.

        poetry notes it by hash in envs.toml of the store; the project itself holds nothing.
        """
        chosen = [(root.path, found) for root in roots if (found := _chosen_pythons(root.path))]
        if not chosen:
            return
        digests, called = set(_digests(pointer.parent)), _name_in(text)
        for path, by_digest in chosen:
            for digest in digests & by_digest.keys():
                base = f"{self.name_part(called)}-{digest}-py" if called is not None else ""
                yield from (path / name for name in by_digest[digest] if name.startswith(base))

    def name_part(self, name: str) -> str:
        """Return the normalised name (PEP 503), shortened; poetry's own word for none at all."""
        if not name:
            return _NAMELESS
        canonical = canonical_name(name)
        return _UNSAFE.sub("_", canonical)[:_LONGEST]

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether poetry, asked in ``project``, would find this entry.

        The hash is that of the directory; the name counts as well, where the project has one.
        """
        traits = environment.traits
        if traits.digest not in _digests(project):
            return False
        name = _name_in(read_text(project / "pyproject.toml", LIMIT))
        return name is None or self.name_part(name) == traits.project_name

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return how surely it is poetry's project; its build backend is a mention."""
        mention = Sign.MENTION if "poetry" in pyproject else Sign.NONE
        return super().sign(names, pyproject) or mention

    def digests(self, project: Path, among: Iterable[Environment]) -> frozenset[str]:
        """Return the hashes of the project's path, links resolved and as it is written."""
        return frozenset(_digests(project))

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what poetry would use in ``project``."""
        settings = Settings(replace(machine, cwd=project))
        venv = project / ".venv"
        on = (*_VARIABLES, *map(os.fspath, (*files(settings.machine), venv)))
        if settings.flag("virtualenvs.in-project") is not False and os.path.isdir(venv):
            path = real(venv) if os.path.islink(venv) else venv
            why = "the directory `.venv` exists" if path == venv else "`.venv` points to it"
            return Use("poetry", path, why, cfg_of(path) is not None, depends_on=on)
        if settings.flag("virtualenvs.create") is False:
            why = "virtualenvs.create is false, so it uses the system's Python"
            return Use("poetry", None, why, depends_on=on)
        store, how, _ = settings.place()
        certain = how is not Why.VARIABLE
        base = self._base(project)
        try:
            minor = _minor(read_text(store / _ENVS, _ENVS_LIMIT), base)
        except UnreadableError:
            minor, certain = None, False
        if minor:
            path, why = store / f"{base}-py{minor}", f"`poetry env use` chose Python {minor}"
            on = (*on, os.fspath(store / _ENVS))
            return Use("poetry", path, why, _is_environment(path), certain, on)
        return self._of_first_python(project, settings, store / base, on)

    def _base(self, project: Path) -> str:
        """Return what the names of all environments of a project begin with."""
        name = _name_in(read_text(project / "pyproject.toml", LIMIT))
        return f"{self.name_part(name or '')}-{next(iter(_digests(project)), '')}"

    def _of_first_python(
        self, project: Path, settings: Settings, base: Path, on: tuple[str, ...]
    ) -> Use:
        """Return the environment of the Python that poetry would take, as far as that is told."""
        on, machine = (*on, "PATH"), settings.machine
        own = settings.flag("virtualenvs.use-poetry-python") is True
        minor = "" if own else minor_of(next(on_path(machine, project, "python"), None))
        if minor:
            path = base.with_name(f"{base.name}-py{minor}")
            why = f"Python {minor} is found first"
            return Use("poetry", path, why, _is_environment(path), certain=False, depends_on=on)
        found = sorted(base.parent.glob(f"{glob.escape(base.name)}-py*"))
        if len(found) == 1 and _is_environment(found[0]):
            why = "it is the only one that poetry has for the project"
            return Use("poetry", found[0], why, exists=True, certain=False, depends_on=on)
        why = "it is not known which Python poetry would use"
        return Use("poetry", None, why, certain=False, depends_on=on)

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return envs.toml without the project's section, if that chose this environment.

        As ``poetry env remove`` does; the section may as well be about another Python's.
        """
        found = _NAME.fullmatch(gone.entry)
        if found is None:
            return Tidying()
        file = gone.original.parent / _ENVS
        try:
            before = index_text(file, _ENVS_LIMIT)
            section = f"{found['name']}-{found['digest']}"
            if before is None or _minor(before, section) != found["minor"]:
                return Tidying()
            after = _changed(before, {section: None})
        except UnreadableError as error:
            return Tidying(problems=(f"{file} {error}",))
        return Tidying(edits=(Edit(file, before, after or ""),))

    def expected(self, wanted: Assignment) -> Path | None:
        """Return the entry ``<project>-<hash>-py<X.Y>``, in the folder in which it lies."""
        if wanted.project is None or not wanted.minor:
            return None
        return wanted.environment.entry.parent / f"{self._section(wanted)}-py{wanted.minor}"

    def _section(self, wanted: Assignment) -> str:
        project = wanted.project or Path()
        return f"{self.name_part(wanted.name)}-{next(iter(_digests(project)), '')}"

    def linking(self, wanted: Assignment) -> Linking:
        """Return envs.toml with it as the project's chosen one, as ``poetry env use`` writes it.

        Not where its former project used another, nor where the new one does. What was chosen for
        the former project goes: it is not there any more.
        """
        if wanted.shared:
            return Linking()
        file = wanted.entry.parent / _ENVS
        text = pointer_text(file, _ENVS_LIMIT)
        before = wanted.environment.entry.name.rpartition("-py")[0]
        now = self._section(wanted) if wanted.project is not None else ""
        with about(file):
            chosen = {section: _minor(text, section) for section in (before, now)}
        changes: dict[str, dict[str, str] | None] = {}
        if chosen[before] == wanted.minor:
            changes[before] = None
        used = chosen[now] and os.path.isdir(wanted.entry.with_name(f"{now}-py{chosen[now]}"))
        if now and not used and chosen[before] in (None, wanted.minor):
            patch = wanted.environment.python or wanted.minor
            changes[now] = {"minor": wanted.minor, "patch": patch}
        with about(file):
            after = _changed(text, changes)
        return Linking((Edit(file, text, after),) if after != text else ())


def _name_in(pyproject: str | None) -> str | None:
    """Return what a pyproject.toml calls the project, "" for nothing; None where it is damaged."""
    table = toml_table(pyproject)
    if table is None:
        return None
    return string(table, "project", "name") or string(table, "tool", "poetry", "name") or ""


def _digests(project: Path) -> list[str]:
    return [short_hash(os.path.normcase(path)) for path in spellings(project)]


def _chosen_pythons(store: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the environments in use by their digests, as envs.toml has them."""
    file = os.path.join(store, _ENVS)
    try:
        found = os.lstat(file)
    except (OSError, ValueError):
        return {}
    return _sections(file, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)  # asked for every project
def _sections(file: str, _mtime_ns: int, _size: int) -> Mapping[str, tuple[str, ...]]:
    by_digest: dict[str, tuple[str, ...]] = {}
    for section, values in (toml_table(read_text(file, _ENVS_LIMIT)) or {}).items():
        minor = string(values, "minor") if isinstance(values, dict) else None
        name = f"{section}-py{(minor or '').strip()}"
        found = _NAME.fullmatch(name)
        if found and "/" not in name and os.sep not in name:
            by_digest[found["digest"]] = (*by_digest.get(found["digest"], ()), name)
    return by_digest


def _minor(text: str | None, section: str) -> str | None:
    """Return which minor version envs.toml has for a project, None for none.

    Raises UnreadableError where it is damaged.
    """
    table = toml_table(text or "")
    if table is None:
        raise UnreadableError("is damaged")
    value = string(table, section, "minor")
    return value.strip() if value else None


def _changed(text: str | None, changes: Mapping[str, dict[str, str] | None]) -> str | None:
    """Return envs.toml with sections set, or without those that are None; all else stays.

    ``text`` is None where there is no file, and the result where nothing is left to be in one.
    Raises UnreadableError where that cannot be promised.
    """
    table = toml_table(text or "")
    if table is None:
        raise UnreadableError("is damaged")
    after = text or ""
    try:
        for section, value in changes.items():
            if table.get(section) == value:
                continue
            after = _cut(after, section) if table.pop(section, None) is not None else after
            if value is not None:
                table[section] = value
                after = _added(after, section, value)
    except Exception as error:  # whatever tomlkit stumbles over that tomllib reads
        raise UnreadableError("has an unusual format") from error
    if toml_table(after) != table:
        raise UnreadableError("has an unusual format")
    return after or None


def _added(text: str, section: str, value: dict[str, str]) -> str:
    """Return TOML with one more section at its end."""
    import tomlkit  # slow to import

    end = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{end}{tomlkit.dumps({section: value})}"


def _cut(text: str, section: str) -> str:
    """Return TOML without a section; the comments behind it stay, which are the next one's."""
    import tomlkit  # slow to import
    from tomlkit.items import Comment, Table

    document = tomlkit.parse(text)
    body = document.body
    for at in reversed(range(len(body))):
        key, item = body[at]
        if key is not None and key.key == section:
            inner = item.value.body if isinstance(item, Table) else []
            keys = [number for number, (key, _) in enumerate(inner) if key is not None]
            behind = inner[max(keys, default=-1) + 1 :]
            body[at : at + 1] = dropwhile(lambda one: not isinstance(one[1], Comment), behind)
    return tomlkit.dumps(document)


def _is_environment(path: Path) -> bool:
    return cfg_of(path) is not None


STORE = PoetryStore()
