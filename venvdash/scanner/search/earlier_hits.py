"""Looking again where an earlier search found something, so that every list agrees with it."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Facts, FoundAgain
from venvdash.scanner.search.matcher import DirectoryMatcher
from venvdash.system.machine import Machine

_ENTRIES = 10_000  # looked at in one directory


def find_again(
    machine: Machine, config: Config, facts: Facts, places: Mapping[Path, Iterable[Path]]
) -> dict[Path, FoundAgain]:
    """Return for each environment of ``places`` what still stands there that a search had found.

    ``places`` are directories and scripts; only these are read, nothing below them. Raises nothing.
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
