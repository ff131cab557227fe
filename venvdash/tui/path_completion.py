"""Completing the path of a directory. Knows no Textual."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner
from venvdash.text import because, visible

_PATIENCE = 2.0  # seconds for a directory to answer; one on a dead mount never does
_MOST_READ = 20_000  # entries of one directory
_MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Completion:
    """The completions of ``text``: the directories whose paths begin with it.

    ``completed`` is the part that all of them share. ``trouble`` is why there are none, or "".
    """

    text: str
    completed: str
    found: tuple[Path, ...] = ()
    trouble: str = ""


def split(text: str) -> tuple[str, str]:
    """Return the typed parts: the directory to search, and the beginning of a name in it."""
    if text in ("~", ".."):
        return f"{text}/", ""
    head, slash, name = text.rpartition("/")
    return head + slash, name


def complete(text: str, machine: Machine) -> Completion:
    """Return the completions of ``text``; takes two seconds at most, raises nothing.

    Hidden directories are included where the name begins with a dot.
    """
    head, begins = split(text)
    parent = machine.expand(head) if head else machine.cwd or machine.home
    job = Job(parent, lambda: _directories(parent, begins))
    for answer in TimedRunner(_PATIENCE, lambda: False).run([job]):
        if isinstance(answer, TimedOut):
            return Completion(text, text, trouble="It does not respond.")
        if isinstance(answer, Failed):
            why = because(answer.error)
            return Completion(text, text, trouble=why[:1].upper() + why[1:])
        shown = tuple(parent / name for name in answer[:_MOST_SHOWN])
        return Completion(text, _completed(text, head, answer), shown)
    return Completion(text, text)


def _completed(text: str, head: str, names: Sequence[str]) -> str:
    """Return ``text`` with the beginning that all names share, if that can be typed."""
    whole = head + os.path.commonprefix(names)  # noqa: RUF071 - letter by letter is what is meant
    whole += "/" if len(names) == 1 else ""
    typable = visible(whole, len(whole) + 1) == whole
    return whole if typable and whole.startswith(text) else text


def _directories(parent: Path, begins: str) -> Sequence[str]:
    with os.scandir(parent) as entries:
        names = [
            entry.name
            for entry in islice(entries, _MOST_READ)
            if entry.name.startswith(begins)
            and (begins.startswith(".") or not entry.name.startswith("."))
            and _is_directory(entry)
        ]
    return sorted(names, key=str.casefold)


def _is_directory(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link into a place that cannot be read
        return False
