"""An environment as JSON shows it, for `list --json` and `--json-stream`."""

from datetime import UTC, datetime

from venvdash.model import Claim, Row, Usage


def row_json(row: Row) -> dict[str, object]:
    """Return everything known about an environment.

    Paths that are not UTF-8 carry their bytes as lone surrogates (Python's ``os.fsencode`` gives
    them back); times are RFC 3339 in UTC, sizes bytes.
    """
    environment, verdict = row.environment, row.verdict
    return {
        "name": row.name,
        "path": str(environment.path),
        "entry": str(environment.entry),
        "store": environment.store,
        "kind": environment.traits.kind,
        "python": environment.python,
        "implementation": environment.implementation,
        "base": str(environment.base) if environment.base else None,
        "project": str(verdict.project) if verdict.project else None,
        "projects": [str(project) for project in verdict.projects],
        "evidence": [_claim(claim) for claim in verdict.claims],
        "status": verdict.status.value,
        "reason": verdict.reason,
        "place": str(verdict.place) if verdict.place else None,
        "flags": sorted(environment.flags),
        "usage": _usage(row.usage),
        "packages": [
            {"name": p.name, "version": p.version, "origin": p.origin, "editable": p.editable}
            for p in environment.packages
        ],
        "created": _time(environment.created),
        "changed": _time(environment.changed),
        "used": _time(row.used),
        "sidecar": environment.sidecar,
    }


def _usage(usage: Usage | None) -> dict[str, object] | None:
    if usage is None:
        return None
    return {
        "apparent": usage.apparent,
        "on_disk": usage.on_disk,
        "frees": usage.frees,
        "cache_held": usage.cache_held,
        "exact": usage.exact,
        "files": usage.files,
    }


def _claim(claim: Claim) -> dict[str, object]:
    return {
        "project": str(claim.project),
        "how": claim.how.value,
        "from": claim.direction.value,
        "source": claim.source,
        "seen": _time(claim.seen),
        "proves": claim.proves,
    }


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # a file's time may be any number
        return None
