"""Requests that were recorded offline, sent in their order before anything else."""

from __future__ import annotations

from pathlib import Path

from studio.core.errors import AlreadyExists, Conflict
from studio.sdk.client import Client
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.records import Request, unpack_request
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.terms import TIMEOUT, WRONG

LONGEST = 32 * 1024 * 1024


def next_request(requests: Spool) -> tuple[int, Request]:
    """The next one to send, which stays there until it is acknowledged; its number."""
    first, [payload] = requests.read(1, LONGEST)
    return first, unpack_request(payload)


def send_request(client: Client, request: Request, held: Path) -> None:
    """Send it. One that is refused is told and left out.

    `held` is the folder of bodies that are files. Raises the error of an essential
    one, such as the run's making, and what may pass.
    """
    try:
        if request.held:
            _upload(client, request, held / request.held)
        else:
            client.json(
                request.method, request.path, request.body, timeout=TIMEOUT, attempts=1
            )
    except (*WRONG, Conflict) as error:
        if request.essential:
            raise
        if not isinstance(error, AlreadyExists):
            tell(f"{request.method} {request.path} was refused: {error.message}")


def _upload(client: Client, request: Request, file: Path) -> None:
    try:
        content = file.open("rb")
    except OSError as error:
        tell(f"{request.path} was not kept: {error.strerror or error}")
        return
    with content:
        client.upload(
            request.path,
            content,
            file.stat().st_size,
            timeout=TIMEOUT,
            attempts=1,
        )
