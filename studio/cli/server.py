"""The server that commands talk to: the environment's, or the one known here."""

from __future__ import annotations

import click

from studio.core.connection import NoServerError, find
from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.connection import read_environment


def connect() -> Client:
    """A client for the server of `studio env`; raises ClickException without one."""
    try:
        known = read_environment() or find()
        return Client(known.url, known.token, known.workspace)
    except NoServerError as error:
        raise click.ClickException(str(error)) from error
    except StudioError as error:
        raise click.ClickException(error.message) from error
