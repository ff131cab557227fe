"""uv-virtualenvwrapper needs no store: it leaves no trace in what it makes in WORKON_HOME."""

from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.scenario import rows
from tests.stores.packaged import packaged
from tests.stores.places import given
from venvdash.model import Status


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shell script."""
    place = tmp_path_factory.mktemp("wrapper") / "tool"
    return packaged("uv-virtualenvwrapper==1.0.1", place) / "uv-virtualenvwrapper.sh"


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{}, {"WORKON_HOME": "{home}/w"}])
@pytest.mark.real_tools
def test_its_environments_are_plain_and_named(
    home: Home, script: Path, variables: dict[str, str]
) -> None:
    path = f"{Path(find_uv_bin()).parent}:{home.variables['PATH']}"
    user = given(home, {"PATH": path} | variables)
    user.run("bash", "-c", f"source {script} && mkvirtualenv one && mkvirtualenv two")
    listed = user.run("bash", "-c", f"source {script} && lsvirtualenv").stdout.split()
    shown = rows(user)
    assert sorted(listed) == sorted(found.name for found in shown) == ["one", "two"]
    for row in shown.values():
        found = row.environment
        assert (found.store, found.traits.kind) == ("folders", "venv")
        assert str(found.creator).startswith("uv ")
        assert row.verdict.status is Status.STANDALONE
