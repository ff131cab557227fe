"""The line of a requirements file that installs exactly one installed package again.

From the name of its directory in site-packages and its ``direct_url.json`` (PEP 610). Nothing is
run.
"""

import os
import re
from pathlib import Path
from typing import Any

from venvdash.model import Package
from venvdash.scanner.discovery.editable_installs import LIMIT, file_url_path
from venvdash.stores.config_files import json_object, string
from venvdash.system.files import read_text
from venvdash.text import redact, visible

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9.!+_]+", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\"'<>\\^`{|}#]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_HASH = re.compile(r"(?:md5|sha1|sha256|sha384|sha512)=[0-9a-f]{32,128}")


class NeverError(Exception):
    """A package cannot be installed again; the text is a sentence."""


def valid(package: Package) -> bool:
    """Return whether a package has a name and a version as an index has them."""
    return bool(_NAME.fullmatch(package.name) and _VERSION.fullmatch(package.version))


def requirement(package: Package, info: str, prefix: Path) -> str:
    """Return the line of a requirements file that gives exactly this. Raises NeverError."""
    name, version = package.name, package.version
    if not valid(package):
        raise NeverError(f"{visible(name, 128)} has no valid name or version.")
    text = read_text(os.path.join(info, "direct_url.json"), LIMIT)
    if text is None:
        if os.path.lexists(os.path.join(info, "direct_url.json")):
            raise NeverError(f"Cannot read where {name} was installed from.")
        return f"{name}=={version}"
    told = json_object(text) or {}
    url = string(told, "url")
    if url is None or not _URL.fullmatch(url):
        raise NeverError(f"Cannot read where {name} was installed from.")
    path = file_url_path(url)
    if isinstance(told.get("dir_info"), dict):
        return _directory(name, url, path, prefix, told["dir_info"].get("editable") is True)
    if "vcs_info" in told:
        url = _commit(name, url, told)
    elif path is not None and not (path.endswith(".whl") and os.path.isfile(path)):
        raise NeverError(
            f"{name} was installed from {visible(path)}, which no longer exists or is not a wheel."
        )
    else:
        url += _hash(told)
    return f"{name} @ {url}"


def _directory(name: str, url: str, path: str | None, prefix: Path, editable: bool) -> str:
    if path is None or not os.path.isdir(path):
        raise NeverError(
            f"{name} was installed from {visible(path or redact(url))}, which no longer exists."
        )
    if Path(path).is_relative_to(prefix):
        raise NeverError(
            f"{name} was installed from {visible(path)}, which is inside the environment."
        )
    if not editable:
        raise NeverError(
            f"{name} was installed from {visible(path)}, which may have changed since then."
        )
    return f"-e {url}"


def _commit(name: str, url: str, told: dict[str, Any]) -> str:
    commit = string(told, "vcs_info", "commit_id") or ""
    if string(told, "vcs_info", "vcs") != "git" or not _COMMIT.fullmatch(commit):
        raise NeverError(f"Cannot read which commit {name} was built from.")
    folder = string(told, "subdirectory")
    if folder is not None and not _URL.fullmatch(f"x:{folder}"):
        raise NeverError(f"Cannot read where {name} was installed from.")
    return f"git+{url}@{commit}" + (f"#subdirectory={folder}" if folder else "")


def _hash(told: dict[str, Any]) -> str:
    """Return the fragment of a URL with the content's hash, if one is recorded."""
    sha256 = string(told, "archive_info", "hashes", "sha256")
    found = f"sha256={sha256}" if sha256 else string(told, "archive_info", "hash") or ""
    return f"#{found}" if _HASH.fullmatch(found) else ""
