"""uv's cache is cleaned only where no environment lives from it."""

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import remove
from tests.session.sharing import last, scanned, undone
from venvdash.actions.events import Finished
from venvdash.demo.wheels import make_wheel
from venvdash.session import Session

pytestmark = pytest.mark.slow

SYMLINK = 'link-mode = "symlink"\n'


def install(home: Home, prefix: Path, *packages: str, mode: str = "hardlink") -> Path:
    """Make an environment with uv, and install packages made here."""
    wheels = home.path / "wheels"
    for name in packages:
        make_wheel(wheels, name, "1.0", {f"{name}/__init__.py": b"x = 1\n"})
    home.uv("venv", "-q", prefix)
    found = ("--no-index", "--find-links", str(wheels), "--link-mode", mode)
    home.uv("pip", "install", "-q", "--python", prefix, *found, *packages)
    return prefix


def cached(home: Home) -> list[str]:
    """Return the packages that uv's cache holds."""
    archive = home.path / ".cache" / "uv" / "archive-v0"
    return sorted({path.name for path in archive.glob("*/*") if "." not in path.name})


def delete(session: Session, path: Path, *, now: bool = False) -> Finished:
    return last(
        session.deletions.delete(session.deletions.plan_delete([path]), clean_cache=True, now=now)
    )


@pytest.fixture
def going(home: Home) -> Path:
    """An environment with a package that no other has, beside one with another."""
    home.variables["UV_OFFLINE"] = "1"
    install(home, home.path / ".virtualenvs" / "kept", "beta")
    return install(home, home.path / ".virtualenvs" / "going", "alpha", "beta")


def test_what_nobody_else_has_goes(home: Home, going: Path) -> None:
    session = scanned(home)
    assert session.deletions.plan_delete([going]).packages_only_in_cache == ("alpha",)
    finished = delete(session, going)
    assert (finished.cleaned, finished.problems) == (("alpha",), ())
    assert cached(home) == ["beta"]


def project(home: Home, text: str = "") -> Path:
    """Make a project that venvdash knows of: its environment names it."""
    path = home.path / "code" / "work" / "app"
    path.mkdir(parents=True)
    (path / "pyproject.toml").write_text(f'[project]\nname = "app"\nversion = "1"\n{text}')
    (home.path / ".virtualenvs" / "kept" / ".project").write_text(f"{path}\n")
    return path


@pytest.mark.parametrize(
    "where", ["variable", "user", "user's pip", "system", "given", "project", "above", "uv.toml"]
)
def test_a_setting_that_makes_links_stops_it(home: Home, going: Path, where: str) -> None:
    config = home.path / ".config" / "uv" / "uv.toml"
    text = SYMLINK
    if where == "variable":
        home.variables["UV_LINK_MODE"] = "symlink"
        said = "UV_LINK_MODE"
    elif where == "given":
        config = home.path / "other.toml"
        home.variables["UV_CONFIG_FILE"] = said = str(config)
    elif where == "system":
        home.variables["XDG_CONFIG_DIRS"] = str(home.path / "etc")
        config = home.path / "etc" / "uv" / "uv.toml"
    elif where == "user's pip":
        text = f"[pip]\n{SYMLINK}"
    elif where == "project":
        config = project(home, f"[tool.uv]\n{SYMLINK}") / "pyproject.toml"
        text = config.read_text()
    elif where == "above":
        config = project(home).parent / "pyproject.toml"
        text = f"[tool.uv.pip]\n{SYMLINK}"
    elif where == "uv.toml":
        config = project(home) / "uv.toml"
    if where != "variable":
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(text)
        said = str(config)
    finished = delete(scanned(home), going)
    assert finished.cleaned == ()
    assert finished.problems == (
        f"uv's cache was not cleaned: environments may link into it ({said}).",
    )
    assert cached(home) == ["alpha", "beta"]
    assert not going.exists(), "and all else is done"


@pytest.mark.parametrize("text", ['link-mode = "copy"\n', '[pip]\nlink-mode = "hardlink"\n', ""])
def test_no_other_setting_does(home: Home, going: Path, text: str) -> None:
    config = home.path / ".config" / "uv" / "uv.toml"
    config.parent.mkdir(parents=True)
    config.write_text(text)
    assert delete(scanned(home), going).cleaned == ("alpha",)


@pytest.mark.parametrize("where", ["beside it", "in a project", "in the trash"])
def test_an_environment_that_is_made_of_links_stops_it(home: Home, going: Path, where: str) -> None:
    """Whatever is set now: it was made when something else was."""
    prefix = home.path / ".virtualenvs" / "links"
    if where == "in a project":
        prefix = project(home) / ".venv"
    install(home, prefix, "gamma", mode="symlink")
    session = scanned(home)
    if where == "in the trash":
        last(session.deletions.delete(session.deletions.plan_delete([prefix])))
        (prefix,) = [one.path for one in session.trash.find()]
    finished = delete(session, going)
    assert finished.cleaned == ()
    assert finished.problems == (
        f"uv's cache was not cleaned: environments may link into it (as {prefix} shows).",
    )


def test_what_is_deleted_itself_is_to_come_back_whole(home: Home, going: Path) -> None:
    remove(going)
    install(home, going, "alpha", "beta", mode="symlink")
    session = scanned(home)
    assert "link into it" in delete(session, going).problems[0]
    undone(session)
    home.run(going / "bin" / "python", "-c", "import alpha")
    assert delete(session, going, now=True).cleaned == ("alpha",), "unless it is freed at once"


def test_links_that_lead_elsewhere_do_not(home: Home, going: Path) -> None:
    other = install(home, home.path / ".virtualenvs" / "other", "gamma")
    (wheel,) = other.rglob("gamma-*/WHEEL")
    wheel.unlink()
    wheel.symlink_to(home.path / "wheels")
    session = scanned(home)
    assert delete(session, going).cleaned == ("alpha",)
