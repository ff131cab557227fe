"""The README's table of stores and the page of the settings: ``python -m tests.docs``."""

import sys
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config, ConfiguredStore, reference
from venvdash.stores import Store, registry
from venvdash.system.machine import Machine

README = Path(__file__).parent.parent / "README.md"
CONFIGURATION = README.parent / "docs" / "configuration.md"
START, END = "<!-- stores -->", "<!-- /stores -->"

_NOBODY = Path("/no/such/home")  # where a tool looks when it was never set up
_HEAD = ("Tool", "Where", "How the project is proven", "Tested with")


def table(stores: tuple[Store, ...] | None = None) -> str:
    """Return the table as Markdown: a row for every store, in the order of its title."""
    chosen = sorted(registry() if stores is None else stores, key=lambda s: s.title.casefold())
    rows = [
        _HEAD,
        tuple("-" * 3 for _ in _HEAD),
        *(
            (store.title, _where(store), _proof(store), store.tested_with or "its own layout")
            for store in chosen
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _where(store: Store) -> str:
    machine = Machine(home=_NOBODY, platform="linux")
    config = Config(stores=(ConfiguredStore("~/mirror", "mirrored"),))
    paths = dict.fromkeys(str(root.path) for root in store.roots(machine, config))
    shown = (f"`{path.replace(str(_NOBODY), '~', 1)}`" for path in paths)
    return ", ".join(shown) or "wherever its environments are found"


def _proof(store: Store) -> str:
    return store.proof or "; ".join(_proofs(store)) or "`.venv` links, editable installs"


def _proofs(store: Store) -> Iterator[str]:
    """Yield what the store declares, the surest first."""
    own = type(store)
    if own.claims is not Store.claims:
        yield "what it keeps in the environment"
    if own.pointers:
        yield ", ".join(f"`{name}`" for name in own.pointers) + " in the project"
    if (own.fits, own.digests) != (Store.fits, Store.digests):
        yield "the hash of the project's path"


def filled(text: str) -> str:
    """Return a document with the table between its markers. Raises ValueError without them."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"no {START} … {END} in it")
    return f"{before}{START}\n{table()}\n{END}{after}"


def main() -> None:
    """Write the table into the README, and the page of the settings."""
    CONFIGURATION.write_text(reference.page())
    text = README.read_text()
    try:
        README.write_text(filled(text))
    except ValueError as error:
        sys.exit(f"{README.name}: {error}")


if __name__ == "__main__":
    main()
