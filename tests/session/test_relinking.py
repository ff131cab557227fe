"""Saying which project an environment belongs to: what is written, refused, shared, taken back."""

import json
import os
import subprocess
from dataclasses import replace

import pytest

from tests.actions.deleting import small
from tests.actions.relinking import differing, everything
from tests.conftest import Home
from tests.scenario import rows, uv_project
from tests.session.relinking import (
    applied,
    moved,
    named,
    project_of,
    relinked,
    unlinked,
    uvlinked,
)
from tests.session.sharing import last, scanned, undone
from venvdash.actions.relink.apply import undo as undo_relink
from venvdash.model import EvidenceKind, Outcome, Relation, Status


@pytest.mark.slow
def test_a_moved_project_gets_its_environment_back(home: Home) -> None:
    known = moved(home)
    row = rows(home)[known.environment]
    assert (row.verdict.status, row.verdict.place) == (Status.MOVED, known.project)
    result = relinked(home, known.environment, known.project)
    assert (result.outcome, result.place) == (Outcome.DONE, known.expected.parent)
    assert not known.environment.parent.exists()
    assert os.readlink(known.project / ".venv") == str(known.expected)
    program = (known.expected / "bin" / "thing").read_text()
    assert str(known.expected) in program
    assert str(known.environment) not in program
    for records in (True, False):
        verdict = rows(home, records=records)[known.expected].verdict
        assert (verdict.status, verdict.project) == (Status.LINKED, known.project)
    assert rows(home)[known.expected].verdict.evidence is EvidenceKind.USER


def test_what_the_user_says_is_remembered_and_decides(home: Home) -> None:
    first, second = project_of(home, "first"), project_of(home, "second")
    path = named(home, "shop", first)
    assert relinked(home, path, second).outcome is Outcome.DONE
    assert (path / ".project").read_text() == f"{second}\n"
    assert (second / ".venv").resolve() == path
    # Whatever a tool says afterwards:
    (path / ".project").write_text(f"{first}\n")
    verdict = rows(home)[path].verdict
    assert (verdict.projects, verdict.evidence) == ((second,), EvidenceKind.USER)
    assert "you linked it to" in verdict.reason
    # Once that is gone, others are heard again.
    (second / ".venv").unlink()
    second.rmdir()
    verdict = rows(home)[path].verdict
    assert (verdict.status, verdict.projects) == (Status.LINKED, (first, second))


@pytest.mark.slow
def test_several_projects_share_one(home: Home) -> None:
    first, second, third = (project_of(home, name) for name in ("first", "second", "third"))
    path = named(home, "shop", first)
    before = (path / ".project").read_bytes()
    for project in (second, third):
        assert relinked(home, path, project, share=True).outcome is Outcome.DONE
        assert (project / ".venv").resolve() == path
    assert set(rows(home)[path].verdict.projects) == {first, second, third}
    assert (path / ".project").read_bytes() == before
    # Linked to one of them alone it leaves the others.
    assert relinked(home, path, third).outcome is Outcome.DONE
    assert rows(home)[path].verdict.projects == (third,)
    assert not os.path.lexists(second / ".venv")


@pytest.mark.slow
def test_an_unlinked_environment_stays_so(home: Home) -> None:
    project = project_of(home)
    path = named(home, "shop", project)
    assert relinked(home, path, project).outcome is Outcome.DONE
    assert unlinked(home, path).outcome is Outcome.DONE
    assert not os.path.lexists(path / ".project")
    assert not os.path.lexists(project / ".venv")
    row = rows(home)[path]
    assert (row.verdict.status, row.verdict.projects) == (Status.STANDALONE, ())
    assert row.record
    assert [p.how for p in row.record.projects] == [EvidenceKind.DENIED]
    assert rows(home)[path].verdict.status is Status.STANDALONE
    # What a tool writes later counts again, and so does what the user says.
    (project / ".venv").symlink_to(path)
    assert rows(home)[path].verdict.status is Status.LINKED
    (project / ".venv").unlink()
    assert relinked(home, path, project).outcome is Outcome.DONE
    assert rows(home)[path].verdict.evidence is EvidenceKind.USER


