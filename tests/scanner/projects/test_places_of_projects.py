"""Projects in places that are easily overlooked: linked folders, folders of programs."""

import os

import pytest

from tests.conftest import Home
from tests.scenario import rows, uv_project
from venvdash.model import Status

SCRIPT = "#!/usr/bin/env -S uv run --script\n# /// script\n# dependencies = []\n# ///\nprint(1)\n"


@pytest.mark.parametrize("linked", ["src", "code/clients"])
def test_projects_behind_a_linked_folder_are_found(home: Home, linked: str) -> None:
    disk = home.path.parent / "disk"
    made = uv_project(home, disk / "webapp", "--bare")
    (home.path / "code").mkdir()
    (home.path / linked).symlink_to(disk)
    (disk / "loop").symlink_to(home.path)
    (disk / "webapp" / "again").symlink_to(disk)
    row = rows(home, records=False)[made]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, disk / "webapp")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["bin/report", ".local/bin/report", "code/tools/report"])
def test_a_script_without_a_suffix_is_found(home: Home, place: str) -> None:
    script = home.path / place
    script.parent.mkdir(parents=True)
    script.write_text(SCRIPT)
    store = home.path / ".cache" / "uv" / "environments-v2"
    home.uv("run", "-q", "--script", script)
    (made,) = store.glob("report-*")
    row = rows(home, records=False)[made]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, script)
    os.rename(script, script.with_name("other"))
    row = rows(home, records=False)[made]
    assert row.verdict.status is Status.UNKNOWN
