"""Whose token a client has, and which server responds: what decides what is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.retry_policy import as_delivery_error


@dataclass(frozen=True)
class Account:
    """The token's user, the server's identity, and the workspaces of the user.

    The identity stays the same when the server's address changes. Servers before 0.3
    report none.
    """

    user: str
    server: str
    workspaces: tuple[str, ...] = ()


_accounts: dict[tuple[str, str], Account] = {}


def read_account(client: Client, **options: Any) -> Account:
    """The account of the client's token, read once. Raises StudioError."""
    key = (client.url, client.token)
    if key not in _accounts:
        try:
            reply = client.json("GET", "/api/v1/workspaces", **options)
            _accounts[key] = Account(
                str(reply["user"]),
                str(reply.get("server", "")),
                tuple(str(one["name"]) for one in reply.get("workspaces", ())),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise as_delivery_error(error) from error
    return _accounts[key]


def read_account_if_reachable(client: Client) -> Account | None:
    """The same; None if the server does not respond soon."""
    try:
        return read_account(client, timeout=3, attempts=1)
    except StudioError:
        return None
