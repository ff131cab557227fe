"""Tiny pure-Python wheels, written by hand: what a playground or a test installs offline.

Format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import base64
import hashlib
import random
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can hold: the same bytes on every run


def make_wheel(
    directory: Path,
    name: str,
    version: str,
    modules: Mapping[str, bytes] | None = None,
    entry_points: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> Path:
    """Write ``name``-``version`` as a py3-none-any wheel into ``directory`` and return its path.

    ``modules`` maps paths below site-packages (``pkg/__init__.py``) to contents; without any, the
    wheel holds one package that says its name. ``entry_points`` maps console scripts to
    ``module:function``. ``requires`` are requirements as in PEP 508. The same arguments give the
    same bytes. Raises OSError.
    """
    stem = f"{module_name(name)}-{version}"
    files = dict(modules or {f"{module_name(name)}/__init__.py": greeting(name)})
    info = f"{stem}.dist-info"
    files[f"{info}/METADATA"] = _metadata(name, version, requires)
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: venvdash\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    if entry_points:
        lines = [f"{script} = {target}\n" for script, target in entry_points.items()]
        files[f"{info}/entry_points.txt"] = ("[console_scripts]\n" + "".join(lines)).encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, content in files.items():
            member = zipfile.ZipInfo(inside, _EPOCH)
            member.external_attr = 0o100644 << 16
            wheel.writestr(member, content)
    return path


def payload(size: int, seed: str) -> bytes:
    """Return ``size`` bytes that do not compress, always the same for the same ``seed``."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - ballast, not a secret


def greeting(text: str) -> bytes:
    """Return a module whose ``main`` prints ``text``."""
    return f'def main() -> None:\n    print("{text}")\n'.encode()


def module_name(name: str) -> str:
    """Return a project's name as wheels and modules spell it: lower case, ``_`` between words."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _metadata(name: str, version: str, requires: tuple[str, ...]) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return ("\n".join(lines) + "\n").encode()


def _record(files: Mapping[str, bytes], itself: str) -> bytes:
    lines = []
    for inside, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{inside},sha256={digest},{len(content)}\n")
    return ("".join(lines) + f"{itself},,\n").encode()
