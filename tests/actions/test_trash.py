"""Having back what was deleted."""

from tests.actions.deleting import context, one, trashes, tree
from tests.conftest import Home
from tests.scenario import uv_project
from venvdash.actions import trash
from venvdash.model import Outcome


def test_what_is_restored_is_the_same_directory_with_its_link(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    link = home.path / "code" / "webapp" / ".venv"
    text, inode = link.readlink(), environment.stat().st_ino
    (environment / ".lock").touch()  # uv makes it, and so does locking
    before = tree(environment)

    result = one(home, environment)
    assert result.outcome is Outcome.DONE, result
    assert result.trash is not None
    assert result.trash.stat().st_ino == inode
    assert not environment.exists()
    assert not link.is_symlink()
    assert trashes(environment.parent) == [result.trash]

    (found,) = trash.find(context(home).roots)
    assert (found.path, found.original, found.name) == (result.trash, environment, "webapp")
    assert found.project == home.path / "code" / "webapp"
    again = trash.restore(found)
    assert again.outcome is Outcome.DONE, again
    assert again.reason == ""
    assert environment.stat().st_ino == inode
    assert link.readlink() == text
    (environment / "venvdash.toml").unlink()
    assert tree(environment) == before
    assert trash.find(context(home).roots) == []
