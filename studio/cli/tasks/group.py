"""`studio task`: what the server does in the background."""

from __future__ import annotations

from typing import Any

import click

from studio.cli.command_group import CommandGroup
from studio.cli.output import Column, Output, output_options
from studio.cli.target import Target, workspace_options
from studio.cli.tasks.waiting import describe_task, wait_for_task
from studio.cli.times import format_time

LIST_COLUMNS: tuple[Column, ...] = (
    ("Task", lambda one: str(one["id"])),
    ("Action", lambda one: str(one["action"])),
    ("State", lambda one: str(one["state"])),
    ("Done", lambda one: f"{one['position']:,} of {one['total']:,}"),
    ("Changed", lambda one: f"{one['changed']:,}"),
    ("Member", lambda one: str(one["user"] or "server")),
    ("Created", lambda one: format_time(one["created"]) or ""),
)


@click.group("task", cls=CommandGroup)
def task_group() -> None:
    """List, watch and stop background tasks: changes of more than 1,000 runs."""


@task_group.command(
    "list", epilog="Examples: studio task list · studio task list --open"
)
@output_options
@workspace_options
@click.option("--open", "only_open", is_flag=True, help="Only what waits or runs.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
def list_tasks(target: Target, output: Output, only_open: bool, limit: int) -> None:
    """List the background tasks of the workspace, the newest first."""
    wanted: dict[str, Any] = {"open": 1} if only_open else {}
    found = target.client.get("tasks", limit=limit, **wanted)["tasks"]
    output.emit(found, columns=LIST_COLUMNS)


@task_group.command(
    "show", epilog="Examples: studio task show 12 · studio task show 12 --wait"
)
@output_options
@workspace_options
@click.option("--wait", is_flag=True, help="Wait until it has ended.")
@click.argument("number", type=click.IntRange(1))
def show(target: Target, output: Output, wait: bool, number: int) -> None:
    """Show a background task: how far it is, or how it ended."""
    task = target.client.get(f"tasks/{number}")
    if wait:
        task = wait_for_task(target, output, task)
    output.emit(task, summary=describe_task(task))


@task_group.command("stop", epilog="Example: studio task stop 12")
@output_options
@workspace_options
@click.argument("number", type=click.IntRange(1))
def stop(target: Target, output: Output, number: int) -> None:
    """Stop a background task. What it has done stays, and can be undone."""
    task = target.client.post(f"tasks/{number}/stop")
    output.emit(task, summary=describe_task(task))
