"""Noting the calls of a function, which works as before."""

from typing import Any

import pytest


def noted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[Any]:
    """Return a list to which the first argument of every call of ``owner.name`` is added."""
    found: list[Any] = []
    function = getattr(owner, name)

    def noting(first: Any, *more: Any, **options: Any) -> Any:
        found.append(first)
        return function(first, *more, **options)

    monkeypatch.setattr(owner, name, noting)
    return found
