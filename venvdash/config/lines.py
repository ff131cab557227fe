"""Which line of a TOML file sets a key: tomllib does not say."""

import re

_HEADER = re.compile(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, key: str, item: int | None = None) -> int | None:
    """Return the number of the line that sets ``key``, None if that is not found.

    ``item``: which of several tables of the same name is meant.
    """
    header, counts = "", dict[str, int]()
    near: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.match(line):
            header = _plain(match[2])
            counts[header] = counts.get(header, -1) + 1
            if header == key:
                near = near or number
        elif match := _KEY.match(line):
            name = ".".join(filter(None, (header, _plain(match[1]))))
            wanted = item is None or counts.get(header) in (None, item)
            if name == key and wanted:
                return number
            if key.startswith(f"{name}.") or name.startswith(f"{key}."):
                near = near or number
    return near


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
