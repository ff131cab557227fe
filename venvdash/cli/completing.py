"""Completion: what the shells' own scripts ask for while a line is typed."""

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMPLETING = "_VENVDASH_COMPLETE"  # the variable with which a shell asks click
COMPLETED = ("bash", "zsh", "fish")
_PATHS = ("/", "./", "../", "~")  # what begins like this is a path, as everywhere

# bash takes words apart at characters that names may have (@ and :), so the line is sent as it is
# typed, and what comes back is cut off where bash's own idea of a word begins.
_BASH = """\
%(complete_func)s() {
    local line=${1-${COMP_LINE:0:COMP_POINT}} type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
        dir) compopt -o dirnames 2>/dev/null ;;
        file) compopt -o default 2>/dev/null ;;
        plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS=$line COMP_WORDBREAKS=$COMP_WORDBREAKS %(complete_var)s=bash_complete \\
        command %(prog_name)s 2>/dev/null)
}
%(complete_func)s_start() { %(complete_func)s; }
complete -F %(complete_func)s_start %(prog_name)s
"""


def complete_name(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Return environments' names that begin so; paths are completed by the shell."""
    from click.shell_completion import CompletionItem

    del ctx, param
    if incomplete.startswith(_PATHS):
        return [CompletionItem(incomplete, type="dir")]
    from venvdash.config import of
    from venvdash.session import Session
    from venvdash.session.completion import names
    from venvdash.system.machine import Machine

    machine = Machine.current()
    session = Session(machine, of(machine), records=False)
    return [CompletionItem(name) for name in names(session, incomplete)]


def register() -> None:
    """Tell click how bash is spoken to; zsh and fish are as click has them."""
    from click.shell_completion import BashComplete, add_completion_class, split_arg_string

    class Bash(BashComplete):
        """bash, with names that have its word breaks in them."""

        source_template = _BASH

        def source(self) -> str:
            """Return the script; no bash is started to ask for its version."""
            return self.source_template % self.source_vars()

        def get_completion_args(self) -> tuple[list[str], str]:
            """Return the words before the one that is typed, and that."""
            line = os.environ["COMP_WORDS"]
            words = split_arg_string(line)
            typed = words.pop() if words and not line[-1:].isspace() else ""
            return words[1:], typed

        def format_completion(self, item: "CompletionItem[str]") -> str:
            """Return one, without what bash thinks is another word."""
            breaks = os.environ.get("COMP_WORDBREAKS", "")
            typed = self.get_completion_args()[1]
            known = max((at + 1 for at, char in enumerate(typed) if char in breaks), default=0)
            return f"{item.type},{str(item.value)[known:]}"

    add_completion_class(Bash)


def script(shell: str) -> str:
    """Return what ``shell`` (bash, zsh or fish) is to run so that venvdash is completed."""
    from click.shell_completion import get_completion_class

    register()
    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root().command
    return kind(root, {}, "venvdash", COMPLETING).source()
