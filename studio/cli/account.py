"""`studio account`: who you are for the server."""

from __future__ import annotations

from collections.abc import Sequence

import click

from studio.cli.command_group import CommandGroup
from studio.cli.output import Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.words import refuse_words, take_query, words_argument


@click.group("account", cls=CommandGroup)
def account_group() -> None:
    """Show your account."""


@account_group.command("show", epilog="Example: studio account show")
@output_options
@workspace_options
@words_argument("[QUERY]")
def show(target: Target, output: Output, words: Sequence[str]) -> None:
    """Show the server, your user name, and your role in each workspace."""
    refuse_words(take_query(words, output))
    found = target.client.get("/api/v1/workspaces")
    workspaces = {one["name"]: one["role"] for one in found["workspaces"]}
    record = {
        "server": target.client.url,
        "user": found["user"],
        "workspace": target.client.workspace,
        "workspaces": workspaces,
    }
    roles = ", ".join(f"{name} ({role})" for name, role in workspaces.items())
    summary = (
        f"{found['user']} at {target.client.url}, workspace "
        f"{target.client.workspace}. Workspaces: {roles}."
    )
    output.emit(record, summary=summary)
