"""Whose member a project is, as the real uv says."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uv import find_uv_bin

from tests.conftest import Home
from tests.effort import examples
from venvdash.scanner.projects.workspaces import root_of

MEMBERS = ("packages/one", "packages/one/deep", "tools/two", "a/b/c", ".hidden/x")


def _root(directory: Path, members: str, exclude: str = "[]") -> None:
    (directory / "pyproject.toml").write_text(
        '[project]\nname = "root"\nversion = "1"\n'
        f"[tool.uv.workspace]\nmembers = {members}\nexclude = {exclude}\n"
    )


@pytest.fixture
def root(home: Home) -> Path:
    root = home.path / "root"
    for number, member in enumerate(MEMBERS):
        (root / member).mkdir(parents=True)
        text = f'[project]\nname = "p{number}"\nversion = "1"\n'
        (root / member / "pyproject.toml").write_text(text)
    return root


@pytest.mark.parametrize(
    ("members", "exclude"),
    [
        ('["packages/*"]', "[]"),
        ('["packages/**"]', "[]"),
        ('["a/**/c", "tools/t?o"]', "[]"),
        ('["./packages/one/", "a/*/c"]', "[]"),
        ('["tools/[tu]wo", ".*/x", "packages/[!x]ne"]', "[]"),
        ('["*/x", "packages/*", "tools/*"]', '["packages/o*", ".hidden"]'),
        ("[]", "[]"),
    ],
)
def test_members_are_those_that_uv_has(home: Home, root: Path, members: str, exclude: str) -> None:
    _root(root, members, exclude)
    for member in MEMBERS:
        command = (find_uv_bin(), "workspace", "dir", "--preview")
        said = Path(home.run(*command, cwd=root / member, UV_OFFLINE="1").stdout.strip())
        assert (root_of(root / member) or root / member) == said, member
    assert root_of(root) is None


def test_a_project_between_is_no_way_to_the_workspace_above(home: Home, root: Path) -> None:
    _root(root, '["packages/one/deep", "tools/two"]')
    assert root_of(root / "packages" / "one" / "deep") is None
    assert root_of(root / "tools" / "two") == root
    (root / "tools" / "pyproject.toml").write_text("")
    assert root_of(root / "tools" / "two") is None


@settings(max_examples=examples(60), deadline=None)
@given(st.binary(max_size=60) | st.text("*[]!?/.\"'ab{}, \n", max_size=40).map(str.encode))
def test_whatever_it_says(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    root = tmp_path_factory.getbasetemp() / "workspaces"
    (root / "a" / "b").mkdir(parents=True, exist_ok=True)
    for text in (content, b"[tool.uv.workspace]\nmembers = [" + content + b"]\n"):
        (root / "pyproject.toml").write_bytes(text)
        assert root_of(root / "a" / "b") in (root, None)
