"""Reading project directories, the tools' own and hostile ones."""

import os
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.scanner.projects.project_info import (
    Link,
    about,
    fingerprint,
    links_of,
    name_of,
    worktrees,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path.resolve() / "webapp"
    path.mkdir()
    return path


def name_in(project: Path, content: str | bytes) -> str | None:
    data = content.encode() if isinstance(content, str) else content
    (project / "pyproject.toml").write_bytes(data)
    return name_of(str(project))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('[project]\nname = "webapp"\n', "webapp"),
        ("[project]\nname = 'web app'  # a comment\n", "web app"),
        ('[ project ] # x\r\nversion = "1"\r\n"name"="web\\u0061pp"\r\n', "webapp"),
        ('[build-system]\nname = "no"\n[tool.x]\nname = "no"\n[project]\nname = "yes"\n', "yes"),
        ('[project]\nversion = "1"\n[tool.other]\nname = "no"\n', None),
        ('[tool.poetry]\nname = "poem"\n', "poem"),
        ('[tool.poetry]\nname = "poem"\n[project]\nname = "pep"\n', "pep"),
        ('[project]\nclassifiers = [\n  "x",\n]\nname = "late"\n', "late"),
        ('project.name = "dotted"\n', "dotted"),
        ('project = { name = "inline", version = "1" }\n', "inline"),
        ("[project]\nname = 5\n", None),
        ('[project]\nname = ""\n', None),
        ('[project]\nname = "a\\u001bb"\n', None),
        ("[project]\nname = broken\n", None),
        ("", None),
        ('[tool.uv]\ndev-dependencies = ["name"]\n', None),
        (b'[project]\nname = "\xff\xfe"\n', None),
        ("[project]\nname = " + '"x"' * 9, None),
    ],
)
def test_names(project: Path, content: str | bytes, name: str | None) -> None:
    assert name_in(project, content) == name


