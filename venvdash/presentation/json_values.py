"""An environment as JSON shows it, for `list --json` and `--json-stream`."""

from datetime import UTC, datetime

from venvdash.model import Claim, Package, Row, Usage, UserFiles


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
        "location": environment.location.value,
        "python": environment.python,
        "implementation": environment.implementation,
        "base": str(environment.base) if environment.base else None,
        "project": str(verdict.project) if verdict.project else None,
        "projects": [str(project) for project in verdict.projects],
        "evidence": [_claim(claim) for claim in verdict.claims],
        "status": verdict.status.value,
        "reason": verdict.reason,
        "place": str(verdict.place) if verdict.place else None,
        "endangered": str(row.endangered) if row.endangered else None,
        "flags": sorted(environment.flags),
        "usage": _usage(row.usage),
        "packages": [package_json(package) for package in environment.packages],
        "created": time_json(environment.created),
        "changed": time_json(environment.changed),
        "used": time_json(row.used),
        "sidecar": environment.sidecar,
    }


def package_json(package: Package) -> dict[str, object]:
    """Return an installed package as JSON shows it."""
    return {
        "name": package.name,
        "version": package.version,
        "origin": package.origin,
        "editable": package.editable,
    }


def _usage(usage: Usage | None) -> dict[str, object] | None:
    if usage is None:
        return None
    return {
        "apparent": usage.apparent,
        "on_disk": usage.on_disk,
        "reclaimable": usage.reclaimable,
        "cache_held": usage.cache_held,
        "exact": usage.exact,
        "at_most": usage.at_most,
        "files": usage.files,
        "user_files": user_files_json(usage.user_files),
        "missing_files": usage.missing_files,
    }


def user_files_json(found: UserFiles | None) -> dict[str, object] | None:
    """Return the user's own files as JSON shows them; None where that is not known."""
    if found is None:
        return None
    places = [{"path": path, "what": place.value} for path, place in found.places]
    return {"count": found.count, "size": found.size, "places": places}


def _claim(claim: Claim) -> dict[str, object]:
    return {
        "project": str(claim.project),
        "how": claim.how.value,
        "from": claim.direction.value,
        "source": claim.source,
        "seen": time_json(claim.seen),
        "proves": claim.proves,
    }


def time_json(seconds: float | None) -> str | None:
    """Return a time as RFC 3339 in UTC, None where it is none that a calendar has."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # a file's time may be any number
        return None
