"""Remembers, after a scan, which environment each name means: see ``records.answers``.

Also what a scan answered where the name alone is not enough: without one, or with several
environments of one name. Only what nothing has changed since the scan began is remembered; what
lies on a network disk is not.
"""

import copy
import hashlib
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from venvdash.actions.safety.writable_by_others import site_of
from venvdash.model import Row, Status
from venvdash.records import answers
from venvdash.records.answers import Answer
from venvdash.scanner.discovery.inspection_cache import unreliable, unreliable_devices
from venvdash.scanner.projects import project_tools
from venvdash.session import current_environment, name_resolution
from venvdash.session.lookup import NamedTable
from venvdash.session.name_resolution import AmbiguousError, Choice, NotFoundError
from venvdash.system.dependencies import (
    CONTENT,
    EXISTENCE,
    VARIABLE,
    UnsettledError,
    device,
    of_paths,
    of_variable,
)
from venvdash.system.files import UnreadableError
from venvdash.system.foreground import in_turns
from venvdash.system.mounts import Mounts
from venvdash.system.reads import Reads, Variables, recorded
from venvdash.system.state_files import StateFolder, name_about
from venvdash.text import alike

# With another status an environment's name depends on more than its own files.
_STEADY = frozenset(
    {
        *(Status.LINKED, Status.REPLACED, Status.ORPHAN, Status.UNKNOWN),
        *(Status.STANDALONE, Status.TOOL),
    }
)
_MOST = 256  # remembered answers
_HOST = f"{CONTENT}/etc/machine-id"
_UNKNOWN = dict([answers.NEVER])
_UNSETTLED = "unsettled"  # in a digest: the next scan may remember more


def remember_names(session: NamedTable, *, asked: bool) -> None:
    """Write the names of all environments after a complete scan; raises nothing.

    Without ``asked`` only if they are not what is remembered.
    """
    if not session.remembers:
        return
    state = session.machine.state_directory
    try:
        common = _common(session)
        digest = _digest(session)
        if asked or common is None or not _known(session, digest):
            depends = dict([answers.NEVER]) if common is None else common
            data = _written(session, depends, digest)
            StateFolder(state, ".").write(answers.NAMES, data)
    except (OSError, ValueError, UnsettledError):
        answers.forget(state)


def remember_choice(session: NamedTable, name: str | None, choice: Choice) -> None:
    """Remember the one environment that a scanned session chose for ``name``; raises nothing."""
    common, cwd = _common(session), session.machine.cwd
    if common is None or cwd is None or len(choice.rows) != 1:
        return
    with suppress(OSError, ValueError, UnsettledError, NotFoundError, AmbiguousError):
        depends = _chosen_from(session, name, choice)
        if depends is None:
            return
        folder = StateFolder(session.machine.state_directory, answers.FOLDER)
        asked = answers.question(name, os.fspath(cwd))
        sections = [
            answers.encoded([asked]),
            answers.dependency_lines((common | depends).items()),
            answers.line(answer(choice.rows[0], choice.note), {}),
        ]
        folder.write(name_about(Path(asked)), answers.written(sections))
        for oldest in _oldest(folder):
            folder.remove(oldest)


def _chosen_from(session: NamedTable, name: str | None, choice: Choice) -> dict[str, str] | None:
    """Return what the choice depends on besides the stores; None if the name alone is enough.

    Or if it is not the same any more. Raises UnsettledError, and what ``choose`` raises.
    """
    noted = session.listed
    assert noted is not None
    rows = list(session.rows.values())
    if name is not None:
        own = name_resolution.matches(session.query(name), rows, prefix=True)
        if len(own) == 1 and not set(":@/") & set(name):
            return None
    else:
        own = current_environment.above(rows, session.machine.cwd or session.machine.home)[1]
    view, reads = copy.copy(session), Reads(noted.before)
    variables = Variables(session.machine.variables)
    view.machine = replace(session.machine, variables=variables)
    involved = {row.path: row for row in (*own, *choice.rows)}
    with recorded(reads):
        if view.choose(name, changing=False) != choice:
            return None
        for project in {p for row in involved.values() for p in row.verdict.projects}:
            present = {r.environment.store for r in rows if project in r.verdict.projects}
            tools = project_tools.of_project(project, view.machine, view.config, present)
            if session.facts and session.facts.tools.get(project, tools) != tools:
                return None
    if not reads.complete:
        return None
    for row in involved.values():
        reads.states.update(_of_row(row, noted.before))
    # Every row was compared with what the project uses; only these are the answer's.
    compared = {f"{EXISTENCE}{path}" for row in rows for path in (row.path, *_projects(row))}
    for row in involved.values():
        compared -= {f"{EXISTENCE}{path}" for path in (row.path, *_projects(row))}
    states = {marked: was for marked, was in reads.states.items() if marked not in compared}
    return None if _on_unreliable_disk(states) else states


def _rows(session: NamedTable) -> list[Row]:
    return sorted(session.rows.values(), key=lambda row: row.path)


