"""What is no longer in the trash is rebuilt from its packages; what cannot be restored is named."""

import shutil
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.scenario import listing, remove
from venvdash.demo.wheels import make_wheel
from venvdash.model import Flag
from venvdash.records.history import ChangedEnvironment


@pytest.fixture
def app(home: Home) -> Path:
    """An environment of a project, with packages from an index, a wheel and two directories."""
    wheels = home.path / "wheels"
    for version in ("1.0", "2.0"):
        make_wheel(wheels, "greeter", version)
    local = make_wheel(home.path / "local", "special", "3.0")
    settings = home.path / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'no-index = true\nfind-links = ["{wheels}"]\npython-downloads = "never"\n')
    for name in ("mylib", "other"):
        package = home.path / "lib" / name / "src" / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (home.path / "lib" / name / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "0.1"\n'
            '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
        )
    path, project = home.path / ".virtualenvs" / "app", home.path / "code" / "app"
    uv(home, "venv", "-q", path)
    sources = ("-e", home.path / "lib/mylib", "-e", home.path / "lib/other")
    uv(home, "pip", "install", "-q", "--python", path, "greeter==1.0", local, *sources)
    project.mkdir(parents=True)
    (path / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(path)
    return path


def uv(home: Home, *arguments: str | Path) -> None:
    home.run(find_uv_bin(), *arguments)


def deleted(home: Home, path: Path) -> ChangedEnvironment:
    """Delete it, empty the trash, and return what the history has of it."""
    home.venvdash("list")  # files of the user are found when it is measured
    home.venvdash("delete", path, "--yes", "--confirm", path.name)
    home.venvdash("trash", "empty", "--yes")
    assert not path.exists()
    (status, *_) = listing(home).actions.history()
    (one,) = status.change.environments
    return one


def packages(path: Path) -> list[str]:
    code = (
        "from importlib.metadata import distributions as d;"
        "print(*sorted(f'{x.name}=={x.version}' for x in d()))"
    )
    ran = subprocess.run([path / "bin/python", "-I", "-c", code], capture_output=True, check=True)
    return ran.stdout.decode().split()


def test_it_has_the_same_packages_python_and_link(home: Home, app: Path) -> None:
    before = packages(app)
    assert before == ["greeter==1.0", "mylib==0.1", "other==0.1", "special==3.0"]
    (row,) = listing(home).rows.values()
    one = deleted(home, app)
    assert [name for name, _ in one.requirements] == ["mylib", "other", "special"]
    assert one.lost == ()
    asked = home.venvdash("restore", "app", check=False)
    assert asked.returncode == 2
    assert "Use `--yes`" in asked.stderr
    assert "greeter==1.0" in asked.stdout
    home.venvdash("restore", "app", "--yes")
    assert packages(app) == before
    (back,) = listing(home).rows.values()
    assert back.environment.python == row.environment.python
    assert back.verdict.projects == (home.path / "code" / "app",)
    assert (home.path / "code" / "app" / ".venv").resolve() == app
    home.venvdash("undo", "--yes")  # a rebuild can be undone
    assert not app.exists()


def test_what_cannot_be_restored_is_named(home: Home, app: Path) -> None:
    (app / "notebooks").mkdir()
    (app / "notebooks" / "plot.ipynb").write_text("{}")
    deleted(home, app)
    remove(home.path / "lib" / "other")
    shutil.rmtree(home.path / "local")
    done = home.venvdash("restore", app, "--yes")
    said = " ".join(done.stdout.split())
    assert "Not everything can be restored." in said
    assert "It held files of your own: 1 file, 2 B: notebooks/." in said
    assert "other was installed from ~/lib/other, which no longer exists." in said
    assert "special was installed from ~/local/special-3.0-py3-none-any.whl" in said
    assert packages(app) == ["greeter==1.0", "mylib==0.1"]


def test_a_password_is_not_stored(home: Home, app: Path) -> None:
    (info,) = app.glob("lib/python*/site-packages/special-*.dist-info")
    secret = '{"url": "https://ada:s3cret@example.org/special-3.0.whl", "archive_info": {}}'
    (info / "direct_url.json").write_text(secret)
    one = deleted(home, app)
    assert one.lost == (("special", "special was installed from a URL with a password."),)
    assert "s3cret" not in str(one)


def test_nothing_is_built_over_what_is_there_now(home: Home, app: Path) -> None:
    deleted(home, app)
    app.mkdir()
    (app / "thesis.txt").write_text("mine")
    done = home.venvdash("restore", "app", "--yes", check=False)
    assert done.returncode == 2
    assert "already exists" in done.stdout
    assert [path.name for path in app.iterdir()] == ["thesis.txt"]


def test_another_link_of_the_project_stays(home: Home, app: Path) -> None:
    deleted(home, app)
    link = home.path / "code" / "app" / ".venv"
    link.mkdir()
    done = home.venvdash("restore", "app", "--yes")
    assert "It is not linked to ~/code/app." in done.stdout
    assert list(link.iterdir()) == []
    assert Flag.BROKEN not in listing(home).rows[app].environment.flags


def test_a_package_that_no_index_has_leaves_nothing_behind(home: Home, app: Path) -> None:
    deleted(home, app)
    remove(home.path / "wheels")
    done = home.venvdash("restore", "app", "--yes", check=False)
    assert done.returncode == 1
    assert "Nothing was created." in done.stderr
    assert list(app.parent.iterdir()) == []


def test_what_was_never_deleted_is_not_found(home: Home, app: Path) -> None:
    done = home.venvdash("restore", "app", check=False)
    assert done.returncode == 1
    assert "nothing in the trash is named app" in done.stderr


def test_one_in_a_directory_of_its_tool_is_not_rebuilt_in_its_place(home: Home) -> None:
    entry = home.path / ".local" / "share" / "uvlink" / "cache" / "app-0123456789ab-.venv"
    entry.mkdir(parents=True)
    (entry / "project.json").write_text('{"project_dir": "/srv/gone"}')
    uv(home, "venv", "-q", entry / ".venv")
    home.venvdash("delete", entry / ".venv", "--yes")
    home.venvdash("trash", "empty", "--yes")
    done = home.venvdash("restore", entry, "--yes", check=False)
    assert done.returncode == 2
    assert "a directory that its tool creates" in " ".join(done.stdout.split())
    assert not entry.exists()
