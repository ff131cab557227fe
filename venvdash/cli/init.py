"""`venvdash init`: a command that activates environments, for the file a shell starts with."""

import re

import click

from venvdash.cli.common import fail
from venvdash.cli.completing import COMPLETED, script
from venvdash.system import shells
from venvdash.system.shells import FAMILIES

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")

# The command that activates completes as `venvdash activate` does.
_LIKE_ACTIVATE = {
    "bash": """\
_venvdash_{name}() {{
    local line=${{COMP_LINE:0:COMP_POINT}}
    _venvdash_completion "venvdash activate${{line#"${{line%%[[:space:]]*}}"}}"
}}
complete -F _venvdash_{name} {name}
""",
    "zsh": """\
_venvdash_{name}() {{
  words=(venvdash activate "${{(@)words[2,-1]}}")
  (( CURRENT++ ))
  _venvdash_completion
}}
compdef _venvdash_{name} {name}
""",
    "fish": "complete --no-files --command {name} --wraps 'venvdash activate'\n",
}


@click.command(
    "init", short_help="Print a shell command, `vd NAME`, that activates an environment."
)
@click.argument("shell", type=click.Choice([family.name for family in FAMILIES if family.usage]))
@click.option(
    "--cmd",
    "name",
    default="vd",
    metavar="NAME",
    show_default=True,
    help="The name of the command.",
)
@click.option(
    "--auto",
    is_flag=True,
    help="Also activate what `venvdash allow` allows when entering a project (bash, zsh, fish).",
)
def command(shell: str, name: str, auto: bool) -> None:
    """Print a shell command, `vd NAME`, that activates NAME and changes to its project.

    For bash, zsh and fish this includes completion. Add the line to your shell's startup file:

    \b
    bash, zsh   eval "$(venvdash init bash)"     (or zsh)
    fish        venvdash init fish | source
    tcsh        eval "`venvdash init tcsh`"
    xonsh       execx($(venvdash init xonsh))
    PowerShell  venvdash init pwsh | Out-String | Invoke-Expression
    nushell     venvdash init nu | save -f ~/.config/nushell/autoload/venvdash.nu

    With --auto, bash, zsh and fish also activate an environment when you enter its project, and
    deactivate it when you leave. `venvdash allow` says which.
    """
    if not _WORD.match(name):
        fail(f"{name} is not a valid command name.", 2)
    family = shells.family(shell)
    assert family is not None
    text = family.function(name)
    if shell in COMPLETED:
        more = script(shell) + _LIKE_ACTIVATE[shell].format(name=name)
        if shell == "zsh":  # without compinit there is nothing to complete with
            more = f"if (( $+functions[compdef] )); then\n{more}fi\n"
        text += more
    if auto:
        text += _hook(shell)
    click.echo(text, nl=False)


def _hook(shell: str) -> str:
    """Return the hook that activates automatically; leaves with 2 if there is none."""
    from venvdash.records.auto_activation import STAT, folder
    from venvdash.system.machine import Machine
    from venvdash.system.shells.hooks import HOOKS, hook

    if shell not in HOOKS:
        fail(f"automatic activation works in {', '.join(HOOKS)} only.", 2)
    return hook(shell, folder(Machine.current().state_directory), STAT)
