"""Every rule of names on the command line, on real environments: one test a rule."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.conftest import Home
from tests.scenario import listing, uv_project
from venvdash.session import Session
from venvdash.session.name_resolution import AmbiguousError, NotFoundError
from venvdash.stores._name_hashes import short_hash

POETRY = Path(".cache", "pypoetry", "virtualenvs")


def made(path: Path, python: str = "3.12.1", project: Path | None = None) -> Path:
    """Make what passes for an environment, of virtualenvwrapper's where it has a project."""
    small(path)
    (path / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {python}\n")
    if project is not None:
        project.mkdir(parents=True, exist_ok=True)
        (path / ".project").write_text(f"{project}\n")
    return path


def poetrys(home: Path, project: Path, minor: str, *, used: bool = False) -> Path:
    """Make an environment as poetry names it, and note it in poetry's index if it is in use."""
    section = f"{project.name}-{short_hash(str(project))}"
    path = made(home / POETRY / f"{section}-py{minor}", f"{minor}.1")
    if used:
        with (home / POETRY / "envs.toml").open("a") as index:
            index.write(f'[{section}]\nminor = "{minor}"\npatch = "{minor}.1"\n')
    return path


def scanned(home: Home, cwd: Path | None = None) -> Session:
    return listing(home, cwd=cwd, records=False)


class World:
    """A machine with environments of many sorts, scanned once."""

    def __init__(self, home: Home) -> None:
        self.home = home.path
        code = home.path / "code"
        # What the issue that asked for all this has as its example.
        self.foo = uv_project(home, code / "foo")
        self.bar = uv_project(home, home.path / "Documents" / "bar")
        self.bar_one = uv_project(home, code / "project1" / "bar")
        for name in ("api", "shop", "dual", "renamed"):
            (code / name).mkdir()
            (code / name / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        self.old_api = poetrys(self.home, code / "api", "3.11")
        self.api = poetrys(self.home, code / "api", "3.12", used=True)
        envs = self.home / ".virtualenvs"
        self.shop = made(envs / "shop-env", project=code / "shop")
        self.gone = made(envs / "shop-old", project=self.home / "gone" / "shop")
        shutil.rmtree(self.home / "gone")
        self.dual = made(envs / "dual", project=code / "dual")
        self.named_dual = made(self.home / ".venvs" / "dual", "3.11.4")
        self.data = made(self.home / ".venvs" / "Big_Data.tools", "3.11.4")
        self.twins = [made(self.home / place / "twin") for place in (".venvs", "envs")]
        self.odd = made(self.home / ".venvs" / "odd@3.11", "3.12.1")
        (code / "renamed" / "pyproject.toml").write_text('[project]\nname = "Its.Own_name"\n')
        self.renamed = made(envs / "hull", project=code / "renamed")
        self.session = scanned(home, code)

    def choice(self, text: str, *, changing: bool = False, every: bool = False) -> list[Path]:
        found = self.session.choose(text, changing=changing, every=every)
        return [row.path for row in found.rows]

    def note(self, text: str) -> str:
        return self.session.choose(text, changing=False).note

    def options(self, text: str, *, changing: bool = False, every: bool = False) -> dict[str, Path]:
        with pytest.raises(AmbiguousError) as caught:
            self.session.choose(text, changing=changing, every=every)
        return {spelled: row.path for spelled, row in caught.value.options}

    def nothing(self, text: str, *, changing: bool = False) -> tuple[str, ...]:
        with pytest.raises(NotFoundError) as caught:
            self.session.choose(text, changing=changing)
        return caught.value.suggestions


@pytest.fixture(scope="module")
def world(module_home: Home) -> World:
    return World(module_home)


# A name


@pytest.mark.slow
def test_a_name_that_only_one_bears_is_enough(world: World) -> None:
    assert world.choice("foo") == world.choice("foo", changing=True) == [world.foo]


def test_one_that_two_bear_is_told_apart_by_the_end_of_the_path(world: World) -> None:
    spelled = {"Documents/bar": world.bar, "project1/bar": world.bar_one}
    for changing in (False, True):
        assert world.options("bar", changing=changing) == spelled
        for text, path in spelled.items():
            assert world.choice(text, changing=changing) == [path]


def test_an_environment_is_known_by_its_own_name_its_projects_and_its_folder(world: World) -> None:
    for text in ("hull", "renamed", "Its.Own_name"):
        assert world.choice(text, changing=True) == [world.renamed]
    assert world.choice(world.foo.name, changing=True) == [world.foo]  # its directory's


def test_exactly_goes_before_alike(module_home: Home, tmp_path: Path) -> None:
    home = replace(module_home, path=tmp_path)
    exact, other = (made(tmp_path / ".venvs" / name) for name in ("my-lab", "My.Lab"))
    session = scanned(home)
    for text, path in (("my-lab", exact), ("My.Lab", other)):
        assert [row.path for row in session.choose(text, changing=True).rows] == [path]
    with pytest.raises(AmbiguousError):
        session.choose("MY_LAB", changing=True)


def test_case_and_what_separates_words_do_not_count(world: World) -> None:
    for text in ("Big_Data.tools", "big-data-tools", "BIG.DATA__TOOLS"):
        assert world.choice(text, changing=True) == [world.data]


def test_a_name_goes_before_the_end_of_a_path(world: World) -> None:
    # `.venvs/dual` ends in what is also the name of a row: the name is told apart by its kind.
    assert world.choice(".venvs/dual", changing=True) == [world.named_dual]
    assert world.choice("code/dual", changing=True) == [world.dual]


def test_the_end_of_a_path_is_of_whole_folders(world: World) -> None:
    assert world.choice("code/project1/bar", changing=True) == [world.bar_one]
    assert world.choice("project1/bar/", changing=True) == [world.bar_one]
    for text in ("ect1/bar", "1/bar", "project1/ba", "project1", "Documents"):
        world.nothing(text, changing=True)


def test_a_unique_beginning_is_enough_to_read_and_never_to_change(world: World) -> None:
    assert world.choice("big-d") == world.choice("BIG_") == [world.data]
    assert world.choice("ap") == [world.api]  # both are of one project
    assert "Big_Data.tools" in world.nothing("Big_Data.too", changing=True)
    assert world.nothing("ap", changing=True) == ("api",)


def test_a_beginning_that_several_have_is_not_unique(world: World) -> None:
    # Though only one of the projects is still there.
    options = world.options("sho")
    assert set(options.values()) == {world.shop, world.gone}
    assert len(world.options("d")) >= 2


def test_nothing_is_guessed_from_what_is_near(world: World) -> None:
    assert "foo" in world.nothing("fooo", changing=True)
    assert "Big_Data.tools" in world.nothing("big-dta-tools")
    assert world.nothing("zzzzzzzz") == ()
    assert world.nothing("") == ()


# A path


def test_only_what_starts_like_a_path_is_one(world: World) -> None:
    code = world.home / "code"  # the current directory
    for text in (str(code / "foo"), "./foo", "../code/foo/", "~/code/foo", "~/code/./foo"):
        assert world.choice(text, changing=True) == [world.foo]
    assert world.choice("../Documents/bar") == [world.bar]
    for text in ("~/foo", "/foo", "./bar", "..", "~", "~nobody-of-this-name/foo"):
        world.nothing(text, changing=True)


def test_what_does_not_is_never_one(world: World) -> None:
    (world.home / "code" / "here").mkdir(exist_ok=True)
    made(world.home / "code" / "here" / "env")
    assert os.path.isdir(world.home / "code" / "here" / "env")
    world.nothing("here/env", changing=True)
    world.nothing("here", changing=True)


def test_a_path_is_that_of_an_environment_a_project_or_its_venv(world: World) -> None:
    code = world.home / "code"
    for text in (world.foo, code / "foo", code / "foo" / ".venv"):
        assert world.choice(str(text), changing=True) == [world.foo]
    assert world.choice(str(world.named_dual), changing=True) == [world.named_dual]


def test_a_venv_may_be_a_file_with_a_path(world: World) -> None:
    pointer = world.home / "code" / "shop" / ".venv"
    pointer.write_text("../../.virtualenvs/shop-env")
    try:
        assert world.choice("./shop/.venv", changing=True) == [world.shop]
    finally:
        pointer.unlink()


def test_a_path_through_a_link_is_the_same_path(world: World) -> None:
    link = world.home / "way"
    link.symlink_to(world.home / "code")
    for text in ("~/way/foo", "~/way/shop"):
        assert world.choice(text, changing=True) == world.choice(text.replace("way", "code"))


def test_dollars_in_a_path_are_the_shells_affair(world: World) -> None:
    world.nothing("./$HOME", changing=True)
    world.nothing("$HOME/code/foo", changing=True)


# Narrowed


def test_a_kind_in_front_narrows(world: World) -> None:
    assert world.choice("venv:dual", changing=True) == [world.named_dual]
    assert world.choice("virtualenvwrapper:dual", changing=True) == [world.dual]
    assert world.choice("uv:./foo", changing=True) == [world.foo]
    world.nothing("venv:foo")
    world.nothing("nokind:foo")


def test_a_python_behind_picks(world: World) -> None:
    assert world.choice("api@3.11", changing=True) == [world.old_api]
    assert world.choice("api@3.12.1", changing=True) == [world.api]
    assert world.choice("poetry:api@3.11", changing=True) == [world.old_api]
    assert world.choice("./api@3.11", changing=True) == [world.old_api]
    for text in ("api@3.1", "api@3.13", "api@2", "foo@3.99"):
        world.nothing(text)


def test_a_name_may_have_such_an_end_itself(world: World) -> None:
    for text in ("odd@3.11", "~/.venvs/odd@3.11", ".venvs/odd@3.11", "odd@3.11@3.12"):
        assert world.choice(text, changing=True) == [world.odd]


# Several


def test_of_one_project_the_current_one_is_read_and_that_is_said(world: World) -> None:
    assert world.choice("api") == world.choice("./api") == [world.api]
    assert world.note("api") == f"api@3.12: in use by its project (1 of 2) ({world.api})"


def test_of_one_project_none_is_chosen_to_be_changed(world: World) -> None:
    spelled = {"api@3.11": world.old_api, "api@3.12": world.api}
    assert world.options("api", changing=True) == spelled
    assert world.options("./api", changing=True) == spelled


def test_all_of_one_project_are_changed_on_request(world: World) -> None:
    assert set(world.choice("api", changing=True, every=True)) == {world.old_api, world.api}
    assert world.choice("foo", changing=True, every=True) == [world.foo]


def test_all_never_are_those_of_several_projects_or_of_none(world: World) -> None:
    world.options("bar", changing=True, every=True)
    assert set(world.options("twin", changing=True, every=True).values()) == set(world.twins)
    world.options("dual", changing=True, every=True)


def test_a_living_project_is_read_before_one_that_is_gone_and_that_is_said(world: World) -> None:
    assert world.choice("shop") == [world.shop]
    assert world.note("shop") == (
        f"code/shop: its project exists; ignored 1 orphan of that name ({world.shop})"
    )
    assert set(world.options("shop", changing=True).values()) == {world.shop, world.gone}


def test_what_has_no_project_is_neither_living_nor_gone(world: World) -> None:
    assert world.options("dual") == {
        "venv:dual": world.named_dual,
        "dual@3.12": world.dual,
    }
    world.options("twin")


def test_every_option_is_the_shortest_that_means_only_it(world: World) -> None:
    rows = world.session.rows.values()
    for row in rows:
        for name in {row.name, row.environment.entry.name}:
            try:
                found = world.session.choose(name, changing=True).rows
            except AmbiguousError as error:
                for spelled, other in error.options:
                    assert world.choice(spelled, changing=True) == [other.path]
                    assert len(spelled) <= len(str(other.path))
            else:
                assert found == (row,)
    assert set(world.options("twin")) == {".venvs/twin", "envs/twin"}


def test_environments_of_one_project_and_one_name_show_where_they_lie(home: Home) -> None:
    project = home.path / "code" / "pad"
    paths = [made(home.path / place / "pad-env", project=project) for place in (".venvs", "envs")]
    session = scanned(home)
    assert {row.path: row.name for row in session.rows.values()} == {
        paths[0]: "pad (.venvs/pad-env)",
        paths[1]: "pad (envs/pad-env)",
    }
    for path, row in session.rows.items():
        assert [one.path for one in session.choose(row.name, changing=True).rows] == [path]
