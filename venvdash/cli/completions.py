"""`venvdash completions`: the script with which a shell completes venvdash's words."""

import click

from venvdash.cli.completing import COMPLETED, script


@click.command("completions", short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(COMPLETED))
def command(shell: str) -> None:
    """Print a script that makes SHELL complete commands and the names of environments.

    \b
    bash   venvdash completions bash > ~/.local/share/bash-completion/completions/venvdash
    zsh    venvdash completions zsh > DIRECTORY_OF_FPATH/_venvdash
    fish   venvdash completions fish > ~/.config/fish/completions/venvdash.fish
    """
    click.echo(script(shell), nl=False)
