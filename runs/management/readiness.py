"""Check whether the server responds, and wait until it does."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable

from django.core.management.base import CommandError

from runs.management.address import Address
from runs.management.supervisor import StopRequest

TIMEOUT_SECONDS = 120.0


def is_ready(address: Address) -> bool:
    """Whether `/readyz` returns 200 to a client on this machine."""
    connection = http.client.HTTPConnection(address.reachable, address.port, timeout=10)
    try:
        # This host is allowed whatever the settings name.
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_ready(
    address: Address, *, alive: Callable[[], bool], stop: StopRequest
) -> bool:
    """Return True when the server responds, False if it is stopped before that.

    Raises CommandError if the server ends by itself, or takes more than two minutes.
    """
    end = time.monotonic() + TIMEOUT_SECONDS
    while not stop.is_set():
        if is_ready(address):
            return True
        if not alive():
            raise CommandError(
                "The web server could not start. See the error message above."
            )
        if time.monotonic() > end:
            raise CommandError(
                f"The web server does not respond at {address.url}. See the messages "
                "above."
            )
        stop.wait(0.1)
    return False
