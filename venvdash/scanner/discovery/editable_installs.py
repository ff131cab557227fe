"""Editable installs in an environment, and the source trees they import from.

PEP 660 lets each build backend choose how to install them; all of today's write the
``direct_url.json`` of PEP 610. Tested with uv_build 0.8, hatchling 1.27, poetry-core 2.1,
setuptools 80 (lenient, strict and compat), flit 3.12 (``--symlink`` too), pdm-backend 2.4, maturin
1.9, and with the ``setup.py develop`` of setuptools 69.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Package
from venvdash.stores.base import normalised
from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.text import redact

LIMIT = 64 * 1024  # bytes of one such file

_PREFIXES = ("_editable_impl_", "__editable__.", "__editable___")
_LINES = 200  # of a .pth
_LINKS = 100  # egg-links
_VERSION = re.compile(r"^Version: *(\S{1,80})$", re.MULTILINE)
_FINDER = re.compile(r"import (__editable___[A-Za-z0-9_]{1,200}_finder);")
_MAPPING = re.compile(r"^MAPPING\b[^={\n]*= *\{([^}\n]{0,60000})\}", re.MULTILINE)
_QUOTED = re.compile(r""": *(?:'([^'\\\n]+)'|"([^"\\\n]+)")""")


@dataclass(frozen=True, slots=True)
class Editable:
    """An editable install; ``name`` is that of its package, None if unknown.

    ``source`` is the project directory from ``direct_url.json``, else the directory that ``file``
    adds to ``sys.path``.
    """

    name: str | None
    source: Path
    file: Path


@dataclass(frozen=True, slots=True)
class EditableTraces:
    """Files in a site-packages that may come from editable installs.

    ``likely`` are names of packages that may be the project's own: some backends write only
    ``direct_url.json``.
    """

    pths: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    egg_links: tuple[str, ...] = ()
    likely: frozenset[str] = frozenset()


def editables(
    directory: str, packages: dict[str, Package], traces: EditableTraces
) -> tuple[Editable, ...]:
    """Return the editable installs in a site-packages, each source tree once.

    ``packages`` maps the ``*.dist-info`` there to what their names say; those found editable are
    replaced in it, those that only an ``*.egg-link`` names are added.
    """
    by_name = {normalised(package.name): info for info, package in packages.items()}
    stems = {pth: _stem(pth) for pth in traces.pths}
    witnesses = {*stems.values(), *map(normalised, traces.links)}
    # A .pth or link that no package's name fits may be any package's: look at all of them.
    if witnesses <= by_name.keys():
        infos = [by_name[name] for name in sorted(witnesses | traces.likely) if name in by_name]
    else:
        infos = list(packages)
    installs = list(_named(directory, packages, infos))
    known = {normalised(editable.name or "") for editable in installs}
    for egg_link in traces.egg_links[:_LINKS]:
        installs += _of_egg_link(directory, egg_link, packages)
    for pth, stem in stems.items():
        if stem not in known:
            name = packages[by_name[stem]].name if stem in by_name else None
            installs.extend(e for e in _of_pth(directory, pth, name) if not _covered(e, installs))
    return tuple(installs)


def with_origin(directory: str, info: str, package: Package) -> tuple[Package, str | None]:
    """Return the package with its origin (PEP 610) and the source directory if it is editable."""
    data = direct_url(directory, info)
    return (package, None) if data is None else from_url(package, data)


def from_url(package: Package, data: dict[str, object]) -> tuple[Package, str | None]:
    """Return the package with the origin that a ``direct_url`` names, as ``with_origin``."""
    url, about = str(data["url"]), data.get("dir_info")
    editable = isinstance(about, dict) and about.get("editable") is True
    package = Package(package.name, package.version, redact(url), editable)
    return package, file_url_path(url) if editable else None


def direct_url(directory: str, info: str) -> dict[str, object] | None:
    """Return what ``direct_url.json`` (PEP 610) holds, with a ``url``; None where it does not."""
    text = read_text(os.path.join(directory, info, "direct_url.json"), LIMIT)
    if text is None:
        return None
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and isinstance(data.get("url"), str) else None


def file_url_path(url: str) -> str | None:
    """Return the absolute path of a ``file://`` URL, or None."""
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if os.name == "nt":
        path = path.lstrip("/")
    return path if os.path.isabs(path) and "\0" not in path else None


def project_of(source: str) -> str:
    """Return the project that a directory on ``sys.path`` belongs to.

    That is the nearest directory upwards with a pyproject.toml or setup.py, else the directory
    itself, or its parent if it is called ``src``.
    """
    directory = source
    for _ in range(3):
        for name in ("pyproject.toml", "setup.py", "setup.cfg"):
            if reads.lexists(os.path.join(directory, name)):
                return directory
        directory = os.path.dirname(directory)
    return os.path.dirname(source) if os.path.basename(source) == "src" else source


def _named(
    directory: str, packages: dict[str, Package], infos: Iterable[str]
) -> Iterator[Editable]:
    for info in infos:
        package, source = with_origin(directory, info, packages[info])
        if source:
            packages[info] = package
            yield Editable(package.name, Path(source), Path(directory, info, "direct_url.json"))


def _of_egg_link(directory: str, name: str, packages: dict[str, Package]) -> Iterator[Editable]:
    """Yield what ``setup.py develop`` installed: its metadata in line 1, setup.py's in line 2."""
    file = os.path.join(directory, name)
    lines = (read_text(file, LIMIT) or "").splitlines()
    if not lines or not os.path.isabs(lines[0]) or "\0" in "".join(lines[:2]):
        return
    source, package = lines[0], name[: -len(".egg-link")]
    project = os.path.normpath(os.path.join(source, lines[1] if len(lines) > 1 else "."))
    metadata = os.path.join(source, package.replace("-", "_") + ".egg-info", "PKG-INFO")
    version = _VERSION.search(read_text(metadata, 4 * LIMIT) or "")
    packages[name] = Package(
        package, version[1] if version else "", Path(project).as_uri(), editable=True
    )
    yield Editable(package, Path(project), Path(file))


def _of_pth(directory: str, pth: str, name: str | None) -> Iterator[Editable]:
    """Yield the directories that a .pth puts on ``sys.path`` outside the environment."""
    text = read_text(os.path.join(directory, pth), LIMIT) or ""
    for line in text.splitlines()[:_LINES]:
        finder = _FINDER.match(line)
        paths = _mapped(directory, finder[1]) if finder else [line.strip()]
        for path in paths:
            inside = path.startswith(directory + os.sep)
            if os.path.isabs(path) and "\0" not in path and not inside:
                yield Editable(name, Path(project_of(path)), Path(directory, pth))


def _mapped(directory: str, finder: str) -> list[str]:
    """Return the directories in the mapping of setuptools' finder, which is read, not run."""
    text = read_text(os.path.join(directory, f"{finder}.py"), LIMIT) or ""
    mapping = _MAPPING.search(text)
    paths = _QUOTED.findall(mapping[1]) if mapping else []
    return [os.path.dirname(one or other) for one, other in paths]


def _covered(editable: Editable, known: list[Editable]) -> bool:
    """Return whether a package's own metadata already names this source tree."""
    return any(
        editable.source == other.source or other.source in editable.source.parents
        for other in known
    )


def _stem(pth: str) -> str:
    stem = pth[: -len(".pth")]
    for prefix in _PREFIXES:
        if stem.startswith(prefix):
            stem = stem[len(prefix) :]
            if prefix == "__editable__.":  # __editable__.NAME-VERSION.pth
                stem = stem.rsplit("-", 1)[0]
            break
    return normalised(stem)
