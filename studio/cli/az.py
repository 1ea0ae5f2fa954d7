"""`studio az`: what the `az` function of `studio env` calls.

`az ml …` is this command line. Everything else goes to the real `az` where there is
one; without it, the lines with which documentation begins succeed and do nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import click

from studio.core.connection import NoServerError, find_saved_connection
from studio.core.errors import StudioError
from studio.sdk.connection import read_environment

#: Commands of `az` that prepare for Azure, which no server here needs.
PREPARATIONS = (
    ("login",),
    ("logout",),
    ("account", "set"),
    ("account", "show"),
    ("account", "list"),
    ("extension", "add"),
    ("extension", "list"),
    ("extension", "update"),
    ("extension", "remove"),
    ("version",),
    ("--version",),
    ("upgrade",),
    ("configure",),
)


@click.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    },
    hidden=True,
    add_help_option=False,
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def az(context: click.Context, words: tuple[str, ...]) -> None:
    """Run `az ml …` here, and everything else with the real `az`."""
    if words[:1] == ("ml",):
        _run_ml(context, words[1:])
    program = shutil.which("az")
    if program is not None:
        _run_program(program, words)
    if any(words[: len(start)] == start for start in PREPARATIONS):
        click.echo(f"{_server_name()} needs no `az {' '.join(words[:2])}`.", err=True)
        return
    line = " ".join(["az", *words[:2]])
    raise click.ClickException(
        f"`{line}` needs the Azure CLI, which is not installed. Run Studio knows "
        "`az ml`."
    )


def _run_ml(context: click.Context, words: Sequence[str]) -> None:
    from studio.cli.commands import ml

    # Messages name the command as it was typed.
    with ml.make_context("az ml", list(words)) as inner:
        inner.meta.update(context.meta)
        ml.invoke(inner)
    context.exit(0)


def _run_program(program: str, words: Sequence[str]) -> None:
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(program, [program, *words])
    # Windows would not wait for a program that replaces this one.
    sys.exit(subprocess.run([program, *words], check=False).returncode)


def _server_name() -> str:
    try:
        known = read_environment() or find_saved_connection()
    except (NoServerError, StudioError):
        return "Run Studio"
    return f"The server {known.url} of `studio env`"
