"""The server that commands talk to: the environment's, or the one known here."""

from __future__ import annotations

import os

import click

from studio.core.connection import NoServerError, find
from studio.core.errors import InvalidValue
from studio.sdk.client import Client


def connected() -> Client:
    """A client for the server of `studio env`; raises ClickException without one."""
    try:
        return Client(
            os.environ["STUDIO_URL"],
            os.environ["STUDIO_TOKEN"],
            os.environ["STUDIO_WORKSPACE"],
        )
    except KeyError:
        pass
    except InvalidValue as error:
        raise click.ClickException(error.message) from error
    try:
        known = find()
    except NoServerError as error:
        raise click.ClickException(str(error)) from error
    return Client(known.url, known.token, known.workspace)
