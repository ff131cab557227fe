"""What candidates prove, against environments that uv made."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.scanner.evidence.table import PRINT
from venvdash.config import Config
from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EvidenceKind,
    Facts,
    Presence,
    ProjectRecord,
    Sighting,
    Status,
    Traits,
)
from venvdash.scanner.evidence.matching import Evidence, Matcher, evidence
from venvdash.scanner.evidence.moved_projects import MissingProjects
from venvdash.scanner.evidence.verdicts import verdicts
from venvdash.scanner.projects.candidates import Candidate, CandidateSearch
from venvdash.scanner.projects.presence import look, record_of
from venvdash.scanner.projects.project_info import fingerprint, links_of, name_of
from venvdash.stores import registry
from venvdash.stores.uv import UvStore
from venvdash.system.mounts import Mounts


def environments(home: Home) -> list[Environment]:
    """Return what lies in uv's store, as the store reads the names."""
    root = home.path / ".cache" / "uv" / "environments-v2"
    found = []
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        name, _, digest = path.name.rpartition("-")
        script = "-cp" not in path.name
        name = name if script else name.rpartition("-")[0]
        traits = Traits(
            "uv",
            name,
            project_name=name,
            digest=digest,
            per_interpreter=not script,
            script=script,
        )
        found.append(Environment(path, path, root, UvStore.name, traits, PRINT))
    return found


def matcher(found: Iterable[Environment], **more: Any) -> Matcher:
    known = list(found)
    more.setdefault("unproven", {environment.path for environment in known})
    return Matcher(known, registry(), **more)


def uv_project(home: Home, path: Path, name: str | None = None) -> Path:
    path.mkdir(parents=True)
    home.uv("init", "--bare", *(["--name", name] if name else []), cwd=path)
    home.uv("sync", cwd=path)
    return path


def searched(home: Home, found: list[Environment], **more: Any) -> Evidence:
    match = matcher(found, **more)
    looked = CandidateSearch(home.machine(), Config(), (), match.wanted, mounts=Mounts.read())
    return evidence(looked, match)


def test_links_prove_and_point(home: Home) -> None:
    project = uv_project(home, home.path / "code" / "webapp")
    (environment,) = environments(home)
    found = searched(home, [environment])
    pointer = str(project / ".venv")
    assert found.claims == (
        Claim(environment.path, project, EvidenceKind.PROJECT_LINK, Direction.PROJECT, pointer),
    )
    assert found.pointers == {project: environment.path}
    assert found.names == {project: "webapp"}


def test_a_hash_proves_where_there_is_no_link(home: Home) -> None:
    project = uv_project(home, home.path / "code" / "dir", "Web.App")
    (project / ".venv").unlink()
    (environment,) = environments(home)
    found = searched(home, [environment])
    assert found.claims == (
        Claim(
            environment.path,
            project,
            EvidenceKind.HASH,
            Direction.ENVIRONMENT,
            environment.entry.name,
        ),
    )
    assert found.pointers == {}
    assert not searched(home, [environment], unproven=())


@pytest.mark.slow
def test_two_projects_of_one_name_are_never_mixed_up(home: Home) -> None:
    one = uv_project(home, home.path / "code" / "one" / "webapp")
    two = uv_project(home, home.path / "code" / "two" / "webapp")
    belongs = {links_of(str(project))[0].environment: project for project in (one, two)}
    for project in (one, two):
        (project / ".venv").unlink()
    found = searched(home, environments(home))
    assert {claim.environment: claim.project for claim in found.claims} == belongs


def test_the_link_of_a_stranger_does_not_end_the_search(home: Home) -> None:
    project = uv_project(home, home.path / "code" / "webapp")
    (environment,) = environments(home)
    (project / ".venv").unlink()
    stranger = home.path / "code" / "another"
    stranger.mkdir()
    (stranger / ".venv").symlink_to(environment.path)
    found = searched(home, [environment])
    assert {(claim.how, claim.project) for claim in found.claims} == {
        (EvidenceKind.PROJECT_LINK, stranger),
        (EvidenceKind.HASH, project),
    }


