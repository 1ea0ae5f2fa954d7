"""`studio model alias|unalias`: names that point to a version, such as `champion`."""

from __future__ import annotations

from urllib.parse import quote

import click

from studio.cli.models.references import (
    Reference,
    parse_reference,
    path_of_model,
    unknown_version,
)
from studio.cli.output import Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.times import format_time
from studio.core.errors import NotFound


@click.command(
    epilog="Example: studio model alias digits:3 champion --note 'better recall'"
)
@output_options
@workspace_options
@click.argument("version", metavar="NAME:VERSION")
@click.argument("alias")
@click.option("--note", default="", help="Why it points to this version now.")
@click.option(
    "--expected",
    type=click.IntRange(0),
    metavar="NUMBER",
    help="The version that it must point to before; 0 for none.",
)
def alias(
    target: Target,
    output: Output,
    version: str,
    alias: str,
    note: str,
    expected: int | None,
) -> None:
    """Let an alias point to a version; it is created if needed."""
    wanted = parse_reference(version)
    if wanted.version is None:
        raise click.UsageError("Name the version, as NAME:VERSION.")
    body = {"version": wanted.version, "note": note, "expected": expected}
    try:
        moved = target.client.put(_alias_path(wanted, alias), body)
    except NotFound as error:
        raise unknown_version(target, wanted, error) from error
    record = {
        "name": wanted.name,
        "alias": moved["name"],
        "version": moved["version"],
        "note": moved["note"],
        "moved_utc": format_time(moved["moved"]),
        "moved_by": moved["moved_by"],
    }
    output.emit(record, summary=f"@{alias} points to {version}.")


@click.command(epilog="Example: studio model unalias digits champion")
@output_options
@workspace_options
@click.argument("name")
@click.argument("alias")
def unalias(target: Target, output: Output, name: str, alias: str) -> None:
    """Remove an alias; its version stays."""
    wanted = Reference(name)
    try:
        reply = target.client.delete(_alias_path(wanted, alias))
    except NotFound as error:
        raise unknown_version(target, wanted, error) from error
    if not reply["removed"]:
        raise click.ClickException(f"The model {name!r} has no alias {alias!r}.")
    output.emit({"name": name, "alias": alias}, summary=f"Removed @{alias}.")


def _alias_path(model: Reference, alias: str) -> str:
    return f"{path_of_model(model.name)}/aliases/{quote(alias, safe='')}"
