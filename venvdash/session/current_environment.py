"""The project of a directory, and which of its environments is the current one."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from venvdash.model import Direction, EvidenceKind, Facts, Row, Status, Verdict
from venvdash.model.packaging import PROJECT_FILES
from venvdash.scanner.projects import project_info, workspaces
from venvdash.stores import registry
from venvdash.system import reads
from venvdash.system.files import real
from venvdash.text import alike

_MARKERS = (".venv", *PROJECT_FILES)


def above(rows: Iterable[Row], directory: Path) -> tuple[Path, list[Row]]:
    """Return the nearest project upwards from ``directory`` (or a script), and its environments.

    A member of a workspace that has none of its own has those of the workspace's root. The list is
    empty if the nearest project has none, or if there is no project.
    """
    at = by_place(rows)
    for place in (directory, *directory.parents):
        own = at.get(place) or at.get(real(place))
        if own:
            return place, own
        if any(reads.lexists(place / marker) for marker in _MARKERS):
            root = workspaces.root_of(place) or place
            return root, at.get(root) or at.get(real(root)) or []
    return directory, []


def by_place(rows: Iterable[Row]) -> Mapping[Path, list[Row]]:
    """Return the environments of each project by its path, as recorded and with links resolved.

    Those of a moved one also by the path where it is now.
    """
    at: dict[Path, dict[Path, Row]] = defaultdict(dict)
    resolved: dict[Path, Path] = {}
    for row in rows:
        verdict = row.verdict
        for place in (*verdict.projects, *([verdict.place] if verdict.place else [])):
            at[place][row.path] = row
            if verdict.status is not Status.UNREACHABLE:  # that might take for ever
                if place not in resolved:
                    resolved[place] = real(place)
                at[resolved[place]][row.path] = row
    return {place: list(own.values()) for place, own in at.items()}


def linked(rows: Iterable[Row], project: Path) -> Row | None:
    """Return the environment that the project's ``.venv`` points to, as a link or a path file."""
    leads = [real(project / project_info.VENV)]
    leads += [link.environment for link in project_info.links_of(os.fspath(project))]
    at = {real(row.path): row for row in rows}
    return next((at[path] for path in leads if path in at), None)


def pointing(environment: Path, verdict: Verdict, facts: Facts) -> tuple[Path, ...]:
    """Return the projects (in all spellings) whose own pointer names an environment."""
    spelled = [*verdict.projects, *(claim.project for claim in verdict.claims)]
    spelled += [verdict.place] if verdict.place else []
    projects = [place for place in spelled if facts.pointers.get(place) == environment]
    for claim in verdict.claims:
        if claim.how is EvidenceKind.PROJECT_LINK and claim.direction is Direction.PROJECT:
            within = claim.source.removeprefix(f"{claim.project}{os.sep}").replace(os.sep, "/")
            projects += [claim.project] if within in _pointer_files() else []
    return tuple(dict.fromkeys(projects))


@cache
def _pointer_files() -> frozenset[str]:
    """Return the files from which tools read what a project uses."""
    return frozenset(name for store in registry() for name in store.pointers)


def current(own: Sequence[Row], project: Path) -> Row | None:
    """Return the environment that a project uses now, None if unknown.

    That is the one that its ``.venv`` points to; else the one in the tool's own pointer; else the
    only one that is not replaced; else the only one of these without a name of its own, as hatch
    and pdm give to additional environments.
    """
    in_use = linked(own, project)
    if in_use is not None:
        return in_use
    used = [row for row in own if row.verdict.status is not Status.REPLACED]
    spelled = {project, real(project)}
    few = ([row for row in own if spelled & set(row.pointed)], used, [*filter(_plain, used)])
    return next((several[0] for several in few if len(several) == 1), None)


def _plain(row: Row) -> bool:
    traits = row.environment.traits
    return traits.project_name is None or alike(traits.name) == alike(traits.project_name)
