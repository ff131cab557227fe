"""Whatever the files of the smaller tools hold, reading them names nothing odd and never fails."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from venvdash.config import Config
from venvdash.model import EnvironmentIdentity
from venvdash.stores import configured_folders, prime_uve, prp, uvlink, venvlink
from venvdash.stores.base import Reading, Store
from venvdash.stores.roots import Root
from venvdash.system.machine import Machine

_WORDS = st.sampled_from(
    ["project_dir", "venvs", "venv_path", "venv_path_expanded", "/srv/app", "/x/app_01234567",
     "${PRIMEUVE_VENVS_PATH}/app_01234567", "${HOME}/a", "..", "\0", "\udcff", ""]
)  # fmt: skip
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _WORDS
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_WORDS | st.text(), inner)
)
_JSON = _VALUES.map(lambda value: json.dumps(value).encode())
_SETTINGS = st.text().map(
    lambda text: f"[general]\nvenv_folder = {text}".encode("utf-8", "replace")
)
_TOML = st.text().map(lambda text: f'executables-path = "{text}"'.encode("utf-8", "replace"))
_ANY = st.binary() | _JSON | _SETTINGS | _TOML
_TEXTS = st.text(st.characters()) | _WORDS | st.builds(
    "{}={}\n[venvlink]\n& '{}/Scripts/Activate.ps1'".format,
    st.sampled_from(["UV_PROJECT_ENVIRONMENT", "A"]), _WORDS | st.text(), st.text(),
)  # fmt: skip
_POINTED: list[Store] = [uvlink.STORE, prime_uve.STORE, venvlink.STORE, configured_folders.STORE]


def _reading(path: Path, root: Root) -> Reading:
    path.mkdir(parents=True, exist_ok=True)
    return Reading(path, path, root, {"home": "/x"}, frozenset(), EnvironmentIdentity(0, 0, 0, 0))


@settings(max_examples=examples(60), deadline=None)
@given(_ANY)
def test_any_file_in_any_place(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    home = _home(tmp_path_factory)
    places = (".local/share/prime-uve/cache.json", ".config/prp.toml", ".venvlinkrc")
    entry = home / ".local/share/uvlink/cache/app-0123456789ab-.venv"
    for file in (*(home / place for place in places), entry / "project.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    machine = Machine(home)
    for store, path in (
        (uvlink.STORE, entry / ".venv"),
        (prime_uve.STORE, home / ".cache/prime-uve/venvs/app_01234567"),
        (prp.STORE, home / ".local/share/prp/code/.venv"),
        (venvlink.STORE, home / "venvs/app"),
    ):
        roots = list(store.roots(machine, Config()))
        assert all(root.path.is_absolute() for root in roots)
        assert all("\0" not in str(root.path) for root in roots)
        for root in roots:
            for claim in store.claims(_reading(path, root)):
                assert claim.project.is_absolute()
                assert "\0" not in str(claim.project)


@given(_TEXTS)
def test_any_pointer_in_a_project(text: str) -> None:
    roots = [Root(Path("/store"), "x"), Root(Path("/other/venvs"), "x")]
    for store in _POINTED:
        for path in store.pointer_targets(Path("/p/pointer"), text, roots):
            assert "\0" not in str(path)


@given(st.text(st.characters()))
def test_any_name_of_a_project(name: str) -> None:
    part = prime_uve.STORE.name_part(name)
    assert part
    assert prime_uve.STORE.name_part(part) == part
    assert uvlink.STORE.name_part(name) == name


def _home(factory: pytest.TempPathFactory) -> Path:
    return factory.getbasetemp() / "any-home"
