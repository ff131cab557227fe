"""Moving an environment out of its project and into it: what changes, and what forbids it."""

import os
from pathlib import Path

import pytest

from tests.actions.adopt.adopting import Project, applied, project
from tests.actions.relinking import differing, program_runs
from tests.conftest import Home
from tests.scenario import rows, venv
from venvdash.actions.adopt import project_environments
from venvdash.model import Outcome, Status
from venvdash.session import Session


def _out(shop: Project) -> Session:
    result = shop.out(shop.session())
    assert result.outcome is Outcome.DONE, result.reason
    return shop.session()


def test_out_and_in_again_is_as_before(shop: Project) -> None:
    before = shop.snapshot()
    session = _out(shop)
    assert Path(os.readlink(shop.inside)) == shop.entry
    verdict = session.rows[shop.entry].verdict
    assert (verdict.status, verdict.projects) == (Status.LINKED, (shop.path,))
    exclude = shop.path / ".git" / "info" / "exclude"
    assert shop.home.run("git", "status", "--short", cwd=shop.path).stdout == (
        "?? .gitignore\n?? pyproject.toml\n"
    )
    assert shop.back(session).outcome is Outcome.DONE
    now = shop.snapshot()
    now[str(exclude)] = before[str(exclude)]  # it stays hidden
    assert differing(now, before) == []
    assert shop.entry not in rows(shop.home)
    assert not (shop.inside / "venvdash.toml").exists()
    program_runs(shop.home, shop.inside)
    _out(shop)
    program_runs(shop.home, shop.entry)


def test_both_are_undone(shop: Project) -> None:
    before = shop.snapshot()
    _out(shop)
    outside = shop.snapshot()
    assert shop.back(shop.session()).outcome is Outcome.DONE
    assert shop.undo(shop.session()).outcome is Outcome.DONE
    assert differing(shop.snapshot(), outside) == []
    assert shop.entry in rows(shop.home)
    assert shop.undo(shop.session()).outcome is Outcome.DONE
    assert differing(shop.snapshot(), before) == []
    assert shop.entry not in rows(shop.home)


def test_a_directory_that_is_no_store(shop: Project) -> None:
    before = shop.snapshot()
    folder = shop.home.path / "elsewhere"
    folder.mkdir()
    before[str(folder)] = (folder.stat().st_mode, b"")
    session = shop.session()
    proposal = session.actions.adopt(shop.row(session), folder)
    assert "is not in a store" in " ".join(proposal.warns)
    assert applied(session, proposal).outcome is Outcome.DONE
    assert shop.inside.resolve() == folder / "shop-abc234"
    assert shop.undo(shop.session()).outcome is Outcome.DONE
    assert differing(shop.snapshot(), before) == []


def test_what_changed_since_the_plan_is_left_alone(shop: Project) -> None:
    session = shop.session()
    proposal = shop.proposal(session)
    (shop.path / ".venv").rename(shop.path / "kept")
    (shop.path / ".venv").symlink_to(shop.path / "kept")
    before = shop.snapshot()
    assert applied(session, proposal).outcome is Outcome.SKIPPED
    assert differing(shop.snapshot(), before) == []
    (shop.path / ".venv").unlink()
    venv(shop.path / ".venv")
    assert "replaced it" in applied(session, proposal).reason
    assert not os.path.lexists(shop.entry)


def test_another_link_in_the_place_of_the_directory(shop: Project) -> None:
    session = _out(shop)
    shop.inside.unlink()
    shop.inside.symlink_to(shop.home.path / "gone")
    refused = session.actions.move_in(session.rows[shop.entry]).refusal
    assert f"{shop.inside} already exists" in refused
    said = shop.home.venvdash("undo", "--yes", check=False).stdout
    assert "has changed since the move" in said
    assert shop.entry.is_dir()


def test_git_tracks_it(shop: Project) -> None:
    (shop.inside / ".gitignore").unlink(missing_ok=True)
    shop.home.run("git", "add", "-f", ".venv/pyvenv.cfg", cwd=shop.path)
    assert "git tracks files in" in shop.proposal(shop.session()).refusal
    shop.home.run("git", "update-index", "--index-version", "4", cwd=shop.path)
    assert "git tracks files in" in shop.proposal(shop.session()).refusal
    shop.home.run("git", "rm", "-q", "--cached", ".venv/pyvenv.cfg", cwd=shop.path)
    assert not shop.proposal(shop.session()).refusal


def test_a_project_that_cannot_be_written_to(shop: Project) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    shop.path.chmod(0o555)
    try:
        assert "no permission" in shop.proposal(shop.session()).refusal
    finally:
        shop.path.chmod(0o755)


def test_a_synced_folder_is_warned_about(home: Home) -> None:
    shop = project(home, "../Dropbox/app")
    (warned,) = shop.proposal(shop.session()).warns
    assert "Dropbox" in warned
    assert "will also disappear on your other computers" in warned


def test_links_and_path_files_are_no_environments_in_a_project(shop: Project) -> None:
    session = shop.session()
    for make in (shop.inside.symlink_to, lambda led: shop.inside.write_text(str(led))):
        shop.inside.rename(shop.path / "kept")
        make(shop.path / "kept")
        assert list(project_environments.rows_of(session, [shop.path])) == []
        shop.inside.unlink()
        (shop.path / "kept").rename(shop.inside)


def test_no_link_is_wanted(shop: Project) -> None:
    file = shop.home.path / ".config" / "venvdash" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('project_link = "none"\n')
    said = shop.home.venvdash("adopt", "--dry-run", cwd=shop.path, check=False).stdout
    assert '`project_link = "none"` is set' in said
    file.write_text('project_link = "file"\n')
    shop.home.venvdash("adopt", "--yes", cwd=shop.path)
    assert Path(shop.inside.read_text()).is_dir()
