"""Hashes of a project's path as tools write them into the names of environments."""

import hashlib
import os
from functools import lru_cache

DIGEST = r"[A-Za-z0-9_-]{8}"  # URL-safe base64, which may contain and end in a separator of names


@lru_cache(maxsize=4096)
def sha256(path: str) -> str:
    """Return the SHA-256 of a path with forward slashes, as hex digits."""
    return hashlib.sha256(os.fsencode(path.replace(os.sep, "/"))).hexdigest()


def short_hash(text: str, algorithm: str = "sha256") -> str:
    """Return the first 8 characters of a path's digest in URL-safe base64."""
    import base64

    digest = hashlib.new(algorithm, os.fsencode(text), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()
