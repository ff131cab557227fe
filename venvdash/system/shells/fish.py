"""fish."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.shells.base import MISLEADING, OLD, Activation, Shell, ShellStart

if TYPE_CHECKING:
    from venvdash.system.machine import Machine


class Fish(Shell):
    """fish, which runs our command after its startup files and before its first prompt."""

    names = ("fish",)
    usage = "{} | source"

    def quote(self, text: str) -> str:
        r"""Return ``text`` in single quotes, in which only \ and the quote are special."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with --init-command, which runs after all configuration."""
        return ShellStart((str(program), "-i", "-C", self.code(activation)))

    def function(self, name: str) -> str:
        """Return a function."""
        return (
            f"function {name}\n"
            "  set -l code (command venvdash activate --cd --shell fish -- $argv | "
            "string collect)\n"
            '  test -n "$code"; or return 1\n'
            "  eval $code\n"
            "end\n"
        )

    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the activation; variables are exported and global, over any universal ones."""
        yield "functions -q deactivate; and deactivate nondestructive"
        yield from _deactivate(activation)
        for name, value in activation.variables.items():
            word = self.quote(value)
            # If it was started with the value set, there is no other value to restore.
            yield (
                f'if set -q {name}; and test "${name}" != {word}\n'
                f"  set -g {OLD}{name} ${name}\n"
                "end\n"
                f"set -gx {name} {word}"
            )
        for name in MISLEADING:
            yield f"if set -q {name}"
            yield f"  set -g {OLD}{name} ${name}; set -e {name}"
            yield "end"
        folders = " ".join(self.quote(str(folder)) for folder in activation.folders)
        yield (
            f"set -g {OLD}PATH\n"
            "for _venvdash in $PATH\n"
            f"  contains -- $_venvdash {folders}; or set -a {OLD}PATH $_venvdash\n"
            "end\n"
            f"set -gx PATH {folders} ${OLD}PATH\n"
            "if functions -q fish_prompt; and not set -q VIRTUAL_ENV_DISABLE_PROMPT\n"
            "  functions -e _venvdash_prompt; functions -c fish_prompt _venvdash_prompt\n"
            "  function _venvdash_status; return $argv[1]; end\n"
            "  function fish_prompt\n"
            "    set -l ended $status\n"
            f"    echo -n {self.quote(f'({activation.prompt}) ')}\n"
            "    _venvdash_status $ended\n"
            "    _venvdash_prompt\n"
            "  end\n"
            "end"
        )
        if activation.directory is not None:
            yield f"cd {self.quote(str(activation.directory))}"


def _deactivate(activation: Activation) -> Iterator[str]:
    yield "function deactivate"
    for name in (*activation.variables, *MISLEADING, "PATH"):
        yield f"  if set -q {OLD}{name}"
        yield f"    set -gx {name} ${OLD}{name}; set -e {OLD}{name}"
        if name in activation.variables:
            yield f"  else; set -e {name}"
        yield "  end"
    yield (
        "  if functions -q _venvdash_prompt\n"
        "    functions -e fish_prompt; functions -c _venvdash_prompt fish_prompt\n"
        "    functions -e _venvdash_prompt _venvdash_status\n"
        "  end\n"
        '  test "$argv[1]" = nondestructive; or functions -e deactivate\n'
        "end"
    )
