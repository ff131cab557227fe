"""What is never replaced or renamed, and disks and folders into which nothing is written."""

import itertools
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.actions.relinking import differing, everything
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import rows, uv_project
from tests.session.relinking import (
    applied,
    moved,
    named,
    project_of,
    refused,
    relinked,
    uvlinked,
)
from tests.session.sharing import scanned
from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.config import Config
from venvdash.model import EvidenceKind, Outcome, Status


def _as_directory(link: Path) -> None:
    small(link)


def _as_file(link: Path) -> None:
    link.write_text("my notes\n")


def _as_foreign_link(link: Path) -> None:
    link.symlink_to(small(link.parent.parent / "elsewhere"))


def _as_path_file(link: Path) -> None:
    link.write_text(str(small(link.parent.parent / "elsewhere")))


def _as_link_to_an_unplugged_disk(link: Path) -> None:
    link.symlink_to("/mnt/disk/environment")


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        _as_directory,
        _as_file,
        _as_foreign_link,
        _as_path_file,
        _as_link_to_an_unplugged_disk,
    ],
)
def test_what_is_somebody_elses_is_never_replaced(home: Home, make: object) -> None:
    project = project_of(home)
    path = named(home, "shop")
    assert callable(make)
    make(project / ".venv")
    rows(home)
    before = everything(home)
    reason = refused(home, path, project)
    assert str(project / ".venv") in reason
    assert "left unchanged" in reason
    assert differing(everything(home), before) == []


def test_what_came_in_between_is_never_replaced(home: Home) -> None:
    known = moved(home)
    session = scanned(home)
    proposal = session.actions.relink(session.rows[known.environment], known.project)
    (known.project / ".venv").unlink()
    (known.project / ".venv").mkdir()
    before = everything(home)
    result = applied(session, proposal)
    assert result.outcome is Outcome.SKIPPED
    assert differing(everything(home), before) == []


def test_an_entry_that_is_there_already_is_offered_and_never_overwritten(home: Home) -> None:
    known = moved(home)
    small(known.expected)
    before = everything(home)
    reason = refused(home, known.environment, known.project)
    assert known.expected.parent.name in reason
    assert "Link that one" in reason
    assert differing(everything(home), before) == []


@pytest.mark.parametrize("kind", ["missing", "file", "store", "inside", "control"])
def test_directories_that_are_noproject_of(home: Home, kind: str) -> None:
    path = named(home, "shop")
    places = {
        "missing": home.path / "nowhere",
        "file": home.path / "file",
        "store": path.parent,
        "inside": path / "lib",
        "control": home.path / "a\nb",
    }
    (home.path / "file").touch()
    places["control"].mkdir()
    assert refused(home, path, places[kind])


def test_of_another_user_and_tools_and_aliases(home: Home) -> None:
    path, project = named(home, "shop"), project_of(home)
    alias = home.path / ".virtualenvs" / "alias"
    alias.symlink_to(small(home.path / "elsewhere"))
    tool = small(home.path / ".local" / "share" / "uv" / "tools" / "ruff")
    (tool / "uv-receipt.toml").write_text('[tool]\nrequirements = [{ name = "ruff" }]\n')
    assert "is a link" in refused(home, alias, project)
    assert "installed tool" in refused(home, tool, project)
    if os.getuid() == 0:
        os.chown(project, NOBODY, NOBODY)
        assert f"another user (uid {NOBODY})" in refused(home, path, project)


def test_in_a_folder_that_is_synchronised_nothing_is_written(home: Home) -> None:
    known = moved(home, to="Dropbox/after")
    content = {path: os.lstat(path).st_mtime_ns for path in known.project.rglob("*")}
    link = os.readlink(known.project / ".venv")
    session = scanned(home)
    proposal = session.actions.relink(session.rows[known.environment], known.project)
    assert any("Dropbox synchronises it" in sentence for sentence in proposal.says)
    assert any("will still point to its old path" in sentence for sentence in proposal.warns)
    assert applied(session, proposal).outcome is Outcome.DONE
    assert {p: os.lstat(p).st_mtime_ns for p in known.project.rglob("*")} == content
    assert os.readlink(known.project / ".venv") == link
    verdict = rows(home)[known.expected].verdict
    assert (verdict.status, verdict.project) == (Status.LINKED, known.project)
    # Who asks for a link gets one.
    relinked(home, known.expected, known.project, config=Config(project_link="link"))
    assert os.readlink(known.project / ".venv") == str(known.expected)


@pytest.mark.parametrize("setting", ["auto", "link", "file", "none"])
def test_how_a_project_is_linked(home: Home, setting: str) -> None:
    project, path = project_of(home), named(home, "shop")
    config = Config(project_link=setting)
    assert relinked(home, path, project, config=config).outcome is Outcome.DONE
    link = project / ".venv"
    if setting == "none":
        assert not os.path.lexists(link)
    elif setting == "file":
        assert not link.is_symlink()
        assert link.read_text() == str(path)
    else:
        assert os.readlink(link) == str(path)
    assert rows(home)[path].verdict.evidence is EvidenceKind.USER


