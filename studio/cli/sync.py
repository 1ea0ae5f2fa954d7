"""`studio sync`: delivers what scripts logged while the server could not be reached."""

from __future__ import annotations

import sys
import time

import click

from studio.cli.server import connected
from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.background import ask_user, take_up
from studio.sdk.delivery.receipts import counted
from studio.sdk.delivery.spool_folder import Place, abandoned

#: After so long without any progress a spool is left for later.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.1


@click.command()
@click.option("--list", "only_list", is_flag=True, help="Show what waits.")
def sync(only_list: bool) -> None:
    """Deliver what scripts on this machine logged and could not send.

    A spool is sent only to the server, workspace and user that it was written for. Ends
    with 1 where something remains, or was lost.
    """
    client = connected()
    found = left = others = 0
    for place in abandoned():
        found += 1
        if only_list or not _is_mine(place, client):
            _show(place, client)
            others += not only_list
            place.leave()
            continue
        left += not _deliver(place, client)
    if not found:
        click.echo("Nothing waits on this machine.")
    if others:
        click.echo(
            f"{others} of them not delivered, as this shell is for another server, "
            "workspace or user: set STUDIO_URL, STUDIO_WORKSPACE and STUDIO_TOKEN to "
            "what is shown and run `studio sync` again.",
            err=True,
        )
    if left:
        click.echo(f"{left} of them not delivered", err=True)
    if left or others:
        sys.exit(1)


def _is_mine(place: Place, client: Client) -> bool:
    """Whether it was written for this server, workspace and user."""
    owner = place.owner
    try:
        user = ask_user(client) if owner.user else ""
    except StudioError as error:
        raise click.ClickException(error.message) from error
    return owner.is_for(client.url, client.workspace, user)


def _show(place: Place, client: Client) -> None:
    owner, courier = place.owner, take_up(place, client)
    if courier is not None:
        waiting = counted(courier.waiting, "record")
        where = f"{owner.server}, workspace {owner.workspace}"
        where += f", user {owner.user}" if owner.user else ""
        click.echo(f"Run {owner.run_id}: {waiting} for {where}")


def _deliver(place: Place, client: Client) -> bool:
    """Whether all of it arrived and nothing is missing."""
    courier = take_up(place, client)
    if courier is None:
        place.leave()
        return False
    stalls = time.monotonic() + PATIENCE_SECONDS
    while courier.receipt is None and time.monotonic() < stalls:
        if courier.step() or courier.upload():
            stalls = time.monotonic() + PATIENCE_SECONDS
        elif courier.is_blocked:
            break
        else:
            time.sleep(PAUSE_SECONDS)
    if courier.receipt is None:
        trouble = courier.trouble.message if courier.trouble else "there was no time"
        click.echo(f"Run {place.owner.run_id}: {trouble}", err=True)
        courier.release()
        return False
    click.echo(courier.receipt.line())
    return not courier.receipt.lost
