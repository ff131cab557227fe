"""What is done to a copy made by hand never makes the original look like the copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import listing, venv
from tests.session.test_copying import done, row
from venvdash.actions.annotate import note, pin
from venvdash.model import Outcome, Status
from venvdash.session import Session


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    """A project's environment, and a copy of it made by hand."""
    project = home.path / "code" / "blog"
    project.mkdir(parents=True)
    original = venv(home.path / ".venvs" / "blog")
    (project / ".venv").symlink_to(original)
    listing(home)
    copy = original.with_name("copy")
    shutil.copytree(original, copy, symlinks=True)
    assert statuses(home) == {"blog": Status.LINKED, "copy": Status.DUPLICATE}
    return original, copy


def statuses(home: Home) -> dict[str, Status]:
    return {path.name: row.verdict.status for path, row in listing(home).rows.items()}


def test_a_renamed_copy_stays_the_copy(home: Home, pair: tuple[Path, Path]) -> None:
    session = listing(home)
    result = done(session, session.actions.rename(row(session, pair[1]), "other"))
    assert result.outcome is Outcome.DONE
    assert statuses(home) == {"blog": Status.LINKED, "other": Status.DUPLICATE}


def test_a_copy_that_goes_to_another_disk(home: Home, pair: tuple[Path, Path]) -> None:
    disk = home.path / "envs"
    disk.mkdir()
    with tmpfs(disk, "64m"):
        session = listing(home)
        result = done(session, session.actions.move(row(session, pair[1]), disk))
        assert result.outcome is Outcome.DONE
        assert statuses(home)["blog"] is Status.LINKED


def pinned(session: Session, path: Path) -> None:
    pin(session, session.rows[path], pinned=True)


def noted(session: Session, path: Path) -> None:
    note(session, session.rows[path], "mine")


@pytest.mark.slow
@pytest.mark.parametrize("annotated", [pinned, noted])
def test_a_copy_that_is_annotated(
    home: Home, pair: tuple[Path, Path], annotated: Callable[[Session, Path], None]
) -> None:
    annotated(listing(home), pair[1])
    assert statuses(home)["blog"] is Status.LINKED
    records = {path.name: row.record for path, row in listing(home).rows.items()}
    assert records["blog"] is not None
    assert not records["blog"].pinned
    assert records["copy"] is not None
    assert records["copy"].pinned or records["copy"].note == "mine"


def test_a_copy_that_is_activated(home: Home, pair: tuple[Path, Path]) -> None:
    assert run(home, "activate", "--shell", "bash", str(pair[1])).stdout
    assert statuses(home) == {"blog": Status.LINKED, "copy": Status.DUPLICATE}


def test_a_note_on_a_copy_keeps_its_pin(home: Home) -> None:
    original = venv(home.path / ".venvs" / "blog")
    pinned(listing(home), original)
    copy = original.with_name("copy")
    shutil.copytree(original, copy, symlinks=True)
    noted(listing(home), copy)
    for one in listing(home).rows.values():
        assert one.record is not None
        assert one.record.pinned
