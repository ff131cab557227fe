"""What `--json` prints of environments, plans, proposals and results."""

from typing import TYPE_CHECKING

from venvdash.actions.events import Finished
from venvdash.formats import time_json
from venvdash.model import (
    DiskSpace,
    GitState,
    Item,
    Package,
    Plan,
    Proposal,
    Record,
    Row,
    SearchReport,
    Trashed,
    Usage,
    UserFiles,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from venvdash.model.installed import InstalledPackage
    from venvdash.session.environment_details import EnvironmentDetails


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
        "store": environment.store or None,
        "kind": environment.traits.kind,
        "location": environment.location.value,
        "python": environment.python,
        "implementation": environment.implementation,
        "base": str(environment.base) if environment.base else None,
        "project": str(verdict.project) if verdict.project else None,
        "projects": [str(project) for project in verdict.projects],
        "evidence": [
            {
                "project": str(claim.project),
                "how": claim.how.value,
                "from": claim.direction.value,
                "source": claim.source or None,
                "seen": time_json(claim.seen),
                "proves": claim.proves,
            }
            for claim in verdict.claims
        ],
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
        "note": (row.record.note or None) if row.record else None,
        "description": row.description or None,
        "sidecar": environment.sidecar,
    }


def missing_json(row: Row) -> dict[str, object]:
    """Return what is known of a project without its environment; ``path`` is where that was."""
    environment, verdict = row.environment, row.verdict
    return {
        "name": row.name,
        "project": str(verdict.project),
        "path": str(environment.path),
        "store": environment.store or None,
        "python": environment.python,
        "status": verdict.status.value,
        "reason": verdict.reason,
        "last_seen": time_json(row.record.last_seen) if row.record else None,
        "used": time_json(row.used),
        "on_disk": row.usage.on_disk if row.usage else None,
    }


def details_json(
    found: "EnvironmentDetails", packages: "Iterable[InstalledPackage]"
) -> dict[str, object]:
    """Return what `list --json` says of an environment, and all that is looked up for one.

    ``packages`` are all that it has installed.
    """
    from venvdash.presentation.details import flags_in_words  # no list needs it

    row = found.row
    return row_json(row) | {
        "packages": [_installed_json(package) for package in packages],
        "flag_reasons": {flag.value: reason for flag, reason in flags_in_words(found).items()},
        "missing": [
            {"package": one.package, "count": one.count, "files": [str(f) for f in one.files]}
            for one in found.missing
        ],
        "tools": [
            {
                "tool": use.tool,
                "project": str(project),
                "path": str(use.environment) if use.environment else None,
                "exists": use.exists,
                "why": use.why,
                "depends_on": list(use.depends_on),
                "deletes": str(use.deletes) if use.deletes else None,
            }
            for project, use in found.uses
        ],
        "references": [
            {"what": one.what, "file": str(one.file), "path": one.target}
            for one in found.references
        ],
        "root": str(row.environment.root),
        "prompt": row.environment.prompt,
        "creator": row.environment.creator,
        "made_at": str(row.environment.made_at) if row.environment.made_at else None,
        "target": str(row.environment.target) if row.environment.target else None,
        "remove_with": row.environment.traits.tool,
        "record": _record_json(row.record),
    }


def _record_json(record: Record | None) -> dict[str, object] | None:
    if record is None:
        return None
    return {
        "identity": record.identity,
        "note": record.note or None,
        "pinned": record.pinned,
        "first_seen": time_json(record.first_seen or None),
        "last_seen": time_json(record.last_seen or None),
        "last_sync": time_json(record.last_sync),
        "last_shell": time_json(record.last_shell),
        "copied_from": str(record.copied_from) if record.copied_from else None,
        "projects": [str(project.path) for project in record.projects],
    }


def package_json(package: Package) -> dict[str, object]:
    """Return an installed package as JSON shows it."""
    return {
        "name": package.name,
        "version": package.version or None,
        "origin": package.origin,
        "editable": package.editable,
    }