def test_a_script_is_found_by_its_name_and_hash(home: Home) -> None:
    script = home.path / "code" / "my_script.py"
    script.parent.mkdir()
    script.write_text('# /// script\n# dependencies = []\n# ///\nprint("ran")\n')
    (script.parent / "my-script.py").write_text("")  # the same name part, another path
    assert home.uv("run", "--script", script, cwd=home.path) == "ran\n"
    (environment,) = environments(home)
    found = searched(home, [environment])
    assert [(claim.project, claim.how) for claim in found.claims] == [(script, EvidenceKind.HASH)]


def test_gone_paths_are_hashed_too(home: Home) -> None:
    workspace = uv_project(home, home.path / "code" / "webapp")
    (environment,) = environments(home)
    shutil.rmtree(workspace)
    assert [c.project for c in matcher([environment]).guess(workspace)] == [workspace]
    assert matcher([environment]).guess(workspace.with_name("other"), ["x"]) == []
    match = matcher([environment])
    assert match.guess(workspace.with_name("renamed"), ["webapp"]) == []
    assert match.wanted.names == {"webapp"}
    match.guess(workspace)
    assert match.wanted.names == frozenset()


def test_wanted_are_the_names_of_unproven_environments(home: Home) -> None:
    uv_project(home, home.path / "code" / "One_App")
    uv_project(home, home.path / "code" / "two")
    known = environments(home)
    assert matcher(known, unproven={known[0].path}).wanted.names == {"one-app"}
    assert matcher(known, unproven=()).wanted.names == frozenset()


def remembered(project: Path) -> ProjectRecord:
    mounts, directory = Mounts.read(), str(project)
    name, git = name_of(directory), fingerprint(directory)
    place = look(project, mounts)
    assert place.presence is Presence.PRESENT
    return record_of(place, EvidenceKind.HASH, mounts, now=100.0, name=name, git=git)


def test_a_moved_directory_is_sighted_and_the_verdict_names_it(home: Home) -> None:
    project = uv_project(home, home.path / "code" / "webapp")
    record = remembered(project)
    (environment,) = environments(home)
    (project / ".venv").unlink()
    moved = project.rename(home.path / "code" / "renamed")
    found = searched(home, [environment], missed=MissingProjects([record]), unproven=())
    assert found.sightings == {project: (Sighting(moved, "it is the same directory"),)}
    claim = Claim(
        environment.path, project, EvidenceKind.HASH, Direction.RECORD, "", record.last_seen
    )
    facts = Facts(
        {environment.path: environment},
        {project: look(project, Mounts.read(), record)},
        sightings=found.sightings,
        settled=True,
    )
    verdict = verdicts([claim], facts)[environment.path]
    assert (verdict.status, verdict.place) == (Status.MOVED, moved)


def test_an_inode_alone_is_no_sighting(home: Home) -> None:
    project = uv_project(home, home.path / "code" / "webapp")
    record = replace(remembered(project), birth=None)  # of a file system that does not know it
    project.rename(home.path / "code" / "other")
    other = home.path / "code" / "other" / "pyproject.toml"
    other.write_text(other.read_text().replace("webapp", "quite-another"))
    assert (
        searched(home, environments(home), missed=MissingProjects([record]), unproven=()).sightings
        == {}
    )


def test_a_repository_is_sighted_by_its_history(home: Home) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    project = uv_project(home, home.path / "code" / "webapp")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]
    home.run("git", "init", "-q", cwd=project)
    home.run("git", *identity, "commit", "-q", "--allow-empty", "-m", "first", cwd=project)
    record = remembered(project)
    copy = home.path / "src" / "webapp"
    shutil.copytree(project, copy, symlinks=True)  # as a move to another disk does
    shutil.rmtree(project)
    found = searched(home, environments(home), missed=MissingProjects([record]), unproven=())
    assert {p: [s.place for s in places] for p, places in found.sightings.items()} == {
        project: [copy]
    }
    always_there = searched(
        home, environments(home), missed=MissingProjects([record], known={copy: 1.0}), unproven=()
    )
    assert always_there.sightings == {}


def test_nothing_is_read_of_what_cannot_matter(home: Home) -> None:
    match = matcher([])
    assert not match.match(Candidate(Path("/no/such"), "x"))
    assert not match.match(Candidate(Path("/a\0b"), "x"))
    assert not match.match(Candidate(Path("/no/such.py"), "x", script=True))
