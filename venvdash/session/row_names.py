"""The name of a row: the name of its project, made unique."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from venvdash.model import Environment, Verdict
from venvdash.model.packaging import minor_version
from venvdash.stores.base import normalised
from venvdash.stores.default_store import FURTHER


def names(
    judged: Iterable[tuple[Environment, Verdict]], projects: Mapping[Path, str]
) -> dict[Path, str]:
    """Return the name to show for each environment, by its path.

    That is the project's name (from ``projects``, else the name of its folder), or without a
    project the environment's own. Projects with the same name get the end of their paths
    (``work/api``, ``play/api``). Environments of one project get their Python (``api@3.11``), or if
    that is the same their own name (``api (api-copy)``), or the end of their path
    (``api (envs/api)``). One that was created as a further one, such as ``api--docs``, is
    ``api/docs``.
    """
    owners: dict[Path, list[Environment]] = defaultdict(list)
    called: dict[Path, str] = {}
    for environment, verdict in judged:
        if verdict.project is None or not verdict.project.name:  # "/" has none
            called[environment.path] = environment.traits.name
        else:
            owners[verdict.project].append(environment)
    titles = _titles(owners, projects)
    for project, environments in owners.items():
        further = dict(_further(projects.get(project) or project.name, environments))
        called |= {path: f"{titles[project]}/{label}" for path, label in further.items()}
        others = [one for one in environments if one.path not in further]
        called.update(_with_python(titles[project], others))
    return called


def _further(project: str, environments: Iterable[Environment]) -> Iterator[tuple[Path, str]]:
    """Yield the further environments of a project with their labels; see ``actions.new``."""
    for environment in environments:
        name, _, label = environment.entry.name.partition(FURTHER)
        if label and name == (normalised(project) or "env"):
            yield environment.path, label


def _titles(owners: Iterable[Path], projects: Mapping[Path, str]) -> dict[Path, str]:
    same: dict[str, list[Path]] = defaultdict(list)
    for project in owners:
        same[projects.get(project) or project.name].append(project)
    titles: dict[Path, str] = {}
    for title, paths in same.items():
        if len(paths) == 1:
            titles[paths[0]] = title
        else:
            titles.update(zip(paths, _ends(paths), strict=True))
    return titles


def _ends(paths: list[Path]) -> list[str]:
    """Return the shortest ends of paths that are unique."""
    for depth in range(1, max(len(path.parts) for path in paths)):
        ends = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(ends)) == len(paths):
            return ends
    return [str(path) for path in paths]


def _with_python(title: str, environments: list[Environment]) -> dict[Path, str]:
    if len(environments) == 1:
        return {environments[0].path: title}
    spelled = {
        e.path: f"{title}@{minor_version(e.python)}" if e.python else title for e in environments
    }
    if len(set(spelled.values())) < len(environments):  # same minor version: say it in full
        spelled = {e.path: f"{title}@{e.python}" if e.python else title for e in environments}
    if len(set(spelled.values())) < len(environments):  # same version: only their own names differ
        spelled = {e.path: f"{title} ({e.traits.name})" for e in environments}
    if len(set(spelled.values())) < len(environments):
        ends = _ends([e.entry for e in environments])
        spelled = {e.path: f"{title} ({end})" for e, end in zip(environments, ends, strict=True)}
    return spelled
