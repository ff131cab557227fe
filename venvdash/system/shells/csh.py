"""csh and tcsh."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.shells.base import MISLEADING, OLD, Activation, Shell, ShellError, ShellStart

if TYPE_CHECKING:
    from venvdash.system.machine import Machine


class Csh(Shell):
    """tcsh and csh: a HOME of ours until its startup file has been read."""

    names = ("tcsh", "csh", "bsd-csh")
    usage = 'eval "`{}`"'
    line_end = " ;\n"
    preset = False

    def quote(self, text: str) -> str:
        """Return ``text`` in single quotes; history and line ends must be escaped even there."""
        word = text.replace("'", "'\\''").replace("!", "\\!").replace("\n", "\\\n")
        return f"'{word}'"

    def activating(self, activation: Activation, variables: Mapping[str, str]) -> str:
        """Return the activation, which becomes the words of an ``eval``: no line breaks."""
        values = [str(activation.directory), *activation.variables.values()]
        if "\n" in "".join(values):
            raise ShellError("tcsh cannot use a path that contains a line break.")
        return super().activating(activation, variables)

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with another HOME: it has no option for a startup file."""
        home = self.quote(str(machine.home))
        text = f"setenv HOME {home}\nset home = {home}\n"
        own = ("~/.tcshrc", "~/.cshrc") if program.name == "tcsh" else ("~/.cshrc",)
        for number, file in enumerate(own):
            text += f"{'else ' * bool(number)}if ( -r {file} ) then\n  source {file}\n"
        text += f"endif\n{self.code(activation)}rm -rf {self.quote(str(room))}\n"
        files = {Path(own[0]).name: text}
        return ShellStart((str(program), "-i"), {"HOME": str(room)}, files)

    def function(self, name: str) -> str:
        """Return an alias."""
        body = f'eval "`venvdash activate --cd --shell {self.name} -- !*`"'
        return f"alias {name} {self.quote(body)}\n"

    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the activation.

        csh expands a variable even if its command is not run, so commands that use variables which
        may be unset are in an ``eval``.
        """
        # `python -m venv` has an alias of that name and this variable as well.
        yield self._if(f"$?{OLD}PATH", "deactivate nondestructive")
        for name, old in _saved(activation).items():
            yield self._if(f"$?{name}", f'set {old} = "${name}:q"')
        for name in MISLEADING:
            yield f"unsetenv {name}"
        for name, value in activation.variables.items():
            yield f"setenv {name} {self.quote(value)}"
        yield f'setenv PATH {self.quote(activation.path + ":")}"${OLD}PATH:q"'
        prompt = self.quote(f"({activation.prompt}) ")
        yield self._if(
            "$?prompt && $?VIRTUAL_ENV_DISABLE_PROMPT == 0",
            f'set {OLD}PROMPT = "$prompt:q" ; set prompt = {prompt}"$prompt:q"',
        )
        yield f"alias deactivate {self.quote(' ; '.join(self._deactivate(activation)))}"
        yield "rehash"
        if activation.directory is not None:
            yield f"cd {self.quote(str(activation.directory))}"

    def _deactivate(self, activation: Activation) -> Iterator[str]:
        for name, old in _saved(activation).items():
            if name in activation.variables:
                yield f"unsetenv {name}"
            yield self._if(f"$?{old}", f'setenv {name} "${old}:q"')
            yield f"unset {old}"
        yield self._if(f"$?{OLD}PROMPT", f'set prompt = "${OLD}PROMPT:q"')
        yield f"unset {OLD}PROMPT"
        yield "rehash"
        yield 'if ( "!*" != nondestructive ) unalias deactivate'

    def _if(self, condition: str, command: str) -> str:
        return f"if ( {condition} ) eval {self.quote(command)}"


def _saved(activation: Activation) -> dict[str, str]:
    """Return the names that are saved, with short variables: csh allows 20 letters."""
    names = (*activation.variables, *MISLEADING)
    saved = {name: f"_venvdash_old_{number}" for number, name in enumerate(names)}
    return saved | {"PATH": f"{OLD}PATH"}
