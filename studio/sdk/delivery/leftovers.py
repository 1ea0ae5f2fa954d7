"""What earlier processes left in the spool: found, matched, handed to the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.courier import Courier
from studio.sdk.delivery.place import Place, abandoned

if TYPE_CHECKING:
    from studio.sdk.delivery.sender import Sender

_users: dict[tuple[str, str], str] = {}


def user_of(client: Client) -> str:
    """The name of the token's user; empty while the server cannot be asked."""
    key = (client.url, client.token)
    if key not in _users:
        try:
            told = client.json("GET", "/api/v1/workspaces", timeout=3, attempts=1)
            _users[key] = str(told["user"])
        except (StudioError, KeyError, TypeError):
            return ""
    return _users[key]


def find_leftovers(client: Client) -> list[Courier]:
    """Couriers for all that this client may deliver; other spools stay untouched."""
    user = user_of(client)
    found = []
    for place in abandoned():
        if place.owner.is_for(client.url, client.workspace, user):
            found.append(Courier(place, client, living=False))
        else:
            place.leave()
    return found


def adopt(sender: Sender, parent: Courier) -> list[Courier]:
    """Deliver what children of this run's process left; the couriers that do."""
    found = []
    for place in abandoned():
        if _same_run(place, parent):
            courier = Courier(place, parent.client, living=False)
            sender.add(courier, heartbeats=False)
            found.append(courier)
        else:
            place.leave()
    return found


def _same_run(place: Place, parent: Courier) -> bool:
    mine = parent.place.owner
    one = place.owner
    return (one.server, one.workspace, one.run_id) == (
        mine.server,
        mine.workspace,
        mine.run_id,
    )