def _installed_json(one: "InstalledPackage") -> dict[str, object]:
    return package_json(one.package) | {
        "source": one.source.value,
        "on_disk": one.on_disk,
        "requires": list(one.requires) if one.requires is not None else None,
        "required_by": list(one.required_by),
        "elsewhere": [
            {"version": other.version or None, "environments": other.environments}
            for other in one.elsewhere
        ],
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


def user_files_json(user_files: UserFiles | None) -> dict[str, object] | None:
    """Return the user's own files as JSON shows them; None where that is not known."""
    if user_files is None:
        return None
    places = [{"path": path, "what": place.value} for path, place in user_files.places]
    return {"count": user_files.count, "size": user_files.size, "places": places}


def plan_json(plan: Plan, *, now: bool = False) -> dict[str, object]:
    """Return a plan as JSON shows it; sizes are bytes. ``now``: nothing goes to the trash."""
    left = [{"path": str(one.path), "name": one.name, "reason": one.reason} for one in plan.refused]
    return {
        "action": plan.action.value,
        "items": [_item_json(item) for item in plan.items],
        "held": left,
        "reclaimable": plan.reclaimable,
        "bytes_now": plan.reclaimable if now else 0,
        "bytes_after_trash": 0 if now else plan.reclaimable,
        "cache_held": plan.cache_held,
        "exact": plan.exact,
        "at_most": plan.at_most,
        "packages_only_in_cache": list(plan.packages_only_in_cache),
        "unreadable_processes": plan.unreadable,
        "search": _search_json(plan.search) if plan.search else None,
        "low_space": _space_json(plan.low_space) if plan.low_space else None,
    }


def _space_json(space: DiskSpace) -> dict[str, object]:
    """Return how close a limit is as JSON shows it."""
    return {
        "directory": str(space.directory),
        "limit": space.limit.value,
        "free": space.free,
        "used": space.used,
        "total": space.total,
    }


def _search_json(report: SearchReport) -> dict[str, object]:
    """Return what a search read and what it did not, as JSON shows it."""
    return {
        "directories": report.directories,
        "places": [str(path) for path in report.places],
        "never_entered": list(report.kinds),
        "not_entered": [
            {"what": kind.what, "count": kind.count, "paths": [str(path) for path in kind.paths]}
            for kind in report.not_entered
        ],
        "unsearched": [
            {"path": str(place.path), "reason": place.reason, "release": place.release}
            for place in report.unsearched
        ],
    }


def _item_json(item: Item) -> dict[str, object]:
    row, usage = item.row, item.row.usage
    return {
        "path": str(row.path),
        "entry": str(row.environment.entry),
        "name": row.name,
        "kind": row.environment.traits.kind,
        "location": row.environment.location.value,
        "status": row.verdict.status.value,
        "reason": row.verdict.reason,
        "flags": sorted(row.environment.flags),
        "on_disk": usage.on_disk if usage else None,
        "reclaimable": usage.reclaimable if usage else None,
        "cache_held": usage.cache_held if usage else None,
        "only_here": [package_json(package) for package in item.only_here],
        "how": str(item.how),
        "confirm": item.confirm or None,
        "trash_folder": str(item.folder.path) if item.folder else None,
        "lasts_until": (item.folder.lasts_until or None) if item.folder else None,
        "user_files": user_files_json(usage.user_files) if usage else None,
        "unsearched": item.unsearched or None,
        "command": item.command or None,
        "git": [git_json(state) for state in item.git],
        "links": [str(link.path) for link in item.links],
        "edits": [str(edit.path) for edit in item.edits],
    }


def git_json(state: GitState) -> dict[str, object]:
    """Return what git says of a project as JSON shows it."""
    return {
        "directory": str(state.directory),
        "changes": state.changes,
        "tracked": [str(path) for path in state.tracked],
        "ignored": [str(path) for path in state.ignored],
        "unknown": state.unknown or None,
    }


def finished_json(finished: Finished) -> dict[str, object]:
    """Return what came of a plan as JSON shows it."""
    return {
        "results": [
            {
                "path": str(result.path),
                "name": result.name,
                "outcome": result.outcome.value,
                "reason": result.reason or None,
                "trash": str(result.trash) if result.trash else None,
                "place": str(result.place) if result.place else None,
            }
            for result in finished.results
        ],
        "freed": finished.freed,
        "in_trash": finished.in_trash,
        "cleaned": list(finished.cleaned),
        "problems": list(finished.problems),
        "notes": list(finished.notes),
    }


def proposal_json(proposal: Proposal) -> dict[str, object]:
    """Return a proposal as JSON shows it."""
    return {
        "action": proposal.action.value,
        "path": str(proposal.row.path),
        "name": proposal.row.name,
        "refusal": proposal.refusal or None,
        "says": list(proposal.says),
        "warns": list(proposal.warns),
        "place": str(proposal.place) if proposal.place else None,
        "project": str(proposal.project) if proposal.project else None,
        "python": proposal.python,
        "commands": [list(command) for command in proposal.commands],
        "packages": [
            {"name": one.name, "version": one.version or None, "action": one.action}
            for one in proposal.packages
        ],
        "edits": [str(edit.path) for edit in proposal.edits],
        "links": [str(link.path) for link in proposal.links],
        "offers": [str(edit.path) for edit in proposal.offers],
        "shared": proposal.shared,
        "git": [git_json(state) for state in proposal.git],
    }


def trashed_json(one: Trashed) -> dict[str, object]:
    """Return what is known of something in the trash."""
    return {
        "name": one.name,
        "path": str(one.path),
        "original": str(one.original),
        "project": str(one.project) if one.project else None,
        "kind": one.kind,
        "status": one.status or None,
        "reason": one.reason or None,
        "since": time_json(one.since),
        "on_disk": one.on_disk,
        "reclaimable": one.reclaimable,
        "at_most": one.at_most,
        "links": [str(link.path) for link in one.links],
        "freeing": one.purging,
        "lasts_until": one.lasts_until or None,
        "kept": one.kept or None,
        "unsearched": one.unsearched,
        "days_left": None if one.days_left is None else round(one.days_left, 2),
    }
