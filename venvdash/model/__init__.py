"""The nouns of venvdash: frozen values without any I/O.

Sizes are bytes, times are seconds since the epoch (``time.time()``), paths are absolute.
"""

from venvdash.model.changes import PackageChange, Proposal
from venvdash.model.environments import (
    Environment,
    Fingerprint,
    Flag,
    NotEnvironment,
    Package,
    Traits,
    Usage,
)
from venvdash.model.evidence import (
    Claim,
    Direction,
    Facts,
    How,
    Memory,
    Place,
    Presence,
    ProjectRecord,
    Record,
    Relation,
    Sighting,
    Status,
    Verdict,
)
from venvdash.model.plans import (
    Action,
    Edit,
    Item,
    Link,
    Outcome,
    Plan,
    Refusal,
    Removal,
    Result,
    Row,
    Trashed,
)

__all__ = [
    "Action",
    "Claim",
    "Direction",
    "Edit",
    "Environment",
    "Facts",
    "Fingerprint",
    "Flag",
    "How",
    "Item",
    "Link",
    "Memory",
    "NotEnvironment",
    "Outcome",
    "Package",
    "PackageChange",
    "Place",
    "Plan",
    "Presence",
    "ProjectRecord",
    "Proposal",
    "Record",
    "Refusal",
    "Relation",
    "Removal",
    "Result",
    "Row",
    "Sighting",
    "Status",
    "Traits",
    "Trashed",
    "Usage",
    "Verdict",
]
