"""Files that tools leave in projects, read for a store that is made up here."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.evidence.table import PRINT
from venvdash.config import Config
from venvdash.model import Claim, Direction, Environment, EvidenceKind, Traits
from venvdash.scanner.evidence.matching import Evidence, Matcher, evidence
from venvdash.scanner.evidence.pointers import Pointers
from venvdash.scanner.projects.candidates import Candidate, CandidateSearch
from venvdash.stores.base import Kind, Store
from venvdash.stores.roots import Root
from venvdash.system.mounts import Mounts


class NotesStore(Store):
    """A tool that writes an environment's name into ``.notes-env`` and cuts names at 8."""

    name = "notes"
    title = "Notes"
    kinds = (Kind("notes", "notes environment"),)
    pointers = (".notes-env", "venv/Scripts/notes")

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environment of that name in each root, or the path that is there."""
        for line in text.splitlines():
            yield from (root.path / line for root in roots)

    def name_part(self, name: str) -> str:
        """Return the first eight letters, as they are."""
        return name[:8]

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether the name ends in the length of the project's path."""
        return environment.traits.digest == str(len(str(project)))


STORE = NotesStore()


def environment(root: Path, name: str, *, per_interpreter: bool = True) -> Environment:
    path = root / name
    path.mkdir(parents=True)
    part, _, digest = name.rpartition("-")
    traits = Traits(
        "notes", name, project_name=part, digest=digest, per_interpreter=per_interpreter
    )
    return Environment(path, path, root, STORE.name, traits, PRINT)


def found(home: Home, known: list[Environment], *, unproven: bool = True) -> Evidence:
    roots = {STORE.name: [Root(home.path / "store", STORE.name)]}
    match = Matcher(
        known,
        [STORE],
        unproven={one.path for one in known} if unproven else (),
        pointers=Pointers([STORE], roots),
    )
    looked = CandidateSearch(home.machine(), Config(), (), match.wanted, mounts=Mounts.read())
    return evidence(looked, match)


def project(home: Home, name: str) -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    return path


def claim(one: Environment, directory: Path, file: str) -> Claim:
    source = str(directory / file)
    return Claim(one.path, directory, EvidenceKind.PROJECT_LINK, Direction.PROJECT, source)


@pytest.mark.parametrize("file", [".notes-env", "venv/Scripts/notes"])
def test_a_pointer_proves_and_says_what_is_used(home: Home, file: str) -> None:
    one = environment(home.path / "store", "x-1")
    directory = project(home, "webapp")
    (directory / file).parent.mkdir(parents=True, exist_ok=True)
    (directory / file).write_text("x-1\nx-2\n")
    evidence = found(home, [one])
    assert evidence.claims == (claim(one, directory, file),)
    assert evidence.pointers == {directory: one.path}
    assert found(home, [one], unproven=False) == evidence  # what is used may be proven already


def test_only_of_environments_for_an_interpreter_one_is_the_current(home: Home) -> None:
    one = environment(home.path / "store", "x-1", per_interpreter=False)
    directory = project(home, "webapp")
    (directory / ".notes-env").write_text("x-1")
    evidence = found(home, [one])
    assert evidence.claims == (claim(one, directory, ".notes-env"),)
    assert evidence.pointers == {}


def test_a_link_to_a_file_is_read_and_a_link_to_a_directory_is_a_path(home: Home) -> None:
    one = environment(home.path / "store", "x-1")
    (home.path / "dotfiles").write_text("x-1")
    (project(home, "a") / ".notes-env").symlink_to(home.path / "dotfiles")
    (project(home, "b") / ".notes-env").symlink_to(one.path)
    claims = found(home, [one]).claims
    assert {c.project.name for c in claims} == {"a", "b"}


def test_what_is_no_text_leads_nowhere(home: Home) -> None:
    one = environment(home.path / "store", "x-1")
    contents = [b"\xff\xfe\n", b"x-1\0", b"", b"x-1\n" * 100_000, b"../" * 5000, b"\n\n/\n~\n"]
    for number, content in enumerate(contents):
        (project(home, f"p{number}") / ".notes-env").write_bytes(content)
    os.mkfifo(project(home, "fifo") / ".notes-env")
    (project(home, "loop") / ".notes-env").symlink_to(".notes-env")
    (project(home, "folder") / ".notes-env").mkdir()
    assert found(home, [one]).claims == ()


def test_names_are_compared_as_the_store_cuts_them(home: Home) -> None:
    directory = project(home, "Averylongname")
    length = len(str(directory))
    one = environment(home.path / "store", f"Averylon-{length}")
    other = environment(home.path / "store", f"averylon-{length}")
    evidence = found(home, [one, other])
    assert [(c.environment, c.how) for c in evidence.claims] == [(one.path, EvidenceKind.HASH)]
    match = Matcher([one], [STORE], unproven={one.path})
    (directory / "pyproject.toml").write_text('[project]\nname = "Averylonger"\n')
    assert match.match(Candidate(directory, "x")).claims == evidence.claims
    assert match.wanted.names == frozenset()


def test_a_pointer_of_the_right_name_ends_the_search(home: Home) -> None:
    one = environment(home.path / "store", "Averylon-0")
    directory = project(home, "Averylongname")
    (directory / ".notes-env").write_text(one.path.name)
    match = Matcher(
        [one],
        [STORE],
        unproven={one.path},
        pointers=Pointers([STORE], {STORE.name: [Root(home.path / "store", STORE.name)]}),
    )
    assert match.wanted.telling == {".notes-env", "venv"}
    assert match.match(Candidate(directory, "x")).claims
    assert match.wanted.names == frozenset()
