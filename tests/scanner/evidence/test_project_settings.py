"""What programs that keep no environments say of a project's, in a HOME with real ones."""

import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import lab, remove, rows, venv
from venvdash.model import EvidenceKind, Status
from venvdash.scanner.evidence.project_settings import ProjectSettings

NAME = "lab-env"


@pytest.fixture
def environment(home: Home) -> Path:
    """An environment made by hand; nothing in it names a project."""
    return venv(home.path / ".virtualenvs" / NAME)


@pytest.fixture
def project(home: Home) -> Path:
    path = home.path / "code" / "lab"
    path.mkdir(parents=True)
    return path


def write(project: Path, file: str, text: str) -> Path:
    path = project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("<env>", str(project.parents[1] / ".virtualenvs" / NAME)))
    return path


MISE = ["mise.toml", ".mise.toml", "mise.local.toml", ".config/mise.toml", ".mise/config.toml"]
VSCODE = ".vscode/settings.json"
TOLD = [
    (".venv-name", NAME),
    (".venv-name", f"{NAME}\n"),
    (".envrc", "export VIRTUAL_ENV=<env>"),
    (".envrc", "VIRTUAL_ENV='<env>'  # mine\nlayout python"),
    (".envrc", "export VIRTUAL_ENV=$HOME/.virtualenvs/lab-env"),
    (".envrc", 'WORKON="${HOME}/.virtualenvs"\nexport UV_PROJECT_ENVIRONMENT="$WORKON/lab-env"'),
    (".envrc", 'export VIRTUAL_ENV="$PWD/../../.virtualenvs/lab-env"'),
    (".envrc", "export VIRTUAL_ENV=$(pwd)/../../.virtualenvs/lab-env"),
    (".envrc", "source <env>/bin/activate"),
    (".envrc", "  . ~/.virtualenvs/lab-env/bin/activate"),
    (".envrc", "PATH_add <env>/bin"),
    (".envrc", f"workon {NAME}"),
    (".envrc", f"layout pyenv {NAME}"),
    (".envrc", f"layout virtualenvwrapper {NAME}"),
    (".envrc", "if true; then\n  source ../../.virtualenvs/lab-env/bin/activate\nfi\n"),
    *((file, '[env]\n_.python.venv = "<env>"') for file in MISE),
    ("mise.toml", '[env]\n_.python.venv = { path = "<env>", create = true }'),
    ("mise.toml", '[env._.python]\nvenv = "~/.virtualenvs/lab-env"'),
    ("mise.toml", '[env]\n_.python.venv = "{{env.HOME}}/.virtualenvs/lab-env"'),
    ("mise.toml", '[env]\n_.python.venv = "{{ config_root }}/../../.virtualenvs/lab-env"'),
    (VSCODE, '{"python.defaultInterpreterPath": "<env>/bin/python"}'),
    (VSCODE, '{\n  // old:\n  "python.pythonPath": "<env>/bin/python3.11", // here\n}'),
    (VSCODE, '{"python.defaultInterpreterPath": "<env>"}'),
    (VSCODE, '{"python.defaultInterpreterPath": "${userHome}/.virtualenvs/lab-env/bin/python"}'),
    (
        VSCODE,
        '{"python.defaultInterpreterPath":'
        ' "${workspaceFolder}/../../.virtualenvs/lab-env/bin/python"}',
    ),
    (VSCODE, '{"python.pythonPath": "${env:HOME}/.virtualenvs/lab-env/bin/python"}'),
    (VSCODE, '{"python.pythonPath": "../../.virtualenvs/lab-env/bin/python"}'),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "text"), TOLD)
def test_what_a_project_says_is_a_proof(
    home: Home, environment: Path, project: Path, file: str, text: str
) -> None:
    source = write(project, file, text)
    row = rows(home)[environment]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, project)
    assert [(claim.how, claim.source) for claim in row.verdict.claims] == [
        (EvidenceKind.PROJECT_LINK, str(source))
    ]
    assert row.verdict.reason == f"{source} points here"


