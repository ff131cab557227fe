"""Any order of creating, linking, moving, deleting, undoing, purging, crashing, and making anew."""

import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.actions.deleting import context, small, trashes, tree
from tests.conftest import Home, home_in
from tests.effort import examples
from tests.scenario import rows
from venvdash.actions.delete import trash
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.delete.plan import plan_delete
from venvdash.actions.delete.purge import purge
from venvdash.actions.recovery.stores import recover_stores
from venvdash.actions.safety import steps
from venvdash.model import Outcome, Result

_NAMES = ("app", "tool", "web")
_STEPS = ("checked", "locked", "journalled", "unlinked", "unused", "renamed", "verified", "synced")
_MARK = "made"  # this file tells one environment from another that had its name


@dataclass
class _Made:
    """One environment as the model knows it; ``linked`` is the project whose link points to it."""

    name: str
    mark: str
    linked: Path | None = None


class Deleting(RuleBasedStateMachine):
    """The model: what is in its place by name, what is in the trash by directory."""

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.home: Home = home_in(self.directory)
        self.store = self.home.path / ".virtualenvs"
        self.store.mkdir()
        self.outside = small(self.home.path / "precious", "precious")
        self.precious = tree(self.outside)
        self.here: dict[str, _Made] = {}
        self.trash: dict[Path, _Made] = {}
        self.count = 0

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            shutil.rmtree(self.directory)

    def _mark(self, name: str) -> None:
        self.count += 1
        (self.store / name / _MARK).write_text(str(self.count))
        self.here[name] = _Made(name, str(self.count))

    @rule(name=st.sampled_from(_NAMES))
    def create(self, name: str) -> None:
        if name not in self.here:
            small(self.store / name)
            self._mark(name)

    @rule(name=st.sampled_from(_NAMES))
    def create_anew_with_uv(self, name: str) -> None:
        linked = self.here[name].linked if name in self.here else None
        self.home.uv("venv", "-q", "--clear", "--no-project", self.store / name)
        self._mark(name)
        self.here[name].linked = linked

    @rule(name=st.sampled_from(_NAMES))
    def link(self, name: str) -> None:
        if name in self.here and self.here[name].linked is None:
            self.count += 1
            project = self.home.path / "code" / f"{name}{self.count}"
            project.mkdir(parents=True)
            (project / ".venv").symlink_to(self.store / name)
            (self.store / name / ".project").write_text(f"{project}\n")
            self.here[name].linked = project

    @rule(name=st.sampled_from(_NAMES))
    def move(self, name: str) -> None:
        made = self.here.get(name)
        if made is not None and made.linked is not None:
            self.count += 1
            made.linked = made.linked.rename(made.linked.with_name(f"{name}{self.count}"))

    @precondition(lambda self: any(made.linked for made in self.trash.values()))
    @rule(data=st.data())
    def move_while_in_the_trash(self, data: st.DataObject) -> None:
        linked = sorted(path for path, made in self.trash.items() if made.linked)
        made = self.trash[data.draw(st.sampled_from(linked))]
        assert made.linked is not None
        self.count += 1
        made.linked.rename(made.linked.with_name(f"{made.name}{self.count}"))
        made.linked = None  # where its link was is gone

    def _delete(self, name: str) -> Result:
        known = rows(self.home)
        about = context(self.home)
        made = plan_delete([known[self.store / name]], known, about)
        assert not made.refused, made.refused
        with Deleter(made, about) as deleter:
            return deleter.apply(made.items[0])

    def _went(self, name: str, path: Path) -> None:
        self.trash[path] = self.here.pop(name)

    @rule(name=st.sampled_from(_NAMES))
    def delete(self, name: str) -> None:
        if name in self.here:
            result = self._delete(name)
            assert result.outcome is Outcome.DONE, result
            assert result.trash is not None
            self._went(name, result.trash)

    @rule(name=st.sampled_from(_NAMES), step=st.sampled_from(_STEPS))
    def crash(self, name: str, step: str) -> None:
        if name not in self.here:
            return
        before = set(trashes(self.store))
        child = os.fork()
        if child == 0:
            wanted = step

            def kill(name: str) -> None:
                if name == wanted:
                    os.kill(os.getpid(), signal.SIGKILL)

            steps.step = kill
            try:
                self._delete(name)
            finally:
                os._exit(70)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        # Without a link there is no step at which one is removed.
        assert code == -signal.SIGKILL or (step == "unlinked" and code == 70)
        recover_stores(context(self.home))
        for path in set(trashes(self.store)) - before:
            self._went(name, path)

    @precondition(lambda self: self.trash)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.trash)))
        (found,) = [one for one in trash.find(context(self.home)) if one.path == path]
        made = self.trash[path]
        result = trash.restore(found)
        if made.name in self.here:
            assert result.outcome is Outcome.SKIPPED
            assert "taken" in result.reason
        else:
            assert result.outcome is Outcome.DONE, result
            assert (result.reason == "") == (len(found.links) == 0 or made.linked is not None)
            self.here[made.name] = self.trash.pop(path)

    @precondition(lambda self: self.trash)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.trash)))
        assert purge(path).gone
        del self.trash[path]

    @rule()
    def rescan(self) -> None:
        assert set(rows(self.home)) == {self.store / name for name in self.here}

    @invariant()
    def model_and_disk_agree(self) -> None:
        if not hasattr(self, "directory"):
            return
        names = {path.name for path in self.store.iterdir()}
        boxes = {path.name: made for path, made in self.trash.items()}
        assert names == {*self.here, *boxes}
        for name, made in {**self.here, **boxes}.items():
            assert (self.store / name / _MARK).read_text() == made.mark
            assert (self.store / name / "pyvenv.cfg").is_file()
            assert (self.store / name / "trash.toml").exists() == (name in boxes)
            if made.linked is not None:
                assert os.path.lexists(made.linked / ".venv") == (name in self.here)
        found = trash.find(context(self.home))
        assert {one.path: one.entry for one in found} == {
            path: made.name for path, made in self.trash.items()
        }
        assert tree(self.outside) == self.precious


Deleting.TestCase.settings = settings(
    max_examples=examples(15, least=5), stateful_step_count=20, deadline=None, derandomize=True
)
TestDeleting = pytest.mark.slow(Deleting.TestCase)
