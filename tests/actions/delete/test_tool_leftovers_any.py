"""Whatever a tool's files hold: tidying never fails, and takes out nothing but what was freed."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from venvdash.actions.delete import tool_leftovers
from venvdash.config import Config
from venvdash.model import Trashed
from venvdash.stores import of_kind
from venvdash.system.machine import Machine

ENTRIES = {
    "poetry": ".cache/pypoetry/virtualenvs/app-abcdefgh-py3.12",
    "prime-uve": ".cache/prime-uve/venvs/app_01234567",
    "hatch": ".local/share/hatch/env/virtual/app/abcdefgh/app",
    "hatch-script": ".local/share/hatch/env/virtual/.scripts/abcdefgh",
    "pdm": ".local/share/pdm/venvs/app-abcdefgh-3.12",
    "pyenv-virtualenv": ".pyenv/versions/3.12.1/envs/app",
    "prp": ".local/share/prp/code/app/.venv",
    "direnv": ".cache/direnv/layouts/abc/python-3.12",
}
METADATA = ".local/share/hatch/env/.metadata/abcdefgh/virtual"
FILES = (
    ".cache/pypoetry/virtualenvs/envs.toml",
    ".local/share/prime-uve/cache.json",
    f"{METADATA}/app.json",
    f"{METADATA}/default.json",
    f"{METADATA}/abcdefgh.json",
    "code/app/.pdm-python",
)

_KEYS = st.sampled_from(["venvs", "/p/a", "venv_path", "venv_path_expanded"]) | st.text()
_PATHS = st.sampled_from(["{home}/" + ENTRIES["prime-uve"], "${PRIMEUVE_VENVS_PATH}/app_01234567"])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _PATHS
_VALUES = st.recursive(_LEAVES, lambda v: st.lists(v) | st.dictionaries(_KEYS, v), max_leaves=20)
_ENTRIES = st.dictionaries(
    _KEYS, st.dictionaries(st.sampled_from(["venv_path", "venv_path_expanded"]), _LEAVES) | _VALUES
)
_JSON = st.fixed_dictionaries({"venvs": _ENTRIES | _VALUES}) | _VALUES
_LINES = st.lists(
    st.sampled_from(
        ["[app-abcdefgh]", 'minor = "3.12"', "minor = 3", "# words", "", "[[app-abcdefgh]]",
         "[app-abcdefgh.x]", 'app-abcdefgh = {minor = "3.12"}', "[other]", 'x = """', '"""', "\r",
         "'app-abcdefgh'.minor = '3.12'", 'y = [1, {z = "[app-abcdefgh]"}]', "é = 1"]
    )
)  # fmt: skip
_TEXTS = _LINES.map("\n".join) | _JSON.map(json.dumps) | st.just("{home}/" + ENTRIES["pdm"])
_ANY = st.binary() | _TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))


def _gone(home: Path, kind: str) -> Trashed:
    entry = home / ENTRIES[kind]
    entry.parent.mkdir(parents=True, exist_ok=True)
    return Trashed(
        entry.with_name(".venvdash-trash-1"), entry, "app", home / "code" / "app", kind=kind
    )


def _left(before: Any, after: Any) -> bool:
    """Return whether ``after`` is ``before`` with some keys less, at whatever depth."""
    if isinstance(before, dict) and isinstance(after, dict):
        return after.keys() <= before.keys() and all(_left(before[k], after[k]) for k in after)
    return json.dumps(before, default=str) == json.dumps(after, default=str)


@pytest.mark.slow
@settings(max_examples=examples(120), deadline=None)
@given(_ANY)
def test_any_file_in_any_place(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    home = tmp_path_factory.getbasetemp() / "any"
    machine = Machine(home)
    content = content.replace(b"{home}", bytes(home))
    for name in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    for kind in ENTRIES:
        gone = _gone(home, kind)
        store = of_kind(kind)
        assert store is not None
        for edit in store.leftovers(gone, machine, Config()).edits:
            assert (edit.before or "").encode() == content
            if edit.after is not None:
                read = json.loads if edit.path.suffix == ".json" else tomllib.loads
                assert _left(read(edit.before or ""), read(edit.after))
                assert edit.after != edit.before
        tool_leftovers.tidy(gone, machine)
        found = store.leftovers(gone, machine, Config())
        assert found.edits == ()
    names = {path.name for path in home.rglob("*") if path.is_file()}
    allowed = {Path(name).name for name in FILES} | {"cache.lock"}
    assert {name for name in names if len(name) < 32} <= allowed  # the others are notes
