"""An environment that can be renamed, with what names it."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.actions.deleting import context, small
from tests.conftest import Home
from tests.scenario import rows
from venvdash.actions.context import Context
from venvdash.actions.relocate import rename as renaming
from venvdash.model import Row


@dataclass
class World:
    """An environment whose program and project name it, and the place that it is to have."""

    old: Path
    new: Path
    project: Path
    table: dict[Path, Row]
    context: Context

    def rename(self) -> str:
        return renaming.rename(self.table[self.old], self.new, self.table, self.context)

    def state(self) -> Path:
        """Return where it is; fail the test if anything does not agree with that."""
        here, other = (self.new, self.old) if self.new.exists() else (self.old, self.new)
        assert not os.path.lexists(other)
        tool = (here / "bin" / "tool").read_text()
        assert tool == f"#!{here}/bin/python\nprint('ran')\n"
        assert f"VIRTUAL_ENV='{here}'" in (here / "bin" / "activate").read_text()
        relative = os.path.relpath(here, self.project)
        assert os.readlink(self.project / ".venv") == relative
        assert (self.project / "venv").read_text() == f"{here}\n"
        assert [path.name for path in here.rglob("*venvdash-*")] == []
        assert [path.name for path in self.project.glob(".venvdash-*")] == []
        assert not (here / "rename.toml").exists()
        assert os.listdir(here.parent) == [here.name]
        return here


def renamable(home: Home) -> World:
    """Create an environment with a project, and a link and a path file that point to it."""
    old = small(home.path / ".virtualenvs" / "app")
    (old / ".lock").touch()
    (old / ".lock").chmod(0o666)
    (old / "bin" / "tool").write_text(f"#!{old}/bin/python\nprint('ran')\n")
    (old / "bin" / "activate").write_text(f"VIRTUAL_ENV='{old}'\n")
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (old / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to("../../.virtualenvs/app")
    (project / "venv").write_text(f"{old}\n")  # a path file, as PEP 832 has it
    return World(old, old.with_name("shop"), project, rows(home), context(home))
