"""Real uv brings real environments up to date: exactly those, and never more than was shown."""

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from tests.actions.process.test_child_process import alive
from tests.actions.syncing import CENTRAL, Place, content, last, packages
from tests.scenario import venv
from tests.waiting import waited
from venvdash.actions.events import Output, Progressed
from venvdash.actions.sync import dry_run, plan
from venvdash.actions.sync.dry_run import DryRun
from venvdash.model import Outcome, PackageChange, Proposal, Record
from venvdash.records.sidecar import read as read_sidecar

NEEDS = {"one": "alpha", "two": "beta", "three": "delta", "four": "gamma"}


def warned(proposal: Proposal) -> str:
    assert not proposal.refusal, proposal.refusal
    return " ".join(proposal.warns)


def said(proposal: Proposal) -> str:
    assert not proposal.refusal, proposal.refusal
    return " ".join(proposal.says)


def changes(proposal: Proposal) -> set[str]:
    return {f"{one.action} {one.name} {one.version}" for one in proposal.packages}


@pytest.mark.slow
def test_a_project_without_a_lockfile(place: Place) -> None:
    project = place.project("web", "alpha<2")
    environment = place.central(project)
    before = content(project, environment)
    proposal = place.propose(environment)
    assert said(proposal) == "uv syncs it with ~/code/web. ~/code/web/uv.lock is made first."
    assert (proposal.warns, changes(proposal)) == ((), {"installed alpha 1.0"})
    assert proposal.project == project
    after = content(project, environment)
    assert {path for path in after if after[path] != before.get(path)} <= {
        f"{environment}/venvdash.toml"
    }, "a proposal changes nothing"
    result = place.sync(environment)
    assert (result.outcome, result.reason) == (Outcome.DONE, "Installed: alpha 1.0.")
    assert packages(environment) == {"alpha-1.0"}
    assert (project / "uv.lock").is_file()
    assert os.readlink(project / ".venv") == str(environment)
    row = place.row(environment)
    assert row.record is not None
    assert row.record.last_sync is not None
    sidecar = read_sidecar(environment, os.getuid())
    assert isinstance(sidecar, Record)
    assert sidecar.last_sync == row.record.last_sync
    again = place.propose(environment)
    assert said(again) == "Already up to date."
    assert again.commands == ()
    assert place.sync(environment).reason == "Already up to date."


@pytest.mark.slow
def test_extras_and_groups_are_passed_on_and_what_goes_is_named_first(place: Place) -> None:
    project = place.project("web", "alpha")
    environment = place.central(project)
    result = place.sync(environment, "--extra", "more", "--group", "check")
    assert result.reason == "Installed: alpha 2.0, beta 1.0, delta 1.0, gamma 1.0."
    proposal = place.propose(environment)
    assert proposal.warns == ("3 packages are uninstalled: beta, delta, gamma.",)
    assert place.propose(environment, "--extra", "more", "--group=check").warns == ()
    place.project("web", "alpha<2", "delta")
    proposal = place.propose(environment, "--extra", "more")
    assert proposal.warns == (), "another version is not an uninstalled package"
    assert changes(proposal) == {"uninstalled alpha 2.0", "installed alpha 1.0"}
    result = place.sync(environment, "--extra", "more")
    assert result.reason == "Changed: alpha 2.0 → 1.0."


@pytest.mark.slow
def test_without_the_network_uvs_own_words_and_an_untouched_environment(place: Place) -> None:
    project = place.project("web", "alpha", "nowhere-to-be-had")
    environment = place.central(project)
    place.add(environment, "beta")
    session = place.session(UV_NO_INDEX="0")
    before = content(project, environment)
    proposal = session.actions.sync(session.rows[environment])
    assert "nowhere-to-be-had" in proposal.refusal
    assert "network" in proposal.refusal
    assert last(session.actions.apply([proposal])).results[0].outcome is Outcome.SKIPPED
    assert content(project, environment) == before
    (run,) = session.log.runs()
    assert run.status == 1
    assert any("network was disabled" in line for line in run.lines)