@pytest.mark.slow
def test_an_editable_install_does_not_link_again_what_was_unlinked(home: Home) -> None:
    project = home.path / "code" / "shop"
    venv = uv_project(home, project, "--package")
    path = home.path / ".virtualenvs" / "shop"
    path.parent.mkdir()
    home.uv("venv", "-q", path)
    home.uv("pip", "install", "-q", "--python", path, "-e", project)
    assert rows(home)[path].verdict.evidence is EvidenceKind.EDITABLE
    assert unlinked(home, path).outcome is Outcome.DONE
    assert rows(home)[path].verdict.status is Status.STANDALONE
    assert rows(home)[venv].verdict.status is Status.LINKED


def test_what_a_tool_finds_by_its_name_cannot_be_unlinked(home: Home) -> None:
    project = home.path / "code" / "app"
    for path in (uv_project(home, project), uvlinked(home, home.path / "code" / "lab")):
        session = scanned(home)
        proposal = session.actions.unlink(session.rows[path])
        assert "so it cannot be unlinked" in proposal.refusal
        assert applied(session, proposal).outcome is Outcome.SKIPPED
        assert rows(home)[path].verdict.status is Status.LINKED


def test_undo_takes_back_whichever_was_later(home: Home) -> None:
    project, other = project_of(home), named(home, "other")
    path = named(home, "shop")
    session = scanned(home)
    before = everything(home)
    applied(session, session.actions.relink(session.rows[path], project))
    last(session.deletions.delete(session.deletions.plan_delete([other])))
    undone(session)
    assert other.exists()
    assert os.path.lexists(project / ".venv")
    (result,) = undone(session).results
    assert (result.outcome, result.path) == (Outcome.DONE, path)
    assert differing(everything(home), before) == []
    assert session.plan_undo() == "Nothing to undo."


def test_what_has_changed_since_is_not_taken_back(home: Home) -> None:
    known = moved(home)
    relinked(home, known.environment, known.project)
    (known.project / ".venv").unlink()
    (known.project / ".venv").mkdir()
    (result,) = last(undo_relink(scanned(home))).results
    assert result.outcome is Outcome.SKIPPED
    assert ".venv is a directory" in result.reason
    assert known.expected.exists()
    (known.project / ".venv").rmdir()
    (known.project / ".venv").symlink_to(known.expected)
    small(known.environment)
    (result,) = last(undo_relink(scanned(home))).results
    assert result.outcome is Outcome.SKIPPED
    assert "already exists" in result.reason


def test_undo_without_anything_to_undo(home: Home) -> None:
    (result,) = last(undo_relink(scanned(home))).results
    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "There is no relink to undo.",
    )


def test_a_link_to_what_the_project_used_before_is_replaced_and_told(home: Home) -> None:
    project = project_of(home)
    used, path = named(home, "used", project), named(home, "shop")
    (project / ".venv").symlink_to(used)
    session = scanned(home)
    proposal = session.actions.relink(session.rows[path], project)
    assert any(f"points to {used}" in sentence for sentence in proposal.warns)
    assert applied(session, proposal).outcome is Outcome.DONE
    assert (project / ".venv").resolve() == path
    # And so is one that leads nowhere any more.
    (project / ".venv").unlink()
    (project / ".venv").symlink_to(home.path / ".virtualenvs" / "gone")
    assert relinked(home, path, project).outcome is Outcome.DONE
    assert (project / ".venv").resolve() == path


def test_a_copy_gets_an_identity_of_its_own(home: Home) -> None:
    first, second = project_of(home, "first"), project_of(home, "second")
    path = named(home, "shop", first)
    scanned(home)
    copy = home.path / ".virtualenvs" / "copy"
    subprocess.run(["cp", "-a", path, copy], check=True)
    session = scanned(home)
    assert session.rows[copy].verdict.status is Status.DUPLICATE
    applied(session, session.actions.relink(session.rows[copy], second))
    found = rows(home)
    assert found[copy].verdict.projects == (second,)
    assert found[path].verdict.projects == (first,)
    records = [found[one].record for one in (copy, path)]
    assert len({record.identity for record in records if record}) == 2


