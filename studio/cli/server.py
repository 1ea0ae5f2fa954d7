"""The server that commands use: from the environment, or stored on this machine."""

from __future__ import annotations

import click

from studio.core.connection import CLI, NoServerError, find_saved_connection
from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.connection import read_environment


def connect() -> Client:
    """A client for the server of `studio env`. Raises ClickException without one."""
    try:
        known = read_environment() or find_saved_connection()
        return Client(known.url, known.token, known.workspace, program=CLI)
    except NoServerError as error:
        raise click.ClickException(str(error)) from error
    except StudioError as error:
        raise click.ClickException(error.message) from error
