"""How each shell sets variables, and defines the `az` function."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ShellSyntax:
    """`usage` is how the shell's user applies the lines."""

    export: Callable[[str, str], str]
    unset: Callable[[str], str]
    define_az: Callable[[Sequence[str]], list[str]]
    usage: str


def _define_az_in_sh(command: Sequence[str]) -> list[str]:
    """For sh, bash and zsh, also where `az` is an alias or was defined before.

    zsh would refuse an unquoted `[?`, so an alias turns that off. A function of the
    same name serves lines that were read before the alias was there.
    """
    return [
        f'_studio_az() {{ {shlex.join(command)} az "$@"; }}',
        "unalias az 2>/dev/null || :",
        (
            'if [ -n "${ZSH_VERSION-}" ]; then '
            "functions[az]='_studio_az \"$@\"'; alias az='noglob _studio_az'; "
            "else eval 'az() { _studio_az \"$@\"; }'; fi"
        ),
    ]


def _quote_fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_powershell(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _define_az_in_fish(command: Sequence[str]) -> list[str]:
    words = " ".join(map(_quote_fish, command))
    return [f"function az; {words} az $argv; end"]


def _define_az_in_powershell(command: Sequence[str]) -> list[str]:
    words = " ".join(map(_quote_powershell, command))
    return [f"function az {{ & {words} az @args }}"]


_SH = ShellSyntax(
    export=lambda name, value: f"export {name}={shlex.quote(value)}",
    unset=lambda name: f"unset {name}",
    define_az=_define_az_in_sh,
    usage='eval "$(studio env)"',
)
SHELLS: dict[str, ShellSyntax] = {
    "sh": _SH,
    "bash": _SH,
    "zsh": _SH,
    "fish": ShellSyntax(
        export=lambda name, value: f"set -gx {name} {_quote_fish(value)}",
        unset=lambda name: f"set -e {name}",
        define_az=_define_az_in_fish,
        usage="studio env --shell fish | source",
    ),
    "powershell": ShellSyntax(
        export=lambda name, value: f"$env:{name} = {_quote_powershell(value)}",
        unset=lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        define_az=_define_az_in_powershell,
        usage="studio env --shell powershell | Out-String | Invoke-Expression",
    ),
}
