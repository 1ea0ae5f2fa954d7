"""Waiting for a change that the server makes in the background."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from studio.cli.output import Output
from studio.cli.target import Target

OPEN_STATES = ("waiting", "running")
#: Between two requests while a command waits: short at first.
FIRST_PAUSE_SECONDS, PAUSE_SECONDS = 0.2, 1.0

no_wait_option = click.option(
    "--no-wait",
    is_flag=True,
    help="Do not wait for a change of more than 1,000 runs.",
)


def describe_task(task: Mapping[str, Any]) -> str:
    """Return a sentence for people."""
    done = f"{task['position']:,} of {task['total']:,}"
    text = f"Task {task['id']} ({task['action']}): {task['state']}, {done}."
    if task["error"]:
        text += f" {task['error']}"
    if task["change_set"] and task["state"] not in OPEN_STATES:
        text += f" To undo: studio undo {task['change_set']}."
    return text


def finish_task(
    target: Target, output: Output, task: Mapping[str, Any], *, no_wait: bool
) -> None:
    """Wait for a task that a command started, and print it.

    The exit code is 1 if it was stopped or failed.
    """
    if no_wait:
        number = task["id"]
        summary = f"Task {number} started. To follow it: studio task show {number}."
        output.emit(task, summary=summary)
        return
    ended = wait_for_task(target, output, task)
    output.emit(ended, summary=describe_task(ended))
    if ended["state"] != "done":
        sys.exit(1)


def wait_for_task(
    target: Target, output: Output, task: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Wait until a task has ended, with its progress on a terminal.

    Ctrl-C ends the waiting, and on a terminal asks whether the task should stop too.
    """
    number, pause = task["id"], FIRST_PAUSE_SECONDS
    try:
        while task["state"] in OPEN_STATES:
            _show_progress(output, task)
            time.sleep(pause)
            pause = min(pause * 1.5, PAUSE_SECONDS)
            task = target.client.get(f"tasks/{number}")
    except KeyboardInterrupt:
        _end_progress(output)
        if not _wants_to_stop(number):
            raise
        task = target.client.post(f"tasks/{number}/stop")
    _end_progress(output)
    return task


def _wants_to_stop(number: int) -> bool:
    """Whether the member also stops the task; another Ctrl-C means no."""
    goes_on = (
        f"Task {number} continues on the server. To stop it: studio task stop {number}."
    )
    wanted = False
    if sys.stdin.isatty():
        try:
            wanted = click.confirm(f"Stop task {number} too?", err=True)
        except click.Abort:
            click.echo(err=True)
    if not wanted:
        click.echo(goes_on, err=True)
    return wanted


def _has_progress(output: Output) -> bool:
    return sys.stderr.isatty() and not output.only_errors


def _show_progress(output: Output, task: Mapping[str, Any]) -> None:
    if _has_progress(output):
        done, total = task["position"], task["total"]
        percent = done * 100 // total if total else 0
        click.echo(f"\r{done:,} of {total:,} ({percent} %)\033[K", nl=False, err=True)


def _end_progress(output: Output) -> None:
    if _has_progress(output):
        click.echo("\r\033[K", nl=False, err=True)
