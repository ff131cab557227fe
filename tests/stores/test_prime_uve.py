"""Against environments that the real prime-uve makes."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.freeing import freed, untouched_until_freed
from tests.realtools import Tool
from tests.scenario import rows
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.model import Direction, EvidenceKind, Status
from venvdash.stores.prime_uve import STORE
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system.machine import Machine

REGISTRY = Path(".local", "share", "prime-uve", "cache.json")


@pytest.fixture
def prime(home: Home, tool: Tool) -> Home:
    """The HOME with prime-uve, uve and uv on its PATH."""
    programs = [str(tool("prime-uve").parent), str(Path(find_uv_bin()).parent)]
    path = os.pathsep.join([*programs, home.variables["PATH"]])
    return given(home, {"PATH": path, "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"})


def _made(home: Home, project: Path, name: str = "", **variables: str) -> Path:
    """Make a project, let prime-uve choose its environment and uve make it, and return that."""
    project.mkdir(parents=True)
    text = f'[project]\nname = "{name or project.name}"\nversion = "1"\n'
    (project / "pyproject.toml").write_text(text)
    user = given(home, variables)
    user.run("prime-uve", "init", "-y", cwd=project)
    user.run("uve", "sync", "-q", cwd=project)
    (entry,) = (item for item in _listed(user) if item["project_path"] == str(project))
    return Path(entry["venv_path_expanded"])


def _listed(home: Home) -> list[Any]:
    found: list[Any] = json.loads(home.run("prime-uve", "list", "--json").stdout)["venvs"]
    return found


def test_what_prime_uve_lists_is_listed(prime: Home) -> None:
    code = prime.path / "code"
    projects = [code / "webapp", code / "other"]
    _made(prime, projects[0])
    _made(prime, projects[1], "My_App.x")
    shown = rows(prime)
    listed = _listed(prime)
    assert {Path(item["venv_path_expanded"]) for item in listed} == set(shown)
    for item in listed:
        row = shown[Path(item["venv_path_expanded"])]
        traits = row.environment.traits
        assert (row.environment.store, traits.kind) == ("prime-uve", "prime-uve")
        assert (row.verdict.status, row.verdict.project) == (
            Status.LINKED,
            Path(item["project_path"]),
        )
        assert traits.digest == item["hash"]
        assert STORE.fits(row.environment, Path(item["project_path"]))
        assert row.environment.entry == row.environment.path
    names = {row.environment.traits.project_name for row in shown.values()}
    assert names == {"webapp", STORE.name_part("My_App.x")} == {"webapp", "my-app-x"}


def test_a_moved_project_is_moved_and_a_deleted_one_an_orphan(prime: Home) -> None:
    code = prime.path / "code"
    moved, gone = _made(prime, code / "before"), _made(prime, code / "gone")
    (code / "before").rename(code / "after")
    shutil.rmtree(code / "after" / ".venv", ignore_errors=True)  # uve's own, made beside
    shutil.rmtree(code / "gone")
    shown = rows(prime)
    assert shown[moved].verdict.status is Status.MOVED
    assert shown[moved].verdict.place == code / "after"
    assert shown[gone].verdict.status is Status.ORPHAN
    # To prime-uve both are orphans, and once it was used in the new place it lists one of them
    # twice: as an orphan and as valid.
    assert {item["status"] for item in _listed(prime)} == {"orphan"}
    prime.run("prime-uve", "list", cwd=code / "after")
    assert len(_listed(prime)) == 3
    verdict = rows(prime)[moved].verdict
    assert (verdict.status, verdict.project) == (Status.LINKED, code / "after")


def test_the_digest_proves_a_project_without_the_registry(prime: Home) -> None:
    project = prime.path / "code" / "lab"
    path = _made(prime, project)
    (prime.path / REGISTRY).unlink()
    (project / ".env.uve").unlink()
    verdict = rows(prime)[path].verdict
    assert (verdict.status, verdict.evidence, verdict.project) == (
        Status.LINKED,
        EvidenceKind.HASH,
        project,
    )


def test_the_pointer_in_the_project_leads_there_without_the_registry(prime: Home) -> None:
    project = prime.path / "code" / "lab"
    path = _made(prime, project)
    (prime.path / REGISTRY).write_text('{"venvs": {')
    project.rename(project.with_name("lab2"))
    verdict = rows(prime)[path].verdict
    assert (verdict.status, verdict.project) == (Status.LINKED, project.with_name("lab2"))
    (claim,) = (claim for claim in verdict.claims if claim.direction is Direction.PROJECT)
    assert claim.source == str(project.with_name("lab2") / ".env.uve")


def test_environments_made_elsewhere_are_found_by_the_registry(prime: Home) -> None:
    project = prime.path / "code" / "lab"
    elsewhere = str(prime.path / "elsewhere")
    path = _made(prime, project, PRIMEUVE_VENVS_PATH=elsewhere)
    assert path.parent == prime.path / "elsewhere"
    row = rows(prime)[path]
    assert (row.environment.traits.kind, row.verdict.project) == ("prime-uve", project)
    assert row.verdict.status is Status.LINKED
    assert set(rows(given(prime, {"PRIMEUVE_VENVS_PATH": elsewhere}))) == {path}
    root = next(STORE.roots(prime.machine(PRIMEUVE_VENVS_PATH="~/elsewhere"), Config()))
    assert (root.path, root.why, root.source) == (
        path.parent,
        RootOrigin.VARIABLE,
        "PRIMEUVE_VENVS_PATH",
    )


@pytest.mark.parametrize(
    ("platform", "variables", "store", "registry"),
    [
        ("linux", {}, ".cache/prime-uve/venvs", ".local/share/prime-uve"),
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/prime-uve/venvs", ".local/share/prime-uve"),
        ("linux", {"XDG_DATA_HOME": "/d"}, ".cache/prime-uve/venvs", "/d/prime-uve"),
        ("darwin", {"XDG_CACHE_HOME": "/c"}, "Library/Caches/prime-uve/venvs",
         "Library/Application Support/prime-uve"),
        ("win32", {}, "AppData/Local/prime-uve/Cache/venvs", "AppData/Local/prime-uve/Data"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/prime-uve/Cache/venvs", "/l/prime-uve/Data"),
    ],
)  # fmt: skip
def test_where_it_keeps_them(
    home: Home, platform: str, variables: dict[str, str], store: str, registry: str
) -> None:
    machine = Machine(home.path, variables, platform)
    found = list(STORE.roots(machine, Config()))
    assert [root.path for root in found] == [
        home.path / store, home.path / "prime-uve/venvs", home.path / ".prime-uve/venvs",
    ]  # fmt: skip
    assert {root.pointer for root in found} == {str(home.path / registry / "cache.json")}


def _registered(home: Home, content: bytes) -> Root:
    file = home.path / REGISTRY
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return next(STORE.roots(home.machine(), Config()))


def _entry(**values: object) -> bytes:
    return json.dumps({"venvs": {"/srv/app": values}}).encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"venvs": []}', b'{"venvs": {"/srv/app": 1}}', _entry(),
     _entry(venv_path=7), _entry(venv_path="app_01234567"), _entry(venv_path="/x/app\0_01234567"),
     b'{"venvs": {"relative": {"venv_path": "/x/app_01234567"}}}', b"\xff" * 10, b"[" * 100_000,
     b'{"venvs": {}}' + b" " * (9 * 1024 * 1024)],
)  # fmt: skip
def test_a_damaged_registry_names_nothing(home: Home, content: bytes) -> None:
    root = _registered(home, content)
    assert len(paths(STORE, home.machine())) == 3
    found = reading(made(root.path / "app_01234567"), root)
    assert list(STORE.claims(found)) == []
    assert environment(STORE, found).traits.expects_project


def test_a_registry_that_is_no_file_names_nothing(home: Home) -> None:
    root = _registered(home, b"")
    file = home.path / REGISTRY
    file.unlink()
    os.mkfifo(file)
    found = reading(made(root.path / "app_01234567"), root)
    assert list(STORE.claims(found)) == []


def test_a_registry_is_read_again_when_it_changes(home: Home) -> None:
    root = _registered(home, b"{}")
    path = made(root.path / "app_01234567")
    assert list(STORE.claims(reading(path, root))) == []
    _registered(home, _entry(venv_path="${PRIMEUVE_VENVS_PATH}/app_01234567",
                             venv_path_expanded="/gone/app_01234567"))  # fmt: skip
    (claim,) = STORE.claims(reading(path, root))
    assert (claim.project, claim.how) == (Path("/srv/app"), EvidenceKind.POINTER)
    # Written out in full it means that one place only.
    _registered(home, _entry(venv_path="/gone/app_01234567"))
    assert list(STORE.claims(reading(path, root))) == []


def test_an_edit_that_keeps_size_and_date_is_read(home: Home) -> None:
    root = _registered(home, _entry(venv_path="${PRIMEUVE_VENVS_PATH}/app_01234567",
                                    venv_path_expanded="/gone/app_01234567"))  # fmt: skip
    path = made(root.path / "app_01234567")
    (claim,) = STORE.claims(reading(path, root))
    file = home.path / REGISTRY
    date = file.stat().st_mtime_ns
    file.write_bytes(file.read_bytes().replace(b"/srv/app", b"/srv/api"))
    os.utime(file, ns=(date, date))
    (changed,) = STORE.claims(reading(path, root))
    assert (claim.project, changed.project) == (Path("/srv/app"), Path("/srv/api"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UV_PROJECT_ENVIRONMENT=${PRIMEUVE_VENVS_PATH}/a_1\n", ["/new/a_1", "/h/prime/venvs/a_1"]),
        ("# x\nA=1\n UV_PROJECT_ENVIRONMENT = \"/x/a_1\" \n", ["/x/a_1"]),
        ("UV_PROJECT_ENVIRONMENT=/old\nUV_PROJECT_ENVIRONMENT=/x\n", ["/x"]),
        ("UV_PROJECT_ENVIRONMENT=${HOME}/prime/venvs/a_1", ["/h/prime/venvs/a_1"]),
        ("UV_PROJECT_ENVIRONMENT=.venv", [".venv"]),
        ("UV_PROJECT_ENVIRONMENT=", []),
        ("UV_PROJECT_ENVIRONMENT=/a\0b", []),
        ("", []),
        ("OTHER=/x", []),
    ],
)  # fmt: skip
def test_what_env_uve_leads_to(text: str, expected: list[str]) -> None:
    roots = [
        Root(Path("/new"), STORE.name),
        Root(Path("/h/prime/venvs"), STORE.name),
        Root(Path("/far/b_2"), STORE.name, layout=Layout.SINGLE),
    ]
    found = STORE.pointer_targets(Path("/p/.env.uve"), text, roots)
    assert list(found) == [Path(path) for path in expected]


@pytest.mark.parametrize(
    ("name", "part"),
    [("My_App.x", "my-app-x"), ("--a--", "a"), ("!!", "project"), ("Café", "café")],
)
def test_names_are_written_as_prime_uve_does(name: str, part: str) -> None:
    assert STORE.name_part(name) == part


def test_what_is_freed_is_not_in_the_registry(prime: Home) -> None:
    code = prime.path / "code"
    mine, other = _made(prime, code / "mine"), _made(prime, code / "other")
    # The project moved: the registry maps both places to one environment.
    (code / "mine").rename(code / "renamed")
    prime.run("prime-uve", "list", cwd=code / "renamed")
    assert len(_listed(prime)) == 3
    untouched_until_freed(prime, mine, mine.parent, prime.path / REGISTRY.parent)
    written = json.loads((prime.path / REGISTRY).read_text())
    assert freed(prime, mine) == ""
    (left,) = _listed(prime)
    assert (left["venv_path_expanded"], left["status"]) == (str(other), "valid")
    kept = {str(code / "other"): written["venvs"][str(code / "other")]}
    assert (prime.path / REGISTRY).read_text() == json.dumps(written | {"venvs": kept}, indent=2)
    prime.run("uve", "sync", "-q", cwd=code / "renamed")
    assert mine.is_dir()
