"""Completing a directory that is being typed. Knows no screen."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from venvdash.system.machine import Machine
from venvdash.system.patience import Failed, Job, NotAnswering, Patient
from venvdash.text import visible

_PATIENCE = 2.0  # seconds for a directory to answer; one on a dead mount never does
_MOST_READ = 20_000  # entries of one directory
_MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Completion:
    """The directories that begin as ``text`` does; ``trouble`` is why there are none, or ""."""

    text: str
    found: tuple[Path, ...] = ()
    trouble: str = ""

    @property
    def completed(self) -> str:
        """What the text can be completed to without choosing; itself where that is nothing."""
        names = [path.name for path in self.found]
        common = os.path.commonprefix(names)  # noqa: RUF071 - letter by letter is what is meant
        head, _ = split(self.text)
        whole = head + common + ("/" if len(names) == 1 else "")
        typable = visible(whole, len(whole) + 1) == whole
        return whole if typable and whole.startswith(self.text) else self.text


def split(text: str) -> tuple[str, str]:
    """Return what is typed of the directory in which to look, and of a name in it."""
    if text in ("~", ".."):
        return f"{text}/", ""
    head, slash, name = text.rpartition("/")
    return head + slash, name


def complete(text: str, machine: Machine) -> Completion:
    """Return what ``text`` can be completed to; takes two seconds at most, and raises nothing.

    Hidden directories are among it where the name begins with a dot.
    """
    head, name = split(text)
    parent = machine.expand(head) if head else machine.cwd or machine.home
    job = Job(parent, lambda: _directories(parent, name))
    for answer in Patient(_PATIENCE, lambda: False).run([job]):
        if isinstance(answer, NotAnswering):
            return Completion(text, trouble="It does not answer.")
        if isinstance(answer, Failed):
            error = answer.error
            return Completion(text, trouble=getattr(error, "strerror", None) or str(error))
        return Completion(text, tuple(answer))
    return Completion(text)


def _directories(parent: Path, begins: str) -> Sequence[Path]:
    with os.scandir(parent) as entries:
        names = [
            entry.name
            for entry in islice(entries, _MOST_READ)
            if entry.name.startswith(begins)
            and (begins.startswith(".") or not entry.name.startswith("."))
            and _is_directory(entry)
        ]
    names.sort(key=str.casefold)
    return [parent / name for name in names[:_MOST_SHOWN]]


def _is_directory(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link into a place that cannot be read
        return False
