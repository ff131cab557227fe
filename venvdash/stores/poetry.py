"""poetry's central environments, one for each project and minor version of Python.

Source: poetry 2.5.1, https://python-poetry.org/docs/configuration/ and its
``utils/env/env_manager.py``, ``config/config.py``, ``locations.py``.

Which environment it uses in a project (``EnvManager.get``): a directory ``.venv``, or a link to
one, unless ``virtualenvs.in-project`` is false; if that is true but there is no ``.venv``, an
existing central one. Then the one of the Python that envs.toml has for the project's name and
hash, else that of the first ``python`` on PATH (with ``virtualenvs.use-poetry-python`` poetry's
own).
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import dropwhile
from pathlib import Path
from typing import Any

from venvdash.config import Config
from venvdash.model import Edit, Environment, Leftovers, Traits, Trashed, Use
from venvdash.model.packaging import canonical_name
from venvdash.stores._interpreters import minor_of, on_path
from venvdash.stores._name_hashes import DIGEST, short_hash
from venvdash.stores._paths import names_in, spellings
from venvdash.stores._poetry_settings import Settings, default_folder, files
from venvdash.stores._tool_files import about, editable_text
from venvdash.stores.base import Kind, Reading, Store, with_default
from venvdash.stores.config_files import LIMIT, string, toml_table
from venvdash.stores.links import Assignment, LinkEdits, Outside
from venvdash.stores.pyvenv_cfg import cfg_of, made_by
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.files import UnreadableError, read_text, real
from venvdash.system.fingerprint import once_for_each_version
from venvdash.system.machine import Machine

_NAME = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})-py(?P<minor>[0-9]+\.[0-9]+)", re.DOTALL)
_UNSAFE = re.compile(r'[ $`!*@"\\\r\n\t]')
_LONGEST = 42  # characters of the name part
_IN_PROJECT = "virtualenvs.in-project"
_NAMELESS = "non-package-mode"  # poetry's name of a project without one
_ENVS = "envs.toml"  # in the store: the Python that `poetry env use` set for each project
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
    kinds = (Kind("poetry", "poetry environment"),)
    rank = 20
    requires = ("pyproject.toml",)
    proof = "the hash of the project's path; `envs.toml` for the one in use"
    tested_with = "poetry 2.5.1"
    lock_files = ("poetry.lock",)
    table = "tool.poetry"
    hint = "poetry"
    compares_names = True
    pointers = ("pyproject.toml",)  # its directory is looked up in envs.toml
    settings = ("poetry.toml",)
    linked = False  # poetry takes a ``.venv`` for an environment in the project and prefers it

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield where poetry creates environments, and the default.

        POETRY_VIRTUALENVS_PATH, then ``virtualenvs.path`` of the poetry.toml of the project in
        ``machine.cwd`` and of the user's config.toml, then ``virtualenvs`` in the cache
        (POETRY_CACHE_DIR, ``cache-dir``). References such as ``{cache-dir}`` are replaced as poetry
        does.
        """
        root = self.xdg_root(machine, default_folder(machine), "XDG_CACHE_HOME")
        yield from with_default(Settings(machine).chosen_root(), root)

    def project_roots(self, project: Path, machine: Machine) -> Iterator[Root]:
        """Yield the folder that ``virtualenvs.path`` or ``cache-dir`` of a poetry.toml sets."""
        root = Settings(replace(machine, cwd=project)).chosen_root()
        if root is not None and root.source == os.fspath(project / "poetry.toml"):
            yield replace(root, why=RootOrigin.PROJECT)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment with poetry's name, or created by poetry."""
        if reading.root.layout is not Layout.FLAT:
            return None
        own = made_by(reading.cfg, "poetry")
        match = _NAME.fullmatch(reading.entry.name)
        if not match:
            return Traits(kind="poetry", name=reading.entry.name) if own else None
        prompt = f"{match['name']}-py{match['minor']}"
        if not own and reading.root.store != self.name and reading.cfg.get("prompt") != prompt:
            return None
        return Traits(
            kind="poetry",
            name=match["name"],
            project_name=match["name"],
            digest=match["digest"],
            per_interpreter=True,
        )

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environment that ``poetry env use`` set for the project.

        poetry records it by hash in envs.toml of the store; the project has no file for it.
        """
        chosen = [(root.path, pythons) for root in roots if (pythons := _chosen_pythons(root.path))]
        if not chosen:
            return
        digests, called = set(self.digests(pointer.parent)), _name_in(text)
        for path, by_digest in chosen:
            for digest in digests & by_digest.keys():
                base = f"{self.name_part(called)}-{digest}-py" if called is not None else ""
                yield from (path / name for name in by_digest[digest] if name.startswith(base))

    def name_part(self, name: str) -> str:
        """Return the normalised name (PEP 503), shortened; poetry's own for a project without."""
        return _UNSAFE.sub("_", canonical_name(name))[:_LONGEST] if name else _NAMELESS

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether poetry, started in ``project``, would find this entry.

        The hash is of the directory; the name must be the project's, too, if that has one.
        """
        if not super().fits(environment, project):
            return False
        name = _name_in(read_text(project / "pyproject.toml", LIMIT))
        return name is None or self.name_part(name) == environment.traits.project_name

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the hashes of the project's path."""
        return [short_hash(os.path.normcase(path)) for path in spellings(project)]

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what poetry would use in ``project``."""
        settings = Settings(replace(machine, cwd=project))
        venv = project / ".venv"
        on = (*_VARIABLES, *map(os.fspath, (*files(settings.machine), venv)))
        if settings.flag("virtualenvs.in-project") is not False and reads.isdir(venv):
            path = real(venv) if reads.islink(venv) else venv
            why = "the directory `.venv` exists" if path == venv else "`.venv` points to it"
            return Use("poetry", path, why, cfg_of(path) is not None, depends_on=on)
        if settings.flag("virtualenvs.create") is False:
            why = "virtualenvs.create is false, so it uses the system's Python"
            return Use("poetry", None, why, depends_on=on)
        root = settings.root()
        store, certain = root.path, root.why is not RootOrigin.VARIABLE
        name = _name_in(read_text(project / "pyproject.toml", LIMIT))
        base = self._section(name or "", project)
        try:
            minor = _minor(_table(read_text(store / _ENVS, _ENVS_LIMIT)), base)
        except UnreadableError:
            minor, certain = None, False
        if minor:
            path, why = store / f"{base}-py{minor}", f"`poetry env use` chose Python {minor}"
            on = (*on, os.fspath(store / _ENVS))
            return Use("poetry", path, why, cfg_of(path) is not None, certain, on)
        return self._of_first_python(project, settings, store / base, on)

    def _section(self, name: str, project: Path) -> str:
        """Return the project's key in envs.toml, with which its environments' names begin."""
        return f"{self.name_part(name)}-{next(iter(self.digests(project)), '')}"

    def _of_first_python(
        self, project: Path, settings: Settings, base: Path, on: tuple[str, ...]
    ) -> Use:
        """Return the environment of the Python that poetry would use, if that can be known."""
        on, machine = (*on, "PATH"), settings.machine
        own = settings.flag("virtualenvs.use-poetry-python") is True
        minor = "" if own else minor_of(next(on_path(machine, project, "python"), None))
        if minor:
            path = base.with_name(f"{base.name}-py{minor}")
            why = f"Python {minor} is found first"
            return Use("poetry", path, why, cfg_of(path) is not None, certain=False, depends_on=on)
        names = [name for name in names_in(base.parent) if name.startswith(f"{base.name}-py")]
        environments = [base.parent / name for name in names]
        if len(environments) == 1 and cfg_of(environments[0]) is not None:
            why = "it is the only one that poetry has for the project"
            return Use("poetry", environments[0], why, exists=True, certain=False, depends_on=on)
        why = "it is not known which Python poetry would use"
        return Use("poetry", None, why, certain=False, depends_on=on)

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return envs.toml without the project's section, if that names this environment.

        As ``poetry env remove`` does; the section may be for another Python.
        """
        match = _NAME.fullmatch(gone.entry)
        if match is None:
            return Leftovers()
        file = gone.original.parent / _ENVS
        section = f"{match['name']}-{match['digest']}"
        try:
            before = editable_text(file, _ENVS_LIMIT)
            with about(file):
                if _minor(_table(before), section) != match["minor"]:
                    return Leftovers()
                after = _changed(before, {section: None})
        except UnreadableError as error:
            return Leftovers(problems=(str(error),))
        return Leftovers(edits=(Edit(file, before, after or ""),))

    def outside(self, project: Path, machine: Machine, config: Config) -> Outside:
        """Return poetry's own folder.

        Seen with poetry 2.5.1: ``poetry install`` and ``run`` follow a link ``.venv``, but
        ``poetry env use`` with another Python, and ``poetry env remove``, delete the link and leave
        its target behind. It ignores a file with the path.
        """
        settings = Settings(replace(machine, cwd=project))
        if settings.flag(_IN_PROJECT):
            does = "poetry would create `.venv` again"
            return Outside(refusal=f"poetry's setting {_IN_PROJECT} is true: {does}.")
        return Outside(settings.root().path)

    def inside(self, project: Path, machine: Machine, config: Config) -> str:
        """Return that poetry's setting forbids it."""
        if Settings(replace(machine, cwd=project)).flag(_IN_PROJECT) is False:
            return f"poetry's setting {_IN_PROJECT} is false: it would not use `.venv`."
        return ""

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the entry ``<project>-<hash>-py<X.Y>`` in its present folder."""
        if wanted.project is None or not wanted.minor:
            return None
        name = f"{self._section(wanted.name, wanted.project)}-py{wanted.minor}"
        return wanted.environment.entry.parent / name

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return envs.toml that selects it for the project, as ``poetry env use`` writes it.

        Not if its former project used another one, nor if the new one does. The section of the
        former project is removed.
        """
        if wanted.shared:
            return LinkEdits()
        file = wanted.entry.parent / _ENVS
        text = editable_text(file, _ENVS_LIMIT)
        before = wanted.environment.entry.name.rpartition("-py")[0]
        now = self._section(wanted.name, wanted.project) if wanted.project is not None else ""
        with about(file):
            table = _table(text)
            chosen = {section: _minor(table, section) for section in (before, now)}
        changes: dict[str, dict[str, str] | None] = {}
        if chosen[before] == wanted.minor:
            changes[before] = None
        used = chosen[now] and reads.isdir(wanted.entry.with_name(f"{now}-py{chosen[now]}"))
        if now and not used and chosen[before] in (None, wanted.minor):
            patch = wanted.environment.python or wanted.minor
            changes[now] = {"minor": wanted.minor, "patch": patch}
        with about(file):
            after = _changed(text, changes)
        return LinkEdits((Edit(file, text, after),) if after != text else ())


