"""The rules to mark by. Knows no Textual."""

from collections.abc import Callable
from dataclasses import dataclass

from venvdash.actions.delete.prune import Rules, picks
from venvdash.model import Flag, Location, Row, Status

# Age alone is no reason to take what has a tool, or whose project may be somewhere.
_NEVER_BY_AGE = (
    Status.CHECKING,
    Status.MOVED,
    Status.UNREACHABLE,
    Status.DUPLICATE,
    Status.TOOL,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, and a function that returns whether a row matches."""

    name: str
    holds: Callable[[Row], bool]


def rules(now: float) -> tuple[Rule, ...]:
    """Return each rule of pruning by itself; ``now`` is in seconds since the epoch."""

    def one(name: str, wanted: Rules) -> Rule:
        return Rule(name, lambda row: picks(wanted, row, None, now))

    return (
        one("orphans", Rules()),
        one("unknown", Rules(orphans=False, unknown=True, older_than=0)),
        one("replaced", Rules(orphans=False, replaced=True, older_than=0)),
        one("broken", Rules(orphans=False, broken=True)),
    )


def older_than(seconds: float, now: float) -> Rule:
    """Return the rule for environments last used so long ago; not where that is unknown."""

    def holds(row: Row) -> bool:
        environment = row.environment
        if row.verdict.status in _NEVER_BY_AGE or environment.target is not None:
            return False
        if environment.location is not Location.CENTRAL:
            return False
        if Flag.PINNED in environment.flags or (row.record and row.record.pinned):
            return False
        return row.used is not None and now - row.used >= seconds

    return Rule("older", holds)
