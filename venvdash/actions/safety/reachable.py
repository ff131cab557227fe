"""Whether the places that a journal names can be looked at now; what cannot be, waits."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from venvdash.model import Presence, ProjectRecord
from venvdash.scanner.projects import presence
from venvdash.system import responsiveness
from venvdash.system.host import host_id
from venvdash.system.mounts import Mounts
from venvdash.text import visible


def out_of_reach(
    paths: Iterable[Path], mounts: Mounts, records: Sequence[ProjectRecord] = ()
) -> str:
    """Return why a change in these directories must wait, a sentence; "" where it need not.

    One of them does not respond, or lies on a disk that is not mounted. ``records`` say on which
    disk the projects among them were seen last. A directory that is gone for certain is no reason.
    Raises nothing.
    """
    wanted = list(dict.fromkeys(paths))
    for path in responsiveness.unresponsive(wanted):
        return f"{visible(path)} does not respond."
    for path in wanted:
        known = next((one for one in records if path.is_relative_to(one.real or one.path)), None)
        place = presence.look(path, mounts, known, host_id())
        if place.presence is Presence.UNREACHABLE:
            return f"{place.reason}."
    return ""