@pytest.mark.slow
def test_dot_venv_that_leads_elsewhere_stays_and_so_does_that_environment(place: Place) -> None:
    project = place.project("web", "alpha")
    environment = place.wrapped("web", project)
    other = place.wrapped("other", place.project("other", "beta"))
    place.add(other, "beta", "delta")
    (project / ".venv").symlink_to(other)
    place.row(environment)  # its sidecars are written by any listing
    before = content(other)
    proposal = place.propose(environment)
    assert "~/code/web/.venv points to another environment, ~/.virtualenvs/other" in said(proposal)
    assert place.sync(environment).reason == "Installed: alpha 2.0."
    assert content(other) == before
    assert os.readlink(project / ".venv") == str(other)
    assert packages(environment) == {"alpha-2.0"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "variable",
    [
        "VIRTUAL_ENV",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PROJECT",
        "UV_PYTHON",
        "PYTHONHOME",
        "CONDA_PREFIX",
    ],
)
def test_what_the_callers_shell_has_set_leads_nowhere_else(place: Place, variable: str) -> None:
    project = place.project("web", "alpha")
    environment = place.central(project)
    other = place.wrapped("other")
    other_project = place.project("wrong", "beta")
    values = {"UV_PROJECT": str(other_project), "UV_PYTHON": str(other / "bin" / "python")}
    place.row(environment)
    before = content(other, other_project)
    place.home.variables[variable] = values.get(variable, str(other))
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    assert changes(proposal) == {"installed alpha 2.0"}
    (result,) = last(session.actions.apply([proposal])).results
    assert result.outcome is Outcome.DONE, result
    assert packages(environment) == {"alpha-2.0"}
    assert content(other, other_project) == before


