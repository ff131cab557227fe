"""A playground holds what it says, and only ever fills a directory that is its own."""

import contextlib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.demo.test_outside import listing
from venvdash.demo.catalogue import NAMED, PROJECTS, Fate
from venvdash.demo.playground import MARKER, Playground, PlaygroundError, build
from venvdash.demo.workshop import site_packages
from venvdash.model import Status
from venvdash.system.machine import Machine


def quiet(words: str) -> None:
    """Report to nobody."""


def user(playground: Playground) -> Home:
    """Return the playground's user, to run programs as."""
    return Home(playground.home, dict(playground.variables))


def test_every_environment_is_there_and_real(playground: Playground) -> None:
    for item in playground.made.values():
        assert item.path.is_relative_to(playground.home)
        there = item.status is not Status.MISSING
        assert os.path.lexists(item.path) == there, item.label
        real = there and item.status is not None
        assert (item.path / "pyvenv.cfg").is_file() == real, item.label


def test_nothing_is_missing_but_a_second_python(
    playground: Playground, pythons: list[Path]
) -> None:
    short = ["data-lab's older environment"] if len(pythons) < 2 else []
    assert [line.split(":")[0] for line in playground.missing] == short


def test_all_that_was_promised_is_made(
    playground: Playground, two_pythons: tuple[Path, Path]
) -> None:
    others = {"data-lab", "data-lab-older", "report", "greeter", "py-nightly", "reports"}
    others |= {"thesis", "webtools", "old-backups", "todo.txt", "blog-copy"}
    promised = {item.label for item in (*PROJECTS, *NAMED)}
    assert set(playground.made) == promised | others
    statuses = {item.status for item in playground.made.values()}
    assert statuses == {*Status, None} - {Status.CHECKING}


def test_projects_met_their_fates(playground: Playground) -> None:
    for project in PROJECTS:
        place = playground.home / project.place
        assert place.exists() == (project.fate in (Fate.LIVES, Fate.PRUNED))
        if project.fate is Fate.MOVED:
            link = playground.home / project.to / ".venv"
            assert Path(os.readlink(link)) == playground.made[project.label].path


def test_a_live_project_points_to_its_environment(playground: Playground) -> None:
    for label in ("webapp", "notes", "api", "work-api", "data-lab"):
        item = playground.made[label]
        assert item.project is not None
        assert (item.project / ".venv").resolve() == item.path


def test_the_broken_one_has_no_interpreter(playground: Playground) -> None:
    item = playground.made["py-nightly"]
    assert (item.path / "bin" / "python").is_symlink()
    assert not (item.path / "bin" / "python").exists()
    home = (item.path / "pyvenv.cfg").read_text().splitlines()[0].partition(" = ")[2]
    assert Path(home).is_relative_to(playground.directory)
    assert not Path(home).exists()


def test_environments_share_blocks_with_uvs_cache_and_each_other(playground: Playground) -> None:
    def links(label: str, package: str) -> int:
        part = site_packages(playground.made[label].path) / package / "part00.bin"
        return part.stat().st_nlink

    assert links("data-lab", "numerics") > 3  # the cache and several environments
    assert links("vision", "learning") == 1  # the cache has forgotten it: deleting frees it
    assert links("blog", "templating") == 1  # unpacked, as pip does


def test_their_programs_run(playground: Playground) -> None:
    greeter = Path(playground.variables["XDG_BIN_HOME"], "greeter")
    assert user(playground).run(greeter).stdout == "greeter 1.2.0\n"
    report = playground.made["report"]
    assert report.project
    said = user(playground).run(report.path / "bin" / "python", "-B", report.project)
    assert said.stdout == "dataframes 3.1.2\n"


def test_ages_differ(playground: Playground) -> None:
    times = {
        round((item.path / "pyvenv.cfg").stat().st_mtime)
        for item in playground.made.values()
        if item.status not in (None, Status.MISSING)
    }
    assert len(times) > 15


def test_a_finished_one_is_opened_as_it_was_left(tmp_path: Path, bare: Machine) -> None:
    first = build(tmp_path / "p", quiet, machine=bare, bundled_uv=False)
    note = first.home / "code" / "note.txt"
    note.write_text("mine")
    shutil.rmtree(first.made["thesis"].path)
    again = build(tmp_path / "p", quiet, machine=bare, bundled_uv=False)
    assert again == first
    assert note.read_text() == "mine"
    rebuilt = build(tmp_path / "p", quiet, machine=bare, bundled_uv=False, fresh=True)
    assert rebuilt.made["thesis"].path.is_dir()
    assert not note.exists()


def test_one_that_was_moved_is_built_anew(tmp_path: Path, playground: Playground) -> None:
    shutil.copytree(playground.directory, tmp_path / "q", symlinks=True)
    moved = build(tmp_path / "q", quiet)
    assert all(item.path.is_relative_to(tmp_path / "q") for item in moved.made.values())
    assert (moved.made["webapp"].project or Path("/")).joinpath(".venv").exists()
    config = Path(moved.variables["XDG_CONFIG_HOME"], "uv", "uv.toml").read_text()
    assert str(tmp_path / "q" / "wheels") in config


