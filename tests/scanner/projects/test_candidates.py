"""Where the search for projects goes, and where it does not."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from venvdash.config import Config
from venvdash.scanner.projects.candidates import Candidate, CandidateSearch, SearchTargets
from venvdash.system.mounts import Mount, Mounts

ROOT = Mount("/", "ext4", "/dev/vda")


def project(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "pyproject.toml").touch()
    return path


def run(home: Home, **more: Any) -> tuple[dict[Path, Candidate], CandidateSearch]:
    machine = home.machine(more.pop("cwd", None))
    config = more.pop("config", Config())
    wanted = more.pop("wanted", SearchTargets())
    mounts = more.pop("mounts", Mounts((ROOT,)))
    known = more.pop("known", ())
    looked = CandidateSearch(machine, config, known, wanted, mounts=mounts, **more)
    found = list(looked)
    assert len({candidate.path for candidate in found}) == len(found)
    return {candidate.path: candidate for candidate in found}, looked


def test_an_empty_home(home: Home) -> None:
    found, looked = run(home)
    assert found == {}
    assert looked.directories == 1


def test_folders_that_hold_projects(home: Home) -> None:
    inside = [
        project(home.path / "code" / "webapp"),
        project(home.path / "ghq" / "github.com" / "ada" / "webapp"),
        project(home.path / "PycharmProjects" / "one"),
        project(home.path / "Documents" / "course" / "week1"),
        project(home.path / "webapp"),
    ]
    outside = [
        project(home.path / "Music" / "deep"),
        project(home.path / "code" / "1" / "2" / "3" / "4"),
    ]
    found, looked = run(home)
    assert set(found) == set(inside)
    assert not set(found) & set(outside)
    assert {candidate.why for candidate in found.values()} == {"home folders"}
    assert looked.searched["home folders"] == looked.directories
    assert not looked.cut_short


def test_what_a_candidate_tells(home: Home) -> None:
    path = project(home.path / "code" / "webapp")
    (path / ".venv").symlink_to("/store/x")
    (path / ".git").mkdir()
    found, _ = run(home)
    assert found[path] == Candidate(
        path,
        "home folders",
        frozenset(["pyproject.toml", ".venv", ".git"]),
        path.stat().st_ino,
    )


def test_never_into_environments_hidden_or_generated_directories(home: Home) -> None:
    code = home.path / "code"
    for name in ("node_modules", "site-packages", "__pycache__", ".hidden", ".git"):
        project(code / name / "x")
    project(code / "venv" / "x")
    (code / "venv" / "pyvenv.cfg").touch()
    project(code / "conda" / "x")
    (code / "conda" / "conda-meta").mkdir()
    project(home.path / ".hidden")
    found, _ = run(home)
    assert set(found) == {code}  # it has a .git itself


def test_a_link_is_a_place_and_no_loop(home: Home, tmp_path: Path) -> None:
    outside = project(tmp_path / "outside")
    code = home.path / "code"
    code.mkdir()
    (code / "link").symlink_to(outside)
    (code / "loop").symlink_to(code)
    (outside / "again").symlink_to(project(tmp_path / "further"))
    (home.path / "src").symlink_to(tmp_path)  # HOME lies below it
    found, _ = run(home)
    assert {path: one.why for path, one in found.items()} == {outside: "linked folders"}


def test_a_root_that_is_a_link_is_where_it_leads(home: Home, tmp_path: Path) -> None:
    outside = project(tmp_path.resolve() / "outside" / "webapp")
    (home.path / "link").symlink_to(outside.parent)
    found, _ = run(home, config=Config(project_roots=("~/link",)))
    assert set(found) == {outside}
    assert found[outside].why == "project_roots"


def test_configured_roots_go_deeper(home: Home, tmp_path: Path) -> None:
    deep = project(tmp_path.resolve() / "roots" / "1" / "2" / "3" / "4" / "5" / "6")
    project(deep / "7")
    found, _ = run(home, config=Config(project_roots=(str(tmp_path / "roots"), "/no/such")))
    assert set(found) == {deep}


def test_beside_known_projects(home: Home, tmp_path: Path) -> None:
    work = tmp_path.resolve() / "elsewhere"
    gone, sibling = work / "gone", project(work / "sibling")
    project(sibling / "inside")
    found, looked = run(home, known=[gone, Path("/no/such/place")])
    assert set(found) == {sibling}
    assert found[sibling].why == "beside known projects"
    assert looked.searched["beside known projects"] == 2


def test_the_repository_of_the_current_directory(home: Home, tmp_path: Path) -> None:
    top = project(tmp_path.resolve() / "repo")
    (top / ".git").mkdir()
    member = project(top / "packages" / "core")
    (member / "src").mkdir()
    found, _ = run(home, cwd=member / "src")
    assert set(found) == {top, member}
    assert found[top].why == "current directory"


@pytest.mark.parametrize("cwd", [Path("/"), Path("/no/such/place"), None])
def test_odd_current_directories(home: Home, cwd: Path | None) -> None:
    found, _ = run(home, cwd=cwd)
    assert all(candidate.why != "home folders" for candidate in found.values())


def test_scratch_and_work(home: Home, tmp_path: Path) -> None:
    path = project(tmp_path.resolve() / "scratch" / "ada" / "webapp")
    machine = home.machine(SCRATCH=str(tmp_path / "scratch"), WORK="/")
    found = list(CandidateSearch(machine, Config(), mounts=Mounts((ROOT,))))
    assert [(candidate.path, candidate.why) for candidate in found] == [(path, "$SCRATCH")]


def test_what_other_tools_list(home: Home, tmp_path: Path) -> None:
    path = project(tmp_path.resolve() / "far" / "webapp")
    allow = home.path / ".local/share/direnv/allow"
    allow.mkdir(parents=True)
    (allow / "1").write_text(f"{path}/.envrc\n")
    found, looked = run(home)
    assert {p: c.why for p, c in found.items()} == {path: "direnv"}
    assert looked.searched["direnv"] == 1


def test_wanted_names_and_scripts(home: Home) -> None:
    code = home.path / "code"
    (code / "My_App").mkdir(parents=True)
    (code / "other").mkdir()
    (code / "my_script.py").touch()
    (code / "no.py").touch()
    wanted = SearchTargets(frozenset(["my-app"]), frozenset(["my-script"]))
    found, _ = run(home, wanted=wanted)
    assert set(found) == {code / "My_App", code / "my_script.py"}
    assert found[code / "my_script.py"].script
    assert run(home)[0] == {}


def test_network_mounts_are_left_alone_unless_proven(home: Home, tmp_path: Path) -> None:
    code = home.path / "code"
    path = project(code / "share" / "webapp")
    mounts = Mounts((ROOT, Mount(str(code / "share"), "nfs4", "nas:/x")))
    assert run(home, mounts=mounts)[0] == {}
    known = run(home, mounts=mounts, known=[code / "share" / "proven"])[0]
    assert set(known) == {path}
    named = run(home, mounts=mounts, config=Config(project_roots=(str(code / "share"),)))[0]
    assert set(named) == {path}
    whole_home = Mounts((ROOT, Mount(str(home.path), "nfs4", "nas:/home")))
    assert set(run(home, mounts=whole_home)[0]) == {path}


def test_a_start_behind_a_link_into_a_network_mount_is_skipped(home: Home, tmp_path: Path) -> None:
    share = tmp_path.resolve() / "share"
    project(share / "webapp")
    (home.path / "scratch").symlink_to(share)
    mounts = Mounts((ROOT, Mount(str(share), "cifs", "//nas/x")))
    machine = home.machine(SCRATCH=str(home.path / "scratch"))
    looked = CandidateSearch(machine, Config(), mounts=mounts)
    assert list(looked) == []
    assert set(looked.skipped) == {str(home.path / "scratch")}


def test_cancelling_stops_between_two_directories(home: Home) -> None:
    for number in range(50):
        project(home.path / "code" / f"p{number}")
    stop: list[bool] = []
    found = iter(
        CandidateSearch(
            home.machine(), Config(), cancelled=lambda: bool(stop), mounts=Mounts((ROOT,))
        )
    )
    assert next(found).path.parent == home.path / "code"
    stop.append(True)
    assert list(found) == []


def test_odd_things_on_the_way(home: Home) -> None:
    code = os.fsencode(home.path / "code")
    os.mkdir(code)
    os.mkdir(code + b"/\xff\x1b")
    open(code + b"/\xff\x1b/setup.py", "w").close()
    os.mkfifo(code + b"/fifo")
    os.symlink(b"loop", code + b"/loop")
    found, _ = run(home)
    assert set(found) == {home.path / "code" / "\udcff\x1b"}


def test_the_bound_on_directories_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("venvdash.scanner.projects.candidates._TOTAL", 5)
    for number in range(10):
        project(home.path / "code" / f"p{number}")
    found, looked = run(home)
    assert looked.cut_short
    assert looked.directories == 5
    assert 0 < len(found) < 10
