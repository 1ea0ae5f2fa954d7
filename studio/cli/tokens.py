"""`studio token`: your own API tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from studio.cli.command_group import CommandGroup
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.times import format_time
from studio.cli.words import refuse_words, take_query, words_argument

TOKENS = "/api/v1/tokens"
ROLES = ("reader", "contributor", "owner")
LIST_COLUMNS: tuple[Column, ...] = (
    ("Id", lambda record: str(record["id"])),
    ("Name", lambda record: record["name"]),
    ("Starts with", lambda record: record["prefix"]),
    ("Role", lambda record: record["role"]),
    ("Workspace", lambda record: record["workspace"]),
    ("Last used", lambda record: record.get("last_used_utc", "never")[:10]),
    ("Expires", lambda record: record.get("expires_utc", "never")[:10]),
)


@click.group("token", cls=CommandGroup)
def token_group() -> None:
    """List, create and revoke your tokens."""


@token_group.command("list", epilog="Example: studio token list")
@output_options
@workspace_options
@words_argument("[QUERY]")
def list_tokens(target: Target, output: Output, words: Sequence[str]) -> None:
    """List your tokens, the newest first. Their secrets are not stored."""
    refuse_words(take_query(words, output))
    found = target.client.get(TOKENS)["tokens"]
    output.emit([token_record(one) for one in found], columns=LIST_COLUMNS)


@token_group.command(
    "create", epilog="Example: studio token create laptop --role reader --days 90"
)
@output_options
@workspace_options
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), help="Maximum role; default: this token's."
)
@click.option("--days", type=click.IntRange(1), help="Until it expires.")
def create(
    target: Target, output: Output, name: str, role: str | None, days: int | None
) -> None:
    """Create a token and print it. It is shown only once."""
    body = {"name": name, "workspace": target.client.workspace, "days": days}
    # Repeating the request would create a second token.
    created = target.client.json(
        "POST", TOKENS, {**body, **({"role": role} if role else {})}, attempts=1
    )
    record = {"token": created["token"], **token_record(created["info"])}
    if output.chosen_format == "table":
        output.note(f"Token {name!r} created. Copy it now: it is shown only once.")
    output.emit(record, summary=created["token"])


@token_group.command("revoke", epilog="Example: studio token revoke 7")
@output_options
@workspace_options
@click.argument("number", type=click.IntRange(1), metavar="ID")
def revoke(target: Target, output: Output, number: int) -> None:
    """Revoke a token of yours, by its id in the list."""
    revoked = target.client.delete(f"{TOKENS}/{number}")
    output.emit(token_record(revoked), summary=f"Token {revoked['name']!r} revoked.")


def token_record(info: Mapping[str, Any]) -> dict[str, Any]:
    """A token of the API as the command line prints it."""
    record = {
        "id": info["id"],
        "name": info["name"],
        "prefix": info["prefix"],
        "workspace": info["workspace"],
        "role": info["role"],
        "is_current": info["current"],
        "created_utc": format_time(info["created"]),
        "last_used_utc": format_time(info["last_used"]),
        "expires_utc": format_time(info["expires"]),
    }
    return {name: value for name, value in record.items() if value is not None}
