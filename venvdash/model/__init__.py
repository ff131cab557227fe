"""The values of venvdash: frozen, and without any I/O.

Sizes are bytes, times are seconds since the epoch (``time.time()``), paths are absolute.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venvdash.model.changes import PackageChange, Proposal
    from venvdash.model.environments import (
        Environment,
        EnvironmentIdentity,
        NotEnvironment,
        Package,
        Traits,
        Usage,
        UserFiles,
        UserPlace,
    )
    from venvdash.model.evidence import (
        Claim,
        Direction,
        EvidenceKind,
        Facts,
        FoundAgain,
        Memory,
        MissingEnvironment,
        Place,
        Presence,
        ProjectRecord,
        Record,
        Relation,
        Sighting,
        Verdict,
    )
    from venvdash.model.plans import (
        Action,
        DiskSpace,
        Edit,
        GitState,
        Item,
        Leftovers,
        Limit,
        Link,
        Outcome,
        Plan,
        Refusal,
        Removal,
        Result,
        Row,
        Trashed,
        TrashFolder,
    )
    from venvdash.model.searches import NotEntered, SearchReport, Unsearched
    from venvdash.model.status import Flag, Location, Status
    from venvdash.model.tools import ProjectTools, Sign, Use

__all__ = [
    "Action",
    "Claim",
    "Direction",
    "DiskSpace",
    "Edit",
    "Environment",
    "EnvironmentIdentity",
    "EvidenceKind",
    "Facts",
    "Flag",
    "FoundAgain",
    "GitState",
    "Item",
    "Leftovers",
    "Limit",
    "Link",
    "Location",
    "Memory",
    "MissingEnvironment",
    "NotEntered",
    "NotEnvironment",
    "Outcome",
    "Package",
    "PackageChange",
    "Place",
    "Plan",
    "Presence",
    "ProjectRecord",
    "ProjectTools",
    "Proposal",
    "Record",
    "Refusal",
    "Relation",
    "Removal",
    "Result",
    "Row",
    "SearchReport",
    "Sighting",
    "Sign",
    "Status",
    "Traits",
    "TrashFolder",
    "Trashed",
    "Unsearched",
    "Usage",
    "Use",
    "UserFiles",
    "UserPlace",
    "Verdict",
]

_MODULES = ("status", "environments", "tools", "evidence", "plans", "changes", "searches")

if not TYPE_CHECKING:  # a type checker would take every name to be there

    def __getattr__(name: str) -> object:
        """Import the module of a value when it is first used: the first frame needs few of them."""
        if name in __all__:
            for module in _MODULES:
                value = getattr(import_module(f"{__name__}.{module}"), name, None)
                if value is not None:
                    globals()[name] = value
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
