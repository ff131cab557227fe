"""nushell."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.shells.base import (
    MISLEADING,
    Activation,
    Shell,
    ShellStart,
    only_text,
    path_with,
)

if TYPE_CHECKING:
    from venvdash.system.machine import Machine

_LEAVING = """def --env deactivate [] {
  let folders = ($env._VENVDASH_FOLDERS? | default [])
  $env.PATH = ($env.PATH | where {|folder| $folder not-in $folders})
  if "_VENVDASH_PROMPT" in $env { $env.PROMPT_COMMAND = $env._VENVDASH_PROMPT }
  hide-env --ignore-errors VIRTUAL_ENV VIRTUAL_ENV_PROMPT CONDA_PREFIX CONDA_DEFAULT_ENV
  hide-env --ignore-errors _VENVDASH_FOLDERS _VENVDASH_PROMPT
}
"""


class Nushell(Shell):
    """nushell, which cannot evaluate a string: it loads a record of variables."""

    names = ("nu",)
    usage = "load-env ({} | from json)"

    def quote(self, text: str) -> str:
        r"""Return ``text`` in double quotes with escapes, \u{…} for all that is not plain."""
        return '"' + "".join(map(_escaped, only_text(text, "nushell"))) + '"'

    def activating(self, activation: Activation, variables: Mapping[str, str]) -> str:
        """Return a JSON object of variables; with a new directory, one of both."""
        import json  # slow to import

        path = path_with(activation, variables, sys.platform)
        record: dict[str, object] = {
            name: only_text(value, "nushell") for name, value in activation.variables.items()
        }
        record["PATH"] = only_text(path, "nushell").split(os.pathsep)
        record["_VENVDASH_FOLDERS"] = [str(folder) for folder in activation.folders]
        if activation.directory is not None:
            record = {
                "variables": record,
                "directory": only_text(str(activation.directory), "nushell"),
            }
        return json.dumps(record) + "\n"

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with --execute, which runs after all configuration."""
        return ShellStart((str(program), "-i", "-e", self.code(activation)))

    def function(self, name: str) -> str:
        """Return a command, and the one that undoes it."""
        return (
            f"def --env {name} [...names: string] {{\n"
            "  let told = (^venvdash activate --cd --shell nu -- ...$names | from json)\n"
            "  if ($told | is-empty) { return }\n"
            '  load-env (if "variables" in $told { $told.variables } else { $told })\n'
            '  if "directory" in $told { cd $told.directory }\n'
            f"}}\n{_LEAVING}"
        )

    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the activation for a nushell that venvdash starts."""
        folders = ", ".join(self.quote(str(folder)) for folder in activation.folders)
        yield _LEAVING.rstrip()
        for name, value in activation.variables.items():
            yield f"$env.{name} = {self.quote(value)}"
        yield (
            f"hide-env --ignore-errors {' '.join(MISLEADING)}\n"
            f"$env._VENVDASH_FOLDERS = [{folders}]\n"
            "$env.PATH = ($env.PATH | where {|folder| $folder not-in $env._VENVDASH_FOLDERS}"
            " | prepend $env._VENVDASH_FOLDERS)\n"
            'if "VIRTUAL_ENV_DISABLE_PROMPT" not-in $env {\n'
            '  $env._VENVDASH_PROMPT = (if "PROMPT_COMMAND" in $env { $env.PROMPT_COMMAND })\n'
            "  $env.PROMPT_COMMAND = {||\n"
            '    let own = (if "_VENVDASH_PROMPT" in $env { $env._VENVDASH_PROMPT })\n'
            '    let text = (if ($own | describe) == "closure" { do $own } else { $own })\n'
            f"    [{self.quote(f'({activation.prompt}) ')}, $text] | str join\n"
            "  }\n"
            "}"
        )
        if activation.directory is not None:
            yield f"cd {self.quote(str(activation.directory))}"


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\u{{{ord(char):x}}}"
