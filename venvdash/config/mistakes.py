"""What a configuration with mistakes says all the same, and where its mistakes are."""

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any

from venvdash.config import CODEC, TABLES, Config, ConfigProblem
from venvdash.config.lines import line_of
from venvdash.config.reference import settings
from venvdash.system.codec import Codec, CodecError


def understood(table: dict[str, Any], text: str, path: Path) -> Config:
    """Return what can be read of ``table``, with a problem for each mistake in ``text``."""
    given, problems = {}, []
    rest = dict(table)
    for name, inner in TABLES.items():
        if isinstance(value := rest.get(name), dict):
            del rest[name]
            given[name], errors = _read(inner, value)
            problems += [(f"{name}.{error.key}", error) for error in errors]
    config, errors = _read(CODEC, rest)
    problems += [(error.key, error) for error in errors]
    mistakes = tuple(_problem(key, error, text, path) for key, error in problems)
    read: Config = replace(config, path=path, problems=mistakes, **given)
    return read


def _read(codec: Codec[Any], table: dict[str, Any]) -> tuple[Any, list[CodecError]]:
    """Return the values of a table with defaults for wrong ones, and what is wrong with these."""
    good, errors = {}, []
    for key, value in table.items():
        try:
            codec.read({key: value})
        except CodecError as error:
            errors.append(error)
        else:
            good[key] = value
    return codec.read(good), errors


def _problem(key: str, error: CodecError, text: str, path: Path) -> ConfigProblem:
    number = line_of(text, key, error.item)
    place = f"{path}:{number}" if number else str(path)
    if error.unknown:
        last = key.rpartition(".")[2]
        near = difflib.get_close_matches(last, _known(key), 1)
        hint = f" Did you mean `{near[0]}`?" if near else f" Known are {', '.join(_known(key))}."
        return ConfigProblem(f"{place}: `{key}` is not a known setting.{hint}", _beside(key))
    protects = _protects(key)
    return ConfigProblem(f"{place}: `{key}` {error.reason}. The default is used.", protects)


def _known(key: str) -> list[str]:
    table = key.rpartition(".")[0]
    if table == "stores":
        return ["path", "layout", "base"]
    return TABLES[table].keys if table in TABLES else CODEC.keys


def _beside(key: str) -> bool:
    """Return whether a setting that protects could be meant."""
    table = key.rpartition(".")[0]
    beside = [one for one in settings() if one.key.rpartition(".")[0] == table]
    return not beside or any(one.protects for one in beside)


def _protects(key: str) -> bool:
    named = [one for one in settings() if key == one.key or key.startswith(f"{one.key}.")]
    return all(one.protects for one in named)
