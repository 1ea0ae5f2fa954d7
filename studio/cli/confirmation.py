"""A question on the terminal, before something is changed or deleted."""

from __future__ import annotations

import sys

import click


def confirm(question: str) -> None:
    """Ask on the terminal. Raises ClickException unless the answer is yes."""
    try:
        if click.confirm(question, err=True):
            return
    except click.Abort as error:
        # Ctrl-C, or there is no terminal.
        if sys.stdin.isatty():
            raise
        click.echo(err=True)
        raise click.ClickException(
            "Nothing was changed: the question needs a terminal, or --yes."
        ) from error
    raise click.ClickException("Nothing was changed.")
