"""Short ways to write environments, places and claims for the tests of verdicts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EnvironmentIdentity,
    EvidenceKind,
    Facts,
    Memory,
    Place,
    Presence,
    ProjectTools,
    Record,
    Relation,
    Sign,
    Traits,
    Use,
    Verdict,
)
from venvdash.scanner.evidence.verdicts import verdicts

STORE = Path("/store")
E, F = STORE / "e", STORE / "f"
A, B, C = Path("/code/a"), Path("/code/b"), Path("/code/c")
PRINT = EnvironmentIdentity(1, 2, 3, 4)
PRESENT, ABSENT, UNREACHABLE = Presence.PRESENT, Presence.ABSENT, Presence.UNREACHABLE
ENVIRONMENT, PROJECT, RECORD = Direction.ENVIRONMENT, Direction.PROJECT, Direction.RECORD


def environment(
    path: Path = E,
    *,
    digest: bool = False,
    per_interpreter: bool = False,
    tool: str | None = None,
    made_at: Path | None = None,
    changed: float | None = None,
) -> Environment:
    traits = Traits(
        "uv" if digest else "venv",
        path.name,
        project_name="webapp" if digest else None,
        digest="0123456789abcdef" if digest else None,
        per_interpreter=per_interpreter,
        tool=tool,
    )
    return Environment(path, path, STORE, "s", traits, PRINT, made_at=made_at, changed=changed)


def place(path: Path, presence: Presence, inode: int | None = None) -> Place:
    reason = {
        PRESENT: "",
        ABSENT: f"{path} does not exist, though {path.parent} does",
        UNREACHABLE: f"{path.parent} is not mounted",
    }[presence]
    return Place(path, presence, reason, inode=inode, fsid=1 if inode else None)


def claim(
    project: Path = A,
    how: EvidenceKind = EvidenceKind.HASH,
    direction: Direction = ENVIRONMENT,
    *,
    env: Path = E,
    source: str = "",
    seen: float | None = None,
) -> Claim:
    return Claim(env, project, how, direction, source, seen)


def memory(relation: Relation, original: Path | None = None, path: Path = E) -> Memory:
    return Memory(Record("id", path, PRINT), relation, original)


def uses(
    path: Path | None,
    *,
    tool: str = "s",
    exists: bool = True,
    certain: bool = True,
    signs: dict[str, Sign] | None = None,
) -> ProjectTools:
    """Return the tools of a project in which one uses the environment at ``path``."""
    return ProjectTools(signs or {}, {tool: Use("the tool", path, "it says so", exists, certain)})


def facts(
    *environments: Environment,
    places: Iterable[Place] = (),
    memories: dict[Path, Memory] | None = None,
    pointers: dict[Path, Path] | None = None,
    settled: bool = True,
    **more: Any,
) -> Facts:
    table = environments or (environment(),)
    return Facts(
        {env.path: env for env in table},
        {place.path: place for place in places},
        memories or {},
        pointers or {},
        settled=settled,
        **more,
    )


def judge(claims: Iterable[Claim], known: Facts, path: Path = E) -> Verdict:
    return verdicts(claims, known)[path]