def test_offers_begin_with_the_likeliest(home: Home) -> None:
    known = moved(home)
    alike = project_of(home, "before-too")
    (alike / "pyproject.toml").write_text('[project]\nname = "before"\n')
    session = scanned(home)
    offers = session.actions.projects(session.rows[known.environment])
    assert offers[0] == known.project
    path = named(home, "shop")
    shop = project_of(home, "shop")
    (shop / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (shop / ".venv").symlink_to(home.path / "nowhere")
    session = scanned(home)
    assert shop in session.actions.projects(session.rows[path])
    session.machine = replace(session.machine, cwd=alike)
    assert session.actions.projects(session.rows[path])[-1] == alike


def test_without_records_only_what_the_tools_read_is_written(home: Home) -> None:
    project, path = project_of(home), named(home, "shop")
    session = scanned(home, records=False)
    result = applied(session, session.actions.relink(session.rows[path], project))
    assert result.outcome is Outcome.DONE
    assert (path / ".project").read_text() == f"{project}\n"
    assert not (path / "venvdash.toml").exists()
    assert not list(home.path.rglob("*.sqlite"))
    assert rows(home, records=False)[path].verdict.project == project


def test_a_script_environment_follows_its_script(home: Home) -> None:
    from tests.scenario import uv_script

    before = home.path / "code" / "job.py"
    path = uv_script(home, before)
    scanned(home)
    after = before.rename(home.path / "code" / "task.py")
    result = relinked(home, path, after)
    assert result.outcome is Outcome.DONE
    assert result.place
    verdict = rows(home)[result.place].verdict
    assert (verdict.status, verdict.project) == (Status.LINKED, after)
    store = path.parent
    home.uv("run", "-q", after)
    assert list(store.iterdir()) == [result.place]  # uv made no other


def test_relations_are_kept(home: Home) -> None:
    known = moved(home)
    session = scanned(home)
    record = session.rows[known.environment].record
    assert record
    relinked(home, known.environment, known.project)
    session = scanned(home)
    assert session.facts
    assert session.facts.memories[known.expected].relation is Relation.SAME
    now = session.rows[known.expected].record
    assert now
    assert now.identity == record.identity


def test_of_a_conda_environment_only_is_remembered_what_was_said(home: Home) -> None:
    project, path = project_of(home), home.path / ".conda" / "envs" / "lab"
    (path / "conda-meta").mkdir(parents=True)
    (path / "conda-meta" / "history").write_text("==> 2026-01-01 10:00:00 <==\n")
    (path / "bin").mkdir()
    (path / "bin" / "python").touch()
    scanned(home)
    before = everything(home)
    assert relinked(home, path, project).outcome is Outcome.DONE
    assert differing(everything(home), before) == []
    verdict = rows(home)[path].verdict
    assert (verdict.project, verdict.evidence) == (project, EvidenceKind.USER)
    assert unlinked(home, path).outcome is Outcome.DONE
    assert rows(home)[path].verdict.status is Status.STANDALONE


def test_what_else_names_a_renamed_environment_is_told(home: Home) -> None:
    known = moved(home)
    (known.project / ".envrc").write_text(f"source {known.environment}/bin/activate\n")
    alias = home.path / ".virtualenvs" / "alias"
    alias.parent.mkdir()
    alias.symlink_to(known.environment)
    kernel = home.path / ".local" / "share" / "jupyter" / "kernels" / "k" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": [f"{known.environment}/bin/python", "-m", "x"]}))
    session = scanned(home)
    proposal = session.actions.relink(session.rows[known.environment], known.project)
    told = "\n".join(proposal.warns)
    assert "~/code/after/.envrc refers to its current path." in told
    assert "~/.virtualenvs/alias is a link to its old path." in told
    assert str(kernel) in told


def test_what_changes_nothing_is_not_what_is_undone(home: Home) -> None:
    first, second = project_of(home, "first"), project_of(home, "second")
    path = named(home, "shop", first)
    assert relinked(home, path, second).outcome is Outcome.DONE
    again = relinked(home, path, second)
    assert (again.outcome, again.reason) == (Outcome.DONE, "Already up to date.")
    (result,) = last(undo_relink(scanned(home))).results
    assert result.outcome is Outcome.DONE
    assert (path / ".project").read_text() == f"{first}\n"
    assert not (second / ".venv").exists()