def test_an_unfinished_one_is_built_anew(tmp_path: Path, bare: Machine) -> None:
    def stop(words: str) -> None:
        if words.startswith("made "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "p", stop, machine=bare, bundled_uv=False)
    debris = tmp_path / "p" / "home" / "debris"
    debris.touch()
    done = build(tmp_path / "p", quiet, machine=bare, bundled_uv=False)
    assert done.made
    assert not debris.exists()


@pytest.mark.parametrize("marker", ["[]", "{}", "not json", '{"venvdash demo": 1, "finished": 7}'])
def test_a_marker_of_any_content_does_no_harm(tmp_path: Path, marker: str, bare: Machine) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / MARKER).write_text(marker)
    (tmp_path / "p" / "mine.txt").write_text("mine")
    with contextlib.suppress(PlaygroundError):
        build(tmp_path / "p", quiet, machine=bare, bundled_uv=False)
    assert (tmp_path / "p" / "mine.txt").read_text() == "mine"


def test_a_damaged_list_of_a_finished_one_is_built_anew(tmp_path: Path, bare: Machine) -> None:
    first = build(tmp_path / "p", quiet, machine=bare, bundled_uv=False)
    table = json.loads((tmp_path / "p" / MARKER).read_text())
    table["made"][0]["status"] = "nonsense"
    (tmp_path / "p" / MARKER).write_text(json.dumps(table))
    again = build(tmp_path / "p", quiet, machine=bare, bundled_uv=False)
    assert again.made == first.made


def test_without_uv_it_makes_what_it_can_and_says_the_rest(tmp_path: Path, bare: Machine) -> None:
    said: list[str] = []
    made = build(tmp_path / "p", said.append, machine=bare, bundled_uv=False)
    assert made.missing == ("central environments, a script's, a tool: uv is not installed",)
    assert f"left out {made.missing[0]}" in said
    assert {"blog", "blog-copy", "photos", "thesis", "webtools", "py-nightly"} <= set(made.made)
    assert not any("environments-v2" in str(item.path) for item in made.made.values())
    assert site_packages(made.made["legacy-crm"].path).joinpath("webframe").is_dir()


def test_a_failing_uv_costs_only_what_it_makes(tmp_path: Path, bare: Machine) -> None:
    tool = bare.home / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho no luck >&2\nexit 2\n")
    tool.chmod(0o755)
    machine = Machine(bare.home, {**bare.variables, "PATH": str(tool.parent)}, cwd=bare.home)
    made = build(tmp_path / "p", quiet, machine=machine)
    webapp = next(line for line in made.missing if line.startswith("webapp"))
    assert "no luck" in webapp
    assert "blog" in made.made
    assert "webapp" not in made.made


def test_hostile_names_of_directories(tmp_path: Path) -> None:
    made = build(tmp_path / '-v --help;x it\'s "mine", $HOME & co größe 大きさ', quiet)
    assert not [line for line in made.missing if not line.startswith("data-lab's older")]
    greeter = Path(made.variables["XDG_BIN_HOME"], "greeter")
    assert user(made).run(greeter).stdout == "greeter 1.2.0\n"


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "a\udcffb", "a" + os.pathsep + "b"])
def test_names_that_no_tool_could_bear_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PlaygroundError, match="choose a folder without") as caught:
        build(tmp_path / name, quiet)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years")
    before = listing(tmp_path)
    with pytest.raises(PlaygroundError, match="neither empty nor an earlier playground"):
        build(tmp_path, quiet)
    assert listing(tmp_path) == before


def test_a_file_in_the_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("mine")
    with pytest.raises(PlaygroundError, match="cannot be made"):
        build(tmp_path / "p", quiet)
    assert (tmp_path / "p").read_text() == "mine"


def test_a_marker_that_is_a_link_is_not_believed(tmp_path: Path, playground: Playground) -> None:
    place = tmp_path / "p"
    place.mkdir()
    (place / MARKER).symlink_to(playground.directory / MARKER)
    (place / "home").mkdir()
    with pytest.raises(PlaygroundError, match="neither empty nor"):
        build(place, quiet)


def test_a_link_in_a_playground_is_never_followed(tmp_path: Path, bare: Machine) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    place = tmp_path / "p"
    build(place, quiet, machine=bare, bundled_uv=False)
    (place / "home" / "code" / "link").symlink_to(outside)
    build(place, quiet, machine=bare, bundled_uv=False, fresh=True)
    shutil.rmtree(place / "wheels")
    (place / "wheels").symlink_to(outside)
    with pytest.raises(PlaygroundError, match="is a link"):
        build(place, quiet, machine=bare, bundled_uv=False, fresh=True)
    assert (outside / "precious").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "p"
    place.mkdir(mode=0o777)
    os.chown(place, 65534, 65534)
    with pytest.raises(PlaygroundError, match="belongs to another user"):
        build(place, quiet)
    assert list(place.iterdir()) == []
