"""`studio model`: registered models, their versions and aliases."""

from __future__ import annotations

import click

from studio.cli.command_group import CommandGroup

_COMMANDS = {
    "alias": "studio.cli.models.aliases:alias",
    "create": "studio.cli.models.changes:register",
    "delete": "studio.cli.models.changes:delete",
    "download": "studio.cli.models.reading:download",
    "list": "studio.cli.models.reading:list_versions",
    "register": "studio.cli.models.changes:register",
    "show": "studio.cli.models.reading:show",
    "unalias": "studio.cli.models.aliases:unalias",
    "update": "studio.cli.models.changes:update",
}


@click.group(
    "model", cls=CommandGroup, lazy_commands=_COMMANDS, hidden_commands=("create",)
)
def model_group() -> None:
    """Register models, and list, change and download their versions."""


__all__ = ["model_group"]
