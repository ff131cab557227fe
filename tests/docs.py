"""What the code knows better, written into the documents: ``python -m tests.docs``.

The tables of docs/stores.md, docs/configuration.md, and the examples in README.md.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash.config import Config, ConfiguredStore, reference
from venvdash.stores import Store, registry
from venvdash.system.machine import Machine

README = Path(__file__).parent.parent / "README.md"
CONFIGURATION = README.parent / "docs" / "configuration.md"
STORES = README.parent / "docs" / "stores.md"
START, END = "<!-- {} -->", "<!-- /{} -->"

_NOBODY = Path("/no/such/home")  # where a tool looks when it was never set up
_MOVED = "/moved"  # what a variable, or a setting of a tool, is tried with


@dataclass(frozen=True, slots=True)
class MovingSetting:
    """A setting in a tool's own file that moves its environments; ``text`` moves them to /moved."""

    key: str
    file: str
    text: str


SETTINGS = {
    "conda": MovingSetting("envs_dirs", "~/.condarc", f"envs_dirs:\n  - {_MOVED}\n"),
    "hatch": MovingSetting(
        "dirs.env.virtual", "~/.config/hatch/config.toml", f'[dirs.env]\nvirtual = "{_MOVED}"\n'
    ),
    "pdm": MovingSetting(
        "venv.location", "~/.config/pdm/config.toml", f'[venv]\nlocation = "{_MOVED}"\n'
    ),
    "pixi": MovingSetting(
        "detached-environments", "~/.pixi/config.toml", f'detached-environments = "{_MOVED}"\n'
    ),
    "poetry": MovingSetting(
        "virtualenvs.path", "~/.config/pypoetry/config.toml", f'[virtualenvs]\npath = "{_MOVED}"\n'
    ),
    "uv": MovingSetting("cache-dir", "~/.config/uv/uv.toml", f'cache-dir = "{_MOVED}"\n'),
    "venvlink": MovingSetting(
        "venv_folder", "~/.venvlinkrc", f"[general]\nvenv_folder = {_MOVED}\n"
    ),
}
"""Those of docs/stores.md, each tried by a test, by the store's name."""


class _AskedVariables(dict[str, str]):
    """Variables that note which of them is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.append(name)
        return super().get(name, default)


def _stores() -> list[Store]:
    return sorted(registry(), key=lambda store: store.title.casefold())


def places() -> str:
    """Return the table of where each tool keeps environments, as Markdown."""
    return _table(
        ("Tool", "Where", "Moved by", "Tested with"),
        [
            (store.title, _where(store), _moved_by(store), store.tested_with or "its own layout")
            for store in _stores()
        ],
    )


def links() -> str:
    """Return the table of what links projects and environments, as Markdown."""
    return _table(
        ("Tool", "How the project is known", "`relink`", "`delete`"),
        [(store.title, _proof(store), _relink(store), _delete(store)) for store in _stores()],
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _where(store: Store) -> str:
    config = Config(stores=(ConfiguredStore("~/mirror", "mirrored"),))
    paths = dict.fromkeys(roots(store, config=config))
    shown = (f"`{path.replace(str(_NOBODY), '~', 1)}`" for path in paths)
    return ", ".join(shown) or "wherever its environments are found"


def roots(
    store: Store,
    variables: Mapping[str, str] | None = None,
    home: Path = _NOBODY,
    config: Config | None = None,
) -> list[str]:
    """Return where a tool's environments are on Linux with these variables and this HOME."""
    given = {} if variables is None else variables  # an empty one may note what is asked
    machine = Machine(home=home, variables=given, platform="linux")
    return [str(root.path) for root in store.roots(machine, config or Config())]


def moves(found: list[str]) -> bool:
    """Return whether a variable or setting has moved environments."""
    return any(path.startswith(_MOVED) for path in found)


def _moved_by(store: Store) -> str:
    if store.name == "configured":
        return "[`[[stores]]`](configuration.md#stores), `PUV_VENV_LOCATION`, `UV_DEPOT`"
    variables = _AskedVariables()
    roots(store, variables)
    asked = dict.fromkeys(variables.asked)
    found = [f"`{name}`" for name in asked if moves(roots(store, {name: _MOVED}))]
    if setting := SETTINGS.get(store.name):
        found.append(f"`{setting.key}` in `{setting.file}`")
    return ", ".join(found) or "-"


def _proof(store: Store) -> str:
    return store.proof or "; ".join(_proofs(store)) or "`.venv` links, editable installs"


def _proofs(store: Store) -> Iterator[str]:
    """Yield what the store declares, the surest first."""
    if _own(store, "claims"):
        yield "what it keeps in the environment"
    if store.pointers:
        yield ", ".join(f"`{name}`" for name in store.pointers) + " in the project"
    if _own(store, "fits") or _own(store, "digests"):
        yield "the hash of the project's path"


def _own(store: Store, method: str) -> bool:
    return getattr(type(store), method) is not getattr(Store, method)


def _for_tools(store: Store) -> bool:
    """Return whether all its environments are of installed tools."""
    return store.proof.startswith("belongs to a tool")


def _relink(store: Store) -> str:
    done = []
    if _own(store, "expected_entry") and store.movable:
        done.append("gives it the name that the tool looks for")
    if _own(store, "link_edits"):
        done.append("updates the tool's own files")
    if store.linked and not _for_tools(store):
        done.append("links `.venv`")
    return "; ".join(done) or ("refused" if _for_tools(store) else "is only remembered")


def _delete(store: Store) -> str:
    if _for_tools(store) or store.name == "conda":
        return "by the tool's own command"
    done = "to the trash"
    if _own(store, "cleanup_command"):
        done += ", outside the folder that the tool clears"
    if _own(store, "leftovers"):
        done += "; then its entries in the tool's files"
    return done


def filled(text: str) -> str:
    """Return a page with its tables between their markers. Raises ValueError without them."""
    for name, table in (("places", places()), ("links", links())):
        start, end = START.format(name), END.format(name)
        before, begun, rest = text.partition(start)
        _, ended, after = rest.partition(end)
        if not begun or not ended:
            raise ValueError(f"no {start} … {end} in it")
        text = f"{before}{start}\n{table}\n{end}{after}"
    return text


def main() -> None:
    """Write them."""
    CONFIGURATION.write_text(reference.page())
    try:
        STORES.write_text(filled(STORES.read_text()))
    except ValueError as error:
        sys.exit(f"{STORES.name}: {error}")
    from tests import examples  # as what only this command needs
    from tests.screenshots import neutral_python
    from venvdash.demo.playground import build

    with tempfile.TemporaryDirectory() as place:
        playground = build(Path(place) / "playground", lambda words: None, python=neutral_python())
        README.write_text(examples.filled(README.read_text(), playground))


if __name__ == "__main__":
    main()
