"""One object for each path that many values name: comparing and hashing paths is slow otherwise."""

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=32_768)
def shared_path(text: str) -> Path:
    """Return the path; the same object for the same text, as long as not too many are asked for."""
    return Path(text)
