"""`studio run cancel|complete|fail`: end a run."""

from __future__ import annotations

from typing import Any

import click

from studio.cli.output import Output, output_options
from studio.cli.run.records import read_record
from studio.cli.target import Target, run_path, target_options
from studio.cli.words import run_option, take_query, take_run, words_argument
from studio.core.run_definition import SWEEP_TYPE
from studio.core.statuses import FINAL, RunStatus

FINAL_VALUES = frozenset(status.value for status in FINAL)


@click.command(epilog="Example: az ml run cancel -r RUN -w WORKSPACE -e EXPERIMENT")
@output_options
@target_options
@run_option
@click.option("--children", is_flag=True, help="All runs below it too.")
@click.option(
    "--force", is_flag=True, help="Mark it as Canceled now, whether it stops or not."
)
@click.option("--kill", is_flag=True, help="Ask for SIGKILL now, not after a while.")
@words_argument("[RUN]")
def cancel(
    target: Target,
    output: Output,
    run_id: str,
    children: bool,
    force: bool,
    kill: bool,
    words: tuple[str, ...],
) -> None:
    """Ask a run to stop."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    run = target.find_run(run_id)
    _refuse_ended(run)
    body = {"children": children, "force": force, "kill": kill}
    run = target.client.post(run_path(run_id, "cancel"), body)
    is_canceled = run["status"] == RunStatus.CANCELED
    # The sentence of `az ml run cancel`.
    canceled = "Experiment run canceled successfully."
    requested = f"Cancel requested: {run_id} stops when its script hears it."
    # The parent of a sweep executes nothing.
    is_sweep = run.get("type") == SWEEP_TYPE
    if is_sweep:
        requested = f"Cancel requested: {run_id} ends when its runs have ended."
    sentence = canceled if is_canceled or output.is_json_default else requested
    if run.get("heartbeats") is False and not is_canceled and not is_sweep:
        output.note(
            f"{run_id} sends no heartbeats, so it may not hear of the request. To mark "
            "it as Canceled: --force."
        )
    if output.query or output.format:
        output.emit(read_record(target, run_id), summary=sentence)
    else:
        click.echo(sentence)


@click.command(epilog="Example: studio run complete RUN")
@output_options
@target_options
@run_option
@words_argument("[RUN]")
def complete(
    target: Target, output: Output, run_id: str, words: tuple[str, ...]
) -> None:
    """Mark a run as Completed."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    _end(target, output, run_id, {"status": RunStatus.COMPLETED.value})


@click.command(epilog="Example: studio run fail RUN --message 'wrong data'")
@output_options
@target_options
@run_option
@click.option("-m", "--message", default="", help="What went wrong.")
@words_argument("[RUN]")
def fail(
    target: Target, output: Output, run_id: str, message: str, words: tuple[str, ...]
) -> None:
    """Mark a run as Failed."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    body = {"status": RunStatus.FAILED.value, "message": message}
    _end(target, output, run_id, body)


def _end(target: Target, output: Output, run_id: str, body: dict[str, Any]) -> None:
    _refuse_ended(target.find_run(run_id))
    run = target.client.post(run_path(run_id, "status"), body)
    if run["status"] != body["status"]:
        raise click.ClickException(
            f"{run_id} is {run['status']}: what started it reports its end."
        )
    output.emit(read_record(target, run_id), summary=f"{run_id} is {run['status']}.")


def _refuse_ended(run: dict[str, Any]) -> None:
    """Raise if the run has ended: a final status never changes."""
    if run["status"] in FINAL_VALUES:
        raise click.ClickException(
            f"{run['id']} has ended as {run['status']}, which never changes."
        )
