"""`studio secret`: values that runs get as environment variables, and no page shows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import click

from studio.cli.command_group import CommandGroup, suggest
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.times import format_time
from studio.cli.words import refuse_words, take_query, words_argument
from studio.core.errors import NotFound

LIST_COLUMNS: tuple[Column, ...] = (
    ("Name", lambda one: one["name"]),
    ("Changed", lambda one: one.get("changed_utc", "")[:19]),
    ("By", lambda one: one.get("changed_by", "")),
)


@click.group("secret", cls=CommandGroup)
def secret_group() -> None:
    """List, set and delete the secrets of the workspace."""


@secret_group.command("list", epilog="Example: studio secret list")
@output_options
@workspace_options
@words_argument("[QUERY]")
def list_secrets(target: Target, output: Output, words: Sequence[str]) -> None:
    """List the names. The values are never shown again."""
    refuse_words(take_query(words, output))
    found = target.client.get("secrets")["secrets"]
    output.emit([secret_record(one) for one in found], columns=LIST_COLUMNS)


@secret_group.command(
    "set", epilog="Example: studio secret set WANDB_API_KEY < key.txt"
)
@output_options
@workspace_options
@click.argument("name")
def set_secret(target: Target, output: Output, name: str) -> None:
    """Set a secret: the value comes from a pipe or a file, or from a prompt.

    It is no argument, since other users of the machine can read those. One line break
    at its end is left out.
    """
    value = read_value(name)
    saved = target.client.put(f"secrets/{quote(name, safe='')}", {"value": value})
    output.emit(secret_record(saved), summary=f"Secret {name!r} set.")


@secret_group.command("delete", epilog="Example: studio secret delete WANDB_API_KEY")
@output_options
@workspace_options
@click.argument("name")
def delete_secret(target: Target, output: Output, name: str) -> None:
    """Delete a secret. Runs that name it can't start any more."""
    try:
        target.client.delete(f"secrets/{quote(name, safe='')}")
    except NotFound as error:
        if error.details.get("missing") == "workspace":
            raise
        known = [one["name"] for one in target.client.get("secrets")["secrets"]]
        raise NotFound(
            f"There is no secret {name!r}. {suggest(name, known)}"
        ) from error
    output.emit({"name": name}, summary=f"Secret {name!r} deleted.")


def read_value(name: str) -> str:
    """The value from the standard input. Raises UsageError if it is not text."""
    if sys.stdin.isatty():
        prompted: str = click.prompt(f"Value of {name}", hide_input=True, err=True)
        return prompted
    try:
        value = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(
            "The value is not text in UTF-8. Encode it, such as with `base64`."
        ) from error
    value = value[:-2] if value.endswith("\r\n") else value.removesuffix("\n")
    if not value:
        raise click.UsageError("The value is empty. Write it into the command's pipe.")
    return value


def secret_record(found: Mapping[str, Any]) -> dict[str, Any]:
    """A secret of the API as the command line prints it."""
    record = {
        "name": found["name"],
        "created_utc": format_time(found["created"]),
        "created_by": found.get("created_by"),
        "changed_utc": format_time(found["changed"]),
        "changed_by": found.get("changed_by"),
    }
    return {name: value for name, value in record.items() if value is not None}
