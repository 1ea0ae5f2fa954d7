"""What earlier processes left in the spool: found, matched, handed to the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.courier import Courier
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.place import Place, abandoned
from studio.sdk.delivery.terms import ODD, as_trouble

if TYPE_CHECKING:
    from studio.sdk.delivery.sender import Sender

_users: dict[tuple[str, str], str] = {}


def ask_user(client: Client, **how: Any) -> str:
    """The name of the token's user. Raises StudioError."""
    key = (client.url, client.token)
    if key not in _users:
        try:
            told = client.json("GET", "/api/v1/workspaces", **how)
            _users[key] = str(told["user"])
        except (KeyError, TypeError) as error:
            raise as_trouble(error) from error
    return _users[key]


def user_of(client: Client) -> str:
    """The same, at once; empty while the server cannot be asked."""
    try:
        return ask_user(client, timeout=3, attempts=1)
    except StudioError:
        return ""


def find_leftovers(client: Client) -> list[Courier] | None:
    """Couriers for all that this client may deliver; other spools stay untouched.

    None while it is not known whose token it has.
    """
    user = user_of(client)
    if not user:
        return None
    found = []
    for place in abandoned():
        mine = place.owner.is_for(client.url, client.workspace, user)
        courier = take_up(place, client) if mine else None
        if courier is None:
            place.leave()
        else:
            found.append(courier)
    return found


def take_up(place: Place, client: Client) -> Courier | None:
    """A courier for what is there; None, with a sentence, where it cannot be read."""
    try:
        return Courier(place, client, living=False)
    except ODD as error:
        tell(f"{place.folder} cannot be read ({error}): it stays as it is.", once=True)
        return None


def adopt(sender: Sender, parent: Courier) -> None:
    """Have the sender deliver what children of this run's process left."""
    for place in abandoned():
        same = place.owner.is_of_run(parent.place.owner)
        courier = take_up(place, parent.client) if same else None
        if courier is None:
            place.leave()
        else:
            sender.add(courier, heartbeats=False)
