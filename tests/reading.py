"""A fixture that notices which paths this process reads, whatever function does it."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

__all__ = ["read"]

_READING = ("stat", "lstat", "open", "listdir", "scandir", "readlink", "access")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The paths that this process reads, whatever function does it; without the steps of links."""
    paths: set[str] = set()
    resolving = False

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *arguments: Any, **more: Any) -> Any:
            if not resolving and not isinstance(path, int) and more.get("dir_fd") is None:
                paths.add(os.fsdecode(path))
            return function(path, *arguments, **more)

        return call

    def realpath(*arguments: Any, **more: Any) -> Any:
        nonlocal resolving
        resolving = True
        try:
            paths.add(os.fsdecode(arguments[0]))
            return resolve(*arguments, **more)
        finally:
            resolving = False

    resolve = os.path.realpath
    monkeypatch.setattr(os.path, "realpath", realpath)
    for name in _READING:
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    yield paths
    monkeypatch.undo()
