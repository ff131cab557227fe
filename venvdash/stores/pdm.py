"""pdm's central environments: those of ``venv.in_project = false`` and of ``pdm venv create``.

Source: pdm 2.29.3, https://pdm-project.org/latest/usage/venv/ and its ``cli/commands/venv``,
``project/core.py``, ``project/config.py``.

Which environment it uses in a project (``Project.resolve_interpreter``): that of the interpreter
in PDM_PYTHON or ``.pdm-python`` if it is there and fits ``requires-python`` (unless
PDM_IGNORE_SAVED_PYTHON); then the first that fits of ``.venv``, ``venv`` and ``env`` in the project
and of its central ones, in the order of the directory; else it creates one.

A link ``.venv`` is such an environment: ``pdm install``, ``add`` and ``run`` keep it, ``pdm use``
with another Python recreates its target in place, ``pdm venv remove`` fails and changes nothing.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Edit, Environment, Leftovers, Traits, Trashed, Use
from venvdash.model.packaging import minor_version
from venvdash.stores._app_folders import app_directory
from venvdash.stores._interpreters import allows, has_python
from venvdash.stores._name_hashes import DIGEST, short_hash
from venvdash.stores._paths import literally, spellings
from venvdash.stores._tool_files import editable_text, former_pointers, targets
from venvdash.stores.base import CleanupCommand, Kind, Reading, Store, with_default
from venvdash.stores.config_files import LIMIT, setting, string, toml_table, toml_tables
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.stores.pyvenv_cfg import cfg_of, made_by, version_of
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
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
# Eight random characters nearly always have a capital among them, words of a name rarely.
_CAPITAL = re.compile(
    rf"(?P<name>.+)-(?=.{{0,7}}[A-Z])(?P<digest>{DIGEST})-(?P<ident>.+)", re.DOTALL
)
_ANY = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})-(?P<ident>.+)", re.DOTALL)


class PdmStore(Store):
    """Entries ``<folder>-<8 of base64>-<X.Y or --name>``; the hash is of the project's path."""

    name = "pdm"
    kinds = (Kind("pdm", "pdm environment"),)
    rank = 24
    requires = ("pyproject.toml",)
    tested_with = "pdm 2.29.3"
    lock_files = ("pdm.lock",)
    table = "tool.pdm"
    build_tables = ("tool.pdm.build", "tool.pdm.version")
    pointers = own_pointers = (_POINTER,)
    linked = False  # projects have ``.pdm-python``

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``venv.location`` of the user's configuration and the default.

        The configuration is PDM_CONFIG_FILE, or config.toml in pdm's folder.
        """
        root = self.xdg_root(machine, _default(machine), "XDG_DATA_HOME")
        yield from with_default(_configured(machine), root)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment created by pdm, or with its name and prompt."""
        if reading.root.layout is not Layout.FLAT:
            return None
        own = made_by(reading.cfg, "pdm")
        match = _split(reading.entry.name, reading.cfg.get("prompt"))
        if not match:
            return Traits(kind="pdm", name=reading.entry.name) if own else None
        if not own and reading.root.store != self.name and not _prompted(match, reading):
            return None
        versioned = _VERSION.fullmatch(match["ident"]) is not None
        return Traits(
            kind="pdm",
            name=match["name"] if versioned else match["ident"],
            project_name=match["name"],
            digest=match["digest"],
            per_interpreter=versioned,
        )

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environment of the interpreter that ``.pdm-python`` names."""
        interpreter = Path(text.strip())
        if "\0" not in text and len(interpreter.parts) > 2:
            inside = interpreter.parent.name in ("bin", "Scripts")
            yield interpreter.parent.parent if inside else interpreter.parent

    def name_part(self, name: str) -> str:
        """Return the folder's name unchanged."""
        return name

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether pdm, started in ``project``, would list this entry."""
        entry = environment.entry.name
        return environment.traits.digest is not None and any(
            entry.startswith(f"{_stem(path)}-") for path in spellings(project)
        )

    def cleanup_command(self, place: Path) -> CleanupCommand | None:
        """Return ``pdm venv purge``: it deletes every entry of ``venv.location``, hidden ones too.

        pdm's ``cli/commands/venv/utils.py``, ``iter_central_venvs``; seen with pdm 2.29.3.
        """
        return CleanupCommand(place, "pdm venv purge")

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
        if saved and "\0" not in saved and reads.exists(project / saved):
            path = (project / saved).parent.parent
            version = _fitting(path, requires)
            source = "PDM_PYTHON" if given else f"its {_POINTER}"
            if version:
                why, own = f"{source} names its Python", not given
                return Use("pdm", path, why, True, certain=own, depends_on=on, pointed=own)
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
        parent = chosen.path if chosen else _default(machine)
        environments = [path for path in _central(parent, project) if _fitting(path, requires)]
        if environments:
            why = "it is the first one that pdm has for the project"
            return Use("pdm", environments[0], why, True, len(environments) == 1, on)
        inside = _setting(project, machine, "PDM_VENV_IN_PROJECT", "venv", "in_project")
        why = "pdm would create it in the project" if inside else "pdm would create one"
        return Use("pdm", project / ".venv" if inside else None, why, depends_on=on)

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return the project's pointer if it still names the environment.

        ``pdm venv remove`` deletes it, too; ``pdm venv activate`` would fail on it.
        """
        if gone.project is None:
            return Leftovers()
        pointer = gone.project / _POINTER
        try:
            text = editable_text(pointer, _POINTER_LIMIT)
        except UnreadableError:
            return Leftovers()  # pdm did not write it
        if text and gone.original in map(real, self.pointer_targets(pointer, text, ())):
            return Leftovers(edits=(Edit(pointer, text, None),))
        return Leftovers()

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the entry ``<folder>-<hash>-<X.Y or name>`` in its present folder."""
        environment = wanted.environment
        match = _split(environment.entry.name, environment.prompt)
        ident = match["ident"] if match else wanted.minor
        if wanted.project is None or not ident:
            return None
        stem = next((_stem(path) for path in spellings(wanted.project)), "")
        return environment.entry.with_name(f"{stem}-{ident}") if stem else None

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return ``.pdm-python`` with its interpreter, unless it names another environment."""
        former = former_pointers(self, _POINTER, wanted)
        edits = [Edit(file, text, None) for file, text in former]
        if wanted.project is None or not wanted.writes:
            return LinkEdits(tuple(edits))
        pointer = wanted.project / _POINTER
        text = editable_text(pointer)
        for used in targets(self, pointer, text, wanted):
            if used != real(wanted.environment.path) and reads.lexists(used / "pyvenv.cfg"):
                note = f"pdm keeps using {used} there until you change it with `pdm use`."
                return LinkEdits(tuple(edits), notes=(note,))
        after = os.fspath(wanted.prefix / _python(wanted.environment.path))
        if text is None or text.strip() != after:
            edits.append(Edit(pointer, text, after))
        return LinkEdits(tuple(edits))