@pytest.mark.parametrize(
    ("content", "description"),
    [
        ('name = "a"\ndescription = "A web  app"\n', "A web app"),
        ("name = 'a'\ndescription = 'Größe'  # a comment\n", "Größe"),
        ('description = "before"\r\nname = "a"\r\n', "before"),
        ('name = "a"\n"description"="tab\\tand\\u001b"\n', "tab and\x1b"),
        ('name = "a"\ndescription = 5\n', ""),
        ('name = "a"\ndescription = """\nseveral\nlines"""\n', ""),
        ('name = "a"\n[tool.x]\ndescription = "no"\n', ""),
        ('name = "a"\ndescription = "' + "x" * 500 + '"\n', "x" * 199 + "…"),
        ('name = "a"\ndescription = "' + "x" * 5000 + '"\n', ""),
        (b'name = "a"\ndescription = "\xff"\n', ""),
        ('name = "a"\n', ""),
    ],
)
def test_descriptions(project: Path, content: str | bytes, description: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    (project / "pyproject.toml").write_bytes(b"[project]\n" + data)
    found = about(str(project))
    assert (found.name, found.description) == ("a", description)


def test_descriptions_in_other_tables(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text('[tool.poetry]\nname = "a"\ndescription = "of poetry"\n')
    assert about(str(project)).description == "of poetry"
    file.write_text('project = { name = "a", description = "inline" }\n')
    assert about(str(project)).description == "inline"


def test_a_name_as_uv_and_tomllib_read_it(project: Path, home: Home) -> None:
    home.uv("init", "--bare", "--name", "My.App", cwd=project)
    text = (project / "pyproject.toml").read_text()
    assert name_of(str(project)) == tomllib.loads(text)["project"]["name"]


@pytest.mark.parametrize(
    "content",
    [
        b"x" * (2 * 1024 * 1024) + b"\nname",
        b"project." + b"a." * 15_000 + b'name = "x"\nproject.name = "x"\n',
        b"project = " + b"[" * 30_000 + b'"name"',
        b'project.name = """' + b"\n" * 60_000,
        b"[project]\nname = '''\n" + b"a" * 100_000,
        b"[" * 1_000_000 + b"name",
        b" " * 1_000_000 + b"name",
        b"\n" * 1_000_000 + b"name",
    ],
)
def test_files_made_to_take_hours(project: Path, content: bytes) -> None:
    assert name_in(project, content) is None  # comes back at all


def test_what_is_no_plain_file_has_no_name(project: Path) -> None:
    os.mkfifo(project / "pyproject.toml")
    assert name_of(str(project)) is None
    os.unlink(project / "pyproject.toml")
    (project / "pyproject.toml").mkdir()
    assert name_of(str(project)) is None
    assert name_of(str(project / "gone")) is None


def test_a_link(project: Path, tmp_path: Path) -> None:
    environment = tmp_path.resolve() / "store" / "webapp-1"
    environment.mkdir(parents=True)
    (project / ".venv").symlink_to(environment)
    link = Link(project / ".venv", environment)
    assert links_of(str(project)) == (link,)
    (project / ".venv").unlink()
    (project / ".venv").symlink_to("../store/webapp-1")
    assert links_of(str(project)) == (link,)
    environment.rmdir()  # dangling: where it leads is still known
    assert links_of(str(project)) == (link,)


@pytest.mark.parametrize("text", ["{store}", "{store}\n", "../store", "../store\r\n"])
def test_a_path_file(project: Path, text: str) -> None:
    store = project.parent / "store"
    (project / ".venv").write_bytes(text.format(store=store).encode())
    assert links_of(str(project)) == (Link(project / ".venv", store),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"webapp-MPSes6ZT\n",  # pipenv: a name below WORKON_HOME
        b"webapp-MPSes6ZT\n/b\n",
        b"/a\x00b",
        b"/a\x1b[0m",
        b"/\xff",
        b"/" + b"x" * 100_000,
    ],
)
def test_what_is_no_path_file(project: Path, content: bytes) -> None:
    (project / ".venv").write_bytes(content)
    assert links_of(str(project)) == ()


def test_a_real_environment_is_no_pointer(project: Path) -> None:
    (project / ".venv").mkdir()
    assert links_of(str(project)) == ()
    (project / ".venv").rmdir()
    os.mkfifo(project / ".venv")
    assert links_of(str(project)) == ()


def test_python_envs_the_last_is_the_default(project: Path) -> None:
    (project / ".python-envs").write_text("/store/old\n\nenvs/new\n")
    pointer = project / ".python-envs"
    assert [link.environment for link in links_of(str(project))] == [
        project / "envs" / "new",
        Path("/store/old"),
    ]
    (project / ".venv").symlink_to("/store/linked")
    assert links_of(str(project))[0] == Link(project / ".venv", Path("/store/linked"))
    assert {link.pointer for link in links_of(str(project))[1:]} == {pointer}


def git(home: Home, *arguments: str | Path, cwd: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]
    home.run("git", *identity, *arguments, cwd=cwd)


def repository(home: Home, path: Path) -> None:
    path.mkdir(exist_ok=True)
    git(home, "init", "-q", cwd=path)
    (path / "file").write_text("x")
    git(home, "add", ".", cwd=path)
    git(home, "commit", "-qm", f"first of {path.name}", cwd=path)


def test_a_repository_is_known_again_after_a_move(project: Path, home: Home) -> None:
    repository(home, project)
    before = fingerprint(str(project))
    assert before is not None
    git(home, "commit", "-q", "--allow-empty", "-m", "second", cwd=project)
    moved = project.parent / "moved"
    project.rename(moved)
    assert fingerprint(str(moved)) == before
    other = project.parent / "other"
    repository(home, other)
    assert fingerprint(str(other)) not in (None, before)
    assert fingerprint(str(project.parent)) is None


def test_worktrees_are_found_and_told_apart(project: Path, home: Home) -> None:
    repository(home, project)
    feature = project.parent / "feature"
    git(home, "worktree", "add", "-q", feature, "-b", "feature", cwd=project)
    assert list(worktrees(str(project))) == [str(feature)]
    assert set(worktrees(str(feature))) == {str(project), str(feature)}
    assert fingerprint(str(feature)) not in (None, fingerprint(str(project)))
    assert list(worktrees(str(project.parent))) == []


def test_a_hostile_repository_starts_nothing(project: Path, home: Home) -> None:
    canary = project / "canary"
    repository(home, project)
    (project / ".git" / "config").write_text(
        f"[core]\n\tfsmonitor = touch {canary}\n\tpager = touch {canary}\n"
    )
    assert fingerprint(str(project)) is not None
    list(worktrees(str(project)))
    name_of(str(project))
    links_of(str(project))
    assert not canary.exists()


@pytest.mark.parametrize("content", [b"", b"gitdir: ", b"gitdir: /\x1b", b"x" * 100_000, b"\xff"])
def test_broken_git_files(project: Path, content: bytes) -> None:
    (project / ".git").write_bytes(content)
    assert fingerprint(str(project)) is None
    assert list(worktrees(str(project))) == []


def test_a_log_that_is_a_fifo_or_huge(project: Path) -> None:
    logs = project / ".git" / "logs"
    logs.mkdir(parents=True)
    os.mkfifo(logs / "HEAD")
    assert fingerprint(str(project)) is None
    os.unlink(logs / "HEAD")
    (logs / "HEAD").write_bytes(b"first line\n" + b"x" * 3_000_000)
    first = fingerprint(str(project))
    (logs / "HEAD").write_bytes(b"first line\n")
    assert fingerprint(str(project)) == first


def test_a_link_and_paths_without_a_project(project: Path) -> None:
    (project / ".venv").symlink_to("/store/webapp")
    assert links_of(str(project)) == (Link(project / ".venv", Path("/store/webapp")),)
    for missing in (str(project / "gone"), "/a\0b"):
        assert name_of(missing) is None
        assert links_of(missing) == ()
        assert fingerprint(missing) is None


def test_a_project_that_uv_links(project: Path, home: Home) -> None:
    home.uv("init", "--bare", cwd=project)
    home.uv("sync", cwd=project)
    (link,) = links_of(str(project))
    assert link.environment.parent == home.path / ".cache" / "uv" / "environments-v2"
    assert (link.environment / "pyvenv.cfg").is_file()
