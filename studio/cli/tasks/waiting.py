"""Waiting for a change that the server makes in the background."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from studio.cli.output import Output
from studio.cli.target import Target
from studio.sdk.changes import OPEN_STATES, follow_task, progress_text

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
    number, known = task["id"], task
    try:
        for known in follow_task(target.client.get, task):
            _show_progress(output, known)
    except KeyboardInterrupt:
        _end_progress(output)
        if not _wants_to_stop(number):
            raise
        known = target.client.post(f"tasks/{number}/stop")
    _end_progress(output)
    return known


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
        click.echo(f"\r{progress_text(task)}\033[K", nl=False, err=True)


def _end_progress(output: Output) -> None:
    if _has_progress(output):
        click.echo("\r\033[K", nl=False, err=True)
