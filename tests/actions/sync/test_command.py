"""Whoever made an environment, it is synced in the way that is its own, or not, and it says why."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.syncing import Place, content, last, packages
from tests.mounting import tmpfs
from tests.realtools import Tool
from tests.scenario import uv_lock
from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.actions.process import uv
from venvdash.config import Config
from venvdash.demo.wheels import make_wheel
from venvdash.model import Outcome, Status
from venvdash.session import Session


def test_a_script(place: Place) -> None:
    script = place.home.path / "code" / "report.py"
    script.parent.mkdir()
    script.write_text('# /// script\n# dependencies = ["alpha<2"]\n# ///\n')
    place.uv("sync", "-q", "--script", script)
    (environment,) = (place.home.path / ".cache/uv/environments-v2").iterdir()
    script.write_text('# /// script\n# dependencies = ["beta"]\n# ///\n')
    proposal = place.propose(environment)
    assert proposal.project == script
    assert proposal.warns == ("1 package is uninstalled: alpha.",)
    assert place.sync(environment).reason == "Installed: beta 1.0. Removed: alpha 1.0."
    assert packages(environment) == {"beta-1.0"}
    assert not (script.parent / "uv.lock").exists()
    place.uv("lock", "-q", "--script", script)
    script.write_text('# /// script\n# dependencies = ["delta"]\n# ///\n')
    says = place.propose(environment).says
    assert "~/code/report.py.lock is brought up to date first." in says


@pytest.mark.slow
def test_a_script_whose_python_does_not_fit_is_not_replaced_by_the_same(
    place: Place, two_pythons: tuple[Path, Path]
) -> None:
    ours, other = two_pythons
    script = place.home.path / "code" / "report.py"
    script.parent.mkdir()
    script.write_text('# /// script\n# dependencies = ["alpha"]\n# ///\n')
    place.uv("sync", "-q", "--script", script, "--python", ours)
    (environment,) = (place.home.path / ".cache/uv/environments-v2").iterdir()
    version = place.version(other)
    wanted = f"=={version}.*"
    script.write_text(
        f'# /// script\n# requires-python = "{wanted}"\n# dependencies = ["alpha"]\n# ///\n'
    )
    session = place.session(PATH=f"{place.home.variables['PATH']}:{other.parent}")
    proposal = session.actions.sync(session.rows[environment])
    assert f"recreated with Python {version}" in proposal.warns[0]
    (result,) = last(session.actions.apply([proposal])).results
    assert result.outcome is Outcome.DONE, result
    assert packages(environment) == {"alpha-2.0"}
    assert place.propose(environment).commands == ()


@pytest.mark.slow
def test_requirements_only(place: Place) -> None:
    project = place.home.path / "code" / "old"
    project.mkdir(parents=True)
    (project / "requirements.txt").write_text("alpha<2\nbeta\n")
    environment = place.wrapped("old", project)
    place.add(environment, "delta")
    proposal = place.propose(environment)
    assert {f"{one.name} {one.version}" for one in proposal.packages} == {"alpha 1.0", "beta 1.0"}
    assert place.sync(environment).reason == "Installed: alpha 1.0, beta 1.0."
    assert place.propose(environment).commands == ()
    (project / "requirements.txt").write_text("alpha>=2\n")
    assert place.propose(environment).warns == ()
    assert place.sync(environment).reason == "Changed: alpha 1.0 → 2.0."
    assert packages(environment) == {"alpha-2.0", "beta-1.0", "delta-1.0"}
    elsewhere = place.home.path / "elsewhere"
    for extra in ([f"--target={elsewhere}"], ["--prefix", str(elsewhere)], ["--system"]):
        assert "would install to another location" in place.propose(environment, *extra).refusal
    (environment / "bin" / "python").unlink()
    assert "uv venv --clear" in place.propose(environment).refusal


@pytest.mark.slow
@pytest.mark.parametrize(("file", "table"), [("uv.toml", "pip"), ("pyproject.toml", "tool.uv.pip")])
@pytest.mark.parametrize("setting", ["target", "prefix"])
def test_a_setting_of_uv_that_installs_elsewhere(
    place: Place, file: str, table: str, setting: str
) -> None:
    """It overrules what uv is told, and its dry run keeps silent about it."""
    project, elsewhere = place.home.path / "code" / "old", place.home.path / "elsewhere"
    project.mkdir(parents=True)
    (project / "requirements.txt").write_text("alpha\n")
    environment = place.wrapped("old", project)
    session = place.session()
    proposal = session.actions.sync(session.rows[environment])
    (project / file).write_text(f'[{table}]\n{setting} = "{elsewhere}"\n')
    (result,) = last(session.actions.apply([proposal])).results
    assert result.outcome is Outcome.SKIPPED
    for said in (result.reason, place.propose(environment).refusal):
        assert f"`{setting}` under [pip]" in said
    assert not elsewhere.exists()
    assert packages(environment) == set()


def test_a_tool_of_uv(place: Place) -> None:
    wheels = place.home.path / "wheels"
    main = {"greeter/__init__.py": b"def main(): print('hi')\n"}
    make_wheel(wheels, "greeter", "1.0", main, {"greeter": "greeter:main"})
    make_wheel(wheels, "other", "1.0", {"other/__init__.py": b""}, {"other": "other:main"})
    for name in ("greeter", "other"):
        place.uv("tool", "install", "-q", name)
    make_wheel(wheels, "greeter", "2.0", main, {"greeter": "greeter:main"})
    make_wheel(wheels, "other", "2.0", {"other/__init__.py": b""}, {"other": "other:main"})
    environment = place.home.path / ".local" / "share" / "uv" / "tools" / "greeter"
    proposal = place.propose(environment)
    assert proposal.commands == (("uv", "tool", "upgrade", "greeter"),)
    assert not proposal.packages
    for extra in (["other"], ["--all"]):
        assert "would also upgrade other tools" in place.propose(environment, *extra).refusal
    assert place.sync(environment).reason == "Changed: greeter 1.0 → 2.0."
    assert packages(environment.with_name("other")) == {"other-1.0"}
    assert place.sync(environment).reason == "Already up to date."
    row = place.row(environment)
    assert row.record is not None
    assert row.record.last_sync is not None
    assert not (environment / "venvdash.toml").exists()
    (environment / "bin" / "python").unlink()
    assert (
        "run `uv tool install --reinstall greeter` to recreate it"
        in place.propose(environment).refusal
    )


def test_a_tool_of_pipx(place: Place, tool: Tool) -> None:
    program = tool("pipx")
    wheels = place.home.path / "wheels"
    main = {"greeter/__init__.py": b"def main(): print('hi')\n"}
    make_wheel(wheels, "greeter", "1.0", main, {"greeter": "greeter:main"})
    place.home.variables |= {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PATH": f"{program.parent}:{place.home.variables['PATH']}",
    }
    place.home.run(program, "install", "--backend", "uv", "greeter")
    environment = place.home.path / ".local" / "share" / "pipx" / "venvs" / "greeter"
    make_wheel(wheels, "greeter", "2.0", main, {"greeter": "greeter:main"})
    assert place.propose(environment).commands == (("pipx", "upgrade", "greeter"),)
    assert place.sync(environment).reason == "Changed: greeter 1.0 → 2.0."


def test_what_poetry_made(place: Place, tool: Tool) -> None:
    project = place.project("web", "alpha")
    place.home.run(tool("poetry"), "env", "use", "-q", sys.executable, cwd=project)
    (environment,) = (place.home.path / ".cache/pypoetry/virtualenvs").glob("web-*")
    place.add(environment, "delta")
    proposal = place.propose(environment)
    assert "delta" in " ".join(proposal.warns), "it is the project's own: nothing else stays"
    assert "Installed: alpha 2.0." in place.sync(environment).reason
    assert {name.split("-")[0] for name in packages(environment)} == {"alpha", "pip"}
    info = place.home.run(tool("poetry"), "env", "info", "-p", cwd=project).stdout
    assert info.strip() == str(environment)
    assert not (project / ".venv").exists()


def test_what_pdm_made(place: Place, tool: Tool) -> None:
    project = place.project("web", "alpha")
    place.home.variables |= {"PDM_VENV_IN_PROJECT": "0", "PDM_CHECK_UPDATE": "0"}
    for more in ([], ["--name", "dev"]):
        place.home.run(tool("pdm"), "venv", "create", *more, sys.executable, cwd=project)
    store = place.home.path / ".local/share/pdm/venvs"
    (named,) = store.glob("web-*-dev")
    (main,) = set(store.glob("web-*")) - {named}
    (project / ".pdm-python").write_text(str(main / "bin" / "python"))
    for environment in (main, named):
        place.add(environment, "delta")
    assert "delta" in " ".join(place.propose(main).warns)
    assert place.propose(named).warns == ()
    assert "named by hand" in " ".join(place.propose(named).says)
    assert place.sync(named).reason == "Installed: alpha 2.0."
    assert "delta-1.0" in packages(named)
    assert place.sync(main).outcome is Outcome.DONE
    assert packages(main) == {"alpha-2.0"}


def test_what_virtualenvwrapper_made(place: Place, tool: Tool) -> None:
    script = tool("virtualenvwrapper")
    project = place.project("web", "alpha")
    place.home.variables |= {
        "VIRTUALENVWRAPPER_PYTHON": str(script.parent / "python"),
        "VIRTUALENVWRAPPER_VIRTUALENV": str(script.parent / "virtualenv"),
        "VIRTUALENVWRAPPER_VIRTUALENV_ARGS": "--no-seed",
    }
    line = f"source {script} >/dev/null && mkvirtualenv -a {project} web"
    place.home.run("bash", "-c", line)
    environment = place.home.path / ".virtualenvs" / "web"
    hooks = {path: path.read_bytes() for path in environment.glob("bin/p*activate")}
    assert hooks
    assert place.sync(environment).reason == "Installed: alpha 2.0."
    assert (environment / ".project").read_text().strip() == str(project)
    assert {path: path.read_bytes() for path in hooks} == hooks


# What cannot be synced says why, and what to do instead; uv is not even asked.


def refused(place: Place, path: Path) -> str:
    """Return why; and see that carrying it out changes nothing and starts nothing."""
    session = place.session()
    before = content(path)
    proposal = session.actions.sync(session.rows[path])
    assert proposal.refusal
    (result,) = last(session.actions.apply([proposal])).results
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, proposal.refusal)
    assert content(path) == before
    assert session.log.runs() == ()
    return proposal.refusal


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("Pipfile", "[packages]\nalpha = '*'\n", "`pipenv sync`"),
        ("pyproject.toml", "[tool.poetry]\nname = 'web'\n", "`poetry install`"),
        ("pyproject.toml", "[tool.pixi.workspace]\nname = 'web'\n", "`pixi install`"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", "~/code/web does not declare"),
        ("pyproject.toml", "[project\n", "Cannot read the pyproject.toml"),
        ("environment.yml", "dependencies: []\n", "`conda env update`"),
        ("setup.py", "from setuptools import setup\nsetup()\n", "`uv pip install -e .`"),
        ("notes.txt", "", "~/code/web does not declare what to install"),
    ],
)
def test_a_project_that_uv_cannot_sync(place: Place, file: str, text: str, reason: str) -> None:
    project = place.home.path / "code" / "web"
    project.mkdir(parents=True)
    (project / file).write_text(text)
    environment = place.wrapped("web", project)
    place.add(environment, "alpha")
    assert reason in refused(place, environment)


def test_dependency_groups_alone_will_do(place: Place) -> None:
    project = place.project("web")
    (project / "pyproject.toml").write_text('[dependency-groups]\ndev = ["alpha"]\n')
    environment = place.wrapped("web", project)
    assert place.sync(environment).reason == "Installed: alpha 2.0."


def test_no_project_a_gone_and_a_moved_one(place: Place) -> None:
    assert "`venvdash relink play PROJECT`" in refused(place, place.wrapped("play"))
    gone = place.project("gone", "alpha")
    environment = place.wrapped("gone", gone)
    place.row(environment)
    for file in gone.iterdir():
        file.unlink()
    gone.rmdir()
    assert "no longer exists: run `venvdash relink gone PROJECT`" in refused(place, environment)
    project = place.project("web", "alpha")
    environment = place.central(project)
    place.row(environment)
    project.rename(project.with_name("moved"))
    assert "was moved to ~/code/moved" in refused(place, environment)


def test_one_out_of_reach(place: Place) -> None:
    point = place.home.path / "code"
    point.mkdir()
    with tmpfs(point):
        environment = place.wrapped("web", place.project("web", "alpha"))
        assert place.row(environment).verdict.status is Status.LINKED
    assert "cannot be reached" in refused(place, environment)


def test_a_copy_whose_project_is_disputed(place: Place) -> None:
    environment = place.wrapped("web", place.project("web", "alpha"))
    place.row(environment)
    copy = environment.with_name("copy")
    shutil.copytree(environment, copy, symlinks=True)
    assert place.row(copy).verdict.status is Status.DUPLICATE
    assert f"run `venvdash relink {copy} PROJECT` to link it" in refused(place, copy)


@pytest.mark.slow
def test_an_alias_means_what_it_leads_to(place: Place) -> None:
    project = place.project("web", "alpha")
    place.uv("venv", "-q", cwd=project)
    alias = place.home.path / ".virtualenvs" / "web"
    alias.parent.mkdir()
    alias.symlink_to(project / ".venv")
    assert "It is a link to ~/code/web/.venv: sync that one" in refused(place, alias)


def test_conda_is_left_to_conda(place: Place) -> None:
    path = place.home.path / "miniconda3" / "envs" / "science"
    (path / "conda-meta").mkdir(parents=True)
    (path / "conda-meta" / "history").write_text("")
    (path / "bin").mkdir()
    assert "`conda env update --prefix" in refused(place, path)


def test_one_that_uv_works_in(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    with uv_lock(environment) as lock:
        assert lock.held
        assert "locked because uv is using it" in refused(place, environment)
    assert not place.propose(environment).refusal


def test_without_uv(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = place.central(place.project("web", "alpha"))
    monkeypatch.setattr(uv, "_of_package", lambda: None)
    place.home.variables["PATH"] = "/nowhere"
    assert "uv was not found on PATH" in refused(place, environment)


def test_the_one_that_venvdash_runs_from(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = place.central(place.project("web", "alpha"))
    monkeypatch.setattr(sys, "prefix", str(environment))
    assert "venvdash is running from it" in refused(place, environment)


def test_somebody_elses_and_one_that_may_not_be_written(place: Place) -> None:
    """Run as another user, in whose HOME one environment is root's and one is read-only."""
    project = place.project("web", "alpha")
    roots, readonly = place.wrapped("roots", project), place.wrapped("readonly", project)
    for folder, folders, files in os.walk(place.home.path):
        for name in (".", *folders, *files):
            path = Path(folder, name)
            if not path.is_relative_to(roots):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    readonly.chmod(0o555)
    open_to_all(place.home.path)

    def refusals() -> str:
        machine = replace(place.home.machine(), uid=NOBODY)
        session = Session(machine, Config(), records=False)
        for _ in session.scan(usage=False):
            pass
        found = [session.actions.sync(session.rows[path]).refusal for path in (roots, readonly)]
        return "\n".join(found)

    first, second = as_another_user(refusals).split("\n")
    assert first == "It belongs to another user (uid 0)."
    assert second == "You have no permission to write to ~/.virtualenvs/readonly."
