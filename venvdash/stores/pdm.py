"""pdm's central environments: those of ``venv.in_project = false`` and of ``pdm venv create``.

Facts: pdm 2.29.3, https://pdm-project.org/latest/usage/venv/ and its ``cli/commands/venv``,
``project/core.py``, ``project/config.py``.

Which environment it uses in a project (``Project.resolve_interpreter``): that of the interpreter
in PDM_PYTHON or ``.pdm-python`` if it is there and fits ``requires-python`` (unless
PDM_IGNORE_SAVED_PYTHON); then the first that fits of ``.venv``, ``venv`` and ``env`` in the project
and of its central ones, in the order of the directory; else it makes one.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Edit, Environment, Sign, Tidying, Traits, Trashed, Use
from venvdash.model.packaging import minor_version
from venvdash.stores._app_folders import (
    by_default,
    config_directory,
    data_directory,
    from_home,
    with_default,
)
from venvdash.stores._interpreters import allows, cfg_of, has_python, version_of
from venvdash.stores._linking import led, led_before, pointer_text
from venvdash.stores._name_hashes import DIGEST, made_by, short_hash, spellings
from venvdash.stores._tool_files import index_text
from venvdash.stores.base import (
    Assignment,
    Clearing,
    Kind,
    Layout,
    Linking,
    Reading,
    Root,
    Store,
    Why,
)
from venvdash.stores.config_files import LIMIT, config_text, string, toml_table
from venvdash.system.files import UnreadableError, read_text, real
from venvdash.system.machine import Machine

_POINTER = ".pdm-python"  # in the project: the path of the interpreter in use
_POINTER_LIMIT = 4096  # bytes
_IN_PROJECT = (".venv", "venv", "env")
_VARIABLES = (
    "PDM_USE_VENV",
    "PDM_PYTHON",
    "PDM_IGNORE_SAVED_PYTHON",
    "PDM_VENV_IN_PROJECT",
    "PDM_CONFIG_FILE",
)
# The identifier is X.Y ("t": free-threaded, "-32" on Windows), or what `--name` says.
_VERSION = re.compile(r"[0-9]+\.[0-9]+t?(?:-32)?")
_BY_VERSION = re.compile(
    rf"(?P<name>.+)-(?P<digest>{DIGEST})-(?P<ident>{_VERSION.pattern})", re.DOTALL
)
_BY_NAME = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})-(?P<ident>[^-]+)", re.DOTALL)
# Among eight random characters there is a capital nearly always, in people's words hardly ever.
_CAPITAL = re.compile(
    rf"(?P<name>.+)-(?=.{{0,7}}[A-Z])(?P<digest>{DIGEST})-(?P<ident>.+)", re.DOTALL
)
_ANY = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})-(?P<ident>.+)", re.DOTALL)


class PdmStore(Store):
    """Entries ``<folder>-<8 of base64>-<X.Y or --name>``; the hash is of the project's path."""

    name = "pdm"
    title = "pdm"
    kinds = (Kind("pdm", "pdm environment"),)
    rank = 24
    requires = ("pyproject.toml",)
    tested_with = "pdm 2.29.3"
    lock_files = ("pdm.lock",)
    table = "tool.pdm"
    pointers = own_pointers = (_POINTER,)
    linked = False  # ``.pdm-python`` leads there

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``venv.location`` of the user's configuration and the default place.

        The configuration is PDM_CONFIG_FILE, or config.toml in pdm's folder.
        """
        default = data_directory(machine, "pdm", "pdm") / "venvs"
        root = by_default(machine, default, self.name, "XDG_DATA_HOME")
        yield from with_default(_configured(machine), root)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment made by pdm, or with its name and prompt."""
        if reading.root.layout is not Layout.FLAT:
            return None
        own = made_by(reading.cfg, "pdm")
        found = _split(reading.entry.name, reading.cfg.get("prompt"))
        if not found:
            return Traits(kind="pdm", name=reading.entry.name) if own else None
        if not own and reading.root.store != self.name and not _prompted(found, reading):
            return None
        versioned = _VERSION.fullmatch(found["ident"]) is not None
        return Traits(
            kind="pdm",
            name=found["name"] if versioned else found["ident"],
            project_name=found["name"],
            digest=found["digest"],
            per_interpreter=versioned,
        )

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environment of the interpreter that ``.pdm-python`` names."""
        interpreter = Path(text.strip())
        if "\0" not in text and len(interpreter.parts) > 2:
            inside = interpreter.parent.name in ("bin", "Scripts")
            yield interpreter.parent.parent if inside else interpreter.parent

    def name_part(self, name: str) -> str:
        """Return the folder's name as it is."""
        return name

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether pdm, asked in ``project``, would list this entry."""
        entry = environment.entry.name
        return environment.traits.digest is not None and any(
            entry.startswith(f"{_stem(path)}-") for path in spellings(project)
        )

    def clearing(self, place: Path) -> Clearing | None:
        """Return ``pdm venv purge``: it deletes every entry of ``venv.location``, hidden ones too.

        pdm's ``cli/commands/venv/utils.py``, ``iter_central_venvs``; seen with pdm 2.29.3.
        """
        return Clearing(place, "pdm venv purge")

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return how surely it is pdm's project; its build backend alone says nothing."""
        others = re.sub(r"^[ \t]*\[tool\.pdm\.(build|version).*$", "", pyproject, flags=re.M)
        return super().sign(names, others)

    def use(self, project: Path, machine: Machine, config: Config) -> Use:
        """Return what pdm would use in ``project``, the root of a workspace."""
        machine = replace(machine, cwd=project)
        pyproject = project / "pyproject.toml"
        on = (*_VARIABLES, *map(os.fspath, (project / _POINTER, pyproject, *_files(machine))))
        requires = string(toml_table(read_text(pyproject, LIMIT)), "project", "requires-python")
        if not _setting(project, machine, "PDM_USE_VENV", "python", "use_venv"):
            return Use("pdm", None, "python.use_venv is off", depends_on=on)
        given = machine.variable("PDM_PYTHON")
        saved = given or (read_text(project / _POINTER, _POINTER_LIMIT) or "").strip()
        if _true(machine.variable("PDM_IGNORE_SAVED_PYTHON")):
            saved = ""
        if saved and "\0" not in saved and os.path.exists(project / saved):
            path = (project / saved).parent.parent
            version = _fitting(path, requires)
            source = "PDM_PYTHON" if given else f"its {_POINTER}"
            if version:
                why = f"{source} names its Python"
                return Use(
                    "pdm", path, why, True, certain=not given, depends_on=on, pointed=not given
                )
            if cfg_of(path) is None:
                why = f"{source} names a Python outside any environment"
                return Use("pdm", None, why, certain=not given, depends_on=on)
        return self._found(project, machine, requires, on)

    def _found(
        self, project: Path, machine: Machine, requires: str | None, on: tuple[str, ...]
    ) -> Use:
        """Return the first environment that fits, or where pdm would create one."""
        for name in _IN_PROJECT:
            path = project / name
            if _fitting(path, requires):
                why = f"the directory `{name}` exists"
                return Use("pdm", real(path), why, exists=True, depends_on=on)
        chosen = _configured(machine)
        parent = chosen.path if chosen else data_directory(machine, "pdm", "pdm") / "venvs"
        stem = next((_stem(path) for path in spellings(project)), "")
        found = [path for path in _begun(parent, f"{stem}-") if _fitting(path, requires)]
        if found:
            why = "it is the first one that pdm has for the project"
            return Use("pdm", found[0], why, True, len(found) == 1, on)
        inside = _setting(project, machine, "PDM_VENV_IN_PROJECT", "venv", "in_project")
        why = "pdm would create it in the project" if inside else "pdm would create one"
        return Use("pdm", project / ".venv" if inside else None, why, depends_on=on)

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return the project's pointer if it still leads to the environment.

        ``pdm venv remove`` takes it away, too; ``pdm venv activate`` would fail on it.
        """
        if gone.project is None:
            return Tidying()
        pointer = gone.project / _POINTER
        try:
            text = index_text(pointer, _POINTER_LIMIT)
        except UnreadableError:
            return Tidying()  # not as pdm writes it
        if text and gone.original in map(real, self.pointed(pointer, text, ())):
            return Tidying(edits=(Edit(pointer, text, None),))
        return Tidying()

    def expected(self, wanted: Assignment) -> Path | None:
        """Return the entry ``<folder>-<hash>-<X.Y or name>``, in the folder in which it lies."""
        environment = wanted.environment
        found = _split(environment.entry.name, environment.prompt)
        ident = found["ident"] if found else wanted.minor
        if wanted.project is None or not ident:
            return None
        stem = next((_stem(path) for path in spellings(wanted.project)), "")
        return environment.entry.with_name(f"{stem}-{ident}") if stem else None

    def linking(self, wanted: Assignment) -> Linking:
        """Return ``.pdm-python`` with its interpreter; one that leads to another one stays."""
        edits = [Edit(file, text, None) for file, text in led_before(self, _POINTER, wanted)]
        if wanted.project is None or not wanted.writes:
            return Linking(tuple(edits))
        pointer = wanted.project / _POINTER
        text = pointer_text(pointer)
        for used in led(self, pointer, text, wanted):
            if used != real(wanted.environment.path) and os.path.lexists(used / "pyvenv.cfg"):
                note = f"pdm keeps using {used} there until you change it with `pdm use`."
                return Linking(tuple(edits), notes=(note,))
        after = os.fspath(wanted.prefix / _python(wanted.environment.path))
        if text is None or text.strip() != after:
            edits.append(Edit(pointer, text, after))
        return Linking(tuple(edits))


def _stem(path: str) -> str:
    """Return what the names of all environments of a project begin with."""
    return f"{os.path.basename(path)}-{short_hash(path.replace(os.sep, '/'), 'md5')}"


def _fitting(prefix: Path, requires: str | None) -> str:
    """Return the version of an environment that pdm may use, "" where it may not."""
    cfg = cfg_of(prefix) if has_python(prefix) else None
    version = version_of(cfg) if cfg is not None else ""
    return version if allows(requires, version) else ""


def _begun(folder: Path, start: str) -> Iterator[Path]:
    """Yield what begins so in a folder, in the order in which the system lists it."""
    try:
        with os.scandir(folder) as listing:
            yield from [Path(item.path) for item in listing if item.name.startswith(start)]
    except OSError:
        return


def _true(text: str | None) -> bool:
    return (text or "").lower() not in ("", "0", "false", "no", "off")


def _setting(project: Path, machine: Machine, variable: str, section: str, key: str) -> bool:
    """Return a setting that is on unless something switches it off."""
    given = machine.variables.get(variable)
    if given is not None:
        return _true(given)
    for file in (project / "pdm.toml", *_files(machine)):
        table = toml_table(config_text(file)) or {}
        inner = table.get(section)
        value = inner.get(key) if isinstance(inner, dict) else table.get(f"{section}.{key}")
        if isinstance(value, bool):
            return value
    return True


def _python(environment: Path) -> str:
    """Return where in an environment its interpreter is, as pdm writes it."""
    windows = os.path.isdir(environment / "Scripts")
    return os.path.join("Scripts", "python.exe") if windows else "bin/python"


def _split(entry: str, prompt: str | None) -> re.Match[str] | None:
    """Return the parts of an entry's name.

    Hash and identifier may both have hyphens in them, so the folder's name is taken from the
    prompt where that begins with it (``<folder in lower case>-<X.Y>`` unless configured).
    """
    folder = (prompt or "").rpartition("-")[0]
    if folder and entry.lower().startswith(f"{folder}-"):
        rest = re.compile(
            rf"(?P<name>.{{{len(folder)}}})-(?P<digest>{DIGEST})-(?P<ident>.+)", re.DOTALL
        )
        if found := rest.fullmatch(entry):
            return found
    forms = (_BY_VERSION, _CAPITAL, _BY_NAME, _ANY)
    return next((match for form in forms if (match := form.fullmatch(entry))), None)


def _prompted(found: re.Match[str], reading: Reading) -> bool:
    """Return whether the prompt is the one that pdm gives an environment of that name."""
    version = reading.cfg.get("version_info") or reading.cfg.get("version") or ""
    minor = minor_version(version)
    return reading.cfg.get("prompt") == f"{found['name'].lower()}-{minor}"


def _configured(machine: Machine) -> Root | None:
    for file in _files(machine):
        table = toml_table(config_text(file))
        location = string(table, "venv", "location") or string(table, "venv.location")
        if location:
            return Root(from_home(machine, location), PdmStore.name, Why.CONFIG, str(file))
    return None


def _files(machine: Machine) -> Iterator[Path]:
    """Yield the configuration files outside projects, the one that wins first."""
    given = machine.variable("PDM_CONFIG_FILE")
    if given:
        yield (machine.cwd or machine.home) / given
    else:
        yield config_directory(machine, "pdm", "pdm") / "config.toml"
    if machine.platform == "linux":
        first = (machine.variable("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")[0]
        yield Path(first, "pdm", "config.toml")


STORE = PdmStore()