SILENT = [
    (".venv-name", "other"),
    (".venv-name", f"../.virtualenvs/{NAME}"),
    (".envrc", "# source <env>/bin/activate"),
    (".envrc", "echo <env>/bin/activate"),
    (".envrc", "export VIRTUAL_ENV=$(dirname <env>/x)"),
    (".envrc", "export VIRTUAL_ENV=<env>-old"),
    (".envrc", "export OTHER=<env>"),
    (".envrc", "source '<env>/bin/activate"),
    (".envrc", "A=$A$A\n" * 400 + "source $A"),
    (".envrc", "\n" * 600 + "source <env>/bin/activate"),
    ("mise.toml", '[tools]\npython = "3.12"\n_.python.venv = "<env>"'),
    ("mise.toml", "[env]\n_.python.venv = \"{{ exec(command='x') }}<env>\""),
    ("mise.toml", "[env]\n_.python.venv = 5"),
    ("mise.toml", "[env]\n_ = [[[[[["),
    (VSCODE, '{// "python.defaultInterpreterPath": "<env>/bin/python"\n}'),
    (VSCODE, '{"python.defaultInterpreterPath": "${command:x}<env>"}'),
    (VSCODE, '{"python.defaultInterpreterPath": ["<env>"]}'),
    (VSCODE, '{"python.analysis.extraPaths": ["<env>"]}'),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "text"), SILENT)
def test_what_cannot_be_told_without_running_it_says_nothing(
    home: Home, environment: Path, project: Path, file: str, text: str
) -> None:
    write(project, file, text)
    row = rows(home)[environment]
    assert (row.verdict.status, row.verdict.claims) == (Status.STANDALONE, ())


def jetbrains(home: Home, environment: Path, sdk: str, project: Path | None = None) -> None:
    made_for = f"<additional ASSOCIATED_PROJECT_PATH='{project}'/>" if project else ""
    options = home.path / ".config" / "JetBrains" / "PyCharm2026.1" / "options"
    options.mkdir(parents=True)
    (options / "jdk.table.xml").write_text(
        "<application><component name='ProjectJdkTable'>"
        "<jdk version='2'><name value='Other'/><homePath value='/usr/bin/python3'/></jdk>"
        f"<jdk version='2'><name value='{sdk}'/><type value='Python SDK'/>"
        f"<homePath value='{environment}/bin/python'/><roots/>{made_for}</jdk>"
        "</component></application>"
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            ".idea/misc.xml",
            '<project version="4"><component name="ProjectRootManager" '
            'project-jdk-name="Python 3.11 (lab)" project-jdk-type="Python SDK"/></project>',
        ),
        (
            ".idea/lab.iml",
            '<module><component name="NewModuleRootManager">'
            '<orderEntry type="jdk" jdkName="Python 3.11 (lab)"/></component></module>',
        ),
    ],
)
def test_jetbrains_names_an_interpreter(
    home: Home, environment: Path, project: Path, file: str, text: str
) -> None:
    write(project, ".idea/misc.xml", "<project/>")
    write(project, file, text)
    assert rows(home)[environment].verdict.status is Status.STANDALONE
    jetbrains(home, environment, "Python 3.11 (lab)")
    assert rows(home)[environment].verdict.project == project


def test_jetbrains_knows_the_project_wherever_it_lies(home: Home, environment: Path) -> None:
    project = home.path / "odd" / "place" / "lab"
    write(project, ".idea/misc.xml", "<project/>")
    jetbrains(home, environment, "x", project)
    row = rows(home)[environment]
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, project)
    remove(project)
    assert rows(home)[environment].verdict.status is Status.ORPHAN


def test_an_editors_choice_makes_no_other_inactive(
    home: Home, two_pythons: tuple[Path, Path]
) -> None:
    project, older, newer = lab(home, two_pythons)
    (project / ".venv").unlink()
    write(project, VSCODE, f'{{"python.pythonPath": "{older}/bin/python"}}')
    shown = rows(home)
    assert shown[older].verdict.status is shown[newer].verdict.status is Status.LINKED


def test_a_name_that_lab_bear_says_nothing(home: Home, environment: Path, project: Path) -> None:
    venv(home.path / ".venvs" / NAME)
    write(project, ".venv-name", NAME)
    write(project, ".envrc", f"workon {NAME}")
    assert {row.verdict.status for row in rows(home).values()} == {Status.STANDALONE}
    folder = home.path / ".venvs"
    home.variables["PUV_VENV_LOCATION"] = str(folder)
    assert rows(home)[folder / NAME].verdict.project == project


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\0" * 100, b"{" * 60_000, b"=" * 60_000]
)
def test_hostile_files(home: Home, environment: Path, project: Path, content: bytes) -> None:
    for file in ProjectSettings(home.machine()).files:
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_bytes(content)
    (project / ".idea" / "x.iml").write_bytes(content)
    jetbrains(home, environment, "x")
    assert rows(home)[environment].verdict.claims == ()
    for file in ProjectSettings(home.machine()).files:
        (project / file).unlink()
        os.mkfifo(project / file)
    assert rows(home)[environment].verdict.claims == ()
