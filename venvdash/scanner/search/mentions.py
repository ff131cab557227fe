"""Files that name an environment without proving a project: no rule deletes it then.

Tasks (Makefile, justfile …), settings of editors (``*.code-workspace``, ``pyrightconfig.json``,
https://microsoft.github.io/pyright/#/configuration), scripts that use its Python, and path files
of other environments. All are read as text, bounded; nothing is run.
"""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from venvdash.model import Environment
from venvdash.scanner.discovery.site_packages import site_directory
from venvdash.scanner.evidence.references import paths_in, prefix_of, with_home
from venvdash.scanner.search.names import SIGNS
from venvdash.system.files import read_head, read_text

SUFFIX = ".code-workspace"
SCRIPT_FOLDERS = frozenset(["bin", "script", "scripts", "tools"])  # read wherever they lie

_TASKS = (
    *("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile", "Taskfile.yml"),
    *("Procfile", "tox.ini", "noxfile.py", ".pre-commit-config.yaml"),
)
_PYRIGHT = ("pyrightconfig.json", "pyproject.toml")
_VSCODE = ("tasks.json", "launch.json")
_NAMED = ".python-version"
_SCRIPTS = ("", ".py", ".sh", ".bash", ".zsh", ".fish")  # suffixes
_SYSTEM = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/share/", "/snap/")
_LIMIT = 64 * 1024  # bytes of one file
_FILES = 200  # of one folder
_FEW = 100  # for fewer names, searching the text for them is faster than for paths
_ACTIVATES = re.compile(r"\b(?:workon|activate)[ \t]+([\w.-]{1,200})")
_VENV = re.compile(r"""["']?\b(venvPath|venv)["']?\s*[:=]\s*["']([^"'\n]{1,4096})["']""")


class Mentions:
    """Finds files that name ``environments``; ``~`` is ``home``. Raises nothing."""

    def __init__(self, environments: Iterable[Environment], home: Path) -> None:
        self._home = home
        self._prefixes: dict[str, Path] = {}
        self._folders: set[str] = set()
        self._names: dict[str, list[Path]] = defaultdict(list)
        for environment in environments:
            if environment.target is None:
                self._prefixes[os.fspath(environment.path)] = environment.path
                self._folders.add(environment.path.name)
                if environment.traits.digest is None:
                    self._names[environment.traits.name].append(environment.path)

    @property
    def telling(self) -> frozenset[str]:
        """The names of directory entries that may name an environment."""
        return frozenset([*_TASKS, *_PYRIGHT, _NAMED, ".vscode"])

    def of(self, directory: str, has: Collection[str]) -> Iterator[tuple[str, Path]]:
        """Yield (file, environment) for the files ``has`` and the scripts in a directory."""
        for name in has:
            if name in _PYRIGHT:
                yield from self._pyright(f"{directory}/{name}")
            elif name in _TASKS or name.endswith(SUFFIX):
                yield from self._text(f"{directory}/{name}")
            elif name == _NAMED:
                yield from self._python_version(f"{directory}/{name}")
            elif name == ".vscode":
                for file in _VSCODE:
                    yield from self._text(f"{directory}/{name}/{file}")
        if os.path.basename(directory).lower() in SCRIPT_FOLDERS or not SIGNS.isdisjoint(has):
            for file in _scripts(directory):
                if read_head(file, 2)[1] == b"#!":
                    yield from self._text(file)

    def of_environment(self, prefix: str) -> Iterator[tuple[str, Path]]:
        """Yield (file, environment) for the path files of another environment."""
        site = site_directory(prefix, None, frozenset())
        for name in _listed(site) if site else ():
            if name.endswith(".pth"):
                yield from self._text(f"{site}/{name}")

    def _text(self, file: str) -> Iterator[tuple[str, Path]]:
        """Yield the environments that a file names by path, or activates by name."""
        text = read_text(file, _LIMIT)
        if text is None or not self._may_name(text):
            return
        named: dict[Path, None] = {}
        for path in paths_in(with_home(text.removeprefix("#!"), self._home)):
            if not self._folders.isdisjoint(path.split("/")):
                named |= dict.fromkeys(self._at(path))
        for name in _ACTIVATES.findall(text):
            named |= dict.fromkeys(self._names.get(name, ()))
        for environment in named:
            yield file, environment

    def _may_name(self, text: str) -> bool:
        """Return whether a text may name an environment: a cheap check that excludes most files."""
        words = self._folders | self._names.keys()
        return len(words) > _FEW or any(word in text for word in words)

    def _at(self, path: str) -> Iterator[Path]:
        environment = prefix_of(path, self._prefixes)
        if environment is not None:
            yield environment

    def _pyright(self, file: str) -> Iterator[tuple[str, Path]]:
        """Yield the environment in the settings ``venvPath`` and ``venv``."""
        text = read_text(file, _LIMIT)
        if text is None or "venv" not in text:
            return
        settings = dict(_VENV.findall(text))
        if "venv" in settings:
            above = with_home(settings.get("venvPath", "."), self._home)
            path = os.path.join(os.path.dirname(file), above, settings["venv"])
            for environment in self._at(path):
                yield file, environment

    def _python_version(self, file: str) -> Iterator[tuple[str, Path]]:
        for line in (read_text(file, _LIMIT) or "").split():
            for environment in self._names.get(line, ()):
                yield file, environment


def _scripts(directory: str) -> Iterator[str]:
    """Yield possible scripts, without those that an environment or the system installed."""
    if directory.startswith(_SYSTEM) or f"{directory}/" in _SYSTEM:
        return
    if os.path.lexists(os.path.join(os.path.dirname(directory), "pyvenv.cfg")):
        return
    for name in _listed(directory):
        if os.path.splitext(name)[1] in _SCRIPTS:
            yield f"{directory}/{name}"


def _listed(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as listing:
            return [e.name for e in islice(listing, _FILES) if e.is_file(follow_symlinks=False)]
    except OSError:
        return []
