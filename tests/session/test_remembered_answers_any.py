"""Whatever happens to environments, projects and variables: an answer is a scan's, or none."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.answering import World, environment, project
from tests.conftest import home_in

_NAMES = st.sampled_from(["web", "api"])
_PLACES = st.sampled_from(["code/web", "code/api", "work/web"])
_VARIABLES = st.sampled_from(["WORKON_HOME", "XDG_DATA_HOME", "UV_PROJECT_ENVIRONMENT"])
_OPTIONS = st.sampled_from([(), ("--json",)])
_FILES = st.sampled_from([".venv", "uv.lock", "poetry.lock", "pyproject.toml"])


class Answers(RuleBasedStateMachine):
    """Changes a HOME in every way that matters; each answer is compared with a scan's."""

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp()).resolve()
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("VENVDASH_DISKS", str(self.directory))
        self.world = World(home_in(self.directory), self.patch)
        self.home = self.world.home.path
        environment(self.world.home, "web", project(self.world.home, "code/web", "web"))
        self.world.remember("web")

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.directory)

    def _environment(self, name: str) -> Path:
        return self.home / ".virtualenvs" / name

    @rule(name=_NAMES, place=_PLACES)
    def create(self, name: str, place: str) -> None:
        if not self._environment(name).exists():
            environment(self.world.home, name, self.home / place)

    @rule(name=_NAMES)
    def delete(self, name: str) -> None:
        shutil.rmtree(self._environment(name), ignore_errors=True)

    @rule(name=_NAMES, to=_NAMES)
    def move(self, name: str, to: str) -> None:
        if self._environment(name).exists() and not self._environment(to).exists():
            self._environment(name).rename(self._environment(to))

    @rule(name=_NAMES, place=_PLACES)
    def point_elsewhere(self, name: str, place: str) -> None:
        if self._environment(name).exists():
            (self._environment(name) / ".project").write_text(f"{self.home / place}\n")

    @rule(name=_NAMES, digit=st.sampled_from("89"))
    def other_python(self, name: str, digit: str) -> None:
        cfg = self._environment(name) / "pyvenv.cfg"
        if cfg.exists():
            with open(cfg, "r+") as file:  # its size and its inode stay
                file.write(f"home = /usr/bin\nversion = 3.1{digit}.1\n")

    @rule(place=_PLACES, name=_NAMES)
    def name_project(self, place: str, name: str) -> None:
        (self.home / place).mkdir(parents=True, exist_ok=True)
        (self.home / place / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        # Another project's name is noticed by the next scan only: see records/answers.py.
        self.world.scanned()

    @rule(place=_PLACES, file=_FILES, name=_NAMES)
    def edit_project(self, place: str, file: str, name: str) -> None:
        path = self.home / place / file
        if path.is_symlink() or path.exists():
            path.unlink()
        elif path.parent.exists() and file == ".venv":
            path.symlink_to(self._environment(name))
        elif path.parent.exists() and file != "pyproject.toml":
            path.touch()
        self.world.scanned()

    @rule(place=_PLACES)
    def delete_project(self, place: str) -> None:
        shutil.rmtree(self.home / place, ignore_errors=True)

    @rule()
    def swap_store(self) -> None:
        store = self.home / ".virtualenvs"
        if store.is_dir() and not store.is_symlink():
            store.rename(self.home / "elsewhere")
            store.symlink_to("elsewhere")

    @rule(variable=_VARIABLES)
    def change_variable(self, variable: str) -> None:
        if self.world.variables.pop(variable, None) is None:
            self.world.variables[variable] = str(self.home / "elsewhere")

    @rule(name=st.none() | _NAMES, place=_PLACES)
    def ask(self, name: str | None, place: str) -> None:
        cwd = self.home / place
        cwd = cwd if cwd.exists() else self.home
        answer = self.world.quick(name, cwd)
        if answer is not None:
            assert answer == self.world.slow(name, cwd)
        else:
            self.world.remember(name, cwd)
            assert self.world.quick(name, cwd) in (None, self.world.slow(name, cwd))

    @rule(place=_PLACES, options=_OPTIONS)
    def list_all(self, place: str, options: tuple[str, ...]) -> None:
        cwd = self.home / place
        cwd = cwd if cwd.exists() else self.home
        if self.world.listed_quickly(*options, cwd=cwd) is None:
            self.world.listed(*options, cwd=cwd)
        printed = self.world.listed_quickly(*options, cwd=cwd)
        assert printed in (None, self.world.listed(*options, cwd=cwd, records=False))


TestAnswers = Answers.TestCase
TestAnswers.settings = settings(
    max_examples=8,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
