"""What a plan to rename or move says of pointers and tools that will not follow."""

from pathlib import Path

from tests.conftest import Home
from tests.scenario import listing, venv
from tests.session.test_copying import row


def pdm_environment(home: Home) -> tuple[Path, Path]:
    """Make an environment in pdm's store and a project whose ``.pdm-python`` names its Python."""
    project = home.path / "code" / "pad"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "pad"\nversion = "1"\n')
    store = home.path / ".local" / "share" / "pdm" / "venvs"
    path = venv(store / "pad-bO8MJAQa-3.12")
    (project / ".pdm-python").write_text(f"{path}/bin/python")
    return path, project


def test_a_pointer_that_does_not_follow(home: Home) -> None:
    path, project = pdm_environment(home)
    session = listing(home)
    proposal = session.actions.rename(row(session, path), "pad2")
    assert proposal.refusal == ""
    said = f"{project}/.pdm-python refers to its current path and is not updated."
    assert said in proposal.warns


def test_a_tool_whose_store_it_leaves(home: Home) -> None:
    path, _ = pdm_environment(home)
    folder = home.path / ".venvs"
    folder.mkdir()
    scratch = venv(home.path / "envs" / "scratch")
    session = listing(home)
    said = "It leaves ~/.local/share/pdm/venvs, so pdm will no longer find it by name."
    assert said in session.actions.move(row(session, path), folder).warns
    assert session.actions.move(row(session, scratch), folder).warns == ()


def test_a_link_that_follows_is_not_said_to_stay(home: Home) -> None:
    path, project = pdm_environment(home)
    (project / ".pdm-python").unlink()
    (project / ".venv").symlink_to(path)
    session = listing(home)
    proposal = session.actions.rename(row(session, path), "pad2")
    assert [link.path for link in proposal.links] == [project / ".venv"]
    assert not any("is not changed" in one for one in proposal.warns)
