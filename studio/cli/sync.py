"""`studio sync`: deliver what scripts logged while the server could not be reached."""

from __future__ import annotations

import sys
import time

import click

from studio.cli.server import connect
from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.delivery import (
    SpoolFolder,
    get_user_name,
    list_abandoned_folders,
    open_sender,
    pluralize,
)

#: A spool is left for later if nothing is delivered for this long.
STALL_SECONDS = 30.0
PAUSE_SECONDS = 0.1


@click.command()
@click.option("--list", "only_list", is_flag=True, help="Show what waits.")
def sync(only_list: bool) -> None:
    """Deliver what scripts on this machine logged and could not send.

    A spool is sent only to the server, workspace and user that it was written for. Ends
    with 1 where something remains, or was lost.
    """
    client = connect()
    found = undelivered = skipped = 0
    for folder in list_abandoned_folders():
        found += 1
        if only_list or not _is_spool_of_client(folder, client):
            _show_spool(folder, client)
            skipped += not only_list
            folder.unlock()
            continue
        undelivered += not _deliver_spool(folder, client)
    if not found:
        click.echo("Nothing waits on this machine.")
    if skipped:
        click.echo(
            f"{skipped} of them not delivered, as this shell is for another server, "
            "workspace or user: set STUDIO_URL, STUDIO_WORKSPACE and STUDIO_TOKEN to "
            "what is shown and run `studio sync` again.",
            err=True,
        )
    if undelivered:
        click.echo(f"{undelivered} of them not delivered", err=True)
    if undelivered or skipped:
        sys.exit(1)


def _is_spool_of_client(folder: SpoolFolder, client: Client) -> bool:
    """Whether it was written for this server, workspace and user."""
    owner = folder.owner
    try:
        # A spool that was written offline names no user, so there is nothing to
        # compare.
        user = get_user_name(client) if owner.user else ""
    except StudioError as error:
        raise click.ClickException(error.message) from error
    return owner.is_for(client.url, client.workspace, user)


def _show_spool(folder: SpoolFolder, client: Client) -> None:
    owner, sender = folder.owner, open_sender(folder, client)
    if sender is not None:
        waiting = pluralize(sender.waiting, "record")
        target = f"{owner.server}, workspace {owner.workspace}"
        target += f", user {owner.user}" if owner.user else ""
        click.echo(f"Run {owner.run_id}: {waiting} for {target}")


def _deliver_spool(folder: SpoolFolder, client: Client) -> bool:
    """Deliver a spool; whether all of it arrived and nothing is missing."""
    sender = open_sender(folder, client)
    if sender is None:
        folder.unlock()
        return False
    stalled_at = time.monotonic() + STALL_SECONDS
    while sender.receipt is None and time.monotonic() < stalled_at:
        if sender.send_due() or sender.upload_next():
            stalled_at = time.monotonic() + STALL_SECONDS
        elif sender.is_blocked:
            break
        else:
            time.sleep(PAUSE_SECONDS)
    if sender.receipt is None:
        error = sender.last_error
        reason = error.message if error else "there was no time"
        click.echo(f"Run {folder.owner.run_id}: {reason}", err=True)
        sender.leave_to_later_process()
        return False
    click.echo(sender.receipt.line())
    return not sender.receipt.lost
