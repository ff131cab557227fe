"""What `venvdash path` prints in a project, beside what the project's own tool answers there."""

from pathlib import Path

from tests.conftest import Home
from venvdash.config import Config
from venvdash.model import Status
from venvdash.scanner.projects.project_tools import of_project
from venvdash.session import Session
from venvdash.session.name_resolution import AmbiguousError, Choice, NotFoundError
from venvdash.system.files import real


def choice_in(home: Home, project: Path, **variables: str) -> Choice:
    """Return what commands without a name take there, and the note on it."""
    session = Session(home.machine(project, **variables), Config(), records=False)
    for _ in session.scan(usage=False, early=False):
        pass
    return session.choose(None, changing=True)


def path_in(home: Home, project: Path, **variables: str) -> Path | None:
    """Return the environment that commands without a name take there, None where none."""
    try:
        (row,) = choice_in(home, project, **variables).rows
    except (NotFoundError, AmbiguousError):
        return None
    return real(row.path)


def as_ours(home: Home, project: Path, answer: Path | None, **variables: str) -> Path | None:
    """Return a tool's answer, which has to be ours as well."""
    assert path_in(home, project, **variables) == answer
    return answer


def expected_in(home: Home, project: Path, **variables: str) -> Path:
    """Return where the tool of the project would have its environment, existing or not."""
    found = of_project(project, home.machine(project, **variables), Config())
    ((use),) = [found.uses[name] for name in found.owners]
    assert use.environment is not None
    return use.environment


def why_none(home: Home, project: Path, **variables: str) -> str:
    """Return the sentence that says why there is none to take."""
    try:
        found = choice_in(home, project, **variables).rows
    except NotFoundError as error:
        return error.reason
    raise AssertionError(f"{found[0].path} is used")


def add_member(project: Path, tool: str, pyproject: str) -> Path:
    """Make a project the root of a workspace of the tool's, and return its one member."""
    member = project / "packages" / "one"
    member.mkdir(parents=True)
    (member / "pyproject.toml").write_text(pyproject)
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'[tool.{tool}.workspace]\nmembers = ["packages/*"]\n')
    return member


def statuses(home: Home, variables: dict[str, str] | None = None) -> dict[Path, tuple[Status, str]]:
    """Return the status of every environment, and the reason for it."""
    session = Session(home.machine(None, **variables or {}), Config(), records=False)
    for _ in session.scan(usage=False, early=False):
        pass
    return {path: (row.verdict.status, row.verdict.reason) for path, row in session.rows.items()}
