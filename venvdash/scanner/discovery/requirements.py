"""What installed packages require, as their metadata says: ``Requires-Dist`` (PEP 345, 508).

``METADATA`` in a ``*.dist-info``; ``requires.txt`` in an ``*.egg-info`` (setuptools). The files may
be hostile: what is read, parsed and evaluated is bounded.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from venvdash.model.packaging import canonical_name
from venvdash.system.files import read_head, read_text
from venvdash.system.foreground import give_way

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_HEAD = 256 * 1024  # bytes of METADATA; the description follows after the headers
_LINES = 2000  # requirements of one package
_LONGEST = 1024  # characters of one requirement
_EVALUATIONS = 100_000  # of requirements in one environment

Markers = Mapping[str, str]
"""The variables of environment markers (PEP 508) without ``extra``."""


def markers_for(python: str | None, implementation: str | None) -> Markers:
    """Return the variables for an environment on this machine; unknown ones are those of ours."""
    from packaging.markers import default_environment

    markers = {key: str(value) for key, value in default_environment().items()}
    if python:
        markers["python_full_version"] = markers["implementation_version"] = python
        markers["python_version"] = ".".join(python.split(".")[:2])
    if implementation:
        markers["platform_python_implementation"] = implementation
        markers["implementation_name"] = implementation.lower()
    return markers


def required_lines(info: str) -> list[str] | None:
    """Return the requirements in a ``*.dist-info`` or ``*.egg-info``; None where unreadable."""
    if not info.endswith(".egg-info"):
        status, head = read_head(os.path.join(info, "METADATA"), _HEAD)
        return list(_of_metadata(head)) if status else None
    text = read_text(os.path.join(info, "requires.txt"), _HEAD)
    if text is None:
        return [] if os.path.isdir(info) and not _exists(info, "requires.txt") else None
    return list(_of_egg(text))


def _exists(directory: str, name: str) -> bool:
    return os.path.lexists(os.path.join(directory, name))


def _of_metadata(head: bytes) -> Iterator[str]:
    headers = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")
    count = 0
    for line in headers.replace("\n ", " ").replace("\n\t", " ").split("\n"):
        key, colon, value = line.partition(":")
        if colon and key.lower() == "requires-dist":
            yield value.strip()
            count += 1
            if count == _LINES:
                return


def _of_egg(text: str) -> Iterator[str]:
    """Yield the lines of requires.txt with their section, ``[extra:marker]``, as a marker."""
    conditions: list[str] = []
    for line in map(str.strip, text.splitlines()[:_LINES]):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            conditions = [f"({marker})"] if marker else []
            conditions += [f'extra == "{extra}"'] if extra else []
        elif line and not line.startswith("#"):
            yield f"{line} ; {' and '.join(conditions)}" if conditions else line


def required_names(
    lines: Mapping[str, Sequence[str]], markers: Markers
) -> dict[str, frozenset[str]]:
    """Return what each package requires: normalised names, where the markers hold.

    ``lines`` are the requirements by the normalised name of their package. An extra counts if the
    requirement of another installed package asks for it.
    """
    required_by_name: dict[str, set[str]] = {name: set() for name in lines}
    extras: dict[str, set[str]] = defaultdict(set)
    parsed = _Parsed()
    pending, left = list(lines), _EVALUATIONS
    while pending:
        name = pending.pop()
        give_way()
        for line in lines[name]:
            left -= 1
            if left < 0:
                return {one: frozenset(required) for one, required in required_by_name.items()}
            if "extra" in line and not extras[name] and "extra" in line.partition(";")[2]:
                continue  # most: the tests and documentation of packages
            requirement = parsed[line]
            if requirement is None or not _applies(requirement, markers, extras[name]):
                continue
            required = canonical_name(requirement.name)
            required_by_name[name].add(required)
            asked = set(map(canonical_name, requirement.extras)) - extras[required]
            if asked and required in lines:
                extras[required] |= asked
                pending.append(required)
    return {name: frozenset(required - {name}) for name, required in required_by_name.items()}


class _Parsed(dict[str, "Requirement | None"]):
    """Requirements by their text, None for what is none; each is parsed once."""

    def __missing__(self, line: str) -> "Requirement | None":
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            self[line] = Requirement(line) if len(line) <= _LONGEST else None
        except (InvalidRequirement, ValueError, RecursionError):
            self[line] = None
        return self[line]


def _applies(requirement: "Requirement", markers: Markers, extras: set[str]) -> bool:
    marker = requirement.marker
    if marker is None:
        return True
    try:
        return any(marker.evaluate({**markers, "extra": extra}) for extra in ("", *extras))
    except (ValueError, LookupError, RecursionError):
        return False
