"""`studio env`: what a shell needs so that unmodified scripts log here."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from studio.core import connection
from studio.core.connection import Connection, NoServerError, is_loopback

#: The folder that holds the `azureml` of this SDK.
SHIM = str(Path(__file__).resolve().parent.parent / "compat")
#: MLflow would take these before the token, or resume a run of another server.
IN_THE_WAY = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_RUN_ID",
)


def variables(found: Connection, now: Mapping[str, str]) -> dict[str, str]:
    """What is to be exported, given the present environment."""
    direct = without_proxy(found.host, now)
    return {
        "STUDIO_URL": found.url,
        "STUDIO_TOKEN": found.token,
        "STUDIO_WORKSPACE": found.workspace,
        "MLFLOW_TRACKING_URI": found.tracking_uri,
        "MLFLOW_TRACKING_TOKEN": found.token,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "PYTHONPATH": with_shim(now.get("PYTHONPATH", "")),
    }


def with_shim(path: str) -> str:
    """The module path with the `azureml` of this SDK in front, once."""
    others = [one for one in path.split(os.pathsep) if one and one != SHIM]
    return os.pathsep.join([SHIM, *others])


def without_proxy(host: str, now: Mapping[str, str]) -> str:
    """The hosts that are reached without a proxy, this one among them, each once."""
    names = f"{now.get('NO_PROXY', '')},{now.get('no_proxy', '')},{host}".split(",")
    return ",".join(dict.fromkeys(name.strip() for name in names if name.strip()))


def _powershell(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


Line = Callable[[str, str], str]
Drop = Callable[[str], str]

SHELLS: dict[str, tuple[Line, Drop, str]] = {
    "sh": (
        lambda name, value: f"export {name}={shlex.quote(value)}",
        lambda name: f"unset {name}",
        'eval "$(studio env)"',
    ),
    "fish": (
        lambda name, value: f"set -gx {name} {_fish(value)}",
        lambda name: f"set -e {name}",
        "studio env --shell fish | source",
    ),
    "powershell": (
        lambda name, value: f"$env:{name} = {_powershell(value)}",
        lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        "studio env --shell powershell | Out-String | Invoke-Expression",
    ),
}


def lines(found: Connection, shell: str, now: Mapping[str, str]) -> list[str]:
    """The commands that the shell is to evaluate."""
    line, drop, _usage = SHELLS[shell]
    exported = [line(name, value) for name, value in variables(found, now).items()]
    return exported + [drop(name) for name in IN_THE_WAY]


def away(found: Connection) -> str:
    """That the server cannot be reached, and what to do; the lines hold anyhow."""
    if is_loopback(found.host):
        do = "start the server with `python manage.py studio`"
    else:
        do = "see whether the server runs and this machine reaches it"
    return f"Nobody answers at {found.url}: {do}."


@click.command()
@click.option(
    "--shell", type=click.Choice(sorted(SHELLS)), default="sh", show_default=True
)
@click.option(
    "--login",
    "login_only",
    is_flag=True,
    help="Take the server of `studio login`, even if one runs on this machine.",
)
def env(shell: str, login_only: bool) -> None:
    """Print the lines that make this shell's scripts log to the server.

    Use it as: eval "$(studio env)"
    """
    try:
        found = connection.find(login_only=login_only)
    except NoServerError as error:
        raise click.ClickException(str(error)) from error
    for line in lines(found, shell, os.environ):
        click.echo(line)
    if sys.stdout.isatty():
        click.echo(f"# To apply these lines: {SHELLS[shell][2]}", err=True)
    if not connection.answers(found.url):
        click.echo(away(found), err=True)
