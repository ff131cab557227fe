import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.stores.places import paths, reading
from venvdash import stores
from venvdash.config import Config
from venvdash.stores import kinds, registry
from venvdash.stores.base import normalised
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.stores.roots import Root

_MADE_UP = '''
from venvdash.model import Traits
from venvdash.stores.base import Kind, Store
from venvdash.stores.roots import Root

class Burrow(Store):
    """Environments of a tool that does not exist."""
    name = "burrow"
    title = "burrow"
    kinds = (Kind("burrow", "burrow environment"),)
    rank = 1

    def roots(self, machine, config):
        yield Root(machine.home / ".burrow", self.name)

    def recognise(self, reading):
        return Traits("burrow", reading.entry.name) if "burrow.txt" in reading.names else None

STORE = Burrow()
'''


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("home = /usr/bin\nversion = 3.12.1\n", {"home": "/usr/bin", "version": "3.12.1"}),
        ("HOME=/usr/bin\r\nPrompt = 'x'\r\n", {"home": "/usr/bin", "prompt": "x"}),
        ('prompt = "it\'s"', {"prompt": "it's"}),
        ("prompt = ''", {"prompt": ""}),
        ("prompt = '", {"prompt": "'"}),
        ("command = /p -m venv /a=b", {"command": "/p -m venv /a=b"}),
        ('command = "/a b" -m venv "/c d"', {"command": '"/a b" -m venv "/c d"'}),
        ("no equals sign\n\n=\nhome = 1\nhome = 2", {"": "", "home": "2"}),
        ("a = b\x0bc\u2028d", {"a": "b\x0bc\u2028d"}),
    ],
)
def test_parse_cfg_reads_lines_as_site_does(text: str, expected: dict[str, str]) -> None:
    assert parse_cfg(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("webapp", "webapp"),
        ("My_App.x", "my-app-x"),
        ("__my__script__", "-my-script"),
        ("Ünï-x", "-n-x"),
        ("é", ""),
        ("{}", ""),
        ("\udcff", ""),
        ("ab-" * 60, "ab-" * 33 + "a"),
        ("a" * 99 + "-bc", "a" * 99),
        ("é" * 60 + "abc", ""),  # the limit counts bytes of the name as it is given
    ],
)
def test_normalised_is_what_uv_writes(name: str, expected: str) -> None:
    assert normalised(name) == expected


def test_settings_are_meant_from_home_wherever_one_stands(home: Home) -> None:
    machine = home.machine(cwd=Path("/"), SUB="deep")
    assert machine.expand_from_home("envs/$SUB") == home.path / "envs" / "deep"
    assert machine.expand_from_home("~/envs") == home.path / "envs"
    assert machine.expand_from_home("/srv/${SUB}") == Path("/srv/deep")


def test_every_kind_is_declared_once_and_the_catch_all_comes_last() -> None:
    declared = [kind.name for store in registry() for kind in store.kinds]
    assert sorted(declared) == sorted(set(declared)) == sorted(kinds())
    assert registry()[-1].name == "folders"
    assert [store.rank for store in registry()] == sorted(store.rank for store in registry())


def test_every_store_names_itself_in_its_roots(home: Home) -> None:
    for store in registry():
        assert {root.store for root in store.roots(home.machine(), Config())} <= {store.name}
        assert store.title
        assert all(kind.title for kind in store.kinds)


def test_a_new_store_is_one_module(home: Home, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "burrow.py").write_text(_MADE_UP)
    before = registry()
    stores.__path__.append(str(tmp_path / "plugins"))
    registry.cache_clear()
    try:
        store = registry()[0]
        assert store.name == "burrow"
        assert set(registry()) > set(before)
        assert paths(store, home.machine()) == [home.path / ".burrow"]
        assert kinds()["burrow"].title == "burrow environment"
        path = home.path / ".burrow" / "hole"
        path.mkdir(parents=True)
        assert store.recognise(reading(path, Root(path.parent, "burrow"))) is None
        (path / "burrow.txt").touch()
        traits = store.recognise(reading(path, Root(path.parent, "burrow")))
        assert traits is not None
        assert traits.kind == "burrow"
    finally:
        stores.__path__.remove(str(tmp_path / "plugins"))
        sys.modules.pop("venvdash.stores.burrow", None)
        registry.cache_clear()
    assert registry() == before
