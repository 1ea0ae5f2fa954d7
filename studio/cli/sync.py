"""`studio sync`: deliver, list or delete what scripts could not send."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from studio.cli.confirmation import confirm
from studio.cli.login import parse_address
from studio.cli.server import connect
from studio.core.errors import NotFound
from studio.sdk.client import Client
from studio.sdk.connection import find_connection_to
from studio.sdk.delivery import (
    Account,
    SpoolFolder,
    SpoolOwner,
    count_waiting,
    list_abandoned_folders,
    open_sender,
    pluralize,
    read_account,
)

#: A spool is left for later if nothing is delivered for this long.
STALL_SECONDS = 30.0
PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class WaitingSpool:
    """What an ended process left, and for whom."""

    path: Path
    owner: SpoolOwner


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--list", "only_list", is_flag=True, help="Show what waits; send nothing."
)
@click.option(
    "--to",
    "address",
    metavar="URL",
    help="Send it to the server at this address, after a confirmation.",
)
@click.option("--discard", is_flag=True, help="Delete it, after a confirmation.")
@click.option("--yes", is_flag=True, help="Do not ask for the confirmation.")
def sync(
    runs: tuple[str, ...],
    only_list: bool,
    address: str | None,
    discard: bool,
    yes: bool,
) -> None:
    """Deliver what scripts on this machine logged and could not send.

    It goes to the server and user that it was written for, also if the address of that
    server has changed. What is for another one stays here. Name runs to deliver only
    theirs. Ends with 1 if something could not be delivered, or was lost.

    \b
    studio sync --list
    studio sync --to http://127.0.0.1:8001
    studio sync --discard RUN
    """
    if only_list + discard + (address is not None) > 1:
        raise click.UsageError("Give only one of --list, --to and --discard.")
    found = _find_waiting(runs)
    if not found:
        click.echo("Nothing waits on this machine.")
    elif only_list:
        _show(found)
    elif discard:
        _discard(found, ask=not yes)
    else:
        client = _connect_to(address) if address else connect()
        delivery = Delivery(client, read_account(client))
        chosen, others = delivery.split(found)
        if address and others:
            _confirm_redirection(others, delivery, ask=not yes)
            chosen, others = found, []
        undelivered = sum(not delivery.deliver(one) for one in chosen)
        _report_rest(undelivered, others)
        if undelivered or (others and runs):
            sys.exit(1)


def _find_waiting(runs: Sequence[str]) -> list[WaitingSpool]:
    """What waits, the oldest first. Raises NotFound if a run has nothing."""
    found = []
    for folder in list_abandoned_folders():
        if not runs or folder.owner.run_id in runs:
            found.append(WaitingSpool(folder.path, folder.owner))
        folder.unlock()
    missing = sorted(set(runs) - {one.owner.run_id for one in found})
    if missing:
        raise NotFound(
            f"Nothing of run {missing[0]} waits on this machine: see `studio sync "
            "--list`."
        )
    return found


def _show(found: Sequence[WaitingSpool], *, err: bool = False) -> None:
    for one in found:
        folder = SpoolFolder.claim(one.path)
        # Another process can have delivered it since.
        if folder is not None:
            click.echo(_describe(folder), err=err)
            folder.unlock()


def _describe(folder: SpoolFolder) -> str:
    owner, count = folder.owner, count_waiting(folder)
    target = f"{owner.server}, workspace {owner.workspace}"
    target += f", user {owner.user}" if owner.user else ""
    records = "damaged" if count is None else pluralize(count, "record")
    return f"Run {owner.run_id}: {records} for {target}"


def _discard(found: Sequence[WaitingSpool], *, ask: bool) -> None:
    _show(found, err=True)
    spools = pluralize(len(found), "spool")
    if ask:
        confirm(f"Delete {spools}? What was not sent is lost.")
    deleted = 0
    for one in found:
        folder = SpoolFolder.claim(one.path)
        if folder is not None:
            folder.remove()
            deleted += not one.path.exists()
            if one.path.exists():
                click.echo(f"{one.path} cannot be deleted completely.", err=True)
    click.echo(f"Deleted {pluralize(deleted, 'spool')}.")


def _connect_to(address: str) -> Client:
    """A client with the token for the server at the address."""
    target = parse_address(address)
    known = find_connection_to(target.url)
    if known is None:
        raise click.ClickException(
            f"No token is known for {target.url}: run `studio login {target.url}` "
            "first."
        )
    return Client(known.url, known.token, target.workspace or known.workspace)


class Delivery:
    """Sends spools to one server as one user, each to its own workspace."""

    def __init__(self, client: Client, account: Account) -> None:
        self.client, self.account = client, account

    def split(
        self, found: Sequence[WaitingSpool]
    ) -> tuple[list[WaitingSpool], list[WaitingSpool]]:
        """What is for this server, user and a workspace of theirs; and the rest."""
        mine = [one for one in found if self._is_mine(one.owner)]
        return mine, [one for one in found if one not in mine]

    def _is_mine(self, owner: SpoolOwner) -> bool:
        return owner.is_of(self.client, self.account) and self._reaches(owner.workspace)

    def _reaches(self, workspace: str) -> bool:
        return workspace in (self.client.workspace, *self.account.workspaces)

    def client_for(self, owner: SpoolOwner) -> Client:
        """The client of the spool's workspace, or else of this shell's."""
        client = self.client
        if owner.workspace == client.workspace or not self._reaches(owner.workspace):
            return client
        return Client(client.url, client.token, owner.workspace)

    def deliver(self, spool: WaitingSpool) -> bool:
        """Deliver a spool; whether all of it arrived and nothing is missing."""
        folder = SpoolFolder.claim(spool.path)
        # Another process delivers it, or has done so.
        return folder is None or _deliver_folder(folder, self.client_for(spool.owner))


def _confirm_redirection(
    others: Sequence[WaitingSpool], delivery: Delivery, *, ask: bool
) -> None:
    """Ask before sending what was written for another server, workspace or user."""
    _show(others, err=True)
    if not ask:
        return
    targets = {delivery.client_for(one.owner).workspace for one in others}
    confirm(
        f"Send this to {delivery.client.url}, workspace {', '.join(sorted(targets))}, "
        f"as {delivery.account.user}?"
    )


def _report_rest(undelivered: int, others: Sequence[WaitingSpool]) -> None:
    if others:
        _show(others, err=True)
        click.echo(
            f"{len(others)} of them not delivered, as this shell is for another "
            "server, workspace or user: set STUDIO_URL, STUDIO_WORKSPACE and "
            "STUDIO_TOKEN to what is shown and run `studio sync` again. If that server "
            "is now at another address, run `studio sync --to URL`. To delete what "
            "waits, run `studio sync --discard`.",
            err=True,
        )
    if undelivered:
        click.echo(f"{undelivered} of them not delivered", err=True)


def _deliver_folder(folder: SpoolFolder, client: Client) -> bool:
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
