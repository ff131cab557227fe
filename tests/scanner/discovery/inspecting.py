"""Reading one environment in tests: what it is, or why it is none."""

import os
from pathlib import Path

from venvdash.model import NotEnvironment
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.stores.roots import Entry, Root


def look(path: Path, store: str = "folders") -> Inspected | NotEnvironment:
    return inspect(Entry(path, path), Root(path.parent, store), os.getuid())


def read(path: Path, store: str = "folders") -> Inspected:
    answer = look(path, store)
    assert isinstance(answer, Inspected), answer
    return answer


def why_not(path: Path, store: str = "folders") -> str:
    answer = look(path, store)
    assert isinstance(answer, NotEnvironment), answer
    return answer.reason
