"""What a plan shows: how each goes, what goes with it, what could not be installed again."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import context, plan, small, tree
from tests.conftest import Home
from tests.prefixes import conda_prefix
from tests.scenario import rows, uv_project
from venvdash.actions.context import Context
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.delete.plan import plan_delete
from venvdash.actions.process import tool_commands
from venvdash.demo.wheels import make_wheel
from venvdash.model import Edit, Link, Outcome, Package, Plan, Record, Row, Status


def _store(home: Home) -> Path:
    return home.path / ".virtualenvs"


def _row(home: Home, name: str = "app") -> Row:
    path = small(_store(home) / name)
    return rows(home)[path]


def _plan(home: Home, row: Row, known: Context | None = None) -> Plan:
    return plan_delete([row], {row.path: row}, known or context(home))


def test_a_plan_changes_nothing(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    known = rows(home)
    before = tree(home.path)
    made = plan(home, environment, table=known)
    assert tree(home.path) == before
    (item,) = made.items
    assert (item.how, item.row.name, item.edits) == ("trash", "webapp", ())
    link = home.path / "code" / "webapp" / ".venv"
    assert item.links == (Link(link, str(link.readlink())),)


def test_a_path_file_is_shown_as_an_edit(home: Home) -> None:
    row = _row(home)
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (project / ".venv").write_text(f"{row.path}\n")
    row = replace(row, verdict=replace(row.verdict, projects=(project,)))
    (item,) = _plan(home, row).items
    assert item.edits == (Edit(project / ".venv", f"{row.path}\n", None),)


def test_the_same_environment_twice_is_one_item(home: Home) -> None:
    row = _row(home)
    assert len(plan_delete([row, row], {row.path: row}, context(home)).items) == 1


def test_a_pinned_one_asks_for_its_name_and_one_still_looked_into_is_refused(home: Home) -> None:
    row = _row(home)
    record = Record("0" * 32, row.path, row.environment.fingerprint, pinned=True)
    (item,) = _plan(home, replace(row, record=record)).items
    assert item.confirm == "it is pinned"
    checking = replace(row, verdict=replace(row.verdict, status=Status.CHECKING))
    assert "search for its project has not finished" in _plan(home, checking).refused[0].reason


def test_what_is_gone_already_is_told_as_such(home: Home) -> None:
    row = _row(home)
    shutil.rmtree(row.path)
    assert _plan(home, row).refused[0].reason == "It was already removed."


def test_packages_that_could_not_be_had_again(home: Home) -> None:
    row = _row(home)
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (project / "uv.lock").write_text('[[package]]\nname = "Locked_One"\n')
    packages = (
        Package("locked.one", "1"),
        Package("by-hand", "1"),
        Package("pip", "25"),
        Package("from-wheel", "1", "file:///somewhere/from_wheel-1-py3-none-any.whl"),
        Package("project", "1", f"file://{project}", editable=True),
        Package("checkout", "1", f"file://{row.path}/src/checkout", editable=True),
    )
    listed = replace(row.environment, packages=packages)
    named = replace(row.verdict, projects=(project,))

    def only_here(row: Row) -> list[str]:
        (item,) = _plan(home, row).items
        return [package.name for package in item.only_here]

    locked = replace(row, environment=listed, verdict=named)
    assert only_here(locked) == ["by-hand", "from-wheel", "checkout"]
    without = replace(row, environment=listed)
    assert only_here(without) == ["from-wheel", "checkout"]


def _install(home: Home, name: str) -> Path:
    wheels = home.path / "wheels"
    wheels.mkdir(exist_ok=True)
    content = {f"{name}/__init__.py": b"def main(): print('hi')\n"}
    wheel = make_wheel(wheels, name, "1.0", content, {name: f"{name}:main"})
    home.uv("tool", "install", "-q", "--python", sys.executable, wheel)
    return home.path / ".local" / "share" / "uv" / "tools" / name


def test_a_tool_goes_by_its_own_command(home: Home) -> None:
    greeter, other = _install(home, "greeter"), _install(home, "other")
    made = plan(home, greeter)
    assert made.items[0].how == "tool"
    about = context(home)
    with Deleter(made, about) as deleter:
        result = deleter.apply(made.items[0])
    assert result.outcome is Outcome.DONE, result
    assert [run.shown for run in about.log.runs()] == ["uv tool uninstall greeter"]
    assert (result.trash, "uv tool uninstall greeter" in result.reason) == (None, True)
    assert not greeter.exists()
    assert not (home.path / ".local" / "bin" / "greeter").is_symlink()
    assert other.is_dir()


def test_a_tool_that_fails_says_so(home: Home) -> None:
    greeter = _install(home, "greeter")
    made = plan(home, greeter)
    broken = home.path / "bin"
    broken.mkdir()
    (broken / "uv").write_text("#!/bin/sh\necho no way >&2\nexit 3\n")
    (broken / "uv").chmod(0o755)
    about = context(home)
    about = replace(about, machine=replace(about.machine, variables={"PATH": str(broken)}))
    with Deleter(made, about) as deleter:
        result = deleter.apply(made.items[0])
    assert (result.outcome, "no way" in result.reason) == (Outcome.FAILED, True)
    assert greeter.is_dir()


@pytest.mark.parametrize("name", ["--all", "-x", "a b", "pip;rm"])
def test_a_tools_name_is_never_taken_for_an_option(home: Home, name: str) -> None:
    greeter = _install(home, "greeter")
    greeter.rename(greeter.with_name(name))
    other = _install(home, "other")
    made = plan(home, greeter.with_name(name))
    if name.startswith("-"):
        assert "cannot be passed to the tool" in made.refused[0].reason
        return
    with Deleter(made, context(home)) as deleter:
        deleter.apply(made.items[0])
    assert other.is_dir()


@pytest.mark.parametrize("kind", ["pipx", "conda"])
def test_without_its_tool_it_is_refused(home: Home, kind: str) -> None:
    if kind == "conda":
        path = conda_prefix(home.path / ".conda" / "envs" / "science")
    else:
        path = small(home.path / ".local" / "share" / "pipx" / "venvs" / "black")
        (path / "pipx_metadata.json").write_text("{}")
    known = rows(home)
    about = context(home)
    about = replace(about, machine=replace(about.machine, variables={"PATH": "/nowhere"}))
    made = plan_delete([known[path]], known, about)
    assert made.items == ()
    assert f"{kind} was not found on PATH" in made.refused[0].reason


def test_conda_is_told_the_prefix(home: Home) -> None:
    path = conda_prefix(home.path / ".conda" / "envs" / "science")
    programs = home.path / "bin"
    programs.mkdir()
    script = '#!/bin/sh\necho "$@" > "$HOME/told"\n/bin/rm -r "$5"\n'
    (programs / "conda").write_text(script)
    (programs / "conda").chmod(0o755)
    known = rows(home)
    about = context(home)
    variables = {"PATH": str(programs), "HOME": str(home.path)}
    about = replace(about, machine=replace(about.machine, variables=variables))
    made = plan_delete([known[path]], known, about)
    with Deleter(made, about) as deleter:
        result = deleter.apply(made.items[0])
    assert result.outcome is Outcome.DONE, result
    assert (home.path / "told").read_text() == f"env remove --yes --prefix {path}\n"


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf greeter",
        "uv cache clean",
        "uv tool uninstall greeter other",
        "uv tool uninstall",
        "pipx uninstall-all",
        "pipx uninstall --verbose greeter",
        "uv tool uninstall 'unended",
        "",
    ],
)
def test_no_other_command_is_ever_run(home: Home, text: str) -> None:
    row = _row(home, "greeter")
    traits = replace(row.environment.traits, tool=text)
    with pytest.raises(tool_commands.ToolError):
        tool_commands.command(replace(row.environment, traits=traits), home.machine())


def test_a_tools_variables_reach_it(home: Home) -> None:
    row = _row(home, "greeter")
    traits = replace(row.environment.traits, tool="UV_TOOL_DIR='/a b' uv tool uninstall greeter")
    found = tool_commands.command(replace(row.environment, traits=traits), home.machine())
    assert found.variables == {"UV_TOOL_DIR": "/a b"}
    assert found.shown == "UV_TOOL_DIR='/a b' uv tool uninstall greeter"
