"""Names for shell completion, from the saved records instead of a scan."""

import os
import re
import threading
from pathlib import Path

from venvdash.model import Environment, Record, Status, Traits, Verdict
from venvdash.records.index import Index, index_path
from venvdash.session import row_names
from venvdash.session.core import Session
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.system.files import read_text
from venvdash.system.host import host_id

_PATIENCE = 2.0  # seconds
# Characters that need no quotes in any shell.
_SAFE = re.compile(r"\w[\w.@/+:-]*\Z")


def names(session: Session, typed: str) -> list[str]:
    """Return the names of environments that begin with ``typed`` and need no quotes.

    They come from the saved records; without any there is a scan of at most two seconds.
    """
    index = Index.open(index_path(session.machine, host_id()), read_only=True)
    records = index.records()
    index.close()
    if not records:
        enough = threading.Event()
        timer = threading.Timer(_PATIENCE, enough.set)
        timer.start()
        for _ in session.scan(usage=False, cancel=enough):
            pass
        timer.cancel()
        called = {path: row.name for path, row in session.rows.items()}
    else:
        called = _remembered([one for path, one in records.items() if os.path.lexists(path)])
    spelled = {name for path, called_so in called.items() for name in _spelled(called_so, path)}
    return sorted(name for name in spelled if name.startswith(typed) and _SAFE.match(name))


def _spelled(name: str, path: Path) -> tuple[str, ...]:
    """Return a row's name with and without its Python; the directory's if that needs quotes."""
    return (name, name.partition("@")[0]) if _SAFE.match(name) else (path.name,)


def _remembered(records: list[Record]) -> dict[Path, str]:
    """Return the names of the rows of these environments."""
    judged, titles = [], {}
    for record in records:
        project = record.projects[0] if record.projects else None
        verdict = Verdict(Status.CHECKING, "", (project.path,) if project else ())
        judged.append((_sketch(record), verdict))
        if project and project.name:
            titles[project.path] = project.name
    return row_names.names(judged, titles)


def _sketch(record: Record) -> Environment:
    """Return an environment with only what its name depends on."""
    text = read_text(record.path / "pyvenv.cfg")
    cfg = parse_cfg(text) if text else {}
    traits = Traits(kind="", name=record.path.name)
    python = cfg.get("version_info") or cfg.get("version")
    return Environment(
        record.path, record.path, record.path.parent, "", traits, record.fingerprint, python
    )
