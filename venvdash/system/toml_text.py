"""Writing small TOML files whose layout is all our own; ``tomlkit`` edits what people write.

TOML 1.0: https://toml.io/en/v1.0.0
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def dumps(table: Mapping[str, Any], comment: str) -> bytes:
    """Return a TOML document of bare keys, below a comment of one line.

    Values are strings, booleans, finite numbers, lists and tables of these. A list of tables has a
    section for each, which may hold further tables in one line.
    """
    plain, sections = [f"# {comment}\n"], []
    for key, value in table.items():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                sections += [f"\n[[{key}]]\n", *map(_line, one, one.values())]
        else:
            plain.append(_line(key, value))
    return "".join([*plain, *sections]).encode()


def _line(key: str, value: Any) -> str:
    return f"{key} = {_value(value)}\n"


def _value(value: Any) -> str:
    if type(value) is int or (type(value) is float and isfinite(value)):
        return repr(value)  # as the encoder does, which takes ten times as long
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_value(one)}' for key, one in value.items())}}}"
    # A string of JSON is one of TOML, but for a control character that JSON does not escape.
    return _encode(value).replace("\x7f", "\\u007f")
