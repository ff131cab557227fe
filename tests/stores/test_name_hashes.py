"""What poetry, pipenv, pdm and hatch share, and what no damage in their files may do."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.stores.places import made, reading
from venvdash.config import Config
from venvdash.model import EnvironmentIdentity
from venvdash.stores import hatch, pdm, pipenv, poetry
from venvdash.stores._name_hashes import short_hash
from venvdash.stores._paths import spellings
from venvdash.stores.base import Reading, Store
from venvdash.stores.pyvenv_cfg import made_by
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

STORES = (poetry.STORE, pipenv.STORE, pdm.STORE, hatch.STORE)
FILES = {
    "poetry": ".config/pypoetry/config.toml",
    "pdm": ".config/pdm/config.toml",
    "hatch": ".config/hatch/config.toml",
}


@pytest.mark.parametrize(
    "interpreter",
    [
        "/home/ada/.local/share/uv/tools/{tool}/bin/python",
        "/home/ada/.local/share/uv/tools/{tool}/bin/python3.12",
        "/home/ada/.local/share/pipx/venvs/{tool}/bin/python",
        "/home/ada/.local/share/pipx/venvs/{tool}@2.1/bin/python",
        "/home/ada/a folder/venvs/{tool}_2.1/bin/python",
        "/home/ada/.local/share/py{tool}/venv/bin/python",
        "/home/ada/.local/share/{tool}/venv/bin/python3",
        "/opt/homebrew/Cellar/{tool}/2.1.1/libexec/bin/python",
        "/home/ada/.local/share/pyapp/{tool}/1234/1.16.0/python/bin/python3",
        "C:\\Users\\ada\\pipx\\venvs\\{tool}\\Scripts\\python.exe",
    ],
)
@pytest.mark.parametrize("tool", ["poetry", "pdm", "hatch", "pipenv"])
def test_the_interpreter_in_command_names_the_tool(interpreter: str, tool: str) -> None:
    command = f"{interpreter.replace('{tool}', tool)} -m virtualenv /any/where"
    assert made_by({"command": command}, tool)
    assert not any(made_by({"command": command}, other) for other in ("tox", "poetr", "atch"))


@pytest.mark.parametrize(
    "command",
    [
        "",
        "/usr/bin/python3 -m virtualenv /srv/poetry",
        "/home/ada/code/poetry/.venv/bin/python -m virtualenv /x",
        "/home/ada/poetry/code/bin/python -m virtualenv /x",
        "/usr/bin/python3 -m virtualenv /tools/poetry/bin/python -m virtualenv /x",
        "poetry/bin",
        "bin/python -m virtualenv",
        "/tools/poetry/bin/python -m other /x",
    ],
)
def test_any_other_command_names_no_tool(command: str) -> None:
    assert not made_by({"command": command}, "poetry")


@given(st.text())
def test_any_command_is_read(command: str) -> None:
    assert made_by({"command": command}, "poetry") in (True, False)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=50))
def test_the_hash_is_the_beginning_of_the_digest(text: str) -> None:
    for algorithm in ("sha256", "md5"):
        whole = base64.urlsafe_b64encode(hashlib.new(algorithm, text.encode()).digest()).decode()
        assert short_hash(text, algorithm) == whole[:8]


def test_a_path_has_two_spellings_where_links_lead_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    real, link = str(tmp_path.resolve() / "real"), str(tmp_path / "link")
    assert list(spellings(tmp_path / "link")) == [real, link]
    assert list(spellings(Path(real))) == [real]
    assert list(spellings(Path("/a\0b"))) == []


TOML = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda key, value: f"{key} = {value}\n".encode("utf-8", "surrogateescape"),
        st.sampled_from(["virtualenvs.path", "cache-dir", "venv.location", "dirs.data", "dirs"]),
        st.sampled_from(
            ['"{cache-dir}"', '"{virtualenvs.path}{a}"', "1", "[]", "{}", '"\\u0000"', '"~"', '"$"']
        )
        | st.text(max_size=20).map(lambda text: f'"{text}"'),
    ),
)


@settings(max_examples=examples(60), deadline=None)
@given(content=TOML)
def test_any_configuration_leaves_the_default_place(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in FILES.values():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_bytes(content)
    for store in STORES:
        usual = {root.path for root in store.roots(Machine(home / "empty"), Config())}
        found = list(store.roots(Machine(home, cwd=home), Config()))
        assert all(root.path.is_absolute() for root in found)
        moved = {home / path.relative_to(home / "empty") for path in usual}
        assert moved <= {root.path for root in found}
        assert {root.why for root in found if root.path in moved} <= {
            RootOrigin.DEFAULT,
            RootOrigin.CONFIG,
        }


@pytest.mark.parametrize("store", [poetry.STORE, pdm.STORE, hatch.STORE], ids=lambda s: s.name)
def test_a_configuration_that_is_no_file_is_none(store: Store, tmp_path: Path) -> None:
    file = tmp_path / FILES[store.name]
    usual = list(store.roots(Machine(tmp_path), Config()))
    file.mkdir(parents=True)
    assert list(store.roots(Machine(tmp_path), Config())) == usual
    file.rmdir()
    file.symlink_to(file.name)
    assert list(store.roots(Machine(tmp_path), Config())) == usual
    file.unlink()
    file.write_bytes(b"#" * (300 * 1024))
    assert list(store.roots(Machine(tmp_path), Config())) == usual
    file.write_text("a" + ".a" * 100_000 + " = 1\n")  # hours for tomllib
    assert list(store.roots(Machine(tmp_path), Config())) == usual


NAMES = st.one_of(
    st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=60).filter(
        lambda name: name not in (".", "..")
    ),
    st.from_regex(r"[a-z -]{1,9}-[A-Za-z0-9_-]{8}(-(py)?[0-9]\.[0-9]+|-[a-z-]+)?", fullmatch=True),
)


@settings(deadline=None)
@given(name=NAMES, prompt=st.none() | NAMES)
def test_any_name_is_read(name: str, prompt: str | None) -> None:
    cfg = {"home": "/usr/bin"} | ({"prompt": prompt} if prompt else {})
    for store in STORES:
        root = Root(Path("/nowhere"), store.name, depth=3 if store is hatch.STORE else 1)
        for path in (root.path / name, root.path / name / "AbCdEfGh" / name):
            found = Reading(
                path, path, root, cfg, frozenset({".project"}), EnvironmentIdentity(0, 0, 0, 0)
            )
            traits = store.recognise(found)
            assert list(store.claims(found)) == []
            if traits is None or traits.digest is None:
                continue
            assert len(traits.digest) == 8
            assert traits.digest in str(path)
            assert (traits.project_name or "") in str(path)


@settings(deadline=None)
@given(text=st.text(max_size=100))
def test_any_pointer_is_followed_without_harm(text: str) -> None:
    roots = [Root(Path("/nowhere"), "any")]
    for store in STORES:
        for name in store.pointers:
            led = list(store.pointer_targets(Path("/project", name), text, roots))
            assert len(led) <= 1
            assert not any("\0" in str(path) for path in led)


@settings(max_examples=examples(60), deadline=None)
@given(content=st.binary(max_size=200) | st.just(b"[a-AbCdEfGh]\nminor = 3\n"))
def test_any_index_of_poetry_is_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    store = tmp_path_factory.mktemp("store")
    (store / "envs.toml").write_bytes(content)
    pyproject = store / "project" / "pyproject.toml"
    assert list(poetry.STORE.pointer_targets(pyproject, "", [Root(store, "poetry")])) == []


def test_poetrys_index_leads_nowhere_but_into_its_store(tmp_path: Path) -> None:
    digest = short_hash(str(tmp_path.resolve()))
    minors = ["3.12", " 3.11 ", "../3.10", "3.9/../x"]
    roots = [Root(tmp_path, "poetry")]
    for name, minor in [*((f"n{i}", minor) for i, minor in enumerate(minors)), ("../x", "3.12")]:
        (tmp_path / "envs.toml").write_text(f'["{name}-{digest}"]\nminor = "{minor}"\n')
        text = f'[project]\nname = "{name}"\n'
        led = [
            path.name
            for path in poetry.STORE.pointer_targets(tmp_path / "pyproject.toml", text, roots)
        ]
        good = {"n0": [f"n0-{digest}-py3.12"], "n1": [f"n1-{digest}-py3.11"]}
        assert led == good.get(name, [])


def test_an_environment_that_only_looks_like_one_is_nobodys(tmp_path: Path) -> None:
    """In a folder of other tools, a name with a hash in it is no evidence."""
    root = Root(tmp_path, "folders")
    for name in ("web-AbCdEfGh-py3.12", "web-AbCdEfGh-3.12", "web-AbCdEfGh", "AbCdEfGh"):
        found = reading(made(tmp_path / name), root)
        assert [store.recognise(found) for store in STORES] == [None] * 4