def _name_in(pyproject: str | None) -> str | None:
    """Return the project's name in a pyproject.toml, "" for none; None if it is damaged."""
    table = toml_table(pyproject)
    if table is None:
        return None
    return string(table, "project", "name") or string(table, "tool", "poetry", "name") or ""


def _chosen_pythons(store: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the environments that envs.toml selects, by their digests."""
    file = os.path.join(store, _ENVS)
    try:
        status = reads.stat(file)
    except (OSError, ValueError):
        return {}
    return _sections(file, status)


@once_for_each_version  # asked for every project
def _sections(file: str) -> Mapping[str, tuple[str, ...]]:
    by_digest: dict[str, tuple[str, ...]] = {}
    for section, values in (toml_table(read_text(file, _ENVS_LIMIT)) or {}).items():
        name = f"{section}-py{(string(values, 'minor') or '').strip()}"
        match = _NAME.fullmatch(name)
        if match and "/" not in name and os.sep not in name:
            by_digest[match["digest"]] = (*by_digest.get(match["digest"], ()), name)
    return by_digest


def _table(text: str | None) -> dict[str, Any]:
    """Return envs.toml, which may not exist. Raises UnreadableError if it is damaged."""
    table = toml_table(text or "")
    if table is None:
        raise UnreadableError("is damaged")
    return table


def _minor(table: dict[str, Any], section: str) -> str | None:
    """Return the minor version that envs.toml has for a project, None for none."""
    value = string(table, section, "minor")
    return value.strip() if value else None


def _changed(text: str | None, changes: Mapping[str, dict[str, str] | None]) -> str | None:
    """Return envs.toml with sections set, or without those that are None; the rest stays.

    ``text`` is None if there is no file, the result if nothing is left. Raises UnreadableError if
    the rest would change.
    """
    table = _table(text)
    after = text or ""
    try:
        for section, value in changes.items():
            if table.get(section) == value:
                continue
            after = _cut(after, section) if table.pop(section, None) is not None else after
            if value is not None:
                table[section] = value
                after = _added(after, section, value)
    except Exception as error:  # tomlkit cannot read all that tomllib can
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
    """Return TOML without a section; the comments after it stay, which are the next one's."""
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


STORE = PoetryStore()
