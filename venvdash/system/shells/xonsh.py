"""xonsh."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.system.shells.base import MISLEADING, Activation, Shell, ShellStart

if TYPE_CHECKING:
    from venvdash.system.machine import Machine


class Xonsh(Shell):
    """xonsh, which runs Python; its own prompt shows VIRTUAL_ENV_PROMPT."""

    names = ("xonsh",)
    usage = "execx($({}))"

    def quote(self, text: str) -> str:
        """Return ``text`` as a Python literal, escaped to ASCII."""
        return ascii(text)

    def start(
        self, activation: Activation, machine: "Machine", program: Path, room: Path
    ) -> ShellStart:
        """Start it with --rc, with which it skips the user's files: those are listed first.

        xonsh reads the directories in --rc last.
        """
        removed = f"__import__('shutil').rmtree({self.quote(str(room))}, ignore_errors=True)\n"
        own = [path for path in _own(machine) if os.path.exists(path)]
        return ShellStart(
            (str(program), "-i", "--rc", *own, str(room)),
            files={"activate.xsh": self.code(activation) + removed},
        )

    def function(self, name: str) -> str:
        """Return an alias."""
        return (
            f"def _venvdash_{name}(args):\n"
            "    code = $(venvdash activate --cd --shell xonsh -- @(args))\n"
            "    if not code:\n"
            "        return 1\n"
            "    execx(code)\n"
            f"aliases[{self.quote(name)}] = _venvdash_{name}\n"
        )

    def lines(self, activation: Activation) -> Iterator[str]:
        """Yield the activation."""
        told = {
            "set": dict(activation.variables),
            "unset": MISLEADING,
            "folders": [str(folder) for folder in activation.folders],
            "directory": str(activation.directory) if activation.directory else "",
        }
        yield (
            f"def _venvdash_activate(told={told!a}, env=${{...}}, aliases=aliases):\n"
            "    if 'deactivate' in aliases:\n"
            "        aliases['deactivate']([])\n"
            "    names = [*told['set'], *told['unset']]\n"
            "    old = {name: env[name] for name in names if name in env}\n"
            "    old = {n: value for n, value in old.items() if value != told['set'].get(n)}\n"
            "    for name in told['unset']:\n"
            "        env.pop(name, None)\n"
            "    env.update(told['set'])\n"
            "    rest = [folder for folder in env['PATH'] if folder not in told['folders']]\n"
            "    env['PATH'] = [*told['folders'], *rest]\n"
            "    def deactivate(args):\n"
            "        for name in told['set']:\n"
            "            env.pop(name, None)\n"
            "        env.update(old)\n"
            "        env['PATH'] = [f for f in env['PATH'] if f not in told['folders']]\n"
            "        del aliases['deactivate']\n"
            "    aliases['deactivate'] = deactivate\n"
            "    if told['directory']:\n"
            "        aliases['cd']([told['directory']])\n"
            "_venvdash_activate()\n"
            "del _venvdash_activate"
        )


def _own(machine: "Machine") -> list[str]:
    """Return the files and directories that xonsh reads by default, in its order."""
    config = machine.path_variable("XONSH_CONFIG_DIR") or machine.config_home / "xonsh"
    system = machine.path_variable("XONSH_SYS_CONFIG_DIR") or Path("/etc/xonsh")
    files = [str(system / "xonshrc"), str(config / "rc.xsh"), str(machine.home / ".xonshrc")]
    folders = [str(system / "rc.d"), str(config / "rc.d")]
    given, given_folders = machine.variable("XONSHRC"), machine.variable("XONSHRC_DIR")
    files = given.split(os.pathsep) if given else files
    folders = given_folders.split(os.pathsep) if given_folders else folders
    return [*files, *folders]
