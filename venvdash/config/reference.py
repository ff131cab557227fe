"""All settings with their types, defaults and examples: what `config` and the manual show."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from venvdash.config import TABLES, Config
from venvdash.config.lines import line_of
from venvdash.system.machine import Machine
from venvdash.text import wrap


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``default`` and ``example`` are TOML, ``what`` are its values in words."""

    key: str
    what: str
    default: str
    about: str
    example: str
    protects: bool


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting in effect: its value, and the line of the file that sets it (None: the default)."""

    setting: Setting
    value: Any
    line: int | None


VARIABLES = {
    "VENVDASH_CONFIG": "The configuration file.",
    "VENVDASH_STATE_DIR": "The folder of the index and of other things that venvdash remembers.",
    "VENVDASH_DISKS": "The folder below which local disks are searched before something is pruned.",
}
"""The variables that set what no configuration can."""


def settings() -> list[Setting]:
    """Return all settings in the order of the manual."""
    return [_setting(prefix, one) for prefix, one in _fields()]


def _fields() -> list[tuple[str, "dataclasses.Field[Any]"]]:
    fields = [("", one) for one in dataclasses.fields(Config) if one.metadata]
    for name in TABLES:
        fields += [(f"{name}.", one) for one in dataclasses.fields(getattr(Config(), name))]
    return fields


def _setting(prefix: str, one: "dataclasses.Field[Any]") -> Setting:
    data = one.metadata
    return Setting(
        prefix + one.name,
        data["what"],
        toml(one.default),
        data["about"],
        data["example"] if not prefix else f"[{prefix[:-1]}]\n{data['example']}",
        data.get("protects", True),
    )


def effective(config: Config, text: str) -> list[Effective]:
    """Return the settings in effect; ``text`` is the content of the file."""
    found = []
    for setting in settings():
        value: Any = config
        for name in setting.key.split("."):
            value = getattr(value, name)
        default = toml(value) == setting.default
        line = line_of(text, setting.key)
        found.append(
            Effective(setting, _value(value), None if default and _wrong(config, line) else line)
        )
    return found


def _wrong(config: Config, line: int | None) -> bool:
    """Return whether the line was not understood."""
    return any(f":{line}: " in problem.message for problem in config.problems)


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {key: one for key, one in dataclasses.asdict(value).items() if one is not None}
    return value


def toml(value: Any) -> str:
    """Return a value as TOML writes it in one line."""
    value = _value(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    import json

    return json.dumps(value, ensure_ascii=False)


def template() -> str:
    """Return a configuration in which every setting is a comment; tables come last."""
    parts = ["# The configuration of venvdash. Remove a # to change a setting.\n"]
    for setting in sorted(settings(), key=lambda one: one.example.startswith("[[")):
        about = wrap(f"{setting.about} Default: {setting.default}", 90)
        table = setting.key.partition(".")[0]
        example = setting.example.replace(f"[{table}]\n", f"{table}.")
        lines = [*about, *example.splitlines()]
        parts.append("".join(f"# {line}\n" for line in lines))
    return "\n".join(parts)


def variables(machine: Machine) -> dict[str, Path]:
    """Return what the variables, or their defaults, stand for."""
    return {
        "VENVDASH_CONFIG": machine.config_file,
        "VENVDASH_STATE_DIR": machine.state_directory,
        "VENVDASH_DISKS": machine.disks,
    }


def page() -> str:
    """Return the page of the manual, as Markdown."""
    rows = [f"| `{name}` | {about} |\n" for name, about in VARIABLES.items()]
    table = ["| variable | what it sets |\n", "| --- | --- |\n", *rows]
    variables = f"## Environment variables\n\n{''.join(table)}"
    return "\n".join([_HEAD, *map(_section, settings()), variables])


def _section(setting: Setting) -> str:
    spared = "" if setting.protects else "- a mistake in it does not stop `prune`\n"
    return (
        f"## `{setting.key}`\n\n" + "\n".join(wrap(setting.about, 104)) + "\n\n"
        f"- values: {setting.what}\n- default: `{setting.default}`\n{spared}\n"
        f"```toml\n{setting.example}\n```\n"
    )


_HEAD = """\
# Configuration

Nothing has to be configured. Settings are in `~/.config/venvdash/config.toml` (macOS:
`~/Library/Application Support/venvdash/config.toml`, Windows:
`%LOCALAPPDATA%\\venvdash\\config.toml`):

- `venvdash config path` prints where the file is,
- `venvdash config show` prints every setting in effect, and where it comes from,
- `venvdash config edit` opens the file in your editor, and checks it afterwards.

A mistake is reported with its line, its key and what is allowed, and the default is used for that
key. Because a setting that protects environments may be missing then, `prune` and other rules
delete nothing until it is fixed, and nothing in the trash expires.
"""
