"""`venvdash unpin`: let rules pick an environment again."""

from venvdash.cli.pin import pinning

command = pinning(
    "unpin",
    "Unpin environments.",
    "Unpin environments: `prune` may delete them again.",
    pinned=False,
)
