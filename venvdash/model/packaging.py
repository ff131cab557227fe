"""Names, versions and files, as Python packaging writes them."""

import re

# Any of these makes a directory a project.
PROJECT_FILES = (
    *("Pipfile", "poetry.lock", "pdm.lock", "pixi.toml", "pylock.toml", "pyproject.toml"),
    *("requirements.txt", "setup.cfg", "setup.py", "uv.lock"),
)
PROJECT_SIGNS = (".git", ".hg", *PROJECT_FILES)  # with those that HOME may have, too
VENV_NAMES = frozenset({".venv", "venv", "env"})  # of an environment in its project's directory
_SEPARATORS = re.compile(r"[-_.]+")


def canonical_name(name: str) -> str:
    """Return the normalised name of a package or project (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def minor_version(version: str | None) -> str:
    """Return X.Y of a version, "" where it is not known."""
    return ".".join((version or "").split(".")[:2])