def test_uv_reads_the_path_file(home: Home) -> None:
    project = home.path / "code" / "app"
    uv_project(home, project)
    (project / ".venv").unlink()
    path = home.path / ".virtualenvs" / "shop"
    path.parent.mkdir()
    home.uv("venv", "-q", path)
    relinked(home, path, project, config=Config(project_link="file"))
    found = home.uv("python", "find", cwd=project)
    assert Path(found.strip()).parent.parent == path


def test_a_project_that_cannot_be_written(home: Home) -> None:
    path = named(home, "shop")
    point = project_of(home, "disk")
    with tmpfs(point):
        project = point / "app"
        project.mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(point)], check=True)
        session = scanned(home)
        proposal = session.actions.relink(session.rows[path], project)
        assert any("read-only" in sentence for sentence in proposal.says)
        assert applied(session, proposal).outcome is Outcome.DONE
        assert not os.path.lexists(project / ".venv")
        verdict = rows(home)[path].verdict
        assert (verdict.project, verdict.evidence) == (project, EvidenceKind.USER)


def test_a_link_on_a_read_only_disk_keeps_the_name_of_its_environment(home: Home) -> None:
    point = project_of(home, "disk")
    with tmpfs(point):
        before = point / "before"
        path = uvlinked(home, before)
        scanned(home)
        after = before.rename(point / "after")
        subprocess.run(["mount", "-o", "remount,ro", str(point)], check=True)
        assert "cannot be changed" in refused(home, path, after)
        assert path.exists()


def test_a_full_disk_leaves_everything_as_it_was(home: Home) -> None:
    known = moved(home)
    project = known.project
    point = home.path / "code" / "disk"
    point.mkdir()
    with tmpfs(point, "64k,nr_inodes=8"):
        target = point / "after"
        target.mkdir()
        (target / ".venv").symlink_to(known.environment)
        project.rename(home.path / "code" / ".away")
        for number in itertools.count():  # until there is no inode for a link either
            try:
                (point / f"{number}").touch()
            except OSError:
                break
        before = everything(home)
        session = scanned(home)
        result = applied(session, session.actions.relink(session.rows[known.environment], target))
        assert result.outcome is Outcome.SKIPPED
        assert "Nothing was changed" in result.reason
        assert differing(everything(home), before) == []
        assert rows(home)[known.environment].verdict.status is not Status.LINKED


def test_without_a_place_to_write_down_what_is_done_nothing_is(home: Home) -> None:
    known = moved(home)
    state = home.path / "full"
    state.mkdir()
    with tmpfs(state, "32k"):
        home.variables["VENVDASH_STATE_DIR"] = str(state / "state")
        session = scanned(home, records=False)
        (state / "fill").write_bytes(b"")
        with pytest.raises(OSError, match="No space"):
            (state / "fill").write_bytes(b"x" * 100_000)
        before = everything(home)
        proposal = session.actions.relink(session.rows[known.environment], known.project)
        result = applied(session, proposal)
        assert result.outcome is Outcome.SKIPPED, result
        assert differing(everything(home), before) == []


def test_a_state_directory_that_cannot_be_made(home: Home) -> None:
    known = moved(home)
    session = scanned(home)
    proposal = session.actions.relink(session.rows[known.environment], known.project)
    (session.machine.state_directory / "relinks").touch()  # where a directory belongs
    before = everything(home)
    result = applied(session, proposal)
    assert result.outcome is Outcome.SKIPPED
    assert result.reason.startswith("Cannot write the journal: ")
    assert result.reason.endswith("Nothing was changed.")
    assert differing(everything(home), before) == []


def test_what_is_in_use_is_not_renamed(home: Home) -> None:
    known = moved(home)
    sleeper = subprocess.Popen(["sleep", "60"], cwd=known.environment)
    try:
        session = scanned(home)
        proposal = session.actions.relink(session.rows[known.environment], known.project)
        result = applied(session, proposal)
        assert result.outcome is Outcome.SKIPPED
        assert "in use" in result.reason
        assert "Nothing was changed" in result.reason
    finally:
        sleeper.kill()
        sleeper.wait()
    assert relinked(home, known.environment, known.project).outcome is Outcome.DONE


def test_another_users_session_changes_nothing(home: Home, tmp_path: Path) -> None:
    project, path = project_of(home), named(home, "shop")
    open_to_all(project)
    open_to_all(path)
    for place in (path, path / "bin", path / "lib"):
        open_to_all(place)
    theirs = Home(home.path, home.variables | {"VENVDASH_STATE_DIR": str(tmp_path / "nobody")})

    def attempt() -> str:
        session = scanned(theirs, records=False)
        session.machine = replace(session.machine, uid=NOBODY)
        return session.actions.relink(session.rows[path], project).refusal

    assert "another user" in as_another_user(attempt)
    assert not os.path.lexists(project / ".venv")
