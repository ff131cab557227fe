"""Checks the places where an earlier search found something, so that lists agree with it."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Facts, FoundAgain
from venvdash.scanner.search.matcher import DirectoryMatcher
from venvdash.system.machine import Machine

_ENTRIES = 10_000  # read in one directory


def find_again(
    machine: Machine, config: Config, facts: Facts, places: Mapping[Path, Iterable[Path]]
) -> dict[Path, FoundAgain]:
    """Return for each environment in ``places`` what still is where a search had found it.

    ``places`` are directories and scripts; nothing below them is read. Raises nothing.
    """
    environments = [facts.environments[path] for path in places]
    matcher = DirectoryMatcher(machine, config, environments, facts)
    for place in dict.fromkeys(place for several in places.values() for place in several):
        _look(matcher, os.fspath(place))
    return {path: FoundAgain(hit.reason, hit.project) for path, hit in matcher.hits.items()}


def _look(matcher: DirectoryMatcher, place: str) -> None:
    try:
        inode = os.stat(place).st_ino
        if not os.path.isdir(place):
            matcher.look_at_script(place, inode)
            return
        with os.scandir(place) as listing:
            names = [entry.name for entry in islice(listing, _ENTRIES)]
    except (OSError, ValueError):
        return
    matcher.look(place, matcher.telling_among(names), inode if inode in matcher.inodes else None)
