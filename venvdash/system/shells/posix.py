"""bash, zsh, and shells with only the features of POSIX."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.shells.base import MISLEADING, OLD, Activation, Shell, ShellStart

if TYPE_CHECKING:
    from venvdash.system.machine import Machine


class _Posix(Shell):
    """What the descendants of the Bourne shell have in common."""

    usage = 'eval "$({})"'

    def quote(self, text: str) -> str:
        """Return ``text`` in single quotes, in which nothing but the quote itself is special."""
        return shlex.quote(text)

    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the activation; a backslash before a word bypasses an alias."""
        yield (
            "case $(\\command -v deactivate 2>/dev/null) in\n"
            "deactivate) deactivate nondestructive ;;\n"
            "esac"
        )
        yield from _deactivate(activation)
        for name, value in activation.variables.items():
            word = self.quote(value)
            # If it was started with the value set, there is no other value to restore.
            yield (
                f'if [ "${{{name}-}}" != {word} ] && [ -n "${{{name}+x}}" ]; then\n'
                f"  {OLD}{name}=${name}\n"
                "fi\n"
                f"{name}={word}\n"
                f"\\export {name}"
            )
        for name in MISLEADING:
            yield f'if [ -n "${{{name}+x}}" ]; then {OLD}{name}=${name}; \\unset {name}; fi'
        yield "_venvdash=:$PATH:"
        for folder in activation.folders:
            yield (
                f"_venvdash_at={self.quote(f':{folder}:')}\n"
                "while :; do case $_venvdash in\n"
                '*"$_venvdash_at"*)\n'
                '  _venvdash=${_venvdash%%"$_venvdash_at"*}:${_venvdash#*"$_venvdash_at"} ;;\n'
                "*) break ;;\n"
                "esac; done"
            )
        yield (
            "_venvdash=${_venvdash#:}\n"
            f"{OLD}PATH=${{_venvdash%:}}\n"
            f"PATH={self.quote(activation.path)}${{{OLD}PATH:+:${OLD}PATH}}\n"
            "\\export PATH\n"
            "\\unset _venvdash _venvdash_at\n"
            'if [ -n "${PS1+x}" ] && [ -z "${VIRTUAL_ENV_DISABLE_PROMPT-}" ]; then\n'
            f"  {OLD}PS1=$PS1\n"
            f"  PS1={self.quote(f'({activation.prompt}) ')}$PS1\n"
            "fi\n"
            "hash -r 2>/dev/null || :"  # an alias in mksh
        )
        if activation.directory is not None:
            yield f"\\cd -- {self.quote(str(activation.directory))}"

    def function(self, name: str) -> str:
        """Return a function that runs ``eval`` with the output of venvdash."""
        return (
            f"{name} () {{\n"
            f"  _venvdash=$(\\command venvdash activate --cd --shell {self.name} "
            '-- "$@") || \\return\n'
            '  \\eval "$_venvdash"\n'
            "}\n"
        )

    def _leaving(self, room: Path) -> str:
        """Return the command that removes the files that the shell was started with."""
        return f"\\command rm -rf -- {self.quote(str(room))}\n"


def _deactivate(activation: Activation) -> Iterator[str]:
    yield "deactivate () {"
    for name in (*activation.variables, *MISLEADING, "PATH"):
        yield f'  if [ -n "${{{OLD}{name}+x}}" ]; then'
        yield f"    {name}=${OLD}{name}; \\export {name}; \\unset {OLD}{name}"
        if name in activation.variables:
            yield f"  else \\unset {name}"
        yield "  fi"
    yield (
        f'  if [ -n "${{{OLD}PS1+x}}" ]; then PS1=${OLD}PS1; \\unset {OLD}PS1; fi\n'
        "  hash -r 2>/dev/null || :\n"
        '  if [ "${1-}" != nondestructive ]; then \\unset -f deactivate; fi\n'
        "}"
    )


def _sourced(file: str) -> str:
    return f"if [ -r {file} ]; then . {file}; fi\n"


class Bash(_Posix):
    """bash: a startup file of ours, which reads the user's first."""

    names = ("bash",)

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with --rcfile, with which bash skips the system's file, too.

        The bash of Debian, Arch and SUSE reads /etc/bash.bashrc; elsewhere it does not exist.
        """
        file = room / "bashrc"
        text = _sourced("/etc/bash.bashrc") + _sourced("~/.bashrc") + self.code(activation)
        return ShellStart(
            (str(program), "--rcfile", str(file), "-i"),
            files={file.name: text + self._leaving(room) + ":\n"},
        )


class Zsh(_Posix):
    """zsh: a ZDOTDIR of ours, whose files read the user's with their own ZDOTDIR."""

    names = ("zsh",)

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with ZDOTDIR changed until its last file has been read.

        The system's zshrc runs in between: files that it writes to ZDOTDIR are removed with that,
        except the history.
        """
        here = self.quote(str(room))
        given = machine.variables.get("ZDOTDIR")
        back = "\\unset ZDOTDIR" if given is None else f"\\export ZDOTDIR={self.quote(given)}"
        own = "${ZDOTDIR:-$HOME}"
        early = (
            f"{back}\n"
            f'if [[ -r {own}/.zshenv ]]; then \\source "{own}/.zshenv"; fi\n'
            # It may have chosen another directory for the rest.
            "if (( ${+ZDOTDIR} )); then _venvdash=$ZDOTDIR; else \\unset _venvdash; fi\n"
            f"ZDOTDIR={here}\n"
        )
        late = (
            "if (( ${+_venvdash} )); then ZDOTDIR=$_venvdash; else \\unset ZDOTDIR; fi\n"
            f"if [[ ${{HISTFILE-}} == {here}/* ]]; then HISTFILE={own}/.zsh_history; fi\n"
            f'if [[ -r {own}/.zshrc ]]; then \\source "{own}/.zshrc"; fi\n'
        )
        files = {".zshenv": early, ".zshrc": late + self.code(activation) + self._leaving(room)}
        return ShellStart((str(program), "-i"), {"ZDOTDIR": str(room)}, files)


_DEFAULTS = {"ksh": "~/.kshrc", "ksh93": "~/.kshrc", "mksh": "~/.mkshrc"}  # without ENV


class Sh(_Posix):
    """Shells that read the file in ENV if interactive: dash, ash, ksh, mksh, bash as sh."""

    names = ("sh", "dash", "ash", "ksh", "ksh93", "mksh", "oksh", "loksh", "yash", "bosh")

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with another file in ENV, which reads the user's.

        The value of ENV is expanded once (not by mksh), so it is a variable that holds the path.
        """
        file = room / "shrc"
        given = machine.variables.get("ENV")
        if given is None:
            own, back = _DEFAULTS.get(program.name, ""), "\\unset ENV\n"
        else:
            own = self.quote(str(machine.expand(given))) if given else ""
            back = f"ENV={self.quote(given)}; \\export ENV\n"
        back += "\\unset _VENVDASH_ENV\n"
        text = back + (_sourced(own) if own else "") + self.code(activation)
        files = {file.name: text + self._leaving(room)}
        name = str(file) if program.name == "mksh" else "$_VENVDASH_ENV"
        variables = {"ENV": name, "_VENVDASH_ENV": str(file)}
        return ShellStart((str(program), "-i"), variables, files)
