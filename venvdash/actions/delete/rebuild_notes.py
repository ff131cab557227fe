"""What the history keeps of a deleted environment, to rebuild it once the trash is empty.

The names and versions of its packages are in its row. Opened is the ``direct_url.json`` of those
that have one: they came from a directory, a file, a repository or a URL.
"""

import os
from contextlib import suppress
from dataclasses import replace

from venvdash.actions.change_log import environment_of
from venvdash.actions.requirement_lines import NeverError, requirement
from venvdash.formats import user_files_in_words
from venvdash.model import Row
from venvdash.records.history import ChangedEnvironment
from venvdash.scanner.discovery.site_packages import site_directory
from venvdash.text import redact, visible

_MOST = 200  # packages that did not come from an index


def noted(row: Row) -> ChangedEnvironment:
    """Return what the history keeps of an environment that is about to be deleted."""
    lines: list[tuple[str, str]] = []
    lost: list[tuple[str, str]] = []
    with suppress(OSError):
        _from_elsewhere(row, lines, lost)
    usage = row.usage
    if usage is not None and usage.user_files is not None and usage.user_files.count:
        held = user_files_in_words(usage.user_files)
        lost.append(("", f"It held files of your own: {held}."))
    inside = row.path.relative_to(row.environment.entry)
    return replace(
        environment_of(row),
        requirements=tuple(lines[:_MOST]),
        lost=tuple(lost[:_MOST]),
        inside=str(inside) if inside.parts else "",
    )


def _from_elsewhere(row: Row, lines: list[tuple[str, str]], lost: list[tuple[str, str]]) -> None:
    """Add the lines and the obstacles of packages with a ``direct_url.json``. Raises OSError."""
    environment = row.environment
    listing = frozenset(os.listdir(environment.path))
    site = site_directory(str(environment.path), environment.python, listing)
    for package in environment.packages if site else ():
        info = os.path.join(site or "", f"{package.name}-{package.version}.dist-info")
        if not os.path.lexists(os.path.join(info, "direct_url.json")):
            continue
        try:
            line = requirement(package, info, environment.path)
        except NeverError as error:
            lost.append((package.name, str(error)))
            continue
        if redact(line) == line:
            lines.append((package.name, line))
        else:
            why = f"{visible(package.name)} was installed from a URL with a password."
            lost.append((package.name, why))