def _stem(path: str) -> str:
    """Return the start of the names of all environments of a project."""
    return f"{os.path.basename(path)}-{short_hash(path.replace(os.sep, '/'), 'md5')}"


def _fitting(prefix: Path, requires: str | None) -> str:
    """Return the version of an environment that pdm may use, "" if it may not."""
    cfg = cfg_of(prefix) if has_python(prefix) else None
    version = version_of(cfg) if cfg is not None else ""
    return version if allows(requires, version) else ""


def _central(folder: Path, project: Path) -> Iterator[Path]:
    """Yield the project's entries in a folder, in the order in which the system lists them."""
    start = next((_stem(path) for path in spellings(project)), "") + "-"
    with suppress(OSError), reads.scandir(folder) as listing:
        yield from [Path(item.path) for item in listing if item.name.startswith(start)]


def _true(text: str | None) -> bool:
    return (text or "").lower() not in ("", "0", "false", "no", "off")


def _setting(project: Path, machine: Machine, variable: str, section: str, key: str) -> bool:
    """Return a setting that is on by default."""
    given = machine.variables.get(variable)
    if given is not None:
        return _true(given)
    for _, table in toml_tables((project / "pdm.toml", *_files(machine))):
        nested = isinstance(table.get(section), dict)
        value = setting(table, section, key) if nested else table.get(f"{section}.{key}")
        if isinstance(value, bool):
            return value
    return True


def _python(environment: Path) -> str:
    """Return the interpreter's path in an environment, as pdm writes it."""
    windows = reads.isdir(environment / "Scripts")
    return os.path.join("Scripts", "python.exe") if windows else "bin/python"


def _split(entry: str, prompt: str | None) -> re.Match[str] | None:
    """Return the parts of an entry's name.

    Hash and identifier may both contain hyphens, so the length of the folder's name is taken from
    the prompt if that begins with it (``<folder in lower case>-<X.Y>`` unless configured).
    """
    folder = (prompt or "").rpartition("-")[0]
    forms = [_BY_VERSION, _CAPITAL, _BY_NAME, _ANY]
    if folder and entry.lower().startswith(f"{folder}-"):
        rest = rf"(?P<name>.{{{len(folder)}}})-(?P<digest>{DIGEST})-(?P<ident>.+)"
        forms.insert(0, re.compile(rest, re.DOTALL))
    return next((match for form in forms if (match := form.fullmatch(entry))), None)


def _prompted(match: re.Match[str], reading: Reading) -> bool:
    """Return whether the prompt is the one that pdm gives an environment of that name."""
    minor = minor_version(reading.cfg.get("version_info") or reading.cfg.get("version"))
    return reading.cfg.get("prompt") == f"{match['name'].lower()}-{minor}"


def _default(machine: Machine) -> Path:
    return app_directory(machine, "data", "pdm", "pdm") / "venvs"


def _configured(machine: Machine) -> Root | None:
    for file, table in toml_tables(_files(machine)):
        location = string(table, "venv", "location") or string(table, "venv.location")
        if location:
            path = literally(machine, location, tilde=True)
            return Root(path, PdmStore.name, RootOrigin.CONFIG, str(file))
    return None


def _files(machine: Machine) -> Iterator[Path]:
    """Yield the configuration files outside projects, in the order of precedence."""
    given = machine.variable("PDM_CONFIG_FILE")
    default = app_directory(machine, "config", "pdm", "pdm") / "config.toml"
    yield literally(machine, given) if given else default
    if machine.platform == "linux":
        first = (machine.variable("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")[0]
        yield Path(first, "pdm", "config.toml")


STORE = PdmStore()
