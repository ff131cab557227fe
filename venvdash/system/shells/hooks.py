"""Hooks that activate an environment when a shell comes into its project, and deactivate it after.

Where the directory has not changed, a hook compares two strings. Where it has, it looks for files
of ``records.auto_activation``, and in a project that has one it starts `stat`. What it reads are
five lines of data: no file of the project or of the environment is read. What something else
activated stays active.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from venvdash.system.shells.base import Activation, Shell
from venvdash.system.shells.fish import Fish
from venvdash.system.shells.posix import Bash, Zsh

# Words that stand for what the hook has in variables.
_VARIABLES = {"/VENVDASH-PREFIX": "_venvdash_prefix", "VENVDASH-NAME": "_venvdash_name"}
_ACTIVATION = Activation(
    (Path("/VENVDASH-PREFIX/bin"),),
    {"VIRTUAL_ENV": "/VENVDASH-PREFIX", "VIRTUAL_ENV_PROMPT": "VENVDASH-NAME"},
    "VENVDASH-NAME",
)

_POSIX = """\
_venvdash_activate () {{
{activation}}}
_venvdash_find () {{
  _venvdash_at=$1
  while [[ -n $_venvdash_at ]]; do
    _venvdash_file={folder}/${{_venvdash_at//\\//%}}
    if [[ -f $_venvdash_file && -O $_venvdash_file && ! -L $_venvdash_file ]]; then return 0; fi
    _venvdash_at=${{_venvdash_at%/*}}
  done
  return 1
}}
_venvdash_read () {{
  _venvdash_find "$PWD" || _venvdash_find "{physical}" || return 1
  {{
    IFS= read -r _venvdash_project && IFS= read -r _venvdash_prefix &&
    IFS= read -r _venvdash_name && IFS= read -r _venvdash_first && IFS= read -r _venvdash_second
  }} < "$_venvdash_file" && [[ $_venvdash_project == "$_venvdash_at" ]]
}}
_venvdash_leave () {{
  if [[ -n ${{_VENVDASH_ACTIVE-}} && ${{VIRTUAL_ENV-}} == "$_VENVDASH_ACTIVE" ]]; then
    deactivate
  fi
  \\unset _VENVDASH_ACTIVE _VENVDASH_IN
}}
_venvdash_change () {{
  \\local _venvdash_at _venvdash_file _venvdash_project _venvdash_prefix _venvdash_name
  \\local _venvdash_first _venvdash_second
  if ! _venvdash_read; then
    _venvdash_leave
  elif [[ $_venvdash_project != "${{_VENVDASH_IN-}}" ]]; then
    _venvdash_leave
    _VENVDASH_IN=$_venvdash_project
    if [[ -n ${{VIRTUAL_ENV-}} ]]; then
      :
    elif [[ $(\\command stat -c {stat} -- "$_venvdash_project" "$_venvdash_prefix" 2>/dev/null) \\
      == "$_venvdash_first"$'\\n'"$_venvdash_second" ]]; then
      _venvdash_activate
      _VENVDASH_ACTIVE=$_venvdash_prefix
    else
      \\printf 'venvdash: %s\\n' {changed} >&2
    fi
  fi
}}
_venvdash_hook () {{
  \\local ended=$?
  if [[ $PWD != "${{_VENVDASH_SEEN-}}" ]]; then
    _VENVDASH_SEEN=$PWD
    _venvdash_change
  fi
  \\return $ended
}}
"""
_BASH = """\
if [[ ${PROMPT_COMMAND[*]-} != *_venvdash_hook* ]]; then
  if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
    PROMPT_COMMAND=(_venvdash_hook "${PROMPT_COMMAND[@]}")
  else
    PROMPT_COMMAND="_venvdash_hook${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
  fi
fi
"""
_ZSH = """\
autoload -Uz add-zsh-hook
add-zsh-hook precmd _venvdash_hook
"""
_FISH = """\
function _venvdash_activate
{activation}end
function _venvdash_leave
  if set -q _venvdash_active; and test "$VIRTUAL_ENV" = "$_venvdash_active"
    deactivate
  end
  set -e _venvdash_active; set -e _venvdash_in
end
function _venvdash_find
  set -l at (pwd -P)
  while test -n "$at"
    set -l file {folder}/(string replace --all / % -- $at)
    if test -f $file; and test -O $file; and not test -L $file
      set -l lines
      while read -l line
        set -a lines $line
      end <$file
      if test (count $lines) -eq 5; and test "$lines[1]" = "$at"
        string join \\n -- $lines
      end
      return
    end
    set at (string replace --regex '/[^/]*$' '' -- $at)
  end
end
function _venvdash_hook --on-event fish_prompt
  test "$PWD" = "$_venvdash_seen"; and return
  set -g _venvdash_seen $PWD
  set -l lines (_venvdash_find)
  if not set -q lines[5]
    _venvdash_leave
  else if test "$lines[1]" != "$_venvdash_in"
    _venvdash_leave
    set -g _venvdash_in $lines[1]
    if test -n "$VIRTUAL_ENV"
      return
    end
    set -l now (command stat -c {stat} -- $lines[1] $lines[2] 2>/dev/null)
    if test "$now" = "$lines[4..5]"
      set -g _venvdash_prefix $lines[2]
      set -g _venvdash_name $lines[3]
      _venvdash_activate
      set -g _venvdash_active $lines[2]
    else
      printf 'venvdash: %s\\n' {changed} >&2
    end
  end
end
"""
_CHANGED = (
    "the environment is not activated: it, or the project, was replaced since you allowed it. "
    "Run `venvdash allow` to allow it again."
)


def hook(shell: str, folder: Path, stat: str) -> str:
    """Return the hook for one of ``HOOKS``; ``folder`` has the files, ``stat`` is their format.

    Raises ShellError if the shell cannot quote the folder.
    """
    return HOOKS[shell](folder, stat)


class _FromVariables(Shell):
    """A shell whose code takes two of its values from variables, when it runs."""

    def quote(self, text: str) -> str:
        """Return ``text``, which has no quotes, as one word."""
        for word, variable in _VARIABLES.items():
            text = text.replace(word, f"'\"${variable}\"'")
        return f"'{text}'"


class _BashHook(_FromVariables, Bash):
    """bash."""


class _ZshHook(_FromVariables, Zsh):
    """zsh."""


class _FishHook(_FromVariables, Fish):
    """fish."""


def _bash(folder: Path, stat: str) -> str:
    return _posix(_BashHook(), Bash(), folder, stat, "$(\\builtin pwd -P)") + _BASH


def _zsh(folder: Path, stat: str) -> str:
    return _posix(_ZshHook(), Zsh(), folder, stat, "${PWD:A}") + _ZSH


def _posix(code: Shell, shell: Shell, folder: Path, stat: str, physical: str) -> str:
    return _POSIX.format(
        activation=code.code(_ACTIVATION),
        folder=shell.quote(str(folder)),
        physical=physical,
        stat=shell.quote(stat),
        changed=shell.quote(_CHANGED),
    )


def _fish(folder: Path, stat: str) -> str:
    shell = Fish()
    return _FISH.format(
        activation=_FishHook().code(_ACTIVATION),
        folder=shell.quote(str(folder)),
        stat=shell.quote(stat),
        changed=shell.quote(_CHANGED),
    )


HOOKS: Mapping[str, Callable[[Path, str], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""The shells with a hook."""
