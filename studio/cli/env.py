"""`studio env`: the environment variables with which unmodified scripts log here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from studio.cli.shells import SHELLS
from studio.core import connection
from studio.core.connection import Connection, NoServerError, is_loopback
from studio.core.script_variables import CONFLICTING_VARIABLES, exported_variables


def shell_lines(
    server: Connection, shell: str, environment: Mapping[str, str]
) -> list[str]:
    """The commands for the shell to evaluate."""
    syntax = SHELLS[shell]
    variables = exported_variables(server, environment)
    exports = [syntax.export(name, value) for name, value in variables.items()]
    return [
        *exports,
        *map(syntax.unset, CONFLICTING_VARIABLES),
        *syntax.define_az(studio_command()),
    ]


def studio_command() -> list[str]:
    """The words that start this command line from any folder."""
    program = Path(sys.argv[0])
    if program.name in ("studio", "studio.exe") and program.is_file():
        return [str(program.absolute())]
    # Started by `python -m`: without the working folder, which can have a `studio` too.
    root = str(Path(__file__).resolve().parent.parent.parent)
    code = f"import sys; sys.path[0] = {root!r}; from studio.cli import main; main()"
    return [sys.executable, "-c", code]


def unreachable_message(server: Connection) -> str:
    """A sentence for a server that does not respond. The lines are valid anyway."""
    if is_loopback(server.host):
        advice = "start the server with `python manage.py studio`"
    else:
        advice = "see whether the server runs and this machine reaches it"
    return f"No server responds at {server.url}: {advice}."


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

    They also define `az`, so that `az ml …` reads and changes runs there. Use it as:
    eval "$(studio env)"
    """
    try:
        server = connection.find_saved_connection(login_only=login_only)
    except NoServerError as error:
        raise click.ClickException(str(error)) from error
    for line in shell_lines(server, shell, os.environ):
        click.echo(line)
    # In `eval "$(studio env)"` the output is a pipe, and the hint is of no use.
    if sys.stdout.isatty():
        click.echo(f"# To apply these lines: {SHELLS[shell].usage}", err=True)
    # On standard error, since the shell evaluates the standard output.
    if not connection.accepts_connections(server.url):
        click.echo(unreachable_message(server), err=True)
