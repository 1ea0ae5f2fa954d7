"""`studio run`: read and change runs."""

from __future__ import annotations

import click

from studio.cli.command_group import CommandGroup

#: The commands with the modules that have them.
RUN_COMMANDS = {
    "cancel": "studio.cli.run.status:cancel",
    "compare": "studio.cli.run.compare:compare",
    "complete": "studio.cli.run.status:complete",
    "describe": "studio.cli.run.change:describe",
    "download-logs": "studio.cli.run.logs:download_logs",
    "export": "studio.cli.run.export:export",
    "fail": "studio.cli.run.status:fail",
    "list": "studio.cli.run.list_runs:list_runs",
    "logs": "studio.cli.run.logs:logs",
    "monitor-logs": "studio.cli.run.logs:monitor_logs",
    "rename": "studio.cli.run.change:rename",
    "show": "studio.cli.run.show:show",
    "tag": "studio.cli.run.change:tag",
    "untag": "studio.cli.run.change:untag",
    "update": "studio.cli.run.change:update",
}


@click.group("run", cls=CommandGroup, lazy_commands=RUN_COMMANDS)
def run_group() -> None:
    """Find, read and change runs."""


__all__ = ["run_group"]
