"""`studio run -- PROGRAM`: start a program as a run, and end with its exit code."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from studio.cli.output import Output
from studio.cli.target import Target, target_options
from studio.core.cancel_signals import KILL_AFTER_SECONDS, TERMINATE_AFTER_SECONDS
from studio.core.connection import Connection
from studio.core.names import (
    check_display_name,
    check_experiment_name,
    check_key,
    check_value,
)
from studio.core.script_variables import CONFLICTING_VARIABLES, exported_variables
from studio.sdk.client import Client

NO_PROGRAM = (
    "Which program should run? Write it after the options: "
    "studio run --name baseline -- python train.py"
)


def _with_plain_output(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command an `output` without its options: the program prints, not it."""

    @wraps(command)
    def with_output(**options: Any) -> None:
        command(output=Output(), **options)

    return with_output


class _LaunchCommand(click.Command):
    """Has no name in messages, since it is typed without one: `studio run --help`."""

    def make_context(
        self, info_name: str | None, *words: Any, **options: Any
    ) -> click.Context:
        del info_name
        return super().make_context("", *words, **options)


class _Seconds(click.FloatRange):
    """Seconds from 0. `nan` and `inf` are no times."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


@click.command(
    "command",
    cls=_LaunchCommand,
    hidden=True,
    # Everything after the program's name belongs to the program.
    context_settings={"allow_interspersed_args": False},
    add_help_option=False,
)
@click.option("--name", default="", help="The run's name. The default is generated.")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag. Can be repeated."
)
@click.option(
    "--terminate-after",
    type=_Seconds(min=0),
    default=TERMINATE_AFTER_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="From a cancel until SIGTERM.",
)
@click.option(
    "--kill-after",
    type=_Seconds(min=0),
    default=KILL_AFTER_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="From a cancel until SIGKILL.",
)
@click.option(
    "--no-snapshot", is_flag=True, help="Don't keep the files of this folder."
)
@click.option(
    "--no-system-metrics", is_flag=True, help="Don't sample processors, memory, GPUs."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@_with_plain_output
@target_options
def launch_command(
    target: Target,
    output: Output,
    name: str,
    tags: tuple[str, ...],
    terminate_after: float,
    kill_after: float,
    no_snapshot: bool,
    no_system_metrics: bool,
    command: tuple[str, ...],
) -> None:
    """Start a program as a run."""
    if not command:
        raise click.UsageError(NO_PROGRAM)
    # The runner imports what only it needs, and other commands must start quickly.
    from studio.runner import CommandNotRunnable, LaunchOptions, run_program

    options = LaunchOptions(
        target.experiment or os.environ.get("STUDIO_EXPERIMENT", "").strip(),
        name,
        parse_tags(tags),
        terminate_after,
        max(kill_after, terminate_after),
        None if no_snapshot else Path(),
        with_system_metrics=not no_system_metrics,
    )
    _check_names(options.name, options.experiment, options.tags)
    try:
        environment = environment_for(target.client)
        code = run_program(target.client, command, environment, options)
    except CommandNotRunnable as error:
        output.note(f"Error: {error}")
        sys.exit(error.exit_code)
    # The exit code is the program's, also if something could not be delivered: that
    # was printed.
    os._exit(code)


def parse_tags(words: tuple[str, ...]) -> dict[str, str | None]:
    """`key=value`, or `key` alone for a tag without a value."""
    tags: dict[str, str | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        tags[key] = value if equals else None
    return tags


def _check_names(name: str, experiment: str, tags: Mapping[str, str | None]) -> None:
    """Raises StudioError before the server is asked."""
    if name:
        check_display_name(name)
    if experiment:
        check_experiment_name(experiment)
    for key, value in tags.items():
        check_key(key, "tag key")
        check_value(value or "", f"tag {key}")


def environment_for(client: Client) -> dict[str, str]:
    """This environment, in which scripts log to the client's server."""
    server = Connection(client.url, client.token, client.workspace)
    variables = {**os.environ, **exported_variables(server, os.environ)}
    for name in CONFLICTING_VARIABLES:
        variables.pop(name, None)
    return variables
