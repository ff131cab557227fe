"""Days that have passed for certain, whatever the wall clock says.

One more is counted for every 24 hours of the boot clock, or at a new start of the system if the
wall clock has advanced by a day since the last one: never more than one at a time. A jump of the
wall clock in a running system counts for nothing. Time for which the system was off can only be
told by the wall clock, so one start counts one day at most.

It also tells that the wall clock has jumped ahead, for what compares dates with it: see ``doubt``.
"""

from dataclasses import dataclass, replace

from venvdash.system.clock import Moment

DAY = 86400.0
_TOLERANCE = DAY  # seconds that the wall clock may run ahead of the boot clock, a counted day
_LONGEST_OFF = 14 * DAY  # seconds; a longer time for which it was off may be a jump


@dataclass(frozen=True, slots=True)
class DayCount:
    """``days`` counted since venvdash was first used; the rest says when the next one is due.

    All in seconds. ``boot`` and ``boot_id`` are those of the last look. ``highest`` is the latest
    wall time seen, unless it was set back since in one run of the system. ``running`` is the
    boot clock's time since the last counted day, ``passed`` the same with the time for which the
    system was off. ``offset`` is the wall clock's lead over the boot clock that is trusted,
    ``doubt`` for how long dates are not to be trusted, ``jump`` by how much it was ahead.
    """

    days: int = 0
    boot_id: str = ""
    boot: float = 0.0
    highest: float = 0.0
    running: float = 0.0
    passed: float = 0.0
    offset: float = 0.0
    doubt: float = 0.0
    jump: float = 0.0

    @property
    def position(self) -> float:
        """The counted days, with the part of the next one that has passed."""
        return self.days + min(self.running / DAY, 1.0)


def advanced(before: DayCount | None, now: Moment) -> DayCount:
    """Return the count as of ``now``; ``before`` is the last one, None for none."""
    offset = now.wall - now.boot
    if before is None:
        return DayCount(0, now.boot_id, now.boot, now.wall, offset=offset)
    away = now.wall - before.highest
    started = now.boot_id != before.boot_id or (not now.boot_id and now.boot < before.boot)
    if started:
        # It has been on for so long; no longer, however, than the wall clock says.
        ran = min(now.boot, max(away, 0.0))
        passed = max(away, 0.0)
        ahead, limit = away - ran, _LONGEST_OFF
    else:
        # Smaller in a time namespace (time_namespaces(7)): then nothing has passed.
        ran = passed = max(now.boot - before.boot, 0.0)
        ahead, limit = offset - before.offset, _TOLERANCE
    jumped = ahead > limit
    set_back = not started and offset < before.offset
    count = replace(
        before,
        boot_id=now.boot_id,
        boot=now.boot if started else max(now.boot, before.boot),
        highest=now.wall if set_back else max(now.wall, before.highest),
        running=before.running + ran,
        passed=before.passed + passed,
        offset=offset if started or jumped or set_back else before.offset,
        doubt=DAY if jumped else max(before.doubt - ran, 0.0),
        jump=ahead if jumped else before.jump,
    )
    if count.running < DAY and not (started and count.passed >= DAY):
        return count
    rest = max(count.running - DAY, 0.0)
    rest = rest if rest < DAY else 0.0  # else the next look would count another
    return replace(count, days=count.days + 1, running=rest, passed=rest, offset=offset)
