"""Syncs that would replace the environment: asked about first, and nothing is lost by them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.sync.test_apply import said, warned
from tests.actions.syncing import Place, content, last, packages
from venvdash.actions.record_update import update_record
from venvdash.model import Flag, Outcome, Record


def test_a_broken_interpreter_is_replaced_by_its_like_after_asking(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    ours, other = two_pythons
    environment = place.central(place.project("web", "alpha"), ours)
    place.add(environment, "beta")
    python = environment / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    session = place.session(PATH=f"{other.parent}:{ours.parent}:{os.environ['PATH']}")
    row = session.rows[environment]
    assert Flag.BROKEN in row.environment.flags
    proposal = session.actions.sync(row)
    assert "It is deleted and recreated with Python" in warned(proposal)
    assert "Not reinstalled: beta." in warned(proposal)
    assert proposal.python is not None
    assert proposal.python.startswith(place.version(ours)), "though another comes first"
    (result,) = last(session.actions.apply([proposal])).results
    assert result.outcome is Outcome.DONE, result
    assert result.reason.startswith("recreated with Python")
    assert packages(environment) == {"alpha-2.0"}
    assert place.home.run(python, "-c", "import alpha").returncode == 0


def test_an_interpreter_that_is_none_is_uvs_to_tell(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    python = environment / "bin" / "python"
    python.unlink()
    python.write_text("\x7fELF is what it is not\n")
    python.chmod(0o755)
    before = content(environment)
    proposal = place.propose(environment)
    assert "interpreter" in proposal.refusal
    assert str(python) in proposal.refusal
    before[f"{environment}/venvdash.toml"] = content(environment)[f"{environment}/venvdash.toml"]
    assert content(environment) == before


def test_a_python_that_does_not_fit_is_asked_about_and_nothing_of_the_tools_is_lost(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    environment, wanted = place.misfit(two_pythons)
    project = place.home.path / "code" / "web"
    (environment / "data").mkdir()
    session = place.session()
    known = session.rows[environment]
    update_record(session, known.environment, known.record, _annotated)
    sidecar = environment / "venvdash.toml"
    sidecar.write_text(f"# by hand\n{sidecar.read_text()}")
    session = place.session()
    identity = session.rows[environment].record
    assert identity is not None
    proposal = session.actions.sync(session.rows[environment])
    assert f"recreated with Python {wanted}" in warned(proposal)
    assert "These files are deleted with it: data." in warned(proposal)
    assert "requires" in warned(proposal).lower(), "uv's own reason"
    assert proposal.python is not None
    (result,) = last(session.actions.apply([proposal])).results
    assert result.outcome is Outcome.DONE, result
    assert not (environment / "data").exists()
    assert (environment / ".project").read_text() == f"{project}\n"
    hook = environment / "bin" / "postactivate"
    assert "NAME=value" in hook.read_text()
    assert os.access(hook, os.X_OK)
    row = place.row(environment)
    assert row.record is not None
    assert (row.record.identity, row.record.note) == (identity.identity, "a note")
    assert row.record.fingerprint == row.environment.fingerprint
    assert row.verdict.projects == (project,)
    assert "# by hand" in (environment / "venvdash.toml").read_text()
    assert not list(place.home.machine().state_directory.glob("replacing/*"))
    assert (row.environment.python or "").startswith(wanted)


def _annotated(record: Record) -> Record:
    return replace(record, note="a note")


def test_a_pinned_environment_is_not_replaced(place: Place, two_pythons: tuple[Path, Path]) -> None:
    environment, _ = place.misfit(two_pythons)
    session = place.session()
    known = session.rows[environment]
    update_record(
        session, known.environment, known.record, lambda record: replace(record, pinned=True)
    )
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    assert "deleted and recreated" in proposal.refusal
    assert "pinned" in proposal.refusal


def test_files_of_the_users_own_are_not_lost_in_a_replacement(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    environment, _ = place.misfit(two_pythons)
    (environment / "notebooks").mkdir()
    (environment / "notebooks" / "plan.ipynb").write_text("mine")
    refusal = place.propose(environment).refusal
    assert "It contains your own files: move them elsewhere first" in refusal


def test_what_may_not_be_deleted_is_not_replaced(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    environment, _ = place.misfit(two_pythons)
    heir = place.home.path / ".virtualenvs" / "heir"
    place.home.run(environment / "bin" / "python", "-m", "venv", "--without-pip", heir)
    (heir / "pyvenv.cfg").write_text(f"home = {environment}/bin\nversion = 3.11.1\n")
    assert "Other environments use its Python: heir" in place.propose(environment).refusal


@pytest.mark.real_tools
def test_a_pinned_python_of_the_project_does_not_replace_one_that_would_do(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    ours, other = two_pythons
    project = place.project("web", "alpha")
    environment = place.central(project, ours)
    version = place.version(other)
    (project / ".python-version").write_text(f"# chosen\n{version}\n")
    proposal = place.propose(environment)
    assert proposal.warns == ()
    assert f"though .python-version asks for {version}" in said(proposal)
    assert place.sync(environment).reason == "Installed: alpha 2.0."
    asked = place.session(PATH=f"{place.home.variables['PATH']}:{other.parent}")
    proposal = asked.actions.sync(asked.rows[environment], ["--python", version])
    assert f"recreated with Python {version}" in warned(proposal)
    assert "Its name contains Python" in warned(proposal)
