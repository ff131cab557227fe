"""Any bytes in any file that a tool keeps: a scan ends, and shows each directory somehow."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Home, home_in
from tests.effort import examples
from venvdash.config import Config, ConfiguredStore
from venvdash.session import Session

CFG = "home = /usr/bin\nversion = 3.12.1\n"
VIRTUALENVS = ".cache/pypoetry/virtualenvs"
PIXI = ".cache/rattler/cache/envs/lab-10167511532199085897"
VSCODE = ".config/Code/User/globalStorage/ms-python.vscode-python-envs/script-envs-v1"
SITE = ".virtualenvs/wrapped/lib/python3.12/site-packages"

# Where each tool keeps an environment.
ENVIRONMENTS = (
    ".virtualenvs/wrapped",
    ".cache/uv/environments-v2/webapp-cp3.12.1-0123456789abcdef",
    ".local/share/uv/tools/hello",
    ".local/share/pipx/venvs/black",
    f"{VIRTUALENVS}/lab-7yaSSJze-py3.12",
    ".local/share/virtualenvs/lab-MPSes6ZT",
    ".local/share/pdm/venvs/lab-pWhDoDw0-3.12",
    ".local/share/hatch/env/virtual/lab/7yaSSJze/lab",
    ".local/share/uvlink/cache/lab-ef2692489cde-.venv/.venv",
    ".cache/prime-uve/venvs/lab_ef269248",
    ".local/uvctl/envs/lab/.venv",
    ".venvs/plain",
    "mirror/code/lab",
    f"{PIXI}/envs/default",
    f"{VSCODE}/0123456789abcdef",
)

DIRECT_URL = '{"url": "file:///code/lab", "dir_info": {"editable": true}}'
RECEIPT = '[tool]\nrequirements = [{ name = "hello" }]\n'
ENVS_TOML = '[lab-7yaSSJze]\nminor = "3.12"\npatch = "3.12.1"\n'
CACHE = {"venvs": {"/code/lab": {"venv_path_expanded": "/x", "project_name": "lab"}}}
PROJECT = {"project_dir": "/code/lab", "project_hash": "ef2692489cde", "venv_type": ".venv"}
SIDECAR = 'schema = 1\nidentity = "0123456789abcdef0123456789abcdef"\n'
PYPROJECT = '[project]\nname = "lab"\n[tool.poetry]\nname = "lab"\n'

# Files in which a tool keeps something, and what they hold when they are whole.
FILES = {
    **{f"{path}/pyvenv.cfg": CFG for path in ENVIRONMENTS},
    ".virtualenvs/wrapped/.project": "/code/lab\n",
    ".virtualenvs/wrapped/venvdash.toml": SIDECAR,
    ".virtualenvs/wrapped/bin/activate": 'VIRTUAL_ENV="/code/lab"\n',
    f"{SITE}/lab-1.0.dist-info/direct_url.json": DIRECT_URL,
    f"{SITE}/lab.pth": "/code/lab/src\n",
    f"{SITE}/lab.egg-link": "/code/lab\n.",
    ".local/share/uv/tools/hello/uv-receipt.toml": RECEIPT,
    ".local/share/pipx/venvs/black/pipx_metadata.json": '{"main_package": {"package": "black"}}',
    f"{VIRTUALENVS}/envs.toml": ENVS_TOML,
    ".config/pypoetry/config.toml": "[virtualenvs]\nin-project = false\n",
    ".local/share/virtualenvs/lab-MPSes6ZT/.project": "/code/lab",
    ".config/pdm/config.toml": "[venv]\nin_project = false\n",
    ".config/hatch/config.toml": '[dirs.env]\nvirtual = ""\n',
    ".local/share/uvlink/cache/lab-ef2692489cde-.venv/project.json": json.dumps(PROJECT),
    ".local/share/prime-uve/cache.json": json.dumps(CACHE),
    ".config/prp.toml": 'strategy = "central"\n',
    ".conda/environments.txt": "/code/lab\n",
    ".condarc": "envs_dirs:\n  - /code/lab\n",
    ".pixi/workspaces.toml": '[workspaces]\nlab = "/code/lab"\n',
    f"{PIXI}/envs/default/conda-meta/pixi": '{"manifest_path": "/code/lab/pixi.toml"}',
    f"{PIXI}/envs/default/conda-meta/history": "==> 2026-01-01 00:00:00 <==\n",
    f"{VSCODE}/0123456789abcdef/.meta.json": '{"schemaVersion": 1, "lastUsedAt": 1.0}',
    ".config/uv/uv.toml": 'cache-dir = ""\n',
    "code/lab/pyproject.toml": PYPROJECT,
    "code/lab/.venv": "../../.virtualenvs/wrapped",
    "code/lab/.python-envs": "../../.virtualenvs/wrapped\n",
    "code/lab/.pdm-python": "/x/bin/python",
    "code/lab/.python-version": "lab\n",
    "code/lab/.venv-name": "wrapped\n",
    "code/lab/.env.uve": "UV_PROJECT_ENVIRONMENT=${PRIMEUVE_VENVS_PATH}/lab_ef269248\n",
    "code/lab/.envrc": "source ~/.virtualenvs/wrapped/bin/activate\n",
    "code/lab/mise.toml": '[env]\n_.python.venv = "~/.virtualenvs/wrapped"\n',
    "code/lab/.vscode/settings.json": '{"python.pythonPath": "~/.virtualenvs/wrapped"}',
    "code/lab/.idea/misc.xml": "<project/>",
    "code/lab/.git/logs/HEAD": "0000 1111 Ada <ada@localhost> 1 +0000\tcommit\n",
    ".config/JetBrains/PyCharm/options/jdk.table.xml": "<jdk><homePath value='/x'/></jdk>",
    ".config/Code/User/workspaceStorage/x/workspace.json": '{"folder": "file:///code/lab"}',
    ".local/share/jupyter/kernels/x/kernel.json": '{"argv": ["/x/bin/python"]}',
    ".local/bin/hello": "#!/x/bin/python\n",
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A HOME with a directory for each tool's environment."""
    home = home_in(tmp_path_factory.mktemp("fuzz"))
    for path in ENVIRONMENTS:
        (home.path / path / "bin").mkdir(parents=True)
        (home.path / path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    for path in FILES:
        (home.path / path).parent.mkdir(parents=True, exist_ok=True)
    return home


NASTY = (b"\0", b"\xff\xfe", b"\x1b]0;pwn\x07", b"\n", b"/", b"=", b'"', b"[", b"{", b"..", b"\\u")


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return a file that a crash, another version or an enemy may leave."""
    how = draw(st.sampled_from(["any", "cut", "insert", "repeat", "replace", "types"]))
    at = draw(st.integers(0, len(whole)))
    if how == "any":
        return draw(st.binary(max_size=200))
    if how == "cut":
        return whole[:at]
    if how == "insert":
        return whole[:at] + draw(st.sampled_from(NASTY)) + whole[at:]
    if how == "repeat":
        return whole[:at] + draw(st.sampled_from(NASTY)) * draw(st.integers(2, 4000))
    if how == "replace":
        return whole.replace(b"/code/lab", draw(st.sampled_from(NASTY)) * draw(st.integers(1, 300)))
    value = draw(st.sampled_from([b"5", b"[]", b"{}", b"null", b"true", b"1e999", b'"\\ud800"']))
    return whole.replace(b'"/code/lab"', value).replace(b'"lab"', value)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, bytes]:
    """Return what a few of the files hold; the others are whole."""
    names = draw(st.lists(st.sampled_from(sorted(FILES)), min_size=1, max_size=8, unique=True))
    return {name: draw(damaged(FILES[name].encode())) for name in names}


@pytest.mark.slow
@given(contents())
@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_the_files_hold(machine: Home, changed: dict[str, bytes]) -> None:
    for name, content in FILES.items():
        (machine.path / name).write_bytes(changed.get(name, content.encode()))
    config = Config(stores=(ConfiguredStore("~/mirror", "mirrored"),))
    session = Session(machine.machine(machine.path / "code" / "lab"), config, records=False)
    for _ in session.scan(usage=False):
        pass
    seen = {*session.rows, *(odd.path for odd in session.oddities)}
    for path in ENVIRONMENTS:
        place = machine.path / path
        assert seen & {place, *list(place.parents)[:2]} or os.path.islink(place), path
    for row in session.rows.values():
        assert row.verdict.reason
        session.examine(row)


def test_whole_files_are_all_understood(machine: Home) -> None:
    for name, content in FILES.items():
        (machine.path / name).write_text(content)
    session = Session(machine.machine(), Config(stores=(ConfiguredStore("~/mirror", "mirrored"),)))
    for _ in session.scan(usage=False):
        pass
    kinds = {path: row.environment.traits.kind for path, row in session.rows.items()}
    missing = {path for path in ENVIRONMENTS if machine.path / path not in kinds}
    assert missing == set()
    assert len(set(kinds.values())) >= len(ENVIRONMENTS) - 1
    assert not session.problems
