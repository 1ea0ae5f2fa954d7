"""`studio member`: who is in the workspace, with which role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from studio.cli.command_group import CommandGroup, suggest
from studio.cli.confirmation import confirm
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.times import format_time
from studio.cli.words import refuse_words, take_query, words_argument
from studio.core.errors import NotFound

ROLES = ("reader", "contributor", "owner")
LIST_COLUMNS: tuple[Column, ...] = (
    ("Name", lambda record: record["name"]),
    ("Full name", lambda record: record["display_name"]),
    ("Role", lambda record: record["role"]),
)


@click.group("member", cls=CommandGroup)
def member_group() -> None:
    """List, invite, change and remove members of the workspace."""


@member_group.command("list", epilog="Example: studio member list")
@output_options
@workspace_options
@words_argument("[QUERY]")
def list_members(target: Target, output: Output, words: Sequence[str]) -> None:
    """List the members, owners first."""
    refuse_words(take_query(words, output))
    output.emit(_read_members(target), columns=LIST_COLUMNS)


@member_group.command("invite", epilog="Example: studio member invite reader")
@output_options
@workspace_options
@click.argument("role", type=click.Choice(ROLES))
def invite(target: Target, output: Output, role: str) -> None:
    """Print a link with which one person becomes a member. It is shown only once."""
    # Repeating the request would create a second invitation.
    made = target.client.json("POST", "invitations", {"role": role}, attempts=1)
    if output.chosen_format == "table":
        output.note(f"One person becomes {role} with this link:")
    record = {
        "link": made["link"],
        "role": made["role"],
        "expires_utc": format_time(made["expires"]),
    }
    output.emit(record, summary=made["link"])


@member_group.command("role", epilog="Example: studio member role jonas contributor")
@output_options
@workspace_options
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def change_role(target: Target, output: Output, name: str, role: str) -> None:
    """Change the role of a member."""
    path = f"members/{_find_member(target, name)['number']}"
    changed = target.client.json("PATCH", path, {"role": role})
    output.emit(changed, summary=f"{changed['name']} is {changed['role']}.")


@member_group.command("remove", epilog="Example: studio member remove jonas")
@output_options
@workspace_options
@click.option("--yes", is_flag=True, help="Do not ask for the confirmation.")
@click.argument("name")
def remove(target: Target, output: Output, yes: bool, name: str) -> None:
    """Remove a member from the workspace. Their runs stay."""
    found = _find_member(target, name)
    if not yes:
        confirm(f"Remove {found['name']} from {target.client.workspace}?")
    removed = target.client.delete(f"members/{found['number']}")
    output.emit(removed, summary=f"{removed['name']} removed.")


def _read_members(target: Target) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = target.client.get("members")["members"]
    return found


def _find_member(target: Target, name: str) -> dict[str, Any]:
    """The member of that user name, in any case."""
    members = _read_members(target)
    for each in members:
        if str(each["name"]).lower() == name.lower():
            return each
    names = [str(each["name"]) for each in members]
    raise NotFound(f"There is no member {name!r}. {suggest(name, names)}")
