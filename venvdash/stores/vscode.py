"""VS Code's environments for PEP 723 scripts; its other ones are plain, in ``~/.virtualenvs``.

Source: microsoft/vscode-python-environments as of 2026-08, inlineScriptCacheLayout.ts; not run
here. ``<globalStorage>/script-envs-v1/<16 hex>``, the digest of requirements and interpreter:
scripts with the same ones share it. ``.meta.json`` holds ``lastUsedAt`` and, in some releases,
the path of one script that used it.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, EvidenceKind, Traits
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.config_files import json_object, string
from venvdash.stores.roots import Root
from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_META = ".meta.json"
_STORAGE = Path("User", "globalStorage", "ms-python.vscode-python-envs", "script-envs-v1")
_DIGEST = re.compile(r"[0-9a-f]{16}")
_OTHERS = ("Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Code - OSS")
_SERVERS = (".vscode-server", ".vscode-server-insiders", ".cursor-server")
_DAY = 24 * 3600  # seconds


class VsCodeStore(Store):
    """The recorded script is no proof: other scripts may share the environment."""

    name = "vscode"
    title = "VS Code scripts"
    kinds = (Kind("vscode-script", "VS Code's environment for scripts"),)
    rank = 22
    tested_with = "layout taken from its source code"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield VS Code's storage, and that of its servers and forks if it exists."""
        users = _settings(machine)
        yield Root(users / "Code" / _STORAGE, self.name)
        others = [users / other for other in _OTHERS]
        others += [machine.home / server / "data" for server in _SERVERS]
        existing = (path for other in others if reads.isdir(path := other / _STORAGE))
        yield from (Root(path, self.name) for path in existing)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of a directory in the storage with a digest as its name or metadata."""
        name = reading.entry.name
        ours = _META in reading.names or _DIGEST.fullmatch(name)
        if reading.root.store != self.name or not ours:
            return None
        script = _script(reading)
        return Traits(kind="vscode-script", name=Path(script).name if script else name)

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield a mention of the script that is recorded."""
        script = _script(reading)
        project = Path(script) if script else None
        yield from reading.claim(project, reading.path / _META, EvidenceKind.MENTION)

    def last_used(self, reading: Reading) -> float | None:
        """Return the recorded time of the last use, None for one in the future."""
        text = string(_meta(reading), "lastUsedAt")
        if reading.root.store != self.name or text is None:
            return None
        reads.note_more()  # it is compared with the clock
        from datetime import UTC, datetime

        try:
            when = datetime.fromisoformat(text)
            seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
        return seconds if 0 < seconds < time.time() + _DAY else None


def _settings(machine: Machine) -> Path:
    if machine.platform == "win32":
        return machine.appdata
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    return machine.config_home


def _meta(reading: Reading) -> dict[str, object] | None:
    return json_object(read_text(reading.path / _META)) if _META in reading.names else None


def _script(reading: Reading) -> str | None:
    script = string(_meta(reading), "scriptFsPath")
    return script if script and os.path.isabs(script) else None


STORE = VsCodeStore()
