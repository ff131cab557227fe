"""Names and versions, written as Python packaging writes them."""

import re

_SEPARATORS = re.compile(r"[-_.]+")


def canonical_name(name: str) -> str:
    """Return the normalised name of a package or project (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def minor_version(version: str | None) -> str:
    """Return X.Y of a version, "" where it is not known."""
    return ".".join((version or "").split(".")[:2])
