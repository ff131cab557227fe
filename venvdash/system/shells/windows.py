"""PowerShell, on every system, and cmd."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.shells.base import (
    MISLEADING,
    OLD,
    Activation,
    Shell,
    ShellError,
    ShellStart,
    only_text,
)

if TYPE_CHECKING:
    from venvdash.system.machine import Machine

_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")  # all of them end a string


class PowerShell(Shell):
    """PowerShell, which runs our command after its profiles and stays open."""

    names = ("pwsh", "powershell")
    usage = "{} | Out-String | Invoke-Expression"

    def quote(self, text: str) -> str:
        """Return ``text`` in single quotes, in which only quotes are special, also typographic."""
        return "'" + _QUOTES.sub(r"\1\1", only_text(text, "PowerShell")) + "'"

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with -NoExit and a script; Windows would split a command line."""
        file = room / "activate.ps1"
        removed = f"Remove-Item -Recurse -Force -LiteralPath {self.quote(str(room))}\n"
        # A byte order mark: Windows PowerShell 5 takes a file without one for another encoding.
        text = f"\ufeff{self.code(activation)}{removed}"
        # The execution policy may forbid scripts, which is meant for downloaded ones.
        read = f"Get-Content -Raw -Encoding UTF8 -LiteralPath {self.quote(str(file))}"
        command = f". ([scriptblock]::Create(({read})))"
        arguments = (str(program), "-NoLogo", "-NoExit", "-Command", command)
        return ShellStart(arguments, files={file.name: text})

    def function(self, name: str) -> str:
        """Return a function."""
        return (
            f"function global:{name} {{\n"
            "  $code = venvdash activate --cd --shell pwsh -- @args | Out-String\n"
            "  if ($LASTEXITCODE -eq 0) { Invoke-Expression $code }\n"
            "}\n"
        )

    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the activation; saved values are environment variables, as in other shells."""
        names = [*activation.variables, *MISLEADING, "PATH"]
        yield "if (Test-Path Function:deactivate) { deactivate -NonDestructive }"
        yield "function global:deactivate ([switch]$NonDestructive) {"
        for name in names:
            yield f"  if (Test-Path Env:{OLD}{name}) {{"
            yield f"    $env:{name} = $env:{OLD}{name}; Remove-Item Env:{OLD}{name}"
            if name in activation.variables:
                yield f"  }} elseif (Test-Path Env:{name}) {{ Remove-Item Env:{name}"
            yield "  }"
        yield (
            "  if (Test-Path Function:_venvdash_prompt) {\n"
            "    Copy-Item Function:_venvdash_prompt Function:prompt\n"
            "    Remove-Item Function:_venvdash_prompt\n"
            "  }\n"
            "  if (-not $NonDestructive) { Remove-Item Function:deactivate }\n"
            "}"
        )
        for name, value in activation.variables.items():
            word = self.quote(value)
            yield (
                f"if ((Test-Path Env:{name}) -and $env:{name} -ne {word}) {{\n"
                f"  $env:{OLD}{name} = $env:{name}\n"
                "}\n"
                f"$env:{name} = {word}"
            )
        for name in MISLEADING:
            yield (
                f"if (Test-Path Env:{name}) {{\n"
                f"  $env:{OLD}{name} = $env:{name}; Remove-Item Env:{name}\n"
                "}"
            )
        folders = ", ".join(self.quote(str(folder)) for folder in activation.folders)
        mark = self.quote(f"({activation.prompt}) ")
        yield (
            "$_venvdash = [IO.Path]::PathSeparator\n"
            f"$env:{OLD}PATH = ($env:PATH -split $_venvdash | "
            f"Where-Object {{ $_ -notin @({folders}) }}) -join $_venvdash\n"
            f"$env:PATH = (@({folders}) + $env:{OLD}PATH) -join $_venvdash\n"
            "if (-not (Test-Path Env:VIRTUAL_ENV_DISABLE_PROMPT)) {\n"
            '  function global:_venvdash_prompt { "" }\n'
            "  Copy-Item Function:prompt Function:_venvdash_prompt\n"
            f"  function global:prompt {{ {mark} + (_venvdash_prompt) }}\n"
            "}"
        )
        if activation.directory is not None:
            yield f"Set-Location -LiteralPath {self.quote(str(activation.directory))}"


class Cmd(Shell):
    """cmd, which has no startup files: its variables are set before it starts."""

    names = ("cmd",)
    usage = ""

    def quote(self, text: str) -> str:
        """Refuse: quoting in cmd depends on the context."""
        raise ShellError("cmd has no reliable way to quote a path.")

    def lines(self, activation: Activation) -> Iterator[str]:
        """Refuse, for the same reason."""
        raise ShellError(
            "cmd cannot activate an environment safely. Run `venvdash shell NAME` to "
            "open a shell in which it is active."
        )

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it; no startup file can change its variables."""
        prompt = machine.variables.get("PROMPT") or "$P$G"
        return ShellStart((str(program), "/k"), {"PROMPT": f"({activation.prompt}) {prompt}"})