def test_arguments_that_lead_elsewhere_are_refused_by_what_uv_answers(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    other = place.wrapped("other")
    wrong = place.project("wrong", "beta")
    place.central(wrong)
    place.row(environment)
    before = content(other, wrong)
    for extra in (["--project", str(wrong)], ["--script", str(wrong / "x.py")]):
        assert place.propose(environment, *extra).refusal, extra
    for extra in (["--directory", str(wrong)], ["--active"]):
        assert changes(place.propose(environment, *extra)) == {"installed alpha 2.0"}
    assert content(other, wrong) == before


def test_a_shared_environment_keeps_what_its_other_project_needs(place: Place) -> None:
    one, two = place.project("one", "alpha", "delta"), place.project("two", "beta")
    environment = place.wrapped("both", one)
    (two / ".venv").symlink_to(environment)
    row = place.row(environment, cwd=two)
    assert set(row.verdict.projects) == {one, two}
    assert place.sync(environment, cwd=one).outcome is Outcome.DONE
    proposal = place.propose(environment, cwd=two)
    assert proposal.project == two
    assert proposal.warns == ()
    assert "shared by 2 projects" in said(proposal)
    assert place.sync(environment, cwd=two / "src").reason == "Installed: beta 1.0."
    assert packages(environment) == {"alpha-2.0", "delta-1.0", "beta-1.0"}
    session = place.session(cwd=two)
    chosen = session.actions.sync(session.rows[environment], project=one)
    assert chosen.project == one
    stranger = place.project("three", "gamma")
    refused = session.actions.sync(session.rows[environment], project=stranger)
    assert "It does not belong to ~/code/three" in refused.refusal


def test_what_was_put_into_an_environment_named_by_hand_stays(place: Place) -> None:
    environment = place.wrapped("play", place.project("web", "alpha"))
    place.add(environment, "delta")
    proposal = place.propose(environment)
    assert proposal.warns == ()
    assert "named by hand" in said(proposal)
    place.sync(environment)
    assert packages(environment) == {"alpha-2.0", "delta-1.0"}
    assert place.propose(environment, "--exact").warns == ("1 package is uninstalled: delta.",)


def test_what_uv_says_is_told_as_it_says_it_and_stays_in_the_log(place: Place) -> None:
    environment = place.central(place.project("web", "gamma"))
    session = place.session()
    events = list(session.actions.apply([session.actions.sync(session.rows[environment])]))
    lines = [event.line for event in events if isinstance(event, Output)]
    assert " + gamma==1.0" in lines
    steps = [event for event in events if isinstance(event, Progressed)]
    assert steps[-1] == Progressed("installed", 2, 2)
    *planned, done = session.log.runs()
    assert done.lines == tuple(lines)
    assert done.status == 0
    assert done.shown.startswith(f"UV_PROJECT_ENVIRONMENT={environment} uv sync --project ")
    assert all("--dry-run" in run.command for run in planned)
    assert session.rows[environment].environment.packages, "fresh before the next scan"


def test_a_uv_that_does_nothing_has_not_done_it(place: Place) -> None:
    """One that says what it would do, and then neither does it nor fails."""
    environment = place.central(place.project("web", "alpha"))
    uv = place.home.path / "programs" / "uv"
    uv.parent.mkdir()
    uv.write_text(
        f'#!/bin/sh\ncase "$*" in *--dry-run*) exec {find_uv_bin()} "$@";; esac\necho done\n'
    )
    uv.chmod(0o755)
    place.home.variables["PATH"] = f"{uv.parent}:{place.home.variables['PATH']}"
    result = place.sync(environment)
    assert result.outcome is Outcome.FAILED
    assert result.reason == "uv succeeded, but the environment has not changed."


def test_what_lacks_files_is_installed_again(place: Place) -> None:
    environment = place.central(place.project("web", "alpha", "beta"))
    place.sync(environment)
    (module,) = environment.glob("lib/python*/site-packages/alpha/__init__.py")
    module.unlink()
    proposal = place.propose(environment)
    assert "Reinstalled because files are missing: alpha." in said(proposal)
    assert changes(proposal) == {"reinstalled alpha 2.0"}
    assert place.sync(environment).reason == "Reinstalled: alpha 2.0."
    assert module.is_file()


def test_what_is_built_again_is_no_removal() -> None:
    """uv names no version for what it builds from a source tree."""
    given = [
        PackageChange("shop", "0.1", "uninstalled"),
        PackageChange("shop", "", "installed"),
        PackageChange("alpha", "1.0", "uninstalled"),
        PackageChange("alpha", "2.0", "installed"),
        PackageChange("beta", "1.0", "uninstalled"),
    ]
    assert dry_run.merged(given) == (PackageChange("shop", "", "reinstalled"), *given[2:])


def test_it_does_nothing_that_was_not_shown(place: Place) -> None:
    project = place.project("web", "alpha", "beta")
    environment = place.central(project)
    place.sync(environment)
    place.project("web", "alpha", "beta", "delta")
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    assert proposal.warns == ()
    place.project("web", "alpha", "delta")
    (result,) = last(session.actions.apply([proposal])).results
    assert result.outcome is Outcome.SKIPPED
    assert "1 package is uninstalled: beta." in result.reason
    assert packages(environment) == {"alpha-2.0", "beta-1.0"}


def test_another_environment_in_its_place_is_left_alone(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    shutil.rmtree(environment)
    venv(environment)
    (result,) = last(session.actions.apply([proposal])).results
    assert (result.outcome, packages(environment)) == (Outcome.SKIPPED, set())
    assert "Another environment has replaced it" in result.reason


def test_who_uses_it_is_told(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    code = "import sys; print('runs', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [environment / "bin" / "python", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=place.home.variables,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        proposal = place.propose(environment)
        assert f"(pid {process.pid})" in said(proposal)
        assert proposal.warns == ()
        process.communicate()


@pytest.mark.slow
def test_previews_and_a_central_store_do_not_relink(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    ours, other = two_pythons
    project = place.project("web", "alpha")
    inactive = place.central(project, ours)
    current = place.central(project, other)
    assert inactive != current
    place.row(current)
    before = content(current)
    place.home.variables["UV_PREVIEW_FEATURES"] = CENTRAL
    assert place.sync(inactive).reason == "Installed: alpha 2.0."
    assert content(current) == before
    assert os.readlink(project / ".venv") == str(current)


def test_several_are_planned_beside_each_other_in_the_order_of_the_rows(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2)
    asked = dry_run.dry_run

    def beside(*given: Any) -> DryRun:
        together.wait(60)
        return asked(*given)

    monkeypatch.setattr(plan, "dry_run", beside)
    monkeypatch.setattr(plan, "cores", lambda: 2)
    paths = [place.wrapped(name, place.project(name, need)) for name, need in NEEDS.items()]
    session = place.session()
    rows = [session.rows[path] for path in paths]
    proposals = list(session.actions.sync_each(rows))
    assert [proposal.row for proposal in proposals] == rows
    for proposal, need in zip(proposals, NEEDS.values(), strict=True):
        assert need in {change.name for change in proposal.packages}
    assert not any((path / ".lock").exists() for path in paths)


def test_plans_of_several_are_cancelled_together(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "cores", lambda: 2)
    paths = [place.wrapped(name, place.project(name, need)) for name, need in NEEDS.items()]
    began = place.home.path / "began"
    began.mkdir()
    programs = place.home.path / "slow"
    programs.mkdir()
    (programs / "uv").write_text(f"#!/bin/sh\n: > {began}/$$\nexec sleep 600\n")
    (programs / "uv").chmod(0o755)
    place.home.variables["PATH"] = f"{programs}:{place.home.variables['PATH']}"
    session = place.session()
    cancel = threading.Event()

    def stop() -> None:
        waited(lambda: len(list(began.iterdir())) == 2)
        cancel.set()

    threading.Thread(target=stop).start()
    rows = [session.rows[path] for path in paths]
    proposals = list(session.actions.sync_each(rows, cancel=cancel))
    cancelled = "Cancelled while the plan was being made."
    assert [proposal.refusal for proposal in proposals] == [cancelled] * 4
    assert len(list(began.iterdir())) == 2, "not more than there are cores"
    assert not any(alive(int(file.name)) for file in began.iterdir())
