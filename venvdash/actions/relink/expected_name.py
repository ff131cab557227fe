"""Under which name a tool looks for the environment of a project; uv itself is asked for its."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash.actions.context import Context
from venvdash.actions.process import uv
from venvdash.actions.process.uv_lock import leaving_no_lock
from venvdash.actions.safety.writable_by_others import foreign_project
from venvdash.model import Environment
from venvdash.model.packaging import minor_version
from venvdash.stores.base import Store
from venvdash.stores.config_files import setting
from venvdash.stores.links import Assignment
from venvdash.system.files import real
from venvdash.text import visible

_TIMEOUT = 60.0  # seconds; without a lockfile uv has to resolve one
_FEATURE = "centralized-project-envs"
# What would make uv answer for another environment than its own central one.
_MISLEADING = ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "UV_NO_CACHE", "UV_PYTHON", "UV_PROJECT")


@dataclass(frozen=True, slots=True)
class ExpectedName:
    """``entry`` is None where the tool looks for no name made of the path.

    ``project`` is whose it would be: of a workspace's member that is the workspace. ``words`` is
    what prevents it, a sentence, "" for nothing.
    """

    entry: Path | None
    project: Path | None
    words: str = ""


def expected(store: Store, wanted: Assignment, context: Context) -> ExpectedName:
    """Return where the tool would look for the environment, if it is to be ``wanted.project``'s.

    For uv its own answer to a dry run, which changes nothing and needs no network; by the store's
    formula where there is no uv, or none that can say. Raises nothing.
    """
    by_formula = ExpectedName(store.expected_entry(wanted), wanted.project)
    if store.name != "uv" or wanted.project is None or by_formula.entry is None:
        return by_formula
    if foreign_project(wanted.project, context.machine.uid):
        return by_formula  # without a lockfile uv would build it to know
    program = uv.find_uv(context.machine)
    if program is None:
        return by_formula
    try:
        with leaving_no_lock(by_formula.entry, context.notes):
            metadata = _asked(program, wanted, wanted.project, context)
    except uv.UvError as error:
        metadata = None
        words = _last_error(error.words)
        if words:
            return ExpectedName(by_formula.entry, wanted.project, f"uv would not use it: {words}")
    entry = _entry(metadata, wanted.environment)
    return ExpectedName(entry or by_formula.entry, _workspace(metadata) or wanted.project)


def _asked(program: Path, wanted: Assignment, project: Path, context: Context) -> Any:
    """Return what uv says that a sync would do. Raises UvError."""
    environment = wanted.environment
    script = environment.traits.script
    arguments: list[str | Path] = ["sync", "--dry-run", "--output-format", "json"]
    arguments += ["--preview-features", _FEATURE, "--offline", "--no-progress"]
    arguments += ["--no-python-downloads", "--cache-dir", environment.root.parent]
    arguments += ["--script", project] if script else ["--project", project]
    if python := _interpreter(environment):
        arguments += ["--python", python]
    if not script and os.path.isfile(project / "uv.lock"):
        arguments.append("--frozen")
    variables = context.machine.variables
    environ = {key: value for key, value in variables.items() if key not in _MISLEADING}
    cwd = project.parent if script else project
    done = uv.run(program, arguments, environ=environ, cwd=cwd, timeout=_TIMEOUT, log=context.log)
    try:
        return json.loads(done.stdout)
    except ValueError:  # another release's
        return None


def _interpreter(environment: Environment) -> Path | str | None:
    """Return the interpreter that it was made from, else its version: uv hashes what that is."""
    minor = minor_version(environment.python)
    for name in (f"python{minor}", "python3", "python", "python.exe") if environment.base else ():
        program = (environment.base or Path()) / name
        if os.path.isfile(program):
            return program
    return environment.python


def _entry(metadata: Any, environment: Environment) -> Path | None:
    """Return the entry in this cache that uv names, None where it names none."""
    text = setting(metadata, "sync", "environment", "path")
    if not isinstance(text, str) or not os.path.isabs(text) or "\0" in text:
        return None
    entry = Path(text)
    cache = real(environment.root.parent)
    return environment.root / entry.name if real(entry.parent.parent) == cache else None


def _workspace(metadata: Any) -> Path | None:
    text = setting(metadata, "project", "workspace", "path")
    return real(Path(text)) if isinstance(text, str) and os.path.isabs(text) else None


def _last_error(words: str) -> str:
    """Return the first line of what uv calls an error, "" where it only could not say."""
    lines = [line for line in words.splitlines() if line.startswith("error: ")]
    line = lines[0].removeprefix("error: ") if lines else ""
    return visible(line, 300) if "incompatible" in line else ""