def _common(session: NamedTable) -> dict[str, str] | None:
    """Return what all names depend on: None if that cannot be remembered.

    The stores' settings, variables and directories; venvdash's own; what lies in a store and may
    become an environment.
    """
    noted, machine = session.listed, session.machine
    lost = any(problem.path is not None for problem in session.problems)
    if not session.remembers or noted is None or not noted.complete or lost:
        return None
    reads = Reads(noted.before)
    watched = replace(machine, variables=Variables(machine.variables))
    with recorded(reads):
        paths = [_HOST, f"{CONTENT}{watched.config_file}"]
    for odd in session.oddities:
        paths += [f"{CONTENT}{odd.path}", f"{CONTENT}{odd.path / 'pyvenv.cfg'}"]
    try:
        common = noted.states | reads.states | of_paths(paths, noted.before)
    except UnsettledError:
        return None
    common[f"{VARIABLE}HOME"] = of_variable("HOME", machine.variables)
    return None if _on_unreliable_disk(common) else common


def _digest(session: NamedTable) -> str:
    """Return what tells whether the rows and their names are the same again."""
    digest = hashlib.blake2b(digest_size=16)
    for row in in_turns(_rows(session)):
        several = name_resolution.names_of(row)
        fields = [str(row.path), row.name, row.verdict.status, *map(str, _projects(row))]
        digest.update("\0".join([*fields, "", *sorted(several)]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _known(session: NamedTable, digest: str) -> bool:
    """Return whether the same is remembered, and nothing has changed that it depends on."""
    try:
        known = answers.NamesFile(session.machine.state_directory)
        return known.digest == digest and answers.holds(known.common)
    except (OSError, ValueError, UnreadableError):
        return False


def _written(session: NamedTable, common: Mapping[str, str], digest: str) -> bytes:
    """Return the content of the file. Raises ValueError."""
    before = session.listed.before if session.listed else None
    devices = unreliable_devices(Mounts.read())
    rows, index, start = [], [], 0
    for row in in_turns(_rows(session)):
        depends = _settled(row, before, devices)
        if depends == _UNKNOWN and row.verdict.status in _STEADY:
            digest = _UNSETTLED
        line = answers.line(answer(row), depends)
        rows.append(line)
        index += [
            answers.encoded((alike(name), name, str(start))) + b"\n"
            for name in name_resolution.names_of(row)
        ]
        start += len(line)
    return answers.written(
        [answers.dependency_lines(common.items()), b"".join(rows), b"".join(sorted(index))], digest
    )


def _settled(row: Row, before: int | None, devices: Collection[int]) -> Mapping[str, str]:
    """Return what the names of an environment depend on."""
    if row.verdict.status not in _STEADY:
        return _UNKNOWN
    try:
        states = _of_row(row, before)
    except UnsettledError:
        return _UNKNOWN
    if any(device(state) in devices for state in states.values()):
        return _UNKNOWN
    return states


def _of_row(row: Row, before: int | None) -> dict[str, str]:
    """Return what names an environment and its projects, with its state. Raises UnsettledError."""
    prefix = os.fspath(row.path)
    paths = [f"{CONTENT}{prefix}", f"{CONTENT}{prefix}/pyvenv.cfg", f"{CONTENT}{prefix}/conda-meta"]
    if row.environment.entry != row.path:
        paths.append(f"{EXISTENCE}{row.environment.entry}")
    sources = (claim.source for claim in row.verdict.claims)
    paths += [f"{CONTENT}{source}" for source in sources if os.path.isabs(source)]
    for project in _projects(row):
        paths += [f"{EXISTENCE}{project}", f"{CONTENT}{project}/pyproject.toml"]
    return of_paths(paths, before)


def _projects(row: Row) -> list[str]:
    places = (*row.verdict.projects, *([row.verdict.place] if row.verdict.place else []))
    return [os.fspath(path) for path in places]


def answer(row: Row, note: str = "") -> Answer:
    """Return the answer that is remembered for a row."""
    environment = row.environment
    return Answer(
        path=os.fspath(row.path),
        name=row.name,
        project=os.fspath(row.verdict.place or row.verdict.project or ""),
        script="1" if environment.traits.script else "",
        note=note,
        opened=str((row.record and row.record.last_shell) or ""),
        base=os.fspath(environment.base or ""),
        entry=os.fspath(environment.entry),
        site=(site_of(environment) or "") if _plain(row) else "",
    )


def _plain(row: Row) -> bool:
    """Return whether nothing but its files decides whether and how it is activated."""
    environment = row.environment
    steady = row.verdict.status in _STEADY and environment.target is None
    return steady and os.path.lexists(row.path / "pyvenv.cfg") and environment.base is not None


def _on_unreliable_disk(states: Mapping[str, str]) -> bool:
    mounts = Mounts.read()
    paths = [marked[1:] for marked in states if marked[0] != VARIABLE]
    mounts_of_paths = (
        mounts.of(spelled) for path in paths for spelled in (path, os.path.realpath(path))
    )
    return any(mount is not None and unreliable(mount) for mount in mounts_of_paths)


def _oldest(folder: StateFolder) -> list[str]:
    """Return the names of the answers that are too many. Raises OSError."""
    names = folder.names()
    if len(names) <= _MOST:
        return []
    return sorted(names, key=lambda name: os.lstat(folder.path / name).st_mtime)[:-_MOST]
