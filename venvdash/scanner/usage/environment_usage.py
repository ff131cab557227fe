"""The usage of an environment, from the footprint of its tree; see ``measurement``."""

import os
import sys

from venvdash.model import Usage, UserFiles, UserPlace
from venvdash.scanner.usage import shared_blocks, user_files
from venvdash.scanner.usage.footprint import BLOCK, Footprint
from venvdash.system.mounts import Mount

_PLACES = {
    user_files.FILE: UserPlace.FILE,
    user_files.FOLDER: UserPlace.DIRECTORY,
    user_files.CHECKOUT: UserPlace.CHECKOUT,
    user_files.ENVIRONMENT: UserPlace.ENVIRONMENT,
}


def usage_of(footprint: Footprint, mount: Mount | None, *, aged: bool) -> Usage:
    """Return the usage of a tree on ``mount``, without what depends on other trees.

    ``aged``: it was recognised as unchanged and not measured again.
    """
    extents = footprint.extents
    clones = mount is not None and mount.clones
    clones = clones and (extents is not None or not shared_blocks.reports_sharing(mount))
    exact = not clones and sys.platform != "win32" and not footprint.problems
    return Usage(
        apparent=footprint.apparent,
        on_disk=footprint.stored * BLOCK,
        reclaimable=footprint.reclaimable() * BLOCK,
        files=footprint.files,
        exact=exact and not (aged and bool(footprint.inodes)),
        at_most=shared_blocks.at_most(extents, mount),
        measured=footprint.measured,
        user_files=user_files_of(footprint),
        missing_files=footprint.missing if footprint.user_files >= 0 else None,
    )


def user_files_of(footprint: Footprint) -> UserFiles | None:
    """Return the user's files that the walk found, None if unknown."""
    if footprint.user_files < 0:
        return None
    places = [(os.fsdecode(place[1:]), _PLACES[place[:1]]) for place in footprint.user_places]
    return UserFiles(footprint.user_files, footprint.user_size, tuple(places))


def partly(footprint: Footprint) -> str:
    """Return a clause that says what could not be read, "" if everything was."""
    if not footprint.problems:
        return ""
    more = f" (and {footprint.problems - 1} more)" if footprint.problems > 1 else ""
    return f"some of it could not be read: {footprint.problem}{more}"
